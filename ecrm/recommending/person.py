"""Person: what is known of who asks for this page, read once a request in a few plain statements.

Nobody is followed further than they agreed: looks and carts count for a browser that agreed to be joined to its
customer, purchases for who is signed in, choices for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, select

from ecrm import identification
from ecrm.installation import Installation
from ecrm.storefront import region_of
from recommender.asking import Deed, Person
from recommender.signals import Kind
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.visitors import Grade

from .choices import Choice, Chooser, Chosen, choices_of
from .latest_steps import KINDS, REMOVED, Step
from .whose import NO_BROWSER, browser_of, steps_of

BOUGHT_READ = 200
LOOKS_COUNT = timedelta(days=30)
UNTRAINED = datetime(1970, 1, 1, tzinfo=UTC)

# Plain columns of the tables by prepared statements: the same through the ORM costs a page four times as much.
_CUSTOMER = Customer.__table__.c
_ORDER, _LINE = SeenOrder.__table__.c, SeenOrderLine.__table__.c
_REFUND, _RETURNED = SeenRefund.__table__.c, SeenRefundLine.__table__.c
_CUSTOMER_ID = select(_CUSTOMER.id).where(_CUSTOMER.reference == bindparam("reference"))
_BOUGHT = (
    select(_ORDER.placed_at, _LINE.product)
    .join_from(SeenOrder.__table__, SeenOrderLine.__table__, _LINE.order_id == _ORDER.id)
    .where(_ORDER.customer_id == bindparam("customer"), _ORDER.placed_at > bindparam("since"))
    .order_by(_ORDER.placed_at.desc(), _ORDER.id.desc(), _LINE.position)
    .limit(BOUGHT_READ)
)
_SENT_BACK = (
    select(_REFUND.refunded_at, _RETURNED.product)
    .join_from(SeenRefund.__table__, SeenRefundLine.__table__, _RETURNED.refund_id == _REFUND.id)
    .where(
        and_(_REFUND.customer_id == bindparam("customer"), _REFUND.refunded_at > bindparam("since")),
        _RETURNED.quantity > 0,
    )
    .limit(BOUGHT_READ)
)


@dataclass(frozen=True)
class Present:
    """Who asks: the person as the recommender wants them, their numbers, and what they chose."""

    person: Person
    chooser: Chooser
    choices: Sequence[Chosen]

    @property
    def customer_id(self) -> int | None:
        """Of the CRM; None for who isn't signed in."""
        return self.chooser.customer_id

    @property
    def known(self) -> bool:
        """Whether there is anything by which a page could be theirs: a stranger without a step sees everybody's."""
        return self.customer_id is not None or bool(self.person.steps)

    @property
    def may_choose(self) -> bool:
        """Whether there is somebody to keep a choice for."""
        return self.customer_id is not None or self.chooser.visitor_id is not None


def present_person(crm: Installation, *, since: datetime | None) -> Present:
    """Who asks for the present page.

    Args:
        since: when the model was trained; younger orders count at once. None where there is no model.
    """
    followed = identification.grade() is Grade.PERSONAL
    signed_in = crm.storefront.current_customer()
    token = identification.visitor_token() if followed else None
    region = region_of(crm.storefront)
    if signed_in is None and token is None:
        return Present(Person(region=region), Chooser(None, None), ())
    with crm.sessions() as session:
        connection = session.connection()
        customer = (
            connection.scalar(_CUSTOMER_ID, {"reference": signed_in.customer_id}) if signed_in is not None else None
        )
        window = timedelta(days=int(crm.app.config["ECRM_IDENTITY_DAYS"]))
        browser = NO_BROWSER
        if token is not None:
            browser = browser_of(
                connection, token, customer=customer, signed_in=signed_in is not None, window=window
            )  # fmt: skip
        chooser = Chooser(customer, browser.known if browser.alone else None)
        choices = choices_of(session, chooser) if chooser != (None, None) else ()
        now = datetime.now(UTC)
        steps = steps_of(connection, browser, customer=customer if followed else None, since=now - LOOKS_COUNT)
        if token is not None:
            if browser.alone:
                steps = [*crm.latest_steps.of(token, None), *steps]
            if signed_in is not None and browser is not NO_BROWSER:
                steps = [*crm.latest_steps.of(token, signed_in.customer_id), *steps]
        deeds = [] if customer is None else _bought(connection, customer, since=since or UNTRAINED, now=now)
    return Present(person_of(customer, deeds, looked(steps, now), choices, region), chooser, choices)


def person_of(
    customer: int | None, deeds: Sequence[Deed], looks: Sequence[Deed], choices: Sequence[Chosen], region: str
) -> Person:
    """The person of these deeds; a return counts among the steps, against the product."""
    sent_back = [deed for deed in deeds if deed.kind is Kind.RETURN]
    return Person(
        customer=customer,
        bought=[deed for deed in deeds if deed.kind is Kind.PURCHASE],
        steps=[*looks, *sent_back],
        not_interested=frozenset(one.product for one in choices if one.choice is Choice.NOT_INTERESTED),
        not_used=frozenset(one.product for one in choices if one.choice is Choice.NOT_USED),
        region=region,
    )


def looked(steps: Iterable[Step], now: datetime) -> list[Deed]:
    """Each step once, the latest first; what was taken out of the cart again was only looked at."""
    deeds, removed = [], set()
    for step in sorted(set(steps), key=lambda one: one.at, reverse=True):
        if step.name == REMOVED:
            removed.add(step.product)
            continue
        kind = KINDS[step.name]
        if kind is Kind.CART and step.product in removed:
            continue
        deeds.append(Deed(step.product, kind, _days(now - step.at)))
    return deeds


def _bought(connection: Connection, customer: int, *, since: datetime, now: datetime) -> list[Deed]:
    asked = {"customer": customer, "since": since}
    bought = [Deed(product, Kind.PURCHASE, _days(now - at)) for at, product in connection.execute(_BOUGHT, asked)]
    returned = [Deed(product, Kind.RETURN, _days(now - at)) for at, product in connection.execute(_SENT_BACK, asked)]
    return [*bought, *returned]


def _days(age: timedelta) -> float:
    return max(age / timedelta(days=1), 0.0)

"""Recount: what a world's steps amount to, worked out from the world alone, by the rules in the product's docstrings.

Which visit a step belongs to depends on what came before it, so that is gone through one delivery after the other; all
else is counted from the whole list at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tracking.visitors import Grade

from .baskets import Basket
from .known import DIRECT, TERMS
from .worlds import Batch, ClaimTaken, Ordered, Refunded, SignedUp, Step, World

HALF_HOUR = timedelta(minutes=30)


@dataclass(eq=False)
class Visit:
    """A visit; `touches`: (moment, source), in the order in which they were met."""

    number: int
    browser: str
    opened: Step
    day: date
    again: bool
    began: datetime
    ended: datetime
    steps: list[Step] = field(default_factory=list)
    source: tuple[str, ...] = DIRECT
    entry: str = ""
    touches: list[tuple[datetime, tuple[str, ...]]] = field(default_factory=list)
    signed: set[str] = field(default_factory=set)
    orders: list[Purchase] = field(default_factory=list)
    trail: list[tuple[datetime, Step]] = field(default_factory=list)
    clicks: dict[tuple[str, str], Click] = field(default_factory=dict)

    def near(self, at: datetime) -> bool:
        return self.began - HALF_HOUR < at < self.ended + HALF_HOUR

    @property
    def agreed(self) -> bool:
        """Whether every step of it may be joined to a customer."""
        return all(step.grade is Grade.PERSONAL for step in self.steps)

    def count(self, name: str) -> int:
        """Steps of this name; further pages of results are no searches."""
        return sum(step.name == name and is_first(step) for step in self.steps)

    @property
    def who(self) -> dict[str, str]:
        """What reports group visits by."""
        names = ("channel", "source", "medium", "campaign", "term", "content", "click")
        device = "other" if self.opened.api and not self.opened.agent.text else self.opened.agent.device
        return dict(zip(names, self.source, strict=True)) | {
            "device": device, "country": self.opened.country, "visitors": "returning" if self.again else "new",
        }  # fmt: skip


@dataclass(eq=False)
class Click:
    visit: Visit
    term: str
    product: str
    searched: datetime
    position: int
    added: bool = False
    revenue: int = 0
    refunds: int = 0


@dataclass(eq=False)
class Purchase:
    """An order: `visit` in which it was placed, `joined` where the browser agreed to be joined to its customer; `named`
    where all of the visit had agreed to it by then."""

    number: str
    customer: str
    at: datetime
    day: date
    basket: Basket
    visit: Visit | None
    joined: bool
    silent: bool
    named: bool
    browser: str | None
    costs: list[int | None]
    earned: dict[str, Click] = field(default_factory=dict)
    refunds: list[Return] = field(default_factory=list)


@dataclass(eq=False)
class Return:
    """A refund; `lines`: (product, pieces, money). `visit`: what was known of its order's visit by then."""

    number: str
    customer: str | None
    order: Purchase | None
    day: date
    amount: int
    lines: list[tuple[str, int, int]]
    visit: dict[str, str | int] | None = None


class Recount:
    """Everything that the world holds, as it should be seen in the end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._place = ZoneInfo(world.zone)
        self.steps: list[tuple[date, Step]] = []
        self.bots: list[tuple[date, Step]] = []
        self.visits: list[Visit] = []
        self.purchases: dict[str, Purchase] = {}
        self.returns: list[Return] = []
        self.refined: list[tuple[date, str, str]] = []
        self.registered: list[date] = []
        self.claims: dict[tuple[str, str], datetime] = {}
        self.gone: dict[tuple[str, str], bool] = {}
        self._messages: set[str] = set()
        self._accounts: set[str] = set()
        for one in world.deliveries:
            match one:
                case Batch():
                    self._batch(one)
                case SignedUp():
                    self._sign_up(one)
                case Ordered():
                    self._order(one)
                case Refunded():
                    self._refund(one)
                case ClaimTaken():
                    if (one.browser, one.account) in self.claims:
                        self.gone[one.browser, one.account] = not one.stands

    def day(self, at: datetime) -> date:
        """The shop's day of a moment."""
        return at.astimezone(self._place).date()

    def _sign_up(self, told: SignedUp) -> None:
        if self._new(f"signed-up:{told.account}"):
            self._accounts.add(told.account)
            self.registered.append(self.day(told.at))
            if told.browser and told.grade is Grade.PERSONAL:
                self.claims.setdefault((told.browser, told.account), told.at)

    def _new(self, message: str) -> bool:
        known = message in self._messages
        self._messages.add(message)
        return not known

    def _batch(self, batch: Batch) -> None:
        met: set[str] = set()
        for step in sorted(batch.steps, key=lambda one: one.at):
            if step.message_id and step.message_id in met:
                continue
            met.add(step.message_id or "")
            if step.agent.bot:
                self.bots.append((self.day(step.at), step))
            elif not step.message_id or self._new(f"message:{step.message_id}"):
                self._step(step)

    def _step(self, step: Step) -> None:
        self.steps.append((self.day(step.at), step))
        if step.grade is Grade.NONE:
            return
        visit = self._visit_of(step)
        account = step.account if step.grade is Grade.PERSONAL and step.account in self._accounts else None
        if account:
            self.claims.setdefault((step.browser, account), step.at)
        if visit is None:
            return
        visit.steps.append(step)
        visit.began, visit.ended = min(visit.began, step.at), max(visit.ended, step.at)
        if account:
            visit.signed.add(account)
        self._search(visit, step)

    def _visit_of(self, step: Step) -> Visit | None:
        reached = [one for one in self.visits if one.browser == step.browser and one.near(step.at)]
        visit = max(reached, key=lambda one: one.ended, default=None)
        is_page = step.name == "Page Viewed"
        if visit is None:
            if step.name == "Page Engaged":
                return None
            again = any(one.browser == step.browser for one in self.visits)
            visit = Visit(len(self.visits), step.browser, step, self.day(step.at), again, step.at, step.at)
            self.visits.append(visit)
            self._arrive(visit, step, step.subject if is_page else step.path)
        elif is_page and not visit.count("Page Viewed"):
            self._arrive(visit, step, step.subject)
        elif is_page and step.arrival.tagged:
            earlier = [touch for touch in visit.touches if touch[0] <= step.at]
            if not earlier or sorted(earlier, key=lambda touch: touch[0])[-1][1] != step.arrival.source:
                visit.touches.append((step.at, step.arrival.source))
        return visit

    @staticmethod
    def _arrive(visit: Visit, step: Step, path: str) -> None:
        visit.source, visit.entry = step.arrival.source, path
        visit.touches = [] if visit.source == DIRECT else [(step.at, visit.source)]

    def _search(self, visit: Visit, step: Step) -> None:
        """Clicks, what was put into the cart after them, and refinements; each step sees what is known so far."""
        earlier = sorted((one for one in visit.trail if one[0] <= step.at), key=lambda one: one[0])
        match step.name:
            case "Products Searched":
                if (term := TERMS[step.subject]) == "":
                    return
                if is_first(step):
                    before = next((one for _, one in reversed(earlier) if is_first(one)), None)
                    if before is not None and before.name == "Products Searched" and TERMS[before.subject] != term:
                        self.refined.append((self.day(step.at), TERMS[before.subject], term))
                visit.trail.append((step.at, step))
            case "Product Viewed":
                shown = [
                    one for at, one in earlier
                    if one.name == "Products Searched" and step.subject in one.properties["product_ids"]
                    and at >= step.at - HALF_HOUR
                ]  # fmt: skip
                visit.trail.append((step.at, step))
                if shown:
                    place = shown[-1].properties["first_position"] + shown[-1].properties["product_ids"].index(
                        step.subject
                    )
                    click = Click(visit, TERMS[shown[-1].subject], step.subject, shown[-1].at, place)
                    visit.clicks.setdefault((click.term, click.product), click)
            case "Product Added":
                if (found := _last(visit.clicks.values(), {step.subject}, step.at)).get(step.subject):
                    found[step.subject].added = True

    def _order(self, told: Ordered) -> None:
        if not self._new(f"order:{told.number}"):
            return
        self._accounts |= set() if "@" in told.buyer else {told.buyer}
        followed = told.browser is not None and told.grade > Grade.NONE
        joined = told.grade is Grade.PERSONAL
        if followed and joined and told.browser:
            self.claims.setdefault((told.browser, told.buyer), told.at)
        near = [one for one in self.visits if one.browser == told.browser and one.near(told.at)] if followed else []
        visit = max(near, key=lambda one: one.ended, default=None)
        day = self.day(told.at)
        costs = [line.cost if line.cost is not None else self._cost(line.product, line.quantity, day)
                 for line in told.basket.lines]  # fmt: skip
        named = joined and visit is not None and visit.agreed
        order = Purchase(
            told.number, told.buyer, told.at, day, told.basket, visit, joined, followed and not joined, named,
            told.browser, costs,
        )  # fmt: skip
        self.purchases[told.number] = order
        if visit is not None:
            visit.orders.append(order)
            products = {line.product for line in told.basket.lines}
            order.earned = _last(visit.clicks.values(), products, told.at)
            for line in told.basket.lines:
                if line.product in order.earned:
                    order.earned[line.product].revenue += line.net

    def _cost(self, product: str, quantity: int, day: date) -> int | None:
        known = [(since, unit) for one, since, unit in self.world.goods if one == product and since <= day]
        return max(known)[1] * quantity if known else None

    def _refund(self, told: Refunded) -> None:
        order = self.purchases[told.order] if told.order else None
        customer = order.customer if order else told.buyer
        back = told.back
        lines = list(back.lines)
        if sum(money for _, _, money in lines) > back.amount:
            parts = shared(back.amount, [money for _, _, money in lines])
            lines = [(product, pieces, part) for (product, pieces, _), part in zip(lines, parts, strict=True)]
        elif not lines and order is not None:
            lines = self._spread(order, back.amount, back.shipping)
        refund = Return(told.number, customer, order, self.day(told.at), back.amount, lines)
        self.returns.append(refund)
        if order is not None:
            order.refunds.append(refund)
            if order.named and order.visit:
                refund.visit = {"visit": order.visit.number, "entry": order.visit.entry, **order.visit.who}
                products = {product for product, _, _ in lines}
                for product, click in _last(order.visit.clicks.values(), products, order.at).items():
                    click.refunds += sum(money for one, _, money in lines if one == product)

    def _spread(self, order: Purchase, amount: int, shipping: int | None) -> list[tuple[str, int, int]]:
        """A refund that names no goods is spread over what is left of the order's goods and delivery."""
        bought: dict[str, int] = {}
        for line in order.basket.lines:
            bought[line.product] = bought.get(line.product, 0) + line.net
        back = {product: sum(money for one in order.refunds for name, _, money in one.lines if name == product)
                for product in bought}  # fmt: skip
        left = {product: max(net - back[product], 0) for product, net in bought.items()}
        named = sum(money for one in order.refunds for _, _, money in one.lines)
        delivery = order.basket.shipping - order.basket.discount - (sum(one.amount for one in order.refunds) - named)
        delivery = max(delivery, 0)
        if sum(left.values()) + delivery == 0:
            left = bought
        if shipping is None:
            parts = shared(amount, [*left.values(), delivery])
        else:
            parts = shared(max(amount - shipping, 0), [*left.values()])
        return [(product, 0, part) for product, part in zip(left, parts, strict=False) if part]


def is_first(step: Step) -> bool:
    """Whether a step isn't just a further page of a search's results."""
    return step.name != "Products Searched" or step.properties["first_position"] == 1


def shared(amount: int, weights: list[int]) -> list[int]:
    """Largest remainders: whole parts that add up; those who lose most by rounding get what is over."""
    if sum(weights) == 0:
        weights = [1] * len(weights)
    whole = [amount * weight // sum(weights) for weight in weights]
    lost = [amount * weight % sum(weights) for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: lost[index], reverse=True)
    for index in order[: amount - sum(whole)]:
        whole[index] += 1
    return whole


def _last(clicks: Iterable[Click], products: set[str], until: datetime) -> dict[str, Click]:
    """For each product the click from the latest search that is no later than a moment."""
    found: dict[str, Click] = {}
    for click in sorted(clicks, key=lambda one: one.searched):
        if click.product in products and click.searched <= until:
            found[click.product] = click
    return found

"""`flask ecrm mail-gallery FOLDER`: every e-mail that the shop can write, with its own goods, as files to look at.

Flows and a mailing of all blocks are written for nobody; of e-mails about orders, the newest of each kind in the
outbox is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.blocks import read_draft
from mailer.consent import Topic
from mailer.mailings import Mailing
from mailer.outbox import Email
from mailer.rendering import Rendered
from mailer.writing import Answer, Written

from .installation import Installation, installation
from .letters import shop_context
from .mail_links import mail_links
from .mail_writer import mail_writer
from .storefront import ShopFacts
from .wording import gettext as _
from .writing.batch import Batch
from .writing.recipients import Recipient
from .writing.shelf import Shelves

_NOBODY = 0


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(mail_gallery)


@click.command("mail-gallery")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def mail_gallery(folder: Path) -> None:
    """Write every e-mail that the shop can send into FOLDER, as page and as text, to be looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, words in gallery(installation(), now=datetime.now(UTC)):
        (folder / f"{name}.html").write_text(words.html, encoding="utf-8")
        (folder / f"{name}.txt").write_text(f"{words.subject}\n\n{words.text}", encoding="utf-8")
        count += 1
    click.echo(f"{count} e-mails in {folder}.")


def gallery(crm: Installation, *, now: datetime) -> Iterator[tuple[str, Rendered]]:
    """Each e-mail's name and words."""
    with crm.sessions() as session:
        with shop_context(crm) as facts:
            person = Recipient(_NOBODY, None, False, "Ada", "Byron", "", {"first_name": "Ada", "last_name": "Byron"})
            batch = Batch(crm, session, facts, mail_links(crm), Shelves(crm, facts), {_NOBODY: person}, now)
            writer = mail_writer(crm)
            for name, email in _flow_emails(crm, facts, now=now):
                yield from _words(name, writer.flows.write(batch, [email])[email.id])
            mailing = Mailing(id=0, name="Gallery", topic=Topic.NEWSLETTER, campaign="gallery", edition=1)
            draft = read_draft(*_everything(crm))
            email = _email(facts, now, topic=Topic.NEWSLETTER, source="mailing:0", template="mailing")
            yield from _words("mailing", writer.mailings.one(batch, email, mailing, draft))
        yield from _from_the_outbox(session)


def _words(name: str, answer: Answer) -> Iterator[tuple[str, Rendered]]:
    if isinstance(answer, Written):
        yield name, Rendered(answer.subject, answer.text, answer.html)


def _flow_emails(crm: Installation, facts: ShopFacts, *, now: datetime) -> Iterator[tuple[str, Email]]:
    ids = crm.storefront.best_sellers(limit=40)
    cards = [card for card in crm.storefront.products(ids) if card.available and not card.age_limited][:4]
    goods = [card.product_id for card in cards]
    if not goods:
        return
    dearer = {card.product_id: card.price_minor + 1 for card in cards}
    soon = (now + timedelta(days=12)).date().isoformat()
    why = {goods[0]: _("Because you follow %(what)s", what=cards[0].brand or cards[0].name)}
    lists = [
        {"title": _("For the family"), "products": goods[:2]},
        {"title": _("For colleagues"), "products": goods[2:]},
    ]
    about: dict[str, tuple[str, dict[str, Any]]] = {
        "flow_welcome": (Topic.NEWSLETTER, {"greeting": "hello"}),
        "flow_welcome-2": (Topic.NEWSLETTER, {"greeting": "more"}),
        "flow_cart": (Topic.REMINDERS, {"products": dict.fromkeys(goods[:3], 1), "reminder": "first"}),
        "flow_cart-2": (Topic.REMINDERS, {"products": dict.fromkeys(goods[:2], 1), "reminder": "second"}),
        "flow_browse": (Topic.REMINDERS, {"products": goods[:2]}),
        "flow_review": (Topic.REVIEWS, {"order": "A1", "products": goods[:3]}),
        "flow_back_in_stock": (Topic.RESTOCK, {"products": goods[:1]}),
        "flow_price_drop": (Topic.RESTOCK, {"products": goods[:1], "prices": dearer}),
        "flow_arrivals": (Topic.ARRIVALS, {"products": goods, "reasons": why}),
        "flow_replenish": (Topic.REMINDERS, {"products": goods[:2]}),
        "flow_winback": (Topic.OFFERS, {"attempt": "first"}),
        "flow_winback-2": (Topic.OFFERS, {"attempt": "second"}),
        "flow_loyalty": (Topic.OFFERS, {"tier": "gold"}),
        "flow_holiday": (
            Topic.OFFERS,
            {"holiday": _("Easter"), "order_by": soon, "products": goods, "lists": lists},
        ),
        "flow_birthday": (Topic.OFFERS, {"day": soon}),
    }
    for name, (topic, content) in about.items():
        template = name.partition("-")[0]
        source = template.replace("flow_", "flow:")
        yield name, _email(facts, now, topic=topic, source=source, template=template, content=content)


def _email(facts: ShopFacts, now: datetime, *, content: dict[str, Any] | None = None, **values: Any) -> Email:
    """An e-mail to nobody, in no outbox."""
    return Email(
        id=0, contact_id=_NOBODY, mailing_id=None, variant="", content=content or {}, from_address=facts.sender,
        queued_at=now, step=0, **values,
    )  # fmt: skip


def _everything(crm: Installation) -> tuple[str, str, list[dict[str, Any]]]:
    """A mailing with a block of each kind that needs no picture of its own."""
    goods = crm.storefront.best_sellers(limit=12)
    opening = _("The evenings are long again. We put together what makes them warm, from the teapot to the last crumb.")
    return (
        _("Long evenings, {{ first_name | friend }}"),
        _("Tea, cakes and a candle: what people take home in November."),
        [
            {"kind": "hero", "title": _("Long evenings"), "text": opening, "words": _("Look around"), "link": "/"},
            {
                "kind": "text",
                "text": _(
                    "Dear {{ first_name | friend }},\n\nthree things that we like at the moment:\n\n- **Tea** that may"
                    " draw as long as it wants\n- cakes that keep\n- [what is new](/) on the shelves"
                ),
            },
            {
                "kind": "products", "title": _("What people take home"), "source": "chosen", "products": goods,
                "count": 3, "columns": 3,
            },
            {"kind": "coupon", "code": "EVENING10", "text": _("10 percent off everything until Sunday, with the code")},
            {"kind": "divider"},
            {"kind": "recommendations", "title": _("Picked for you"), "count": 4, "columns": 2},
            {"kind": "button", "words": _("To the shop"), "link": "/"},
        ],
    )  # fmt: skip


def _from_the_outbox(session: Session) -> Iterator[tuple[str, Rendered]]:
    newest = select(func.max(Email.id)).where(Email.html != "").group_by(Email.template)
    for email in session.scalars(select(Email).where(Email.id.in_(newest)).order_by(Email.template)):
        yield email.template, Rendered(email.subject, email.text, email.html)

"""The rows behind credited figures: each order's and refund's part, refunds as negative rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import Response, render_template
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import Installation, installation
from ecrm.marketing.attribution.chain import Why
from ecrm.marketing.attribution.credit_rows import CreditRow, credits_of
from ecrm.marketing.attribution.credits import MILLION
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.period import Period
from ecrm.wording import gettext as _

from .blueprint import console
from .periods import chosen_period
from .queries import day_cursor, day_cursor_arg, text_arg
from .receipts import source_words
from .return_columns import chosen_model
from .segments import channel_name
from .spreadsheets import Cell, csv_response, major

PAGE = 50
EXPORT_BATCH = 1000
MAX_KEY = 140


@console.get("/campaigns/credits")
@needs(Permission.OVERVIEW)
def credits() -> str:
    """The postings behind a line of the campaigns report, latest first."""
    chosen, model, key = chosen_period(), chosen_model(), text_arg("key", longest=MAX_KEY)
    rows = _rows(installation(), chosen.period, model, key, before=day_cursor_arg(), limit=PAGE + 1)
    last = rows[PAGE - 1].credit if len(rows) > PAGE else None
    return render_template(
        "ecrm/console/credits.html", chosen=chosen, model=model, key=key, of=_name(key), rows=rows[:PAGE],
        more=day_cursor(last.day, last.id) if last else "", from_words=from_words, million=MILLION,
    )  # fmt: skip


@console.get("/campaigns/credits.csv")
@needs(Permission.OVERVIEW)
def credits_csv() -> Response:
    """All of them as a spreadsheet, without persons."""
    period, model, key = chosen_period().period, chosen_model(), text_arg("key", longest=MAX_KEY)
    crm = installation()
    _rows(crm, period, model, key, before=None, limit=1)  # a key that no line has is refused before the file begins
    return csv_response(_lines(crm, period, model, key), filename=f"credits-{period.first}-{period.last}.csv")


def from_words(row: CreditRow) -> str:
    """What a posting is credited to."""
    if row.source is None:
        return why_words(row.credit.why)
    words = source_words(row.source)
    return f"{words.channel} · {words.more}" if words.more else words.channel


def why_words(why: str) -> str:
    """Why something is credited to nothing."""
    return {
        str(Why.DIRECT): _("Direct visits"),
        str(Why.UNKNOWN): _("No visit known"),
        str(Why.NOT_JOINED): _("Visits not joined to the customer"),
    }.get(why, why)


def _rows(
    crm: Installation, period: Period, model: Model, key: str, *, before: tuple[date, int] | None, limit: int
) -> list[CreditRow]:
    with crm.sessions() as session:
        try:
            return list(credits_of(session, period, model=model, key=key, before=before, limit=limit))
        except LookupError:
            raise NotFound(_("No line of the report is called that. Open the rows from the report.")) from None


def _name(key: str) -> str:
    """What the rows are of, for the page's head."""
    kind, _colon, rest = key.partition(":")
    if kind == "campaign" and rest.isascii() and rest.isdigit() and len(rest) <= 18:
        with installation().sessions() as session:
            campaign = session.get(Campaign, int(rest))
        return campaign.name if campaign else rest
    if kind == "why":
        return why_words(rest)
    if kind in {"code", "content"}:
        return rest
    if kind == "none":
        return _("Sources without a campaign code")
    return _("One source") if kind == "source" else channel_name(key) if key else ""


def _lines(crm: Installation, period: Period, model: Model, key: str) -> Iterator[tuple[Cell, ...]]:
    currency = crm.storefront.facts().currency
    yield ("day", "kind", "order", "refund", "credited to", "model", "share", f"amount {currency}", "new customer")
    before: tuple[date, int] | None = None
    while True:
        rows = _rows(crm, period, model, key, before=before, limit=EXPORT_BATCH)
        for row in rows:
            credit = row.credit
            yield (
                credit.day, credit.kind, row.order.reference if row.order else "",
                row.refund.reference if row.refund else "", from_words(row), model.value,
                f"{credit.share_ppm / MILLION:.6f}", major(credit.amount_minor, currency),
                "yes" if credit.new_customer else "no",
            )  # fmt: skip
        if len(rows) < EXPORT_BATCH:
            return
        before = (rows[-1].credit.day, rows[-1].credit.id)

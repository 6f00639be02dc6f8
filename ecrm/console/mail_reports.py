"""What e-mails earned: all mailings and flows of a period, and each one's steps, variants and effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.experiment_statistics import Comparison, Verdict
from ecrm.marketing.mail_lift import AFTER, counted_since, lift_of
from ecrm.marketing.mail_results import MailFigures, Part, by_source, results
from ecrm.marketing.period import Period, bounds
from ecrm.wording import gettext as _
from ecrm.wording import money, percent
from mailer.flows.registry import by_name
from mailer.mailings import Mailing

from .blueprint import console
from .figures import Column, FigureWords, Kind
from .periods import chosen_period, kept_args
from .reports_frame import Report, Row, report_csv, report_page
from .return_columns import chosen_model


@console.get("/mail-results")
@needs(Permission.OVERVIEW)
def mail_results() -> str:
    """All mailings and flows of a period."""
    report, model = _report()
    return report_page(report, template="ecrm/console/mail_results.html", model=model, models=list(Model))


@console.get("/mail-results.csv")
@needs(Permission.OVERVIEW)
def mail_results_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report()[0])


@console.get("/mail-results/<source>")
@needs(Permission.OVERVIEW)
def mail_result(source: str) -> str:
    """One mailing's or flow's steps and variants from its start on, and what it changed."""
    model = chosen_model()
    with installation().sessions() as session:
        if not source.isprintable() or len(source) > 60:
            raise NotFound(_("There is no such mailing or flow."))
        parts = results(session, model=model, source=source)
        name = _names(session, [source]).get(source, "")
        if not parts and not name:
            raise NotFound(_("There is no such mailing or flow."))
        lift = lift_of(session, source, now=datetime.now(UTC))
        since = counted_since(session, source)
    words, columns = FigureWords(), _columns()
    rows = [(_part_words(part), _figures(figures)) for part, figures in sorted(parts.items())]
    total = _figures(sum(parts.values(), MailFigures()))
    return render_template(
        "ecrm/console/mail_result.html", source=source, name=name or source, model=model, models=list(Model),
        columns=columns, rows=rows, total=total, written=words.written, lift=lift, since=since, days=AFTER.days,
        in_words=_in_words, key=f"content:{source.replace(':', '-')}", money=money, percent=percent,
        first="2000-01-01", last=f"{datetime.now(UTC):%Y-%m-%d}",
    )  # fmt: skip


def _report() -> tuple[Report, Model]:
    chosen, model = chosen_period(), chosen_model()
    with installation().sessions() as session:
        now = _of_period(session, chosen.period, model)
        before = _of_period(session, chosen.compare, model) if chosen.compare else None
        names = _names(session, now)
    empty = MailFigures()
    args: dict[str, Any] = {"model": model.value}
    return Report(
        name="e-mails",
        title=_("What e-mails earn"),
        intro=_(
            "E-mails sent on these days and what was done with them; orders and money are what “%(model)s” credits to"
            " their links on these days.",
            model=model.label,
        ),
        chosen=chosen,
        by=_("Mailing or flow"),
        columns=_columns(),
        rows=[
            Row(
                names.get(source, source), _figures(figures),
                _figures(before.get(source, empty)) if before is not None else None,
                href=url_for("console.mail_result", source=source, model=model.value),
                links={
                    name: url_for(
                        "console.credits", key=f"content:{source.replace(':', '-')}", model=model.value,
                        **chosen.first_and_last,
                    )
                    for name in ("orders", "net")
                },
            )
            for source, figures in sorted(now.items())
        ],
        total=Row(
            _("All"), _figures(sum(now.values(), empty)),
            _figures(sum(before.values(), empty)) if before is not None else None,
        ),
        csv_href=url_for("console.mail_results_csv", **kept_args(segment=False), **args),
        sorted_by="-net",
        notes=[_counted()],
        nothing=_("No marketing e-mail was sent on these days, and none earned anything."),
        more_args=args,
    ), model  # fmt: skip


def _of_period(session: Session, period: Period, model: Model) -> dict[str, MailFigures]:
    span = bounds(period, ZoneInfo(installation().storefront.facts().time_zone))
    return by_source(results(session, model=model, span=span, period=period))


def _names(session: Session, sources: Any) -> dict[str, str]:
    """What mailings and flows are called."""
    flows = {f"flow:{name}": _(flow.title) for name, flow in by_name().items()}
    ids = [int(one[8:]) for one in sources if one.startswith("mailing:") and one[8:].isdigit() and len(one) < 24]
    rows = session.execute(select(Mailing.id, Mailing.name).where(Mailing.id.in_(ids))) if ids else ()
    return flows | {f"mailing:{row[0]}": row[1] for row in rows}


def _part_words(part: Part) -> str:
    step = _("Step %(number)s", number=part.step + 1)
    return f"{step} · {part.variant.upper()}" if part.variant else step


def _columns() -> list[Column]:
    return [
        Column("sent", _("Sent"), good="", help=_("Handed to the recipients' servers, or in doubt.")),
        Column("delivered", _("Delivered"), help=_("Sent, without what came back.")),
        Column(
            "clicked", _("Clicked"),
            help=_("E-mails in which a link was followed, of people who agreed to be counted; machines are left out."),
        ),
        Column("click_rate", _("Click rate"), Kind.SHARE, help=_("Of the e-mails to people who agreed to be counted.")),
        Column("machines", _("By machines"), good="", help=_("What scanners and proxies did; not counted.")),
        Column("orders", _("Orders"), Kind.RATIO, help=_("Credited to visits by the e-mail's links.")),
        Column("net", _("Net revenue"), Kind.MONEY, help=_("The same, less refunds; each figure opens its rows.")),
        Column("unsubscribed", _("Unsubscribed"), good="down", help=_("By the e-mail's own link.")),
        Column("complained", _("Complaints"), good="down"),
    ]  # fmt: skip


def _figures(one: MailFigures) -> dict[str, Any]:
    return {
        "sent": one.sent, "delivered": one.delivered, "clicked": one.clicked, "click_rate": one.click_rate,
        "machines": one.machines, "orders": one.orders, "net": one.net_minor, "unsubscribed": one.unsubscribed,
        "complained": one.complained,
    }  # fmt: skip


def _counted() -> str:
    return _("Visits and orders count for everybody who followed a link; clicks only for those who agreed to it.")


def _in_words(comparison: Comparison) -> str:
    """What a comparison says, in one sentence."""
    if comparison.verdict is Verdict.TOO_FEW or comparison.interval is None:
        return _("Too few people or buyers in one of the groups to say anything.")
    said = {
        Verdict.BETTER: _("The e-mails made it more."),
        Verdict.WORSE: _("The e-mails made it less."),
        Verdict.UNDECIDED: _("No difference can be told from chance yet."),
    }[comparison.verdict]
    if comparison.lift is None or comparison.lift_interval is None:
        return said
    low, high = comparison.lift_interval
    return _(
        "%(said)s Lift %(lift)s, with 95 %% between %(low)s and %(high)s.",
        said=said, lift=percent(comparison.lift), low=percent(low), high=percent(high),
    )  # fmt: skip

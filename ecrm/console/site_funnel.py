"""Funnel: visits → product → cart → checkout → order, where they leave, and how segments differ in that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.funnel import Stage, Step
from ecrm.marketing.funnel import funnel as steps_of
from ecrm.marketing.site import By, Group, visits_by
from ecrm.wording import gettext as _

from .blueprint import console
from .figures import Column, Kind, Value
from .many_rows import rows_of_groups
from .periods import Chosen, chosen_period, kept_args
from .queries import choice_arg
from .reports_frame import Report, Row, report_csv, report_page
from .segments import chosen_segment, filters, in_address, segment_args
from .site import by_choices, by_words, group_words, simulated_words
from .visit_columns import visit_links


@console.get("/site/funnel")
@needs(Permission.OVERVIEW)
def funnel() -> str:
    """How far the visits of a period came: as a whole, and by group."""
    report, steps, before = _report()
    return report_page(
        report,
        template="ecrm/console/site_funnel.html",
        steps=steps,
        before=before,
        stage_names=_stage_names(),
        step_column=Column("visits", _("Visits")),
        share_column=Column("share", _("Share"), Kind.SHARE),
        rows_of_stage=lambda stage: url_for(
            "console.visits", stage=int(stage), **report.chosen.first_and_last, **segment_args(report.segment)
        ),
    )


@console.get("/site/funnel.csv")
@needs(Permission.OVERVIEW)
def funnel_csv() -> Response:
    """The groups as a spreadsheet."""
    return report_csv(_report()[0])


def _report() -> tuple[Report, list[Step], dict[Stage, Step]]:
    chosen, segment, by = chosen_period(), chosen_segment(), choice_arg("by", By) or By.CHANNEL
    with installation().sessions() as session:
        now = visits_by(session, chosen.period, by, segment=segment)
        then = visits_by(session, chosen.compare, by, segment=segment) if chosen.compare else None
        choices = filters(session)
    steps = steps_of(now.whole)
    before = {step.stage: step for step in steps_of(then.whole)} if then else {}

    def row(group: Group) -> Row:
        label, note = group_words({name: value for name, value in group if name != "campaign" or len(group) == 1})
        narrowed = {**segment_args(segment), **{name: in_address(value) for name, value in group}}
        old = then.groups.get(group) if then else None
        return Row(
            label=label, note=note, figures=_values(steps_of(now.groups[group])),
            before=_values(steps_of(old)) if old else None,
            href=url_for("console.funnel", **{**kept_args(segment=False), **narrowed}),
            links=_links(narrowed, chosen), simulated=bool(now.groups[group].simulated_sessions),
        )  # fmt: skip

    report = Report(
        name=f"funnel-by-{by}",
        title=_("Funnel"),
        intro=_("A visit that came to a later step counts as having come to every earlier one."),
        chosen=chosen,
        by=by_words()[by],
        columns=_columns(),
        rows=rows_of_groups({group: _values(steps_of(one)) for group, one in now.groups.items()}, row),
        total=Row(
            _("All visits"), _values(steps), _values(list(before.values())) if before else None,
            links=_links(segment_args(segment), chosen),
        ),
        sorted_by="-visits",
        segment=segment,
        filters=choices,
        csv_href=url_for("console.funnel_csv", **kept_args(by=by.value)),
        choices=by_choices("console.funnel", by),
        simulated=simulated_words(now.whole.simulated_sessions, now.whole.sessions),
        more_args={"by": by.value},
    )  # fmt: skip
    return report, steps, before


def _stage_names() -> dict[Stage, str]:
    return {
        Stage.VISIT: _("Visits"), Stage.PRODUCT: _("saw a product"), Stage.CART: _("put into the cart"),
        Stage.CHECKOUT: _("began the checkout"), Stage.ORDER: _("ordered"),
    }  # fmt: skip


def _columns() -> list[Column]:
    names = _stage_names()
    shares = [
        Column(f"kept_{int(stage)}", _("of these, %(stage)s", stage=names[stage]), Kind.SHARE)
        for stage in (Stage.PRODUCT, Stage.CART, Stage.CHECKOUT, Stage.ORDER)
    ]
    return [
        Column("visits", _("Visits")),
        *shares,
        Column("ordered", _("Visits with an order")),
        Column("of_all", _("of all visits"), Kind.SHARE, help=_("Visits with an order, of all visits.")),
    ]


def _values(steps: list[Step]) -> dict[str, Value]:
    return {
        "visits": steps[0].visits,
        **{f"kept_{int(step.stage)}": step.kept for step in steps[1:]},
        "ordered": steps[-1].visits,
        "of_all": steps[-1].of_all,
    }


def _links(segment: Mapping[str, Any], chosen: Chosen) -> dict[str, str]:
    links = visit_links(**chosen.first_and_last, **segment)

    def rows(stage: Stage) -> str:
        return links(stage=int(stage))

    shares = {f"kept_{int(stage)}": rows(stage) for stage in Stage if stage}
    return {"visits": rows(Stage.VISIT), **shares, "ordered": rows(Stage.ORDER), "of_all": rows(Stage.ORDER)}

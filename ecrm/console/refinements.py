"""Refinements: which search people tried next when they opened nothing of the first one's results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from flask import Response, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.keywords import refinements as read_refinements
from ecrm.marketing.overview import days_in, total
from ecrm.wording import gettext as _
from tracking.clickstream.sheets import Sums

from .blueprint import console
from .figures import Column
from .keywords import term_names
from .many_rows import ManyRows
from .periods import chosen_period, kept_args
from .reports_frame import Report, Row, report_csv, report_page
from .site import simulated_words


@console.get("/keywords/refinements")
@needs(Permission.OVERVIEW)
def refinements() -> str:
    """What was searched after what."""
    return report_page(_report())


@console.get("/keywords/refinements.csv")
@needs(Permission.OVERVIEW)
def refinements_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


def _report() -> Report:
    chosen = chosen_period()
    with installation().sessions() as session:
        now = read_refinements(session, chosen.period)
        before = read_refinements(session, chosen.compare) if chosen.compare else None
        figures = total(days_in(session, chosen.period))
    return Report(
        name="refinements",
        title=_("Refined searches"),
        intro=_("A search followed by another one in the same visit, with nothing opened in between."),
        chosen=chosen,
        by=_("Searched, and then"),
        columns=[Column("times", _("Times"), good="down")],
        rows=_rows(now, before),
        total=Row(_("All"), {"times": now.total("times")}, {"times": before.total("times")} if before else None),
        sorted_by="-times",
        csv_href=url_for("console.refinements_csv", **kept_args(segment=False)),
        simulated=simulated_words(figures.simulated_visits, figures.visits),
        nothing=_("Nobody tried a second search in these days without opening something first."),
    )


def _rows(now: Sums, before: Sums | None) -> ManyRows:
    pairs = [cast("tuple[int, int]", tuple(pair)) for pair in now.keys.tolist()]
    earlier = (
        dict(zip(map(tuple, before.keys.tolist()), before.columns["times"].tolist(), strict=True)) if before else {}
    )

    def make(places: Sequence[int]) -> list[Row]:
        shown = [pairs[place] for place in places]
        words = term_names(sorted({term for pair in shown for term in pair}))
        return [
            Row(
                f"{words.get(one, '–')} → {words.get(other, '–')}",
                {"times": int(now.columns["times"][place])},
                {"times": earlier[one, other]} if (one, other) in earlier else None,
                href=url_for("console.keyword", term_id=one, **kept_args(segment=False)),
            )
            for place, (one, other) in zip(places, shown, strict=True)
        ]

    def labels() -> list[str]:
        return [row.label for row in make(range(len(pairs)))]

    return ManyRows({"times": now.columns["times"].astype(np.int64)}, make=make, labels=labels)

"""Refunds behind the figures: what went back, when, of which order, and why."""

from __future__ import annotations

from flask import render_template

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.order_list import refunded_in, refunds_behind
from ecrm.wording import zone

from .blueprint import console
from .order_filters import asked_orders
from .queries import cursor, cursor_arg

PAGE = 50


@console.get("/refunds")
@needs(Permission.OVERVIEW)
def refunds() -> str:
    """The refunds between two days, newest first; of a product, a cohort or visits where asked."""
    asked = asked_orders()
    with installation().sessions() as session:
        rows = refunds_behind(session, asked.period, zone(), asked.narrowed, before=cursor_arg(), limit=PAGE + 1)
        narrowed = asked.words(session)
        count, money = refunded_in(session, asked.period, zone(), asked.narrowed)
    last = rows[PAGE - 1].refund if len(rows) > PAGE else None
    return render_template(
        "ecrm/console/refunds.html",
        asked=asked, narrowed=narrowed, refunds=rows[:PAGE], count=count, money=money,
        more=cursor(last.refunded_at, last.id) if last else "",
    )  # fmt: skip

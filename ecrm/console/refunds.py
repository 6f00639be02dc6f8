"""Refunds behind the figures: what went back, when, of which order, and why."""

from __future__ import annotations

from flask import render_template
from werkzeug.exceptions import BadRequest

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.order_list import refunded_in, refunds_behind
from ecrm.wording import gettext as _
from ecrm.wording import zone

from .blueprint import console
from .order_filters import Asked, asked_orders
from .queries import cursor, cursor_arg

PAGE = 50
ORDERS_ONLY = frozenset({"searched", "customers", "redeemed", "code"})


@console.get("/refunds")
@needs(Permission.OVERVIEW)
def refunds() -> str:
    """The refunds between two days, newest first; of a product, a cohort or visits where asked."""
    asked = _asked_refunds()
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


def _asked_refunds() -> Asked:
    """What was asked for; refused where it tells orders apart and not refunds, so that no sum claims to be of less than
    it is of."""
    asked = asked_orders()
    if refused := sorted(ORDERS_ONLY & asked.args.keys()):
        raise BadRequest(
            _("Refunds can't be narrowed down by %(names)s. Ask for the orders instead.", names=", ".join(refused))
        )
    return asked

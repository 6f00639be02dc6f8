"""The visits behind a report's figures: each with its source, its device, how far it came, and its steps."""

from __future__ import annotations

from flask import render_template
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.visit_list import Asked, Having, page_path, visits_of
from ecrm.wording import gettext as _

from .blueprint import console
from .periods import chosen_period
from .queries import LARGEST_INTEGER, choice_arg, cursor, cursor_arg, number_arg
from .segments import channel_name, chosen_segment, country_name, device_name, filters

PAGE = 50


@console.get("/visits")
@needs(Permission.OVERVIEW)
def visits() -> str:
    """Visits of a period and a segment, newest first."""
    chosen, segment = chosen_period(), chosen_segment()
    having, stage, entry = (
        choice_arg("having", Having),
        number_arg("stage", largest=LARGEST_INTEGER),
        number_arg("entry", largest=LARGEST_INTEGER),
    )
    asked = Asked(chosen.period, segment, having=having, stage=stage, entry=entry)
    with installation().sessions() as session:
        path = page_path(session, entry) if entry is not None else ""
        if path is None:
            raise NotFound(_("There is no such page."))
        rows = visits_of(session, asked, before=cursor_arg(), limit=PAGE + 1)
        choices = filters(session)
    last = rows[PAGE - 1].visit if len(rows) > PAGE else None
    narrowed = {"having": having.value if having else None, "stage": stage, "entry": entry}
    return render_template(
        "ecrm/console/visits.html",
        chosen=chosen, segment=segment, filters=choices, visits=rows[:PAGE], entry_path=path,
        more=cursor(last.started_at, last.id) if last else "",
        more_args={name: value for name, value in narrowed.items() if value is not None},
        having=_having_words().get(having) if having else "", stage=_stage_words().get(stage or 0, ""),
        stages=_stage_words(), channel_name=channel_name, device_name=device_name, country_name=country_name,
    )  # fmt: skip


def _having_words() -> dict[Having, str]:
    return {
        Having.BOUNCES: _("that bounced"),
        Having.PRODUCT_VIEWS: _("with a product looked at"),
        Having.SEARCHES: _("with a search"),
        Having.CART_ADDS: _("with something put into the cart"),
        Having.CHECKOUTS: _("with a checkout begun"),
        Having.ORDERS: _("with an order"),
        Having.REFUNDS: _("with an order of which money went back"),
    }


def _stage_words() -> dict[int, str]:
    return {1: _("saw a product"), 2: _("put into the cart"), 3: _("began the checkout"), 4: _("ordered")}

"""The public blueprint, mounted under `ECRM_PUBLIC_PREFIX`; every module with public views adds its own to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from ecrm.csrf import protect
from ecrm.wording import gettext

SEEN = "ecrm.seen"
"""The beacon's endpoint: it carries no form, changes nothing but counts and checks where it comes from."""

BY_LINK = frozenset({
    "ecrm.unsubscribe_now", "ecrm.change_preferences", "ecrm.confirm_mailbox_now", "ecrm.sign_up",
    "ecrm.satisfaction_now",
})  # fmt: skip
"""Whoever has the link of an e-mail may act, from a mail program that keeps no cookies, too; and a forged sign-up does
no more than a typed one: it asks by an e-mail."""

SIGNED = frozenset({"ecrm.mail_reports", "ecrm.carrier_webhook"})
"""Machines that sign what they send."""

public = Blueprint("ecrm", __name__)
protect(public, except_for=BY_LINK | SIGNED | {SEEN})


@public.context_processor
def _for_templates() -> dict[str, Any]:
    """`layout`: the template to extend; `ecrm_gettext`: not as `_`, which is the host's where its layout is used."""
    return {"ecrm_gettext": gettext, "layout": current_app.config["ECRM_PUBLIC_LAYOUT"]}

"""The public blueprint, mounted under `ECRM_PUBLIC_PREFIX`; every module with public views adds its own to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from ecrm.csrf import protect
from ecrm.wording import gettext

SEEN = "ecrm.seen"
"""The beacon's endpoint: it carries no form, changes nothing but counts and checks where it comes from."""

public = Blueprint("ecrm", __name__)
protect(public, except_for=frozenset({SEEN}))


@public.context_processor
def _for_templates() -> dict[str, Any]:
    """`layout`: the template to extend; `ecrm_gettext`: not as `_`, which is the host's where its layout is used."""
    return {"ecrm_gettext": gettext, "layout": current_app.config["ECRM_PUBLIC_LAYOUT"]}

"""The public blueprint, mounted under `ECRM_PUBLIC_PREFIX`; every module with public views adds its own to it."""

from __future__ import annotations

from flask import Blueprint

from ecrm.csrf import protect
from ecrm.wording import gettext

SEEN = "ecrm.seen"
"""The beacon's endpoint: it carries no form, changes nothing but counts and checks where it comes from."""

public = Blueprint("ecrm", __name__)
protect(public, except_for=frozenset({SEEN}))
# Not as `_`: the page stands in the host's layout, whose texts are in the host's own catalogue.
public.context_processor(lambda: {"ecrm_gettext": gettext})

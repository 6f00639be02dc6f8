"""Vanity addresses: `/ecrm/go/<word>`, short enough for a poster, lead to the campaign's landing page with its tags.

A redirect counts nothing itself; the page it leads to is counted as any tagged visit is. An unknown word leads home.
"""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from ecrm.installation import installation
from ecrm.marketing.campaign_drafts import MAX_VANITY, is_local
from ecrm.marketing.tagged_links import campaign_by_word, vanity_target

from .blueprint import public


@public.get("/go/<word>")
def go(word: str) -> Response:
    """To the campaign of this word; 302, so that a changed campaign is followed by browsers that came before."""
    target = "/"
    if len(word) <= MAX_VANITY and word.isascii() and word.isprintable():
        with installation().sessions() as session:
            campaign = campaign_by_word(session, word)
        if campaign is not None and is_local(campaign.landing_path):
            target = vanity_target(campaign)
    response = redirect(f"{request.script_root}{target}", 302)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response

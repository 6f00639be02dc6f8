"""The editor of a mailing's variant: blocks are added, moved, filled in and removed by one form; it needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.mailing_checks import complaints_of
from ecrm.wording import gettext as _
from ecrm.writing.complaint_words import complaint_words, field_name, place_words
from mailer import mailings as domain
from mailer.blocks import KINDS, MAX_PREVIEW, MAX_SUBJECT
from mailer.mailings import Mailing, MailingState, MailingVariant, variants_of
from mailer.placeholders import KNOWN

from .blueprint import console
from .mailing_forms import TEXTS, read_blocks, rearranged
from .mailings import ONE, mailing_or_404, variant_or_404

_VARIANT = f"{ONE}/<any(a,b,c,d):name>"


@console.get(_VARIANT)
@needs(Permission.CAMPAIGNS)
def edit_variant(mailing_id: int, name: str) -> str:
    """The form with what was written, what is wrong with it, and how it looks."""
    return _page(mailing_id, name)


@console.post(_VARIANT)
@needs(Permission.CAMPAIGNS)
def save_variant(mailing_id: int, name: str) -> Response | tuple[str, int]:
    """Keep what was written, complete or not, and do what the pressed button says.

    Where it can't be kept, it stands in the form again.
    """
    now, form = datetime.now(UTC), request.form
    wish = form.get("do", "save")
    blocks, at = rearranged(read_blocks(form), wish)
    typed = MailingVariant(
        mailing_id=mailing_id, name=name, subject=_line("subject"), preview=_line("preview"), content={"blocks": blocks}
    )
    with installation().sessions.begin() as session:
        row, variant = _locked(session, mailing_id), variant_or_404(session, mailing_id, name)
        draft, before = row.state == MailingState.DRAFT, variant.edition
        theirs = form.get("edition", "") not in {"", before} and typed.edition != before
        if draft and not theirs and typed.edition != before:
            variant.subject, variant.preview, variant.content = typed.subject, typed.preview, typed.content
            _changed(session, row, now)
    if not draft or theirs:
        return _page(mailing_id, name, typed=typed), 409
    if wish == "look":
        return redirect(url_for("console.look_at_mailing", mailing_id=mailing_id, name=name), 303)
    if wish == "save":
        flash(_("Saved."))
    there = f"#block-{at}" if at else ""
    return redirect(url_for("console.edit_variant", mailing_id=mailing_id, name=name) + there, 303)


@console.post(f"{ONE}/variants")
@needs(Permission.CAMPAIGNS)
def change_variants(mailing_id: int) -> Response:
    """Add a variant, which begins as a copy of the first, or remove one."""
    now, removed = datetime.now(UTC), request.form.get("remove", "")
    opened = ""
    with installation().sessions.begin() as session:
        row = _locked(session, mailing_id)
        present = variants_of(session, mailing_id)
        if row.state != MailingState.DRAFT:
            flash(_("Only drafts can be changed. Take the mailing back first."))
        elif removed:
            variant = variant_or_404(session, mailing_id, removed)
            if len(present) == 1:
                flash(_("A mailing needs one variant."))
            else:
                session.delete(variant)
                _changed(session, row, now)
                flash(_("The variant is removed."))
        else:
            added = domain.add_variant(session, row)
            if added:
                opened = added.name
                _changed(session, row, now)
            flash(_("The new variant is a copy of the first; change what you want to try.") if added
                  else _("More variants than these can't be told apart in a mailing."))  # fmt: skip
    if opened:
        return redirect(url_for("console.edit_variant", mailing_id=mailing_id, name=opened), 303)
    return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)


def kind_words() -> dict[str, str]:
    """What a block of each kind is called."""
    words = {
        "text": _("Text"), "hero": _("Opening"), "picture": _("Picture"), "products": _("Products"),
        "recommendations": _("Recommendations"), "coupon": _("Coupon"), "button": _("Button"),
        "divider": _("Dividing line"),
    }  # fmt: skip
    return {kind: words[kind] for kind in KINDS}


def source_words() -> dict[str, str]:
    """Where the products of a block come from."""
    return {"chosen": _("chosen one by one"), "search": _("found by a search"), "category": _("of a category")}


def _page(mailing_id: int, name: str, *, typed: MailingVariant | None = None) -> str:
    """The editor; with what was typed where that couldn't be kept, which the next saving puts in their place."""
    with installation().sessions() as session:
        row, kept = mailing_or_404(session, mailing_id), variant_or_404(session, mailing_id, name)
        variant = typed or kept
        complaints = complaints_of(installation(), variant)
        return render_template(
            "ecrm/console/mailing_editor.html",
            mailing=row, variant=variant, variants=variants_of(session, mailing_id), blocks=variant.blocks,
            edition=kept.edition, unsaved=typed is not None,
            kinds=kind_words(), fields=TEXTS, field_name=field_name, sources=source_words(),
            wrong=_by_field(complaints),
            complaints=[(one.block, place_words(one), complaint_words(one)) for one in complaints],
            products=_names(session, variant.blocks), most_subject=MAX_SUBJECT, most_preview=MAX_PREVIEW,
            placeholders=sorted(KNOWN), MailingState=MailingState,
        )  # fmt: skip


def _locked(session: Session, mailing_id: int) -> Mailing:
    """The mailing, while nobody else changes it or its variants."""
    mailing_or_404(session, mailing_id)
    return session.get_one(Mailing, mailing_id, with_for_update=True, populate_existing=True)


def _changed(session: Session, row: Mailing, now: datetime) -> None:
    row.edition, row.changed_at = row.edition + 1, now
    record(session, signed_in_staff(), Action.MAILING_CHANGED, subject=f"mailing:{row.id}", now=now)


def _line(field: str) -> str:
    return " ".join(request.form.get(field, "").replace("\x00", "").split())[:300]


def _by_field(complaints: Sequence[Any]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in complaints:
        key = f"b{one.block}-{one.field}" if one.block else one.field
        words = complaint_words(one)
        found.setdefault(key, []).append(_("Line %(line)s:", line=one.line) + " " + words if one.line else words)
    return found


def _names(_session: Session, blocks: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Of the products that are named one by one."""
    ids = [str(one) for block in blocks for one in block.get("products", ())]
    return {card.product_id: card.name for card in installation().storefront.products(ids)} if ids else {}

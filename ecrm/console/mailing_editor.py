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
    with installation().sessions() as session:
        row, variant = mailing_or_404(session, mailing_id), variant_or_404(session, mailing_id, name)
        complaints = complaints_of(installation(), variant)
        return render_template(
            "ecrm/console/mailing_editor.html",
            mailing=row, variant=variant, variants=variants_of(session, mailing_id), blocks=variant.blocks,
            kinds=kind_words(), fields=TEXTS, field_name=field_name, sources=source_words(),
            wrong=_by_field(complaints),
            complaints=[(one.block, place_words(one), complaint_words(one)) for one in complaints],
            products=_names(session, variant.blocks), most_subject=MAX_SUBJECT, most_preview=MAX_PREVIEW,
            placeholders=sorted(KNOWN), MailingState=MailingState,
        )  # fmt: skip


@console.post(_VARIANT)
@needs(Permission.CAMPAIGNS)
def save_variant(mailing_id: int, name: str) -> Response:
    """Keep what was written, complete or not, and do what the pressed button says."""
    now, form = datetime.now(UTC), request.form
    wish = form.get("do", "save")
    with installation().sessions.begin() as session:
        row, variant = mailing_or_404(session, mailing_id), variant_or_404(session, mailing_id, name)
        if row.state != MailingState.DRAFT:
            flash(_("Only drafts can be changed. Take the mailing back first."))
            return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)
        if form.get("edition", "") not in {"", str(row.edition)}:
            flash(_("Somebody changed this mailing meanwhile. Below is their version; write yours again."))
            return redirect(url_for("console.edit_variant", mailing_id=mailing_id, name=name), 303)
        blocks, at = rearranged(read_blocks(form), wish)
        _keep(row, variant, blocks, now)
        record(session, signed_in_staff(), Action.MAILING_CHANGED, subject=f"mailing:{mailing_id}", now=now)
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
        row = mailing_or_404(session, mailing_id)
        present = variants_of(session, mailing_id)
        if row.state != MailingState.DRAFT:
            flash(_("Only drafts can be changed. Take the mailing back first."))
        elif removed:
            variant = variant_or_404(session, mailing_id, removed)
            if len(present) == 1:
                flash(_("A mailing needs one variant."))
            else:
                session.delete(variant)
                flash(_("The variant is removed."))
        else:
            added = domain.add_variant(session, row)
            opened = added.name if added else ""
            flash(_("The new variant is a copy of the first; change what you want to try.") if added
                  else _("More variants than these can't be told apart in a mailing."))  # fmt: skip
        row.edition, row.changed_at = row.edition + 1, now
        record(session, signed_in_staff(), Action.MAILING_CHANGED, subject=f"mailing:{mailing_id}", now=now)
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


def _keep(row: Mailing, variant: MailingVariant, blocks: list[dict[str, Any]], now: datetime) -> None:
    form = request.form
    variant.subject = " ".join(form.get("subject", "").replace("\x00", "").split())[:300]
    variant.preview = " ".join(form.get("preview", "").replace("\x00", "").split())[:300]
    variant.content = {"blocks": blocks}
    row.edition, row.changed_at = row.edition + 1, now


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

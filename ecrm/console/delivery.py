"""A shipment: what is in it, what was heard of it, which e-mails went out; a message entered by hand, its arrival."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm import ledger
from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.acting import NotActed, acting, can
from ecrm.carriers.taking import react
from ecrm.events import ParcelScanned
from ecrm.installation import installation
from ecrm.reactions import reaction_names
from ecrm.wording import gettext as _
from ecrm.wording import today, zone
from mailer.outbox import Email
from tracking.delivery import progress
from tracking.delivery.contents import Goods, contents_of
from tracking.delivery.shipment import OPEN, Scan, Shipment, Status

from .blueprint import console
from .delivery_words import status_words, why_words
from .queries import LARGEST

BY_HAND = (
    Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.EXCEPTION, Status.RETURN_TO_SENDER,
    Status.DELIVERED,
)  # fmt: skip
_ONE = f"/deliveries/<int(max={LARGEST}):shipment_id>"


@console.get(_ONE)
@needs(Permission.DELIVERIES)
def delivery(shipment_id: int) -> str:
    """Everything that is known of a shipment."""
    return _page(shipment_id)


@console.post(f"{_ONE}/scans")
@needs(Permission.DELIVERIES)
def scan_by_hand(shipment_id: int) -> Response | tuple[str, int]:
    """What a carrier said on the telephone, or what stands on its page. It counts as the carrier's own message does."""
    shipment, now = _shipment(shipment_id), datetime.now(UTC)
    typed = _read(request.form, shipment, now=now)
    if typed.errors:
        return _page(shipment_id, errors=typed.errors), 422
    if not _has_left(shipment):
        return _page(shipment_id, errors={"refused": _("It hasn't left yet: enter its carrier and number first.")}), 409
    said = f"{shipment.reference}\n{typed.status}\n{typed.at.isoformat()}"
    told = ParcelScanned(
        at=typed.at, shipment_id=shipment.reference, order_id=shipment.order_reference,
        scan_id=f"hand:{hashlib.sha256(said.encode()).hexdigest()[:40]}", status=typed.status.value,
        place=typed.place, note=typed.note, heard_at=now,
    )  # fmt: skip
    crm = installation()
    with crm.sessions.begin() as session:
        event_id = ledger.write(session, told, reactions=reaction_names(told))
        record(session, signed_in_staff(), Action.PARCEL_SCANNED, subject=f"shipment:{shipment_id}", now=now)
    react(crm, [event_id] if event_id is not None else [])
    after = _shipment(shipment_id)
    if after.status == shipment.status and after.status != typed.status:
        words = status_words()
        flash(
            _(
                "Kept. It stays “%(status)s”: later news of it are known, or it is at its end.",
                status=words[after.status],
            )
        )
    else:
        flash(_("Kept."))
    return redirect(url_for("console.delivery", shipment_id=shipment_id), 303)


@console.post(f"{_ONE}/delivered")
@needs(Permission.DELIVERIES)
def delivered_by_hand(shipment_id: int) -> Response | tuple[str, int]:
    """It has arrived, also for the shop."""
    shipment, crm, now = _shipment(shipment_id), installation(), datetime.now(UTC)
    try:
        acting(crm.storefront, "mark_delivered").mark_delivered(shipment.reference, now=now)
    except NotActed as refused:
        return _page(shipment_id, errors={"refused": str(refused)}), 409
    with crm.sessions.begin() as session:
        record(session, signed_in_staff(), Action.PARCEL_DELIVERED, subject=f"shipment:{shipment_id}", now=now)
    flash(_("Delivered: %(number)s.", number=shipment.tracking_number))
    return redirect(url_for("console.delivery", shipment_id=shipment_id), 303)


@dataclass(frozen=True)
class _Typed:
    status: Status
    at: datetime
    place: str
    note: str
    errors: Mapping[str, str]


def _read(form: Mapping[str, str], shipment: Shipment, *, now: datetime) -> _Typed:
    errors: dict[str, str] = {}
    status = next((one for one in BY_HAND if one == form.get("status")), None)
    if status is None:
        errors["status"] = _("Choose what was said of the parcel.")
    place, note = (" ".join(form.get(name, "").split()) for name in ("place", "note"))
    for name, text, most in (("place", place, 100), ("note", note, 200)):
        if len(text) > most or not text.isprintable():
            errors[name] = _("At most %(most)s letters, please.", most=most)
    at, words = now, form.get("at", "").strip()
    if words:
        try:
            at = datetime.fromisoformat(words).replace(tzinfo=zone()).astimezone(UTC)
        except (ValueError, OverflowError):
            errors["at"] = _("Write the moment like 2026-11-03T14:30, or leave it empty for now.")
    if not shipment.expected_at - timedelta(days=1) <= at <= now + timedelta(minutes=5):
        errors.setdefault("at", _("It must lie between the order and now."))
    return _Typed(status or Status.IN_TRANSIT, at, place, note, errors)


def _shipment(shipment_id: int) -> Shipment:
    with installation().sessions() as session:
        found = session.get(Shipment, shipment_id)
    if found is None:
        raise NotFound(_("There is no such delivery."))
    return found


def _has_left(shipment: Shipment) -> bool:
    return shipment.shipped_at is not None


def _page(shipment_id: int, *, errors: Mapping[str, str] | None = None) -> str:
    crm, staff, now = installation(), signed_in_staff(), datetime.now(UTC)
    with crm.sessions.begin() as session:
        shipment = session.get(Shipment, shipment_id)
        if shipment is None:
            raise NotFound(_("There is no such delivery."))
        record_look(session, staff, Action.DELIVERY_OPENED, subject=f"shipment:{shipment_id}", reason="", now=now)
        family = progress.shipments_of(session, shipment.order_reference)
        goods = contents_of(session, [one.id for one in family])
        scans = session.scalars(
            select(Scan).where(Scan.shipment_id == shipment_id).order_by(Scan.scanned_at.desc(), Scan.id.desc())
        ).all()
        mails = _mails(session, shipment)
    return render_template(
        "ecrm/console/delivery.html",
        parcel=shipment, goods=goods.get(shipment_id, []), scans=scans, mails=mails, today=today(), errors=errors or {},
        siblings=[(one, _sum(goods.get(one.id, []))) for one in family if one.id != shipment_id],
        words=status_words(), why=why_words(), by_hand=BY_HAND, left=_has_left(shipment), open_statuses=OPEN,
        can_deliver=can(crm.storefront, "mark_delivered"), typed=request.form,
    )  # fmt: skip


def _sum(goods: list[Goods]) -> str:
    return ", ".join(f"{one.quantity} × {one.name}" for one in goods)


def _mails(session: Session, shipment: Shipment) -> list[Email]:
    """Those about this parcel: their cause names it; and those about the whole order."""
    query = select(Email).where(Email.order_reference == shipment.order_reference).order_by(Email.queued_at, Email.id)
    others = {one.reference for one in progress.shipments_of(session, shipment.order_reference)} - {shipment.reference}
    return [mail for mail in session.scalars(query) if mail.dedup_key.partition(":")[2] not in others]

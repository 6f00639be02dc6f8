"""Pieces with serial numbers: warranty check, entering one, and the request to a service point, followed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.checkout_memory import CheckoutMemory
from ecrm.installation import Installation, installation
from ecrm.serial_numbers import BadSerial
from ecrm.service import service_points, units, warranty
from ecrm.service.cases import Case
from ecrm.service.units_told import ends_on, months_of
from ecrm.service.warranty_letters import write_to_customer, write_to_point
from ecrm.wording import gettext as _
from ecrm.wording import today
from tracking.orders import SeenOrder, SeenOrderLine

from .blueprint import console, kept_reason
from .queries import LARGEST, number_arg, text_arg

OPEN_REQUESTS = 50
UNIT = f"/units/<int(max={LARGEST}):unit_id>"


@console.get("/units")
@needs(Permission.CUSTOMERS)
def unit_check() -> str:
    """By serial number or order number: what the piece is, and until when its warranty runs."""
    return _check_page(text_arg("number", longest=64))


@console.post("/units")
@needs(Permission.CUSTOMERS)
def enter_unit() -> Response | tuple[str, int]:
    """Enter the serial number of a piece of an order; the warranty follows from the product and the day of the sale."""
    typed = {name: request.form.get(name, "").strip()[:64] for name in ("serial_number", "order", "product")}
    typed["order"] = "".join(one for one in typed["order"] if one.isprintable())
    crm = installation()
    with crm.sessions.begin() as session:
        order = session.scalar(
            select(SeenOrder).where(SeenOrder.reference.in_({typed["order"], typed["order"].upper()}))
        )
        lines = _lines(session, order) if order else []
        chosen = [line for line in lines if line.product == typed["product"]] or (lines if len(lines) == 1 else [])
        if order is None:
            problem = _("There is no order %(order)s.", order=typed["order"])
        elif not chosen:
            problem = _("Say which product of the order it is: %(known)s.", known=", ".join(
                f"{line.product} ({line.name})" for line in lines))  # fmt: skip
        else:
            problem = ""
        if problem or order is None:
            return _check_page(typed["order"], typed=typed, problem=problem), 422
        line = chosen[0]
        sold = units.Sold(
            typed["serial_number"], line.product, line.name, order.reference, order.customer_id, order.placed_at,
            ends_on(crm, {line.product}, order.placed_at)[line.product], "staff",
        )  # fmt: skip
        try:
            unit_id = units.keep(session, sold)
        except BadSerial:
            problem = _("A serial number has 3 to 64 letters and digits.")
            return _check_page(typed["order"], typed=typed, problem=problem), 422
    if unit_id is None:
        problem = _("This number of this product is known already.")
        return _check_page(typed["serial_number"], typed=typed, problem=problem), 409
    flash(_("The piece is on file."))
    return redirect(url_for("console.unit", unit_id=unit_id), 303)


@console.get(UNIT)
@needs(Permission.CUSTOMERS)
def unit(unit_id: int) -> str:
    """A piece, its requests, and the nearest service points to its owner or to a place that is typed."""
    return _unit_page(unit_id)


@console.post(f"{UNIT}/requests")
@needs(Permission.CUSTOMERS)
def ask_service_point(unit_id: int) -> Response | tuple[str, int]:
    """Write to a service point, with a case of kind warranty to follow it on."""
    crm, now, words = installation(), datetime.now(UTC), request.form.get("words", "")[:4000]
    try:
        with crm.sessions.begin() as session:
            piece = _piece(session, unit_id)
            point = session.get(service_points.ServicePoint, number_arg("point") or 0)
            if point is None or point.closed_at is not None:
                raise warranty.NotAsked(_("Choose a service point."))
            made, case = warranty.request(session, piece, point, words=words, case=None, by=signed_in_staff(), now=now)
            write_to_point(crm, session, made, piece, point, case, now=now)
            told = write_to_customer(crm, session, made, piece, point, case, now=now)
            reference = case.reference
    except warranty.NotAsked as wrong:
        return _unit_page(unit_id, words=words, problem=str(wrong)), 422
    flash(_("The request is on its way to the service point; case %(case)s follows it.", case=reference))
    flash(
        _("The customer reads where it is looked at.")
        if told
        else _("No e-mail address of the customer is known: tell them.")
    )
    return redirect(url_for("console.unit", unit_id=unit_id), 303)


@console.post(f"{UNIT}/requests/<int(max={LARGEST}):request_id>")
@needs(Permission.CUSTOMERS)
def move_request(unit_id: int, request_id: int) -> Response:
    """Note what the service point answered."""
    try:
        state = warranty.RequestState(request.form.get("state", ""))
    except ValueError:
        raise BadRequest(_("Choose what became of the request.")) from None
    with installation().sessions.begin() as session:
        made = session.get(warranty.WarrantyRequest, request_id)
        if made is None or made.unit_id != unit_id:
            raise NotFound(_("There is no such request."))
        moved = warranty.move(session, made, state, by=signed_in_staff(), now=datetime.now(UTC))
    flash(_("Noted, on the case too.") if moved else _("That isn't the next step; somebody may have noted another."))
    return redirect(url_for("console.unit", unit_id=unit_id), 303)


def _check_page(number: str, *, typed: dict[str, str] | None = None, problem: str = "") -> str:
    with installation().sessions() as session:
        found = list(units.by_serial(session, number)) if number else []
        if number and not found:
            found = [one for spelt in sorted({number, number.upper()}) for one in units.of_order(session, spelt)]
        open_ones = warranty.under_way(session, limit=OPEN_REQUESTS)
        pieces = {
            one.id: one
            for one in session.scalars(select(units.Unit).where(units.Unit.id.in_([one.unit_id for one in open_ones])))
        }
        names = {one.id: one.name for one in session.scalars(select(service_points.ServicePoint))}
    return render_template(
        "ecrm/console/units.html",
        open_ones=open_ones,
        pieces=pieces,
        names=names,
        number=number,
        found=found,
        typed=typed or {},
        problem=problem,
        today=today(),
    )


def _unit_page(unit_id: int, *, words: str = "", problem: str = "") -> str:
    crm, typed = installation(), {name: text_arg(name, longest=20) for name in ("country", "postcode")}
    typed["postcode"] = text_arg("postcode", longest=100)
    with crm.sessions.begin() as session:
        piece = _piece(session, unit_id)
        if piece.customer_id is not None:
            record_look(
                session, signed_in_staff(), Action.CUSTOMER_OPENED, subject=f"customer:{piece.customer_id}",
                reason=kept_reason(), now=datetime.now(UTC),
            )  # fmt: skip
            if not typed["postcode"]:
                typed = _where_they_live(session, piece.customer_id) or typed
        typed["country"] = typed["country"] or crm.storefront.facts().country
        place = service_points.find_place(session, typed["country"], typed["postcode"]) if typed["postcode"] else None
        cards = crm.storefront.products([piece.product])
        wants = [piece.product, *(value for card in cards for value in (card.brand, card.category))]
        near = service_points.nearest(session, place.at, wants=wants) if place and place.at else []
        points = service_points.serving(service_points.open_points(session), wants)
        requests = warranty.of_unit(session, unit_id)
        names = {one.id: one.name for one in session.scalars(select(service_points.ServicePoint))}
        query = select(Case.id, Case.reference).where(Case.id.in_([one.case_id for one in requests]))
        references = {row.id: row.reference for row in session.execute(query)}
    return render_template(
        "ecrm/console/unit.html", unit=piece, typed=typed, place=place, near=near, points=points, requests=requests,
        names=names, references=references, moves=warranty.MOVES, words=words, problem=problem, today=today(),
        rule=_rule(crm, piece),
    )  # fmt: skip


def _rule(crm: Installation, piece: units.Unit) -> str:
    """By what the piece's warranty ends when it does, in words."""
    day = piece.sold_at.astimezone(ZoneInfo(crm.storefront.facts().time_zone)).date()
    months = months_of(crm, {piece.product})[piece.product]
    if piece.warranty_until is None:
        return (
            _("No end of a warranty is on file, and none is promised for this product.")
            if not months
            else _(
                "No end of a warranty is on file; the shop promises %(months)s months for this product today.",
                months=months,
            )
        )
    if warranty.runs_until(day, months) == piece.warranty_until:
        return _("%(months)s months from the day of the sale, as promised for this product.", months=months)
    return _("As it was entered for this piece; what is promised for this product today ends otherwise.")


def _piece(session: Session, unit_id: int) -> units.Unit:
    found = session.get(units.Unit, unit_id)
    if found is None:
        raise NotFound(_("There is no such piece."))
    return found


def _lines(session: Session, order: SeenOrder) -> list[SeenOrderLine]:
    query = select(SeenOrderLine).where(SeenOrderLine.order_id == order.id).order_by(SeenOrderLine.position)
    return list(session.scalars(query))


def _where_they_live(session: Session, customer_id: int) -> dict[str, str] | None:
    address = session.scalar(select(CheckoutMemory.address).where(CheckoutMemory.customer_id == customer_id))
    if not address:
        return None
    return {name: str(address.get(name) or "") for name in ("country", "postcode")}

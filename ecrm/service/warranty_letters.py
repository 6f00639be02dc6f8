"""The letter to a service point about a piece, through the outbox, in the request's own transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ecrm import letters
from ecrm.installation import Installation
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader

from . import cases
from .service_points import ServicePoint
from .units import Unit
from .warranty import NotAsked, WarrantyRequest

TEMPLATE = "warranty_request"


def write_to_point(
    crm: Installation, session: Session, made: WarrantyRequest, unit: Unit, point: ServicePoint, case: cases.Case,
    *, now: datetime,
) -> None:  # fmt: skip
    """Queue it once; the customer's name and address don't go along: the workshop needs the piece and what is wrong.

    Raises:
        NotAsked: where the service point's address can't be written to.
    """
    context = {"unit": unit, "words": made.words, "reference": case.reference, "point": point.name}
    try:
        with letters.shop_context(crm) as facts:
            letter = letters.write(
                facts, template=TEMPLATE, context=context, to_address=point.email, to_name=point.name
            )
    except BadHeader:
        raise NotAsked(_("The service point's e-mail address can't be written to; correct it.")) from None
    made.email_id = letters.post(session, letter, dedup_key=f"warranty-request:{made.id}", now=now)

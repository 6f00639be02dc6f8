"""Links that open an order without an account: whoever holds one sees name, address and telephone. They are for the
customer alone, so an answer that strangers get a copy of carries none."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.storefront import Storefront
from tracking.orders import SeenOrder


def order_keys(session: Session, storefront: Storefront) -> re.Pattern[str] | None:
    """What finds such links in a text; None for a shop that has none, or no order yet.

    They are known by the parameters that a signed link has and a plain one hasn't. Call it in a request.
    """
    reference = session.scalar(select(SeenOrder.reference).limit(1))
    if reference is None:
        return None
    plain, signed = (urlsplit(storefront.order_url(reference, signed=one)) for one in (False, True))
    proofs = {name for name, _value in parse_qsl(signed.query)} - {name for name, _value in parse_qsl(plain.query)}
    if not proofs:
        return None
    before, _reference, after = signed.path.rpartition(reference)
    names = "|".join(re.escape(one) for one in sorted(proofs))
    return re.compile(rf"\S*{re.escape(before)}[^\s/?#]*{re.escape(after)}\?(?:\S*&)?(?:{names})=\S*")

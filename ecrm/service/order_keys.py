"""Links that open an order without an account: whoever holds one sees name, address and telephone. They are for the
customer alone, so an answer that strangers get a copy of carries none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.storefront import Storefront
from tracking.orders import SeenOrder

_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class OrderKeys:
    """How such links look: the `page` of an order, and after it a parameter that is a `proof`.

    Both are looked for one after the other, word by word: one pattern for all of it would take minutes for a letter
    that somebody wrote to that end.
    """

    page: re.Pattern[str]
    proof: re.Pattern[str]

    def are_in(self, text: str) -> bool:
        return any(self._opens(found[0]) for found in _WORD.finditer(text))

    def taken_out(self, text: str) -> str:
        """The text with "…" for each word that holds one."""
        return _WORD.sub(lambda found: "…" if self._opens(found[0]) else found[0], text)

    def _opens(self, word: str) -> bool:
        page = self.page.search(word)
        return page is not None and self.proof.search(word, page.end() - 1) is not None


def order_keys(session: Session, storefront: Storefront) -> OrderKeys | None:
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
    before, found, after = signed.path.rpartition(reference)
    number = r"[^\s/?#]*" if found else ""
    names = "|".join(re.escape(one) for one in sorted(proofs))
    page = re.compile(rf"{re.escape(before)}{number}{re.escape(after)}\?")
    return OrderKeys(page, proof=re.compile(rf"[?&;](?:{names})="))

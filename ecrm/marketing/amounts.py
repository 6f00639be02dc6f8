"""Money that people type: major units with a point or a comma, exact to the currency's smallest coin."""

from __future__ import annotations

import re
from decimal import Decimal

from ecrm.wording import gettext as _

MOST = 10**13
"""Minor units; far above any budget, and a thousand of them still fit into a column of 64 bits."""
_AMOUNT = re.compile(r"-?[0-9]{1,16}(?:[.,][0-9]{1,6})?")


def typed_amount(text: str, *, decimals: int, negative: bool = False) -> int:
    """Read an amount in minor units.

    Thousands aren't set apart, so that "1,234" can't be taken for 1.234.

    Raises:
        ValueError: in words, for what isn't an amount, has more decimals than the currency, or is negative and mayn't.
    """
    text = text.strip()
    if not _AMOUNT.fullmatch(text):
        raise ValueError(_("Write the amount as 1234.50, without a currency or thousands mark."))
    amount = Decimal(text.replace(",", ".")).scaleb(decimals)
    if amount != amount.to_integral_value():
        raise ValueError(
            _("“%(amount)s” has more decimals than the shop's currency; write 1234 without a mark.", amount=text)
        )
    if abs(amount) > MOST or (amount < 0 and not negative):
        raise ValueError(_("Give an amount from 0 to %(most)s.", most=f"{Decimal(MOST).scaleb(-decimals):f}"))
    return int(amount)

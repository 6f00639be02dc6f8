"""Why a coupon takes nothing off, in the buyer's words."""

from __future__ import annotations

from ..wording import day, money
from ..wording import gettext as _
from .discount import Applied, Refusal


def refusal_in_words(coupon: Applied, currency: str) -> str:
    """The reason, and what would help; "" where the coupon is good."""
    code = coupon.code
    match coupon.refusal:
        case None:
            return ""
        case Refusal.NOT_YET if coupon.starts_at is not None:
            return _("%(code)s is good from %(day)s on.", code=code, day=day(coupon.starts_at))
        case Refusal.EXPIRED:
            return _("%(code)s isn't valid any more.", code=code)
        case Refusal.USED_UP:
            return _("%(code)s has been used as often as it could be.", code=code)
        case Refusal.BELOW_MINIMUM:
            least = money(coupon.minimum_minor, currency)
            return _("%(code)s takes effect from goods worth %(least)s on.", code=code, least=least)
        case Refusal.FITS_NOTHING:
            return _("%(code)s is for other products than those in your cart.", code=code)
        case Refusal.TAKES_NOTHING:
            return _("%(code)s takes nothing off goods worth so little.", code=code)
    return _("We know no coupon %(code)s. Please compare it with what you were given.", code=code)

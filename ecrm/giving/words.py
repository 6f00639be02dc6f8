"""The words of presents: names of holidays, titles of lists, and what speaks for each idea."""

from __future__ import annotations

from collections.abc import Mapping

from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from recommender.gift_words import Circle
from recommender.gifts import MANY, Idea, Why


def holiday_name(code: str) -> str:
    """The holiday as people call it."""
    names = {
        "three_kings": _("Three Kings' Day"), "lunar_new_year": _("Lunar New Year"), "valentines": _("Valentine's Day"),
        "womens_day": _("Women's Day"), "easter": _("Easter"), "eid_al_fitr": _("Eid al-Fitr"),
        "mothers_day": _("Mother's Day"), "fathers_day": _("Father's Day"), "diwali": _("Diwali"),
        "st_nicholas": _("Saint Nicholas"), "christmas": _("Christmas"),
    }  # fmt: skip
    return names.get(code, code)


def list_title(circle: Circle) -> str:
    """Over the list."""
    return _("For the family") if circle is Circle.FAMILY else _("For colleagues")


def idea_words(idea: Idea, *, holiday: str, names: Mapping[str, str]) -> str:
    """Why it is on the list.

    Args:
        holiday: its code.
        names: of products that reasons point at.
    """
    match idea.why:
        case Why.CHILDREN:
            if idea.about.isdigit():
                return ngettext("For the child at home", "For the %(num)s children at home", int(idea.about))
            return _("For the children at home")
        case Why.INTEREST:
            return _("You told us that you like %(what)s", what=idea.about)
        case Why.GIVEN if name := names.get(idea.about):
            return _("Of a kind with %(name)s, which you chose before", name=name)
        case Why.GIVEN:
            return _("A classic present")
        case Why.SEASON:
            return _("Made for %(holiday)s", holiday=holiday_name(holiday))
        case Why.BRAND:
            return _("From %(brand)s, which you often choose", brand=idea.about)
        case Why.SHELF:
            return _("You often look for %(shelf)s", shelf=idea.about)
        case Why.SHARED if int(idea.about) >= MANY:
            return _("Easy to share; %(number)s customers chose it", number=idea.about)
        case Why.SHARED:
            return _("Easy to share")
        case Why.LIKED:
            return _("%(number)s customers chose it", number=idea.about)
        case Why.CLASSIC:
            return _("A classic present")

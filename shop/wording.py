"""Texts, money, days and moments as people read them: the one place of the shop that knows Flask-Babel.

The reader's language comes from the browser, the way of writing numbers and dates from the shop's country.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import format_currency, format_decimal, get_currency_precision
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, get_locale
from flask_babel import gettext as _gettext
from flask_babel import ngettext as _ngettext
from sqlalchemy.exc import SQLAlchemyError

from .profile import shop_profile

SOURCE_LANGUAGE = "en"


def init_app(app: Flask) -> None:
    """Choose languages and add the filters `money`, `day`, `moment` and the page's `language` to all templates."""
    Babel(app, default_locale=SOURCE_LANGUAGE, locale_selector=_locale_of_request)
    app.extensions["shop_languages"] = _languages(app)
    app.add_template_filter(money, "money")
    app.add_template_filter(number, "number")
    app.add_template_filter(day, "day")
    app.add_template_filter(moment, "moment")
    app.add_template_global(language, "language")


def gettext(message: str, **values: object) -> str:
    """The message in the reader's language; `%(name)s` is filled from `values`."""
    return cast(str, _gettext(message, **values))


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """The message for this count; `%(num)s` is the count."""
    return cast(str, _ngettext(singular, plural, count, **values))


def money(minor: int, currency: str) -> str:
    """Minor units as people read them, e.g. `money(1299, "USD")` gives `$12.99` in an American shop."""
    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=locale())


def number(value: int | float) -> str:
    """A count with the reader's separators, e.g. `29,566`."""
    return str(format_decimal(value, locale=locale()))


def day(value: date | datetime) -> str:
    """A date; of a moment, its date in the shop's time zone."""
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return format_date(value, format="medium", locale=locale())


def moment(value: datetime) -> str:
    """Date and time to the minute, in the shop's time zone."""
    local, how = value.astimezone(zone()), locale()
    pattern = str(get_datetime_format("medium", locale=how)).replace("'", "")
    return pattern.format(format_time(local, format="short", locale=how), day(local))


def language() -> str:
    """The language of the present page as an HTML `lang` value."""
    return locale().language


def locale() -> Locale:
    """The reader's language, with the shop's country where Babel knows the pair."""
    return cast("Locale | None", get_locale()) or Locale(SOURCE_LANGUAGE)


def zone() -> ZoneInfo:
    """The shop's time zone, looked up once a request."""
    if not has_request_context():
        return ZoneInfo(shop_profile().time_zone)
    if "shop_zone" not in g:
        g.shop_zone = ZoneInfo(shop_profile().time_zone)
    return cast(ZoneInfo, g.shop_zone)


def _languages(app: Flask) -> list[str]:
    with app.app_context():
        found = {str(known.language) for known in app.extensions["babel"].instance.list_translations()}
    return sorted(found)


def _locale_of_request() -> str:
    chosen = SOURCE_LANGUAGE
    if has_request_context():
        languages = current_app.extensions["shop_languages"]
        chosen = request.accept_languages.best_match(languages, SOURCE_LANGUAGE) or SOURCE_LANGUAGE
    try:
        return str(Locale(chosen, shop_profile().country))
    except (UnknownLocaleError, SQLAlchemyError):  # a page that says "the database is away" needs a language, too
        return chosen

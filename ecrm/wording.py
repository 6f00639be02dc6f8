"""The one place that knows Flask-Babel: texts, money, days and moments as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache, wraps
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_datetime_format
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from flask import Flask, g, has_request_context
from flask_babel import Babel, Domain, get_locale

from .installation import installation

T = TypeVar("T")

_REMEMBERED = 20_000
"""Writing a number or a date in a language costs some 40 µs; a report is full of zeros and says each day six times."""

_OF_THIS_YEAR = 330
"""Days for which a month needs no year to be understood."""

_ENGLISH = Locale("en")
_TEXTS: dict[str, dict[str, str]] = {}
"""By language, what pages said before; bounded by the number of texts in the code."""
_CATALOGUES = Path(__file__).parent / "translations"
_domain = Domain(translation_directories=[str(_CATALOGUES)], domain="ecrm")


def init_app(app: Flask) -> None:
    """Bring Flask-Babel where the host has none, and add the template filters."""
    if "babel" not in app.extensions:
        Babel(app)
    app.add_template_filter(money, "ecrm_money")
    app.add_template_filter(day, "ecrm_day")
    app.add_template_filter(moment, "ecrm_moment")
    app.add_template_filter(exact_moment, "ecrm_exact")
    app.add_template_filter(country, "ecrm_country")


def has_texts_in(locale: Locale) -> bool:
    """Whether the CRM's texts are known in this language; in any other, its days would stand among English words."""
    names = {str(locale), locale.language}
    return locale.language == "en" or any((_CATALOGUES / one / "LC_MESSAGES" / "ecrm.mo").exists() for one in names)


def gettext(message: str, **values: object) -> str:
    """The message in the reader's language; `%(name)s` is filled from `values`."""
    locale = get_locale()
    text = _text(message, locale) if locale else message
    return text % values if values else text


def for_this_page() -> Callable[..., str]:
    """`gettext` for one page, whose language doesn't change: asking for that costs more than the word, and a page has
    a thousand words."""
    locale = get_locale()
    if locale is None:
        return gettext
    known = _TEXTS.setdefault(str(locale), {})

    def say(message: str, **values: object) -> str:
        text = known.get(message)
        if text is None:
            text = known[message] = _text(message, locale)
        return text % values if values else text

    return say


def by_language(make: Callable[[], T]) -> Callable[[], T]:
    """What is made of texts alone, made once for each language; whoever gets it leaves it as it is."""
    known: dict[str, T] = {}

    @wraps(make)
    def said() -> T:
        tongue = language()
        if tongue not in known:
            known[tongue] = make()
        return known[tongue]

    return said


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """The message for this count; `%(num)s` is the count."""
    translated: str = _domain.ngettext(singular, plural, count, **values)
    return translated


def money(minor: int, currency: str) -> str:
    """Minor units as people read them, e.g. `money(1299, "USD")` → `$12.99`."""
    return _money(minor, currency, _locale())


def day(value: date | datetime) -> str:
    """A date; of a moment, its date in the shop's time zone."""
    if isinstance(value, datetime):
        value = value.astimezone(_zone()).date()
    return _day(value, _locale())


def moment(value: datetime) -> str:
    """Date and time in the shop's time zone, to the minute: what people plan by."""
    return _moment(value.astimezone(_zone()), "short")


def exact_moment(value: datetime) -> str:
    """Date and time to the second, for logs in which one minute holds several lines."""
    return _moment(value.astimezone(_zone()), "medium")


def local_moment(value: datetime, zone: ZoneInfo) -> str:
    """Day and time on the clock of another zone than the shop's."""
    return _moment(value.astimezone(zone), "short")


def _moment(here: datetime, length: Literal["short", "medium"]) -> str:
    locale = _locale()
    # As `format_datetime` puts the two together, of which each is remembered.
    pattern = str(get_datetime_format("medium", locale=locale))
    exact = here.time().replace(microsecond=0)
    spoken = _time(exact.replace(second=0) if length == "short" else exact, length, locale)
    return pattern.replace("'", "").replace("{0}", spoken).replace("{1}", _day(here.date(), locale))


def clock(value: datetime) -> str:
    """The time of day in the shop's time zone, e.g. `2:05 PM`."""
    here = value.astimezone(_zone())
    return _time(here.time().replace(second=0, microsecond=0), "short", _locale())


def short_day(value: date) -> str:
    """A date for an axis, e.g. `Nov 3`."""
    return _skeleton("MMMd", value, _locale())


def month(value: date) -> str:
    """A month in the reader's language, e.g. `Nov 2026`."""
    return _skeleton("yMMM", value, _locale())


def month_name(value: date, *, today: date) -> str:
    """A month as it is spoken of today, e.g. `May`, or `May 2025` of one that is a year ago."""
    if (today - value).days < _OF_THIS_YEAR:
        return format_date(value, "LLLL", locale=_locale())
    return _skeleton("yMMMM", value, _locale())


def number(value: int | float) -> str:
    """A count with the reader's grouping, e.g. `12,480`."""
    return _number(value, _locale())


def country(code: str) -> str:
    """The name of a country (ISO 3166 alpha-2); the code itself where it has none."""
    return str(_locale().territories.get(code, code))


def percent(value: float, pattern: str = "#,##0.0%") -> str:
    """A share of one, e.g. `percent(0.031)` → `3.1%`."""
    return format_percent(value, format=pattern, locale=_locale())


def compact_number(value: float) -> str:
    """A count for an axis, e.g. `12K`."""
    return format_compact_decimal(value, fraction_digits=1, locale=_locale())


def compact_money(minor: float, currency: str) -> str:
    """Money for an axis, e.g. `$12K`."""
    major = minor / 10 ** get_currency_precision(currency)
    return format_compact_currency(major, currency, fraction_digits=1, locale=_locale())


def language() -> str:
    """The reader's language and region, e.g. `en` or `de_AT`."""
    return str(_locale())


def today() -> date:
    """The present day in the shop's time zone."""
    return datetime.now(_zone()).date()


def zone() -> ZoneInfo:
    """The shop's time zone."""
    return _zone()


def _locale() -> Locale:
    return get_locale() or _ENGLISH


@lru_cache(maxsize=_REMEMBERED)
def _text(message: str, _locale: Locale) -> str:
    """Of the present locale, which is asked for once more only where the text isn't remembered."""
    text: str = _domain.gettext(message)
    return text


@lru_cache(maxsize=_REMEMBERED)
def _money(minor: int, currency: str, locale: Locale) -> str:
    digits = get_currency_precision(currency)
    return format_currency(minor / 10**digits, currency, locale=locale)


@lru_cache(maxsize=_REMEMBERED)
def _day(value: date, locale: Locale) -> str:
    return format_date(value, format="medium", locale=locale)


@lru_cache(maxsize=_REMEMBERED)
def _time(value: time, length: Literal["short", "medium"], locale: Locale) -> str:
    return format_time(value, format=length, locale=locale)


@lru_cache(maxsize=_REMEMBERED)
def _skeleton(skeleton: str, value: date, locale: Locale) -> str:
    return format_skeleton(skeleton, value, locale=locale)


@lru_cache(maxsize=_REMEMBERED)
def _number(value: int | float, locale: Locale) -> str:
    return format_decimal(value, locale=locale)


def _zone() -> ZoneInfo:
    """The shop's zone, asked once a request."""
    if not has_request_context():
        return ZoneInfo(installation().storefront.facts().time_zone)
    zone: ZoneInfo | None = g.get("ecrm_zone")
    if zone is None:
        zone = g.ecrm_zone = ZoneInfo(installation().storefront.facts().time_zone)
    return zone

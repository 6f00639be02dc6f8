"""Numbers and days as exports write them: in the account's own way, which the file as a whole has to give away.

"1,234" is a thousand in one account and one and a quarter in another, "1/2/2026" January or February. So all cells of a
column are looked at first; where they leave both readings open, the file is refused rather than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from babel.numbers import list_currencies

from ecrm.wording import gettext as _

from .export import Line, Unreadable

NOTHING = frozenset({"", "-", "--", "—", "n/a"})
MOST_COUNTED = 2**31 - 1
_NUMBER = re.compile(r"\d(?:[\d.,'’ \u00a0\u202f]*\d)?", re.ASCII)
_SPACES = re.compile(r"\s+")
_MINUS = "-−"
# Currency signs are the Unicode block of that name and the older ones; the letters are those that shops' countries use.
_CURRENCY = r"(?:[A-Z]{0,3}[$¢£¤¥\u20a0-\u20cf]|[A-Z]{3}|S?Fr\.?|kr\.?|zł|Kč|Ft|lei|лв\.?)"
_AROUND = re.compile(
    rf"(?P<open>\()?(?:\+|(?P<first>[{_MINUS}]))?(?P<before>{_CURRENCY})?(?P<second>[{_MINUS}])?#"
    rf"(?P<third>[{_MINUS}])?(?P<behind>{_CURRENCY})?(?P<fourth>[{_MINUS}])?(?P<close>\))?"
)
_POINT = re.compile(
    r"\d{1,3}(?:[,\u00a0\u202f '’]\d{3})+\.\d+|\d+\.(?:\d{1,2}|\d{4,})|\d{4,}\.\d{3}|0\.\d+|\d{1,3}(?:,\d{3}){2,}",
    re.ASCII,
)
_COMMA = re.compile(
    r"\d{1,3}(?:[.\u00a0\u202f '’]\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{4,},\d{3}|0,\d+|\d{1,3}(?:\.\d{3}){2,}",
    re.ASCII,
)
_WHOLE = re.compile(r"\d+|\d{1,3}(?:[.,\u00a0\u202f '’]\d{3})+", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})", re.ASCII)
MOST = Decimal(10) ** 11


def decimal_mark(cells: Iterable[tuple[int, str]], *, otherwise: str) -> str:
    """Which mark stands before decimals in a column of (line, cell): `.` or `,`.

    Args:
        otherwise: the habit of the headings' language, where no cell tells.

    Raises:
        Unreadable: some cells say the one and some the other; two lines are named.
    """
    seen: dict[str, int] = {}
    for line, cell in cells:
        bare = _bare(cell)[0]
        if _POINT.fullmatch(bare):
            seen.setdefault(".", line)
        elif _COMMA.fullmatch(bare):
            seen.setdefault(",", line)
    if len(seen) == 2:
        raise Unreadable(
            _(
                "Line %(point)s writes decimals with a point, line %(comma)s with a comma. Export the file again"
                " without changing its numbers.",
                point=seen["."], comma=seen[","],
            )
        )  # fmt: skip
    return next(iter(seen), otherwise)


def amount(cell: str, *, mark: str) -> Decimal:
    """A sum of money in major units, 0 where the cell is empty.

    Raises:
        ValueError: in words.
    """
    if cell.strip() in NOTHING:
        return Decimal(0)
    bare, negative = _bare(cell)
    other = "," if mark == "." else "."
    whole, _mark, rest = bare.partition(mark)
    if not _WHOLE.fullmatch(whole) or (rest and not (rest.isascii() and rest.isdigit())) or mark in whole + rest:
        raise ValueError(_("“%(cell)s” is no amount of money.", cell=cell[:40]))
    digits = re.sub(r"\D", "", whole)
    if other not in whole and not whole.isdigit() and re.search(r"\.|,", whole):
        raise ValueError(_("“%(cell)s” is no amount of money.", cell=cell[:40]))
    value = Decimal(f"{digits}.{rest[:12] or 0}")
    if value > MOST:
        raise ValueError(_("“%(cell)s” is more than can be believed.", cell=cell[:40]))
    return -value if negative else value


def count(cell: str) -> int | None:
    """A whole number, None where the cell is empty.

    Raises:
        ValueError: in words.
    """
    text = cell.strip()
    if text in NOTHING:
        return None
    text = re.sub(r"[.,]0+$", "", text) if re.fullmatch(r"\d+[.,]0{1,2}", text) else text
    if not text.isascii() and not re.fullmatch(r"[\d\u00a0\u202f’]+", text, re.ASCII):
        raise ValueError(_("“%(cell)s” is no whole number.", cell=cell[:40]))
    if not _WHOLE.fullmatch(text) or len(text) > 20:
        raise ValueError(_("“%(cell)s” is no whole number.", cell=cell[:40]))
    value = int(re.sub(r"\D", "", text))
    if value > MOST_COUNTED:
        raise ValueError(_("“%(cell)s” is more than can be believed.", cell=cell[:40]))
    return value


def day_order(cells: Iterable[tuple[int, str]], *, above: Iterable[tuple[int, str]] = ()) -> str:
    """How days with slashes or hyphens and the year last are written in a file: `dmy` or `mdy`; `mdy` without any.

    Args:
        above: days that stand above the headings; they only tell of days in the rows that are set apart as they are.

    Raises:
        Unreadable: they could be both.
    """
    rows, marks = _year_last(cells), dict[str, int]()
    for line, found in rows:
        marks.setdefault(found[2], line)
    seen: dict[str, str] = {}
    orders: set[str] = set()
    for _line, found in rows + _year_last(above):
        order = "dmy" if int(found[1]) > 12 else "mdy" if int(found[3]) > 12 else ""
        if order and found[2] in marks:
            seen[found[2]] = order
            orders.add(order)
    open_lines = [line for mark, line in marks.items() if mark not in seen]
    if len(orders) == 2 or open_lines:
        raise Unreadable(
            _(
                "Line %(line)s: it can't be told whether its first number is the day or the month. Export more days, or"
                " write days as 2026-11-20.",
                line=min(open_lines or marks.values()),
            )
        )
    return next(iter(orders), "mdy")


def day(cell: str, *, order: str, today: date) -> date:
    """A day, however it is written.

    Raises:
        ValueError: in words, also for one that lies in the future.
    """
    text = cell.strip().strip("'")
    found = _NUMERIC.fullmatch(text)
    value: date | None = None
    try:
        value = _numeric(found, order) if found is not None else _in_words(text)
    except ValueError:
        value = None
    if value is None or value.year < 2000:
        raise ValueError(_("“%(cell)s” is no day; days look like 2026-11-20.", cell=cell[:40]))
    if value > today:
        raise ValueError(_("%(day)s lies in the future.", day=value.isoformat()))
    return value


def looks_like_day(cell: str) -> bool:
    """Whether somebody wrote a day here, be it one that can't be, or at least something that begins with a number."""
    text = cell.strip().strip("'")
    try:
        return text[:1].isdigit() or bool(_in_words(text))
    except ValueError:
        return False


def all_days(line: Line) -> list[tuple[int, str]]:
    """What looks like days in a line above the headings, e.g. "Report Time: 11/1/2026 - 11/20/2026"."""
    return [(line.number, found[0]) for cell in line.cells for found in _NUMERIC.finditer(cell)]


def _year_last(cells: Iterable[tuple[int, str]]) -> list[tuple[int, re.Match[str]]]:
    """The days that leave open which number is the month: points mean day first, a year first means ISO."""
    matches = [(line, _NUMERIC.fullmatch(cell.strip().strip("'"))) for line, cell in cells]
    return [(line, found) for line, found in matches if found and found[2] != "." and len(found[1]) != 4]


def _numeric(found: re.Match[str], order: str) -> date:
    first, middle, last = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == 4:
        return date(first, middle, last)
    if len(found[4]) != 4:
        raise ValueError(found[0])
    if found[2] == "." or order == "dmy":
        return date(last, middle, first)
    return date(last, first, middle)


def _in_words(text: str) -> date:
    for pattern in ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    raise ValueError(text)


def _bare(cell: str) -> tuple[str, bool]:
    """A sum's digits and marks without its currency and sign, and whether it is negative; empty for what is no sum."""
    text = cell.strip().removeprefix("'")  # spreadsheets' exports guard a leading sign
    number = _NUMBER.search(text)
    if number is None:
        return "", False
    around = _AROUND.fullmatch(_SPACES.sub("", text[: number.start()]) + "#" + _SPACES.sub("", text[number.end() :]))
    if around is None or not all(_is_currency(around[place]) for place in ("before", "behind")):
        return "", False
    signs = sum(around[place] is not None for place in ("first", "second", "third", "fourth", "open"))
    if signs > 1 or (around["open"] is None) != (around["close"] is None):
        return "", False
    return number[0], signs == 1


def _is_currency(letters: str | None) -> bool:
    """Three capitals may be a currency's code, or a multiple such as MIO."""
    return (
        letters is None
        or not (len(letters) == 3 and letters.isupper() and letters.isalpha())
        or (letters in list_currencies())
    )

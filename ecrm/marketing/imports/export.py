"""An export as a table: whatever its encoding and whatever sets its cells apart, with the line each row stands in.

Google's older exports are UTF-16 with tabs, spreadsheets in Europe save semicolons, Microsoft's and Google's begin
with lines about the report and end with totals. What kind of export it is its headings say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ecrm.wording import gettext as _

MAX_ROWS = 100_000
_LOOKED_AT = 40  # lines among which the headings stand
_LONGEST_CELL = 2000
_MARKS = (",", ";", "\t")


class Unreadable(ValueError):
    """A file that can't be read at all; the message says why and what to do."""


class Line(NamedTuple):
    """A row of the file. `number` counts the file's lines from 1."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True)
class Heading:
    """A column: by what its heading may be called, in small letters. `starts`: the rest of the heading differs.

    Spaces, underscores and case don't matter; the languages are those of the exports' own users.
    """

    key: str
    names: tuple[str, ...]
    needed: bool = False
    starts: bool = False


@dataclass(frozen=True)
class Table:
    """What an export holds: the place of each known column, its heading as written, the lines above and the rows."""

    columns: Mapping[str, int]
    headings: Mapping[str, str]
    above: Sequence[Line]
    rows: Sequence[Line]

    def cell(self, line: Line, key: str) -> str:
        """A row's cell, stripped; empty where the export has no such column or the row is shorter."""
        at = self.columns.get(key)
        if at is None or at >= len(line.cells):
            return ""
        return line.cells[at].strip()


def read_table(content: bytes, headings: Sequence[Heading]) -> Table:
    """Find the headings and the rows below them.

    Raises:
        Unreadable: no text, no such headings (the message names the missing ones), or more than `MAX_ROWS` rows.
    """
    text = decoded(content)
    best: Table | None = None
    for mark in _MARKS:
        lines = _lines(text, mark)
        for place, line in enumerate(lines[:_LOOKED_AT]):
            columns = _columns(line, headings)
            if len(columns) > (len(best.columns) if best else 0):
                named = {key: line.cells[at].strip() for key, at in columns.items()}
                best = Table(columns, named, lines[:place], lines[place + 1 :])
    missing = [heading for heading in headings if heading.needed and (best is None or heading.key not in best.columns)]
    if missing or best is None:
        raise Unreadable(
            _(
                "The file has no column “%(names)s”. Add it to the export, and leave the headings as they are.",
                names="”, “".join(heading.names[0].title() for heading in missing),
            )
        )
    if len(best.rows) > MAX_ROWS:
        raise Unreadable(_("The file has more than %(most)s rows. Export fewer days at a time.", most=f"{MAX_ROWS:,}"))
    return best


def decoded(content: bytes) -> str:
    """The file's text.

    Raises:
        Unreadable: for what is none, such as a spreadsheet's own format.
    """
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(_("This is a spreadsheet or an archive. Save or export it as CSV, unpacked."))
    for encoding in ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable(_("The file holds no readable text. Export it as CSV in UTF-8."))


def plain(heading: str) -> str:
    """A heading as it is compared: small, without spaces, underscores and full stops."""
    return "".join(letter for letter in heading.casefold() if letter not in " _.\u00a0\ufeff\t")


def _lines(text: str, mark: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    lines: list[Line] = []
    first = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return lines
        except csv.Error as error:
            raise Unreadable(
                _("Line %(line)s can't be read: %(error)s.", line=reader.line_num, error=str(error))
            ) from None
        if any(cell.strip() for cell in cells):
            lines.append(Line(first, [cell[:_LONGEST_CELL] for cell in cells]))
        first = reader.line_num + 1


def _columns(line: Line, headings: Sequence[Heading]) -> dict[str, int]:
    named = [plain(cell) for cell in line.cells]
    found: dict[str, int] = {}
    for heading in headings:
        for name in map(plain, heading.names):
            at = next(
                (
                    place
                    for place, cell in enumerate(named)
                    if place not in found.values() and (cell.startswith(name) if heading.starts else cell == name)
                ),
                None,
            )
            if at is not None:
                found[heading.key] = at
                break
    return found

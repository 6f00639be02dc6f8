"""What costs are imported from: the kinds of exports by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .export import Heading


@dataclass(frozen=True)
class Advertiser:
    """A kind of export. `channel`: of campaigns that it makes; `utm`: source and medium of its links.

    `total` says whether a row's campaign cell is that of a total. `comma_headings`: headings whose presence means a
    language in which decimals have a comma.
    """

    kind: str
    label: str
    channel: str
    source: str
    headings: tuple[Heading, ...]
    total: Callable[[str], bool]
    comma_headings: tuple[str, ...] = ()

    def mark(self, written: Sequence[str]) -> str:
        """The decimal mark that these headings suggest."""
        small = {heading.casefold() for heading in written}
        return "," if any(one in small for one in self.comma_headings) else "."

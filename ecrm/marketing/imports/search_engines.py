"""What search engines' own reports hold: Search Console's (organic) and the search terms of two advertisers (paid).

Search Console: "Export" of the performance report is a ZIP with Queries.csv (no days: the report's own period must be
said) and Dates.csv (no terms: a day's clicks on all terms, also on those that Google doesn't name). Exports by its API
or add-ons have both. Columns: Search Console Help, "Performance report"; Google Ads Help, "About the search terms
report"; Microsoft, "SearchQueryPerformanceReportColumn".
"""

from __future__ import annotations

from dataclasses import dataclass

from .export import Heading


@dataclass(frozen=True)
class SearchEngine:
    """A kind of export. `sort`: `paid` or `organic`. `undated`: rows may stand for a period that somebody states."""

    kind: str
    label: str
    engine: str
    sort: str
    headings: tuple[Heading, ...]
    undated: bool = False
    comma_headings: tuple[str, ...] = ()


_DAY = ("day", "date", "gregorian date", "time period", "tag", "datum")
_CLICKS, _SHOWN = ("clicks", "klicks"), ("impressions", "impr.", "impressionen")
_PAID = (
    Heading("day", _DAY, needed=True),
    Heading("campaign", ("campaign", "campaign name", "kampagne", "kampagnenname")),
    Heading("currency", ("currency code", "currency", "währungscode", "währung")),
    Heading("clicks", _CLICKS, needed=True),
    Heading("impressions", _SHOWN),
)

GOOGLE_TERMS = SearchEngine(
    kind="google_terms", label="Google Ads", engine="google", sort="paid",
    headings=(
        Heading("term", ("search term", "suchbegriff"), needed=True), Heading("amount", ("cost", "kosten")), *_PAID,
    ),
    comma_headings=("suchbegriff", "kosten"),
)  # fmt: skip

MICROSOFT_TERMS = SearchEngine(
    kind="microsoft_terms", label="Microsoft Advertising", engine="bing", sort="paid",
    headings=(
        Heading("term", ("search term", "search query", "suchbegriff"), needed=True),
        Heading("amount", ("spend", "cost", "ausgaben")), *_PAID,
    ),
    comma_headings=("suchbegriff", "ausgaben"),
)  # fmt: skip

SEARCH_CONSOLE = SearchEngine(
    kind="search_console", label="Google Search Console", engine="google", sort="organic", undated=True,
    headings=(
        Heading("term", ("top queries", "query", "queries", "häufigste suchanfragen", "suchanfragen", "suchanfrage")),
        Heading("day", _DAY),
        Heading("clicks", _CLICKS, needed=True),
        Heading("impressions", _SHOWN, needed=True),
        Heading("position", ("position", "average position", "avg. position", "durchschnittliche position")),
    ),
    comma_headings=("klicks", "impressionen"),
)  # fmt: skip

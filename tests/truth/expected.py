"""What each report of a period must show, counted with pandas from the recounted steps, visits, orders and refunds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

import pandas as pd

from .known import TERMS
from .recount import Recount, Visit, is_first

Numbers = dict[tuple[Any, ...], Any]
"""(report, whatever names the figure …) → the figure. What is zero or empty isn't there."""

COUNTED = {"page_views": "Page Viewed", "product_views": "Product Viewed", "searches": "Products Searched",
           "cart_adds": "Product Added", "checkouts": "Checkout Started"}  # fmt: skip
GROUPS = {
    "channel": ("channel",), "source": ("channel", "source"), "medium": ("medium",), "campaign": ("campaign",),
    "term": ("term",), "content": ("content",), "referrer": ("channel", "source"), "device": ("device",),
    "country": ("country",), "visitors": ("visitors",),
}  # fmt: skip
BY_REFERRER = ("organic_search", "organic_social", "referral", "ai_assistant")


def edge(milliseconds: int) -> int:
    """The lower edge of the bucket that a time lies in: whole milliseconds up to ten, then a tenth further each."""
    edges = list(range(11))
    while edges[-1] < 600_000:
        edges.append(edges[-1] + edges[-1] // 10)
    return edges[bisect_right(edges, milliseconds) - 1]


class Frames:
    """A recount as tables with a column `day`."""

    def __init__(self, recount: Recount) -> None:
        self.recount = recount
        self.steps = _frame(_step(day, step) for day, step in recount.steps)
        self.visits = _frame(_visit(one) for one in recount.visits)
        purchases = list(recount.purchases.values())
        self.orders = _frame(
            {"day": one.day, "orders": 1, "visit_orders": int(one.visit is not None), "gross_minor": one.basket.total}
            for one in purchases
        )
        self.refunds = _frame({"day": one.day, "refunds_minor": one.amount} for one in recount.returns)
        self.returned = _frame(
            {"day": one.day, "refunds_minor": one.amount, **one.visit} for one in recount.returns if one.visit
        )
        self.registrations = _frame({"day": day, "registrations": 1} for day in recount.registered)
        self.bots = _frame({"day": day, "bot": step.agent.bot} for day, step in recount.bots
                           if step.name == "Page Viewed")  # fmt: skip


def overview(frames: Frames, first: date, last: date) -> Numbers:
    """Each day's figures."""
    numbers: Numbers = {}
    counts = _within(frames.steps, first, last)
    for figure, name in COUNTED.items():
        _put(
            numbers,
            "overview",
            figure,
            counts[(counts["name"] == name) & counts["is_first"].astype(bool)].groupby("day").size(),
        )
    visits = _within(frames.visits, first, last)
    _put(numbers, "overview", "visits", visits.groupby("day").size())
    _put(numbers, "overview", "visitors", visits.groupby("day")["browser"].nunique())
    for table in (frames.orders, frames.refunds, frames.registrations):
        inside = _within(table, first, last)
        for figure in inside.columns.drop(["day", "one"]):
            _put(numbers, "overview", figure, inside.groupby("day")[figure].sum())
    bots = _within(frames.bots, first, last)
    _put(numbers, "overview", "bot_views", bots.groupby("day").size())
    for (day, bot), views in bots.groupby(["day", "bot"]).size().items() if len(bots) else ():
        numbers["bots", day, bot] = views
    return numbers


def visits(frames: Frames, first: date, last: date, segment: Mapping[str, str]) -> Numbers:
    """Visits by every dimension, the funnel, uniques and landing pages, within a segment."""
    numbers: Numbers = {}
    inside, back = _within(frames.visits, first, last), _within(frames.returned, first, last)
    for name, value in segment.items():
        inside, back = inside[inside[name] == value], back[back[name] == value]
    figures = [
        name for name in inside.columns if inside[name].dtype.kind in "iu" and name not in ("number", "one", "stage")
    ]
    for by, columns in GROUPS.items():
        named = [_referred(table) if by == "referrer" else table for table in (inside, back)]
        for figure in figures:
            _groups(numbers, ("visits", by, figure), named[0], columns, figure)
        _groups(numbers, ("visits", by, "refunds_minor"), named[1], columns, "refunds_minor")
    reached = [len(inside), *((inside["stage"] >= stage).sum() for stage in (1, 2, 3, 4))]
    for stage, count in enumerate(reached):
        numbers["funnel", stage] = (count, reached[max(stage - 1, 0)] - count)
    numbers["uniques",] = inside["browser"].nunique()
    entered = {
        "entries": "sessions",
        "bounces": "bounces",
        "entry_product_views": "product_views",
        "entry_cart_adds": "cart_adds",
        "entry_orders": "orders",
        "entry_revenue_minor": "revenue_minor",
    }
    pages = inside[inside["entry"] != ""]
    for name, figure in entered.items():
        _groups(numbers, ("landing", name), pages, ("entry",), figure)
    if segment:  # of these visits, all that was ever given back
        entries = dict(zip(pages["number"], pages["entry"], strict=True))
        ever = frames.returned[frames.returned["visit"].isin(pages["number"])]
        ever = ever.assign(entry=ever["visit"].map(entries))
        _groups(numbers, ("landing", "entry_refunds_minor"), ever, ("entry",), "refunds_minor")
    else:
        kept = back[back["entry"] != ""]  # also of pages with which no visit of the period began
        _groups(numbers, ("landing", "entry_refunds_minor"), kept, ("entry",), "refunds_minor")
    return numbers


def site(frames: Frames, first: date, last: date) -> Numbers:
    """Pages and how fast they were."""
    numbers: Numbers = {}
    steps = _within(frames.steps, first, last)
    seen, left = steps[steps["name"] == "Page Viewed"], steps[steps["name"] == "Page Engaged"]
    _groups(numbers, ("pages", "views"), seen, ("subject",), "one")
    viewed = left[left["subject"].isin(seen["subject"])]
    _groups(numbers, ("pages", "engagements"), viewed, ("subject",), "one")
    _groups(numbers, ("pages", "seconds"), viewed, ("subject",), "seconds")
    timed = seen[seen["own"].astype(bool)]
    for subject, times in [("all", timed), *timed.groupby("subject")]:
        if len(times):
            ranked = sorted(times["milliseconds"])
            numbers["speed", subject] = (len(ranked), *(
                edge(ranked[ceil(share * len(ranked)) - 1]) for share in (Fraction(1, 2), Fraction(19, 20))
            ))  # fmt: skip
    return numbers


def goods(frames: Frames, first: date, last: date) -> Numbers:
    """Products and search terms."""
    numbers: Numbers = {}
    steps, recount = _within(frames.steps, first, last), frames.recount
    for figure, name in (("views", "Product Viewed"), ("cart_adds", "Product Added"),
                         ("cart_removals", "Product Removed")):  # fmt: skip
        _groups(numbers, ("products", figure), steps[steps["name"] == name], ("subject",), "one")
    shown = steps.explode("shown").dropna(subset="shown")
    _groups(numbers, ("products", "impressions"), shown, ("shown",), "one")
    sold = _frame(
        {"day": one.day, "product": line.product, "order_lines": 1, "units": line.quantity, "revenue_minor": line.net}
        for one in recount.purchases.values() for line in one.basket.lines
    )  # fmt: skip
    back = _frame({"day": one.day, "product": product, "returned_units": pieces, "refunds_minor": money}
                  for one in recount.returns for product, pieces, money in one.lines)  # fmt: skip
    for table in (sold, back):
        for figure in table.columns.drop(["day", "product", "one"]):
            _groups(numbers, ("products", figure), _within(table, first, last), ("product",), figure)
    searches = steps[(steps["name"] == "Products Searched") & steps["is_first"].astype(bool) & (steps["term"] != "")]
    _groups(numbers, ("terms", "searches"), searches, ("term",), "one")
    _groups(numbers, ("terms", "zero_results"), searches[searches["shown"].isna()], ("term",), "one")
    clicks = [click for visit in recount.visits for click in visit.clicks.values()]
    opened = _frame({"day": recount.day(one.searched), "term": one.term, "product": one.product, "clicks": 1,
                     "position_sum": one.position, "cart_adds": int(one.added), "revenue": one.revenue,
                     "refunds": one.refunds} for one in clicks)  # fmt: skip
    inside = _within(opened, first, last)
    for figure in ("clicks", "position_sum", "cart_adds"):
        _groups(numbers, ("terms", figure), inside, ("term",), figure)
    for figure in ("clicks", "position_sum", "cart_adds", "revenue", "refunds"):
        _groups(numbers, ("opened", figure), inside, ("term", "product"), figure)
    earned = _frame(
        {"day": recount.day(click.searched), "term": click.term, "order": one.number,
         "revenue_minor": sum(line.net for line in one.basket.lines if line.product == product)}
        for one in recount.purchases.values() for product, click in one.earned.items()
    )  # fmt: skip
    inside = _within(earned, first, last)
    _groups(numbers, ("terms", "revenue_minor"), inside, ("term",), "revenue_minor")
    # an order counts for a term once, on the day of the search that led to it first
    _groups(numbers, ("terms", "orders"), _within(_once(earned), first, last), ("term",), "one")
    given = _frame(
        {"day": one.day, "term": one.order.earned[product].term, "refunds_minor": money}
        for one in recount.returns if one.order and one.order.joined
        for product, _, money in one.lines if product in one.order.earned
    )  # fmt: skip
    _groups(numbers, ("terms", "refunds_minor"), _within(given, first, last), ("term",), "refunds_minor")
    refined = _frame({"day": day, "term": term, "next": following} for day, term, following in recount.refined)
    _groups(numbers, ("refined", "times"), _within(refined, first, last), ("term", "next"), "one")
    return numbers


def _once(earned: pd.DataFrame) -> pd.DataFrame:
    return earned.sort_values("day", kind="stable").drop_duplicates(["term", "order"]) if len(earned) else earned


def _step(day: date, step: Any) -> dict[str, Any]:
    shown = step.properties.get("product_ids")
    return {
        "day": day, "name": step.name, "subject": step.subject, "is_first": is_first(step), "one": 1,
        "seconds": step.properties.get("seconds", 0), "milliseconds": step.properties.get("milliseconds", 0),
        "own": step.message_id is None and "milliseconds" in step.properties, "shown": sorted(set(shown or ())) or None,
        "term": TERMS[step.subject] if step.name == "Products Searched" else "",
    }  # fmt: skip


def _visit(visit: Visit) -> dict[str, Any]:
    counts = {figure: visit.count(name) for figure, name in COUNTED.items()}
    orders = len(visit.orders)
    came = (visit.orders, counts["checkouts"], counts["cart_adds"], counts["product_views"])
    return {
        "number": visit.number, "day": visit.day, "browser": visit.browser, "entry": visit.entry, "sessions": 1,
        "bounces": int(counts["page_views"] == 1 and not (counts["cart_adds"] or counts["checkouts"] or orders)),
        "orders": orders, "revenue_minor": sum(one.basket.total for one in visit.orders),
        "seconds": sum(step.properties["seconds"] for step in visit.steps if step.name == "Page Engaged"),
        "stage": next((4 - place for place, reached in enumerate(came) if reached), 0), **counts, **visit.who,
    }  # fmt: skip


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    columns = ("day", "name", "subject", "is_first", "one", "seconds", "milliseconds", "own", "shown", "term", "next",
               "number", "browser", "entry", "visit", "product", "order", "channel", "source", "medium", "campaign",
               "content", "click", "device", "country", "visitors", "bot", "clicks", "stage",
               "refunds_minor")  # fmt: skip
    listed = list(rows)
    frame = pd.DataFrame(listed) if listed else pd.DataFrame({name: [] for name in columns})
    return frame if "one" in frame else frame.assign(one=1)


def _within(table: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    return table[(table["day"] >= first) & (table["day"] <= last)] if len(table) else table


def _referred(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["channel"].isin(BY_REFERRER) & (table["campaign"] == "")] if len(table) else table


def _groups(
    numbers: Numbers, name: tuple[str, ...], table: pd.DataFrame, columns: tuple[str, ...], figure: str
) -> None:
    if len(table):
        for key, value in table.groupby(list(columns))[figure].sum().items():
            if value:
                numbers[*name, *(key if isinstance(key, tuple) else (key,))] = int(value)


def _put(numbers: Numbers, report: str, figure: str, by_day: pd.Series) -> None:
    for day, value in by_day.items():
        if value:
            numbers[report, day, figure] = int(value)

"""Is a reason true? Recounted from the purchases and visits themselves, whatever serving says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property

from recommender.asking import Arrival, Asked, Recommendation
from recommender.candidates.popularity import REGION_DAYS
from recommender.catalogue import Catalogue
from recommender.interactions import Interactions
from recommender.reasons import OFTEN_FROM, Code, Reason
from recommender.signals import Kind

from .places import catalogue_of, clicks_of, region_of


class Truth:
    """What really happened in a made-up shop."""

    def __init__(self, shop: Interactions) -> None:
        self.shop = shop
        self.catalogue: Catalogue = catalogue_of(shop)
        self.days, self.owned, self.together = cache(self._days), cache(self._owned), cache(self._together)

    @cached_property
    def orders(self) -> list[tuple[int, int, frozenset[str]]]:
        """Customer, day and products of each order."""
        products: list[set[str]] = [set() for _ in self.shop.order_customer]
        for order, product in zip(self.shop.line_order.tolist(), self.shop.line_product.tolist(), strict=True):
            products[order].add(self.shop.products[product])
        rows = zip(self.shop.order_customer.tolist(), self.shop.order_day.tolist(), products, strict=True)
        return [(self.shop.customers[customer], day, frozenset(inside)) for customer, day, inside in rows]

    @cached_property
    def visits(self) -> list[set[str]]:
        """Products of each visit."""
        found: dict[int, set[str]] = {}
        clicks = clicks_of(self.shop)
        for visit, product in zip(clicks.session.tolist(), clicks.product.tolist(), strict=True):
            found.setdefault(visit, set()).add(self.shop.products[product])
        return list(found.values())

    def _days(self, customer: int | None, product: str) -> set[int]:
        """On which days they bought it."""
        return {day for one, day, inside in self.orders if one == customer and product in inside}

    def _owned(self, customer: int | None) -> set[str]:
        """All they bought before the training."""
        return {product for one, _day, inside in self.orders if one == customer for product in inside}

    def _together(self, a: str | None, b: str) -> int:
        """Orders that held both."""
        return sum(a in inside and b in inside for _customer, _day, inside in self.orders)

    def place(self, product: str) -> int:
        """Its number."""
        return int(product[1:])

    def untrue(self, one: Recommendation, asked: Asked, arrivals: Sequence[Arrival]) -> str:
        """What is wrong with the reason; empty where nothing is."""
        reason, person = one.reason, asked.person
        page = {asked.product, *asked.cart, *asked.ordered}
        if reason.product is not None and reason.product in person.not_used | (person.not_interested - page):
            return "it names a product that must not be used"
        seen = {step.product for step in person.steps}
        looked = {step.product for step in person.steps if step.kind is Kind.VIEW}
        carted = {step.product for step in person.steps if step.kind is Kind.CART}
        bought = {deed.product for deed in (*person.bought, *person.steps) if deed.kind is Kind.PURCHASE}
        owned = self.owned(person.customer)
        checks = {
            Code.AGAIN: lambda: self._habit(reason, person.customer, one.product),
            Code.OFTEN: lambda: (reason.count or 0) >= OFTEN_FROM and self._habit(reason, person.customer, one.product),
            Code.BECAUSE: lambda: (
                reason.product in owned | bought
                and self.together(reason.product, one.product) >= 2
                and (reason.product not in owned or reason.on == max(self.days(person.customer, reason.product or "")))
            ),
            Code.VIEWED: lambda: (
                reason.product in looked
                and (self.together(reason.product, one.product) >= 2 or self._in_a_visit(reason.product, one.product))
            ),
            Code.TOGETHER: lambda: (
                reason.product in page | carted and reason.count == self.together(reason.product, one.product) >= 2
            ),
            Code.ALSO_BOUGHT: lambda: (
                reason.product == asked.product and reason.count == self.together(reason.product, one.product)
            ),
            Code.LIKE: lambda: reason.product in seen | bought | owned | page and self._alike(reason, one.product),
            Code.BRAND: lambda: self._brand(reason, person.customer, one.product, arrivals),
            Code.CATEGORY: lambda: reason.word == self.catalogue.category[self.place(one.product)],
            Code.SIMILAR: lambda: any(
                one.product in self.owned(other) and owned & self.owned(other)
                for other in self.shop.customers
                if other != person.customer
            ),
            Code.ARRIVED: lambda: one.product in {arrival.product for arrival in arrivals},
            Code.REGION: lambda: reason.word == person.region and len(self._buyers_in(person.region, one.product)) >= 2,
            Code.POPULAR: lambda: any(one.product in inside for _customer, _day, inside in self.orders),
            Code.CHOSEN: lambda: one.rule is not None,
            Code.SEEN: lambda: one.product in looked,
            Code.NEXT: lambda: reason.product in seen | page and self._in_a_visit(reason.product, one.product),
            Code.FOUND: lambda: one.product in (asked.among or ()),
        }
        return "" if checks[reason.code]() else f"it isn't true: {reason!r}"

    def _habit(self, reason: Reason, customer: int | None, product: str) -> bool:
        days = self.days(customer, product)
        return reason.count == len(days) and reason.on == max(days)

    def _buyers_in(self, region: str, product: str) -> set[int]:
        """Its customers who bought it lately."""
        lately = max(day for _customer, day, _inside in self.orders) - REGION_DAYS
        return {
            customer
            for customer, day, inside in self.orders
            if region == region_of(self.shop.customers.index(customer)) and day >= lately and product in inside
        }

    def _in_a_visit(self, a: str | None, b: str) -> bool:
        return any(a in visit and b in visit for visit in self.visits)

    def _alike(self, reason: Reason, product: str) -> bool:
        a, b = self.place(reason.product or ""), self.place(product)
        words = [set(self.catalogue.text[one].split()) - {"thing", "number"} for one in (a, b)]
        catalogue = self.catalogue
        return bool(words[0] & words[1]) or catalogue.brand[a] == catalogue.brand[b]

    def _brand(self, reason: Reason, customer: int | None, product: str, arrivals: Sequence[Arrival]) -> bool:
        catalogue, known = self.catalogue, set(self.shop.products)
        arrived = {arrival.product: arrival.brand for arrival in arrivals}
        of = arrived[product] if product not in known else catalogue.brand[self.place(product)]
        days = {
            day
            for one, day, inside in self.orders
            if one == customer and any(catalogue.brand[self.place(own)] == of for own in inside)
        }
        return reason.word == of and bool(days) and reason.count in (None, len(days))

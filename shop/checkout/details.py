"""Details: what a buyer answers in the checkout, already checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Details:
    """Who buys, where it goes, how it gets there and how it is paid. Texts are stripped, the country is ISO 3166."""

    email: str
    name: str
    line1: str
    city: str
    postcode: str
    country: str
    delivery_method: str
    payment_method: str
    line2: str = ""
    region: str = ""
    phone: str = ""

    def as_dict(self) -> dict[str, str]:
        """The answers by name."""
        return asdict(self)

    @classmethod
    def names(cls) -> list[str]:
        """The names of all answers."""
        return [field.name for field in fields(cls)]

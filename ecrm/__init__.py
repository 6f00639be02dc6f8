"""An e-CRM that lives inside a Flask shop. `ECRM` plugs it in; `events` and `Storefront` are the whole seam."""

from .extension import ECRM
from .storefront import (
    Advised,
    CartFacts,
    CustomerFacts,
    ProductCard,
    ProductFacts,
    ShopFacts,
    Staff,
    Storefront,
    TellsCarts,
)

__all__ = [
    "ECRM", "Advised", "CartFacts", "CustomerFacts", "ProductCard", "ProductFacts", "ShopFacts", "Staff", "Storefront",
    "TellsCarts",
]  # fmt: skip

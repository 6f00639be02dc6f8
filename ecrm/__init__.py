"""An e-CRM that lives inside a Flask shop. `ECRM` plugs it in; `events` and `Storefront` are the whole seam."""

from .extension import ECRM
from .storefront import Advised, CustomerFacts, ProductCard, ProductFacts, ShopFacts, Staff, Storefront

__all__ = ["ECRM", "Advised", "CustomerFacts", "ProductCard", "ProductFacts", "ShopFacts", "Staff", "Storefront"]

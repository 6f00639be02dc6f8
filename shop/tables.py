"""Every module that defines a shop table; importing this one fills `Base.metadata` for migrations and tests."""

from . import profile
from .accounts import account, throttle
from .cart import cart
from .catalog import product
from .checkout import draft, guest_access, order
from .coupons import coupon
from .database import Base
from .fulfilment import parcel
from .importing import run

MODULES = (account, cart, coupon, draft, guest_access, order, parcel, product, profile, run, throttle)
METADATA = Base.metadata

"""Every module that defines a shop table; importing this one fills `Base.metadata` for migrations and tests."""

from .accounts import account
from .cart import cart
from .catalog import product
from .checkout import order
from .database import Base
from .fulfilment import parcel
from . import profile

MODULES = (account, cart, order, parcel, product, profile)
METADATA = Base.metadata

"""Keyed hashes of addresses: enough to know a mailbox again, not enough to find out whose it was.

HMAC-SHA-256 (RFC 2104) of the folded address. Without the key nobody can try addresses against a list of hashes, as
they could with a bare hash: there are few enough addresses in the world for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from hmac import digest

from tracking.email_address import fold


class AddressHash:
    """Hashes addresses with the newest key; the older ones still find what was hashed with them.

    Args:
        keys: the newest first, at least one.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or not all(keys):
            raise ValueError("at least one key is needed, and none may be empty")
        self._keys = tuple(keys)

    def __call__(self, address: str) -> str:
        """64 hex digits; the same for all writings of one address."""
        return self._under(self._keys[0], address)

    def all_of(self, address: str) -> tuple[str, ...]:
        """The hashes under every key, for looking up."""
        return tuple(self._under(key, address) for key in self._keys)

    @staticmethod
    def _under(key: bytes, address: str) -> str:
        return digest(key, fold(address).encode(), sha256).hex()

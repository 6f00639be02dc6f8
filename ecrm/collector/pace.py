"""How often one address may send: browsers share a public key, so their address is what can be counted; of IPv6 the
network (/64), as every subscriber has that many addresses to choose from.

Counts are kept in the memory of the process, a minute long. Who is counted is said in `admission`.
"""

from __future__ import annotations

import threading
from ipaddress import IPv6Address, ip_address
from time import time

_MINUTE = 60
_MOST_ADDRESSES = 100_000


class TooMany(Exception):
    """The text is the number of seconds to wait."""


class Pace:
    """Requests by address and minute."""

    def __init__(self, limit: int) -> None:
        """Args: limit: requests an address and minute; 0 for no limit."""
        self._limit = limit
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def count(self, address: str) -> None:
        """Count a request of an address, or of whatever else a text names.

        Raises:
            TooMany: above the limit.
        """
        if not self._limit:
            return
        now, address = time(), _client(address)
        minute = int(now // _MINUTE)
        with self._lock:
            if minute != self._minute or len(self._counts) >= _MOST_ADDRESSES:
                self._minute, self._counts = minute, {}
            count = self._counts[address] = self._counts.get(address, 0) + 1
        if count > self._limit:
            raise TooMany(str(_MINUTE - int(now % _MINUTE)))


def _client(address: str) -> str:
    if ":" not in address:
        return address
    try:
        number = ip_address(address)
    except ValueError:
        return address
    if not isinstance(number, IPv6Address):
        return address
    return str(number.ipv4_mapped or IPv6Address(int(number) >> 64 << 64))

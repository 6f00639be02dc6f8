"""Asking the DNS with dnspython (extra `doctor`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .findings import NoAnswer


class NotInstalled(RuntimeError):
    """dnspython is missing; the message says which extra brings it."""


class DnsResolver:
    """Asks the machine's own name servers, or those that are given."""

    def __init__(self, nameservers: Sequence[str] = (), *, port: int = 53, patience: float = 4.0) -> None:
        """Args:
        patience: seconds for one question with all its repeats.

        Raises:
            NotInstalled: without dnspython.
        """
        try:
            import dns.exception  # an extra: only the doctor asks the DNS
            import dns.resolver
            import dns.reversename
        except ImportError:
            raise NotInstalled("this needs the extra `doctor`: pip install 'flask-ecrm[doctor]'") from None
        self._dns = dns
        self._resolver = dns.resolver.Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = list(nameservers)
        self._resolver.port = port
        self._resolver.lifetime = patience

    def txt(self, name: str) -> list[str]:
        """The texts, each put together from its parts (RFC 7208 3.3)."""
        return [b"".join(one.strings).decode("utf-8", "replace") for one in self._ask(name, "TXT")]

    def addresses(self, name: str) -> list[str]:
        """IPv4 and IPv6."""
        return [one.address for kind in ("A", "AAAA") for one in self._ask(name, kind)]

    def mx(self, name: str) -> list[str]:
        """The best first; a null MX (RFC 7505) is no server."""
        found = sorted(self._ask(name, "MX"), key=lambda one: one.preference)
        return [host for one in found if (host := str(one.exchange).rstrip("."))]

    def ptr(self, address: str) -> list[str]:
        """The names of an address."""
        return [str(one.target).rstrip(".") for one in self._ask(self._dns.reversename.from_address(address), "PTR")]

    def _ask(self, name: Any, kind: str) -> Any:
        try:
            return self._resolver.resolve(name, kind, raise_on_no_answer=False) or ()
        except self._dns.resolver.NXDOMAIN:
            return ()
        except (self._dns.exception.DNSException, OSError, UnicodeError) as error:
            raise NoAnswer(f"{name}: {type(error).__name__}") from error

"""SPF (RFC 7208): whether a domain's record lets an address send for it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from .findings import Resolver

MOST_LOOKUPS = 10
"""RFC 7208 4.6.4: more, and receivers give up with a permanent error."""
_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class Broken(Exception):
    """The record can't be used (permerror); the text says why."""


@dataclass
class _Counter:
    lookups: int = 0

    def one_more(self) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise Broken(f"it needs more than {MOST_LOOKUPS} look-ups")


def record_of(resolver: Resolver, domain: str) -> str | None:
    """The domain's SPF record.

    Raises:
        Broken: where there are several (RFC 7208 4.5).
    """
    found = [text for text in resolver.txt(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if len(found) > 1:
        raise Broken(f"{domain} has {len(found)} SPF records; only one may be there")
    return found[0] if found else None


def check(resolver: Resolver, domain: str, address: str) -> str:
    """`pass`, `fail`, `softfail`, `neutral`, or `none` where there is no record.

    Macros and `exists` are taken as not matching: what they ask depends on each e-mail.

    Raises:
        Broken: where a receiver would call the record broken.
        NoAnswer: where the DNS can't be asked.
    """
    return _check(resolver, domain, ip_address(address), _Counter())


def _check(resolver: Resolver, domain: str, address: IPv4Address | IPv6Address, counter: _Counter) -> str:
    record = record_of(resolver, domain)
    if record is None:
        return "none"
    redirect = ""
    for term in record.split()[1:]:
        if term.lower().startswith("redirect="):
            redirect = term.partition("=")[2]
        elif "=" in term.partition(":")[0]:
            continue  # another modifier, such as exp=
        else:
            sign, mechanism = (term[0], term[1:]) if term[0] in _RESULTS else ("+", term)
            if _matches(resolver, mechanism, domain, address, counter):
                return _RESULTS[sign]
    if redirect:
        counter.one_more()
        result = _check(resolver, redirect, address, counter)
        if result == "none":
            raise Broken(f"redirect={redirect} leads to no record")
        return result
    return "neutral"


def _matches(
    resolver: Resolver, mechanism: str, domain: str, address: IPv4Address | IPv6Address, counter: _Counter
) -> bool:
    kind, _, rest = mechanism.partition(":")
    kind, _, own_prefix = kind.partition("/")
    kind = kind.lower()
    if kind == "all":
        return True
    if kind in {"ip4", "ip6"}:
        return _inside(address, rest)
    if "%" in rest:
        counter.one_more()
        return False
    target, _, prefix = rest.partition("/")
    target, prefix = target or domain, prefix or own_prefix
    if kind == "include":
        counter.one_more()
        result = _check(resolver, target, address, counter)
        if result == "none":
            raise Broken(f"include:{target} leads to no record")
        return result == "pass"
    if kind == "a":
        counter.one_more()
        return any(_near(address, one, prefix) for one in resolver.addresses(target))
    if kind == "mx":
        counter.one_more()
        hosts = resolver.mx(target)[:MOST_LOOKUPS]
        return any(_near(address, one, prefix) for host in hosts for one in resolver.addresses(host))
    if kind in {"exists", "ptr"}:
        counter.one_more()
        return False
    raise Broken(f"{mechanism!r} is no mechanism")


def _near(address: IPv4Address | IPv6Address, other: str, prefix: str) -> bool:
    """The same address, or one in the same network; `prefix` is `24`, or `24//64` for both kinds."""
    four, _, six = ("", "", prefix[1:]) if prefix.startswith("/") else prefix.partition("//")
    wanted = four if address.version == 4 else six
    return _inside(address, f"{other}/{wanted}" if wanted else other)


def _inside(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        raise Broken(f"{network!r} is no network") from None

"""After signing in nobody is sent to another site."""

from __future__ import annotations

import pytest

from shop.next_path import safe_path

HOSTILE = [
    "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "\\evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x",
    " //evil.example", "\t//evil.example", "\n//evil.example", "\r\n//evil.example", "/\t/evil.example",
    "/\n/evil.example", "/\r/evil.example", "/ /evil.example", "/%09/evil.example", "/%0a/evil.example",
    "/%0d%0aSet-Cookie:x=1", "/x\r\nLocation: https://evil.example", "/%5cevil.example", "/%2fevil.example",
    "%2f%2fevil.example", "/%252fevil.example", "/%255cevil.example", "https:evil.example", "https:/evil.example",
    "https:///evil.example", "http:\\\\evil.example", "//evil.example@shop.example", "//shop.example@evil.example",
    "https://shop.example.evil.example", "evil.example", "www.evil.example", "./evil", "../evil", "/../evil",
    "/./evil", "/a/../../evil", "/%2e%2e/evil", "/a//evil.example", "//evil%E3%80%82example", "//[::1]/", "//0x7f.1",
    "mailto:a@evil.example", "ftp://evil.example", "//evil.example?/account", "//evil.example#/account",
    "/\x00/evil.example", "\x00//evil.example", "/\x0b/evil.example", "/\x7f/evil", "/\u0085/evil.example",
    "\u2028//evil.example", "//\u0435vil.example", "?next=//evil.example", "#//evil.example", "", "/" * 3000,
    "/a" * 1500, "//", "\\", "https://", ":", "//:80",
]  # fmt: skip
HONEST = ["/", "/account", "/orders/2611-ABCDE", "/search?q=coffee+beans&page=2", "/c/grocery/coffee", "/search?q=a//b"]


def test_there_are_sixty_hostile_ones() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("wanted", HOSTILE)
def test_a_hostile_target_is_replaced(wanted: str) -> None:
    assert safe_path(wanted, otherwise="/account") == "/account"


def test_no_target_is_replaced() -> None:
    assert safe_path(None, otherwise="/account") == "/account"


@pytest.mark.parametrize("wanted", HONEST)
def test_a_page_of_the_shop_is_kept(wanted: str) -> None:
    assert safe_path(wanted, otherwise="/account") == wanted

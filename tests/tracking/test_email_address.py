"""Two mailboxes are never one, and one is never two."""

from __future__ import annotations

import pytest

from tracking.email_address import BadDomain, ascii_domain, fold


def test_writings_of_one_mailbox_are_one() -> None:
    assert fold(" Zoë@Bücher.DE ") == fold("zoe\u0308@xn--bcher-kva.de") == "zoë@xn--bcher-kva.de"


@pytest.mark.parametrize(("one", "other"), [("kim@faß.de", "kim@fass.de"), ("weiß@example.com", "weiss@example.com")])
def test_a_sharp_s_is_no_double_s(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_folding_twice_changes_nothing() -> None:
    for email in ("kim@faß.de", "ΠΕΤΡΟΣ@Example.com", "İ@example.com", "jürgen", "kim@-bü-.de", "@", ""):
        assert fold(fold(email)) == fold(email)


@pytest.mark.parametrize("domain", ["", "a..de", f"{'a' * 64}.de", "bü cher.de", f"{'ü' * 64}.de"])
def test_what_no_mail_can_be_sent_to_is_no_domain(domain: str) -> None:
    with pytest.raises(BadDomain):
        ascii_domain(domain)

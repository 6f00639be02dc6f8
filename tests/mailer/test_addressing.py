"""Mailboxes: a domain of another script goes to the host that its owner registered."""

from __future__ import annotations

from mailer.addressing import Mailbox


def test_a_sharp_s_in_a_domain_is_not_another_owners_double_s() -> None:
    assert Mailbox("", "kim@faß.de").address == "kim@xn--fa-hia.de"
    assert Mailbox("", "kim@Bücher.de").address == "kim@xn--bcher-kva.de"

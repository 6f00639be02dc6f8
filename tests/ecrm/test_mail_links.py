"""Links of e-mails: what they carry, for whom, and what a changed or foreign token opens (nothing)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrm.installation import Installation
from ecrm.mail_links import EmailLinks, MailKeys, MailLinks, Purpose, mail_links

KEYS = MailKeys("secret")
LINKS = MailLinks(KEYS, "https://shop.example", "https://shop.example/ecrm")


def of_email(*, tracked: bool, content: str = "mailing-7.0.b") -> EmailLinks:
    return LINKS.of(email_id=345, contact_id=12, topic="offers", campaign="easter", content=content, tracked=tracked)


def tags_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_a_link_says_what_brought_the_visit_and_leads_straight_to_the_shop() -> None:
    url = of_email(tracked=False).page("/products/kite", content="button")
    assert url.startswith("https://shop.example/products/kite?")
    assert tags_of(url) == {
        "utm_source": "shop", "utm_medium": "email", "utm_campaign": "easter", "utm_content": "mailing-7.0.b.button",
    }  # fmt: skip


def test_without_consent_to_be_followed_no_link_names_the_e_mail_and_there_is_no_picture() -> None:
    untracked, tracked = of_email(tracked=False), of_email(tracked=True)
    assert "ecm" not in tags_of(untracked.page("/"))
    assert untracked.pixel == ""
    assert KEYS.read_email(Purpose.CLICK, tags_of(tracked.page("/"))["ecm"]) == 345
    token = tracked.pixel.removeprefix("https://shop.example/ecrm/opened/").removesuffix(".gif")
    assert KEYS.read_email(Purpose.OPEN, token) == 345


def test_what_a_link_asks_for_and_where_it_jumps_to_stays() -> None:
    url = of_email(tracked=True).page("/search?q=red+kite#top")
    assert tags_of(url)["q"] == "red kite"
    assert tags_of(url)["ecm"]
    assert urlsplit(url).fragment == "top"


def test_a_link_to_another_site_gets_neither_tags_nor_id() -> None:
    for url in ("https://elsewhere.example/x?y=1", "https://shop.example.evil.example/", "https://shop.example:8443/"):
        assert of_email(tracked=True).page(url) == url


@pytest.mark.parametrize(
    "path",
    [
        "//e",
        "/\\e",
        "https:e",
        "javascript:alert(1)",
        "\t//e",
        "https://shop.example@e/",
        "data:x",
        "",
        "e",
        "/a b",
        "/a\n",
    ],
)
def test_what_is_no_web_address_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no address of a page"):
        of_email(tracked=True).page(path)


def test_the_unsubscribe_and_preferences_links_say_who_and_what() -> None:
    links = of_email(tracked=False)
    assert KEYS.read_unsubscribing(links.unsubscribe.rpartition("/")[2]) == (12, "offers", 345)
    assert KEYS.read_preferences(links.preferences.rpartition("/")[2]) == 12


def test_a_token_of_one_purpose_opens_nothing_of_another() -> None:
    token = KEYS.sign(Purpose.CLICK, 345)
    assert [purpose for purpose in Purpose if KEYS.read(purpose, token)] == [Purpose.CLICK]


@given(st.integers(0, 2**62), st.integers(0, 40), st.integers(0, 63))
def test_a_changed_token_is_none(number: int, place: int, letter: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = KEYS.sign(Purpose.CLICK, number)
    changed = token[: place % len(token)] + alphabet[letter] + token[place % len(token) + 1 :]
    assert (KEYS.read_email(Purpose.CLICK, changed) == number) is (changed == token)


@given(st.text(max_size=500))
def test_any_text_is_read_without_an_error(token: str) -> None:
    assert KEYS.read(Purpose.UNSUBSCRIBE, token) is None


def test_tokens_of_an_older_secret_stay_good_and_those_of_a_strange_one_never_were() -> None:
    old, new, strange = MailKeys("old"), MailKeys("new", older=["old"]), MailKeys("strange", older=["other"])
    assert new.read_email(Purpose.OPEN, old.sign(Purpose.OPEN, 1)) == 1
    assert strange.read(Purpose.OPEN, old.sign(Purpose.OPEN, 1)) is None
    assert old.read(Purpose.OPEN, new.sign(Purpose.OPEN, 1)) is None


def test_a_token_with_an_end_is_good_until_then() -> None:
    token = KEYS.sign_until(Purpose.CONFIRM, 12, "offers", expires=1000)
    assert KEYS.read_fresh(Purpose.CONFIRM, token, now=999) == ("12", "offers")
    assert KEYS.read_fresh(Purpose.CONFIRM, token, now=1000) is None


def test_a_part_with_the_separator_is_refused_and_so_is_a_missing_secret() -> None:
    with pytest.raises(ValueError, match="separator"):
        KEYS.sign(Purpose.HOST, "a|b", "c")
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        MailKeys("")


def test_the_links_of_an_app_lead_to_its_public_pages(plugin: Installation) -> None:
    links = mail_links(plugin)
    with plugin.app.app_context():
        base = plugin.storefront.facts().base_url
    assert links.unsubscribe(contact_id=1, topic="offers").startswith(f"{base}/ecrm/unsubscribe/")

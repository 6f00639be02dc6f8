"""Sources: what a tag, a click id or a referrer says of where a visit came from; and what no input can break."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.clickstream.dimensions import MAX_SOURCE
from tracking.clickstream.referrers import searched_term, site_named, site_of
from tracking.clickstream.sources import (
    CHANNELS,
    CLICK_IDS,
    DIRECT,
    UTM,
    Origin,
    code_origin,
    folded_code,
    origin_of,
)


def tags(**given: str) -> dict[str, str]:
    return {f"utm_{name}" if name != "click_id" else name: value for name, value in given.items()}


def test_without_anything_a_visit_is_direct() -> None:
    assert origin_of({}) == origin_of({"path": "/"}, "") == DIRECT
    assert not DIRECT.tagged


@pytest.mark.parametrize(
    ("referrer", "channel", "source"),
    [
        ("https://www.google.com/", "organic_search", "google"),
        ("https://www.google.co.uk/search?q=tea", "organic_search", "google"),
        ("https://www.google.de/imgres?x=1", "organic_search", "google"),
        ("https://news.google.com/", "organic_search", "google"),
        ("https://www.bing.com/", "organic_search", "bing"),
        ("https://cn.bing.com/", "organic_search", "bing"),
        ("https://duckduckgo.com/", "organic_search", "duckduckgo"),
        ("https://search.brave.com/search?q=tea", "organic_search", "brave"),
        ("https://www.ecosia.org/search", "organic_search", "ecosia"),
        ("https://www.qwant.com/", "organic_search", "qwant"),
        ("https://m.baidu.com/", "organic_search", "baidu"),
        ("https://de.search.yahoo.com/", "organic_search", "yahoo"),
        ("https://yandex.com.tr/", "organic_search", "yandex"),
        ("android-app://com.google.android.googlequicksearchbox/", "organic_search", "google"),
        ("https://l.facebook.com/l.php", "organic_social", "facebook"),
        ("https://lm.facebook.com/", "organic_social", "facebook"),
        ("https://l.instagram.com/", "organic_social", "instagram"),
        ("https://t.co/abc", "organic_social", "twitter"),
        ("https://x.com/", "organic_social", "twitter"),
        ("https://www.tiktok.com/", "organic_social", "tiktok"),
        ("https://www.pinterest.de/pin/1", "organic_social", "pinterest"),
        ("https://www.pinterest.co.uk/", "organic_social", "pinterest"),
        ("https://old.reddit.com/r/tea", "organic_social", "reddit"),
        ("https://m.youtube.com/", "organic_social", "youtube"),
        ("https://mail.google.com/mail/u/0/", "email", "gmail"),
        ("android-app://com.google.android.gm", "email", "gmail"),
        ("https://outlook.live.com/", "email", "outlook.com"),
        ("https://mail.yahoo.com/", "email", "yahoo mail"),
        ("https://chatgpt.com/", "ai_assistant", "chatgpt"),
        ("https://www.perplexity.ai/search", "ai_assistant", "perplexity"),
        ("https://gemini.google.com/app", "ai_assistant", "gemini"),
        ("https://copilot.microsoft.com/", "ai_assistant", "copilot"),
        ("https://blog.example/tea", "referral", "blog.example"),
        ("https://WWW.Blog.Example:8443/tea", "referral", "blog.example"),
        ("https://user:pass@blog.example./", "referral", "blog.example"),
        # not the engine: what else its owner runs, and who looks like it
        ("https://docs.google.com/document/1", "referral", "docs.google.com"),
        ("https://finance.yahoo.com/", "referral", "finance.yahoo.com"),
        ("https://www.amazon.com/dp/1", "referral", "amazon.com"),
        ("https://facebook.com.evil.example/", "referral", "facebook.com.evil.example"),
        ("https://notgoogle.com/", "referral", "notgoogle.com"),
        ("https://google.evil.example/", "referral", "google.evil.example"),
        ("https://pinterest.evil-example.com/", "referral", "pinterest.evil-example.com"),
        ("http://[2001:db8::1]:80/x", "referral", "[2001:db8::1]"),
        ("about:blank", "direct", ""),
        ("file:///home/ada/list.html", "direct", ""),
        ("https:///nothing", "direct", ""),
        ("//x", "direct", ""),
    ],
)  # fmt: skip
def test_a_referrer_names_its_site_and_channel(referrer: str, channel: str, source: str) -> None:
    origin = origin_of({}, referrer)
    assert (origin.channel, origin.source) == (channel, source)
    assert not origin.tagged


@pytest.mark.parametrize(
    ("source", "medium", "channel"),
    [
        ("google", "cpc", "paid_search"),
        ("google", "CPC", "paid_search"),
        ("adwords", "ppc", "paid_search"),
        ("bing", "paid", "paid_search"),
        ("google", "organic", "organic_search"),
        ("google", "", "organic_search"),
        ("fb", "paid_social", "paid_social"),
        ("facebook", "cpc", "paid_social"),
        ("ig", "paid", "paid_social"),
        ("m.facebook.com", "cpm", "paid_social"),
        ("facebook", "", "organic_social"),
        ("club", "social", "organic_social"),
        ("partner", "Affiliate", "affiliate"),
        ("adnetwork", "banner", "display"),
        ("adnetwork", "cpm", "display"),
        ("adnetwork", "cpc", "other"),
        ("shop", "email", "email"),
        ("e-mail", "", "email"),
        ("news", "newsletter", "email"),
        ("shop", "sms", "sms"),
        ("flyer", "print", "post"),
        ("poster", "qr", "post"),
        ("chatgpt.com", "", "ai_assistant"),
        ("friend.example", "referral", "referral"),
        ("friend.example", "", "referral"),
        ("friend", "", "other"),
        ("tv", "television", "other"),
        ("(direct)", "(none)", "direct"),
    ],
)
def test_tags_name_their_channel_as_in_googles_default_groups(source: str, medium: str, channel: str) -> None:
    origin = origin_of(tags(source=source, medium=medium))
    assert origin.channel == channel
    assert origin.tagged is (channel != "direct")


@pytest.mark.parametrize(
    ("kind", "channel", "source"),
    [
        ("gclid", "paid_search", "google"),
        ("gbraid", "paid_search", "google"),
        ("wbraid", "paid_search", "google"),
        ("msclkid", "paid_search", "bing"),
        ("ttclid", "paid_social", "tiktok"),
        ("twclid", "paid_social", "twitter"),
        ("li_fat_id", "paid_social", "linkedin"),
        ("fbclid", "organic_social", "facebook"),  # Facebook adds it to everybody's links
    ],
)
def test_a_click_id_alone_names_its_network(kind: str, channel: str, source: str) -> None:
    origin = origin_of({"click_id": kind}, "https://www.google.com/")
    assert (origin.channel, origin.source, origin.click_id, origin.tagged) == (channel, source, kind, True)


def test_every_click_id_has_its_row() -> None:
    assert set(CLICK_IDS) == {"gclid", "gbraid", "wbraid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid"}
    assert origin_of({"click_id": "Cj0KCQ-a-value"}) == DIRECT


def test_tags_go_before_a_click_id_and_a_click_id_before_the_referrer() -> None:
    both = origin_of(tags(source="fb", medium="paid", campaign="Spring", click_id="gclid"), "https://www.bing.com/")
    assert both == ("paid_social", "fb", "paid", "spring", "", "", "gclid")
    campaign_only = origin_of(tags(campaign="spring", click_id="gclid"), "https://www.bing.com/")
    assert campaign_only == ("paid_search", "google", "cpc", "spring", "", "", "gclid")
    named_by_referrer = origin_of(tags(campaign="spring"), "https://www.bing.com/")
    assert named_by_referrer == ("organic_search", "bing", "", "spring", "", "", "")


def test_what_was_looked_for_is_the_term_of_an_engine_and_utm_term_that_of_an_advertisement() -> None:
    assert origin_of({"referrer_term": "Green  Tea"}, "https://yandex.ru/").term == "green tea"
    assert origin_of({}, "https://yandex.ru/search/?text=%D1%87%D0%B0%D0%B9").term == "чай"
    assert origin_of({"referrer_term": "tea"}, "https://blog.example/").term == ""
    assert origin_of(tags(source="google", medium="cpc", term="Red Shoes")).term == "red shoes"


@pytest.mark.parametrize(
    ("referrer", "term"),
    [
        ("https://www.google.com/search?q=green+tea&hl=en", "green tea"),
        ("https://www.google.com/", ""),
        ("https://www.google.com/search?hl=en", ""),
        ("https://search.brave.com/search?q=tea#top", "tea"),
        ("https://blog.example/?q=tea", ""),
        ("https://www.google.com/search?" + "&".join(["a=1"] * 500) + "&q=tea", ""),
        ("https://www.google.com/search?q=" + "x" * 100_000, "x" * 1968),
        ("?q=tea", ""),
    ],
)  # fmt: skip
def test_a_search_term_is_read_where_an_engine_gives_it(referrer: str, term: str) -> None:
    assert searched_term(referrer) == term


def test_both_kinds_of_origin_are_one_source() -> None:
    """A `Source` is what the texts say, however they were told."""
    told = origin_of(tags(source="google", medium="organic"))
    assert told == origin_of({}, "https://www.google.com/") == Origin("organic_search", "google", "organic")
    assert told.tagged


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Summer Sale", "summer sale"),
        ("  summer\t\nSALE ", "summer sale"),
        ("ÉTÉ", "été"),
        ("e\u0301te\u0301", "été"),
        ("\ufeffsale\u200b\u202e", "sale"),
        ("sa\x00le", "sale"),
        ("\ud800sale", "sale"),
        ("\uff33\uff21\uff2c\uff25", "sale"),
        ("straße", "straße"),
        ("", ""),
        ("x" * 10_000, "x" * MAX_SOURCE),
    ],
)
def test_a_code_has_one_writing(written: str, folded: str) -> None:
    assert folded_code(written) == folded


@given(st.text())
def test_a_folded_code_stays_as_it_is_and_can_be_stored(text: str) -> None:
    folded = folded_code(text)
    assert folded_code(folded) == folded
    assert len(folded) <= MAX_SOURCE
    folded.encode()
    assert "\x00" not in folded


_anything = st.one_of(st.none(), st.integers(), st.lists(st.text()), st.text(), st.dictionaries(st.text(), st.text()))


@given(
    st.dictionaries(st.sampled_from([*UTM, "click_id", "referrer_term", "path"]), _anything),
    st.one_of(st.text(), st.text().map(lambda rest: f"https://{rest}"), st.text().map(lambda r: f"https://x.com/{r}")),
)
def test_nothing_that_is_sent_breaks_it(properties: dict[str, Any], referrer: str) -> None:
    origin = origin_of(properties, referrer)
    assert origin.channel in CHANNELS
    assert all(len(text) <= MAX_SOURCE for text in origin)
    "".join(origin).encode()


def test_a_redeemed_code_is_a_source_of_its_campaigns_channel() -> None:
    origin = code_origin("post", "CJ13-1000 ")
    assert (origin.channel, origin.campaign, origin.tagged) == ("post", "cj13-1000", True)
    with pytest.raises(ValueError, match="no channel is called 'letters'"):
        code_origin("letters", "x")


def test_sites_are_found_by_host_and_by_name() -> None:
    assert site_of("www.google.com") == site_named("google")
    assert site_of("x" * 300 + ".com") is None
    assert site_of("a." * 50 + "com") is None
    assert site_named("nobody knows") is None

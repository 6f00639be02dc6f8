"""Which sites send visitors: search engines, social networks, webmail and assistants, by the host of a referrer.

The tables are referer-parser's (Snowplow's list). They end with 2016, so a supplement says what is missing or has
moved since; it is asked first.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

from referer_parser import REFERERS

Kind = Literal["search", "social", "email", "assistant", "site"]


class Site(NamedTuple):
    """A site that sends visitors: its name in reports, and what it is."""

    name: str
    kind: Kind


# Hosts, each with its subdomains, and the packages of Android's apps (`android-app://<package>`).
_SITES: tuple[tuple[str, Kind, str], ...] = (
    # Engines that are newer than the tables, or that the tables know under another host only.
    ("qwant", "search", "qwant.com lite.qwant.com"),
    ("startpage", "search", "startpage.com"),
    ("brave", "search", "search.brave.com"),
    ("kagi", "search", "kagi.com"),
    ("mojeek", "search", "mojeek.com mojeek.co.uk"),
    ("swisscows", "search", "swisscows.com swisscows.ch"),
    ("metager", "search", "metager.org metager.de"),
    ("marginalia", "search", "search.marginalia.nu marginalia-search.com"),
    ("baidu", "search", "baidu.com"),
    ("naver", "search", "search.naver.com"),
    ("seznam", "search", "search.seznam.cz seznam.cz"),
    ("sogou", "search", "sogou.com"),
    ("360.cn", "search", "so.com"),
    ("yandex", "search", "ya.ru yandex.com"),
    ("coccoc", "search", "coccoc.com"),
    ("petal search", "search", "petalsearch.com"),
    ("presearch", "search", "presearch.com presearch.org"),
    ("google", "search", "com.google.android.googlequicksearchbox com.google.android.apps.searchlite"),
    # Networks.
    ("facebook", "social", "facebook.com fb.com fb.me m.me messenger.com com.facebook.katana com.facebook.orca"),
    ("instagram", "social", "instagram.com com.instagram.android"),
    ("threads", "social", "threads.net threads.com com.instagram.barcelona"),
    ("whatsapp", "social", "whatsapp.com wa.me com.whatsapp"),
    ("twitter", "social", "x.com twitter.com t.co com.twitter.android"),
    ("tiktok", "social", "tiktok.com com.zhiliaoapp.musically com.ss.android.ugc.trill"),
    ("linkedin", "social", "linkedin.com lnkd.in com.linkedin.android"),
    ("youtube", "social", "youtube.com youtu.be com.google.android.youtube"),
    ("reddit", "social", "reddit.com redd.it com.reddit.frontpage"),
    ("pinterest", "social", "pinterest.com pin.it com.pinterest"),
    ("snapchat", "social", "snapchat.com com.snapchat.android"),
    ("telegram", "social", "telegram.org telegram.me t.me org.telegram.messenger"),
    ("discord", "social", "discord.com discord.gg discordapp.com com.discord"),
    ("bluesky", "social", "bsky.app bsky.social go.bsky.app"),
    ("mastodon", "social", "mastodon.social mastodon.online mstdn.social"),
    ("twitch", "social", "twitch.tv"),
    ("quora", "social", "quora.com"),
    ("line", "social", "line.me"),
    ("nextdoor", "social", "nextdoor.com nextdoor.de nextdoor.co.uk nextdoor.fr"),
    # Webmail.
    ("gmail", "email", "mail.google.com com.google.android.gm"),
    ("outlook.com", "email", "outlook.live.com outlook.office.com com.microsoft.office.outlook"),
    ("proton mail", "email", "mail.proton.me mail.protonmail.com"),
    ("icloud mail", "email", "icloud.com"),
    ("fastmail", "email", "fastmail.com app.fastmail.com"),
    ("zoho mail", "email", "mail.zoho.com mail.zoho.eu"),
    ("web.de mail", "email", "navigator.web.de bap.navigator.web.de deref-web.de deref-web-02.de"),
    ("gmx mail", "email", "navigator.gmx.net bap.navigator.gmx.net deref-gmx.net deref-gmx.com deref-gmx.at"),
    ("t-online mail", "email", "email.t-online.de"),
    ("yahoo mail", "email", "mail.yahoo.com"),
    ("aol mail", "email", "mail.aol.com"),
    ("orange mail", "email", "mail.orange.fr messagerie.orange.fr"),
    ("mail.ru mail", "email", "e.mail.ru"),
    ("yandex mail", "email", "mail.yandex.ru mail.yandex.com"),
    # Assistants, none of which the tables can know.
    ("chatgpt", "assistant", "chatgpt.com chat.openai.com com.openai.chatgpt"),
    ("perplexity", "assistant", "perplexity.ai ai.perplexity.app.android"),
    ("gemini", "assistant", "gemini.google.com bard.google.com"),
    ("copilot", "assistant", "copilot.microsoft.com copilot.com edgeservices.bing.com"),
    ("claude", "assistant", "claude.ai"),
    ("le chat", "assistant", "chat.mistral.ai"),
    ("deepseek", "assistant", "chat.deepseek.com"),
    ("grok", "assistant", "grok.com"),
    ("meta ai", "assistant", "meta.ai"),
    ("poe", "assistant", "poe.com"),
    ("you.com", "assistant", "you.com"),
)  # fmt: skip
_SUPPLEMENT = {host: Site(name, kind) for name, kind, hosts in _SITES for host in hosts.split()}

# Networks with a domain a country; listing them would never end (pinterest.de, pinterest.co.uk).
_BY_FIRST_LABEL: dict[str, Site] = {"pinterest": Site("pinterest", "social"), "yandex": Site("yandex", "search")}
_MAX_SUFFIX = 7  # `.co.uk`, `.com.au`: no other registrable name hides behind so few letters

# What stands before an engine's domain where it searches; before any other (docs.google.com, finance.yahoo.com)
# the engine runs something else.
_SEARCHING = frozenset({
    "www", "m", "wap", "mobile", "search", "image", "images", "video", "news", "r", "go", "web", "html", "lite",
})  # fmt: skip
_COUNTRY = 2  # letters: de.search.yahoo.com

# In the tables as engines; who comes from there followed a link on a shop's or a portal's page.
_NO_ENGINES = frozenset({"Amazon", "Digg", "FriendFeed", "Marktplaats", "PriceRunner", "Rakuten", "Softonic"})

_FAMILIES = ("Google", "Yahoo!", "Bing", "Yandex", "Naver")


@lru_cache(maxsize=4096)
def site_of(host: str, path: str = "/") -> Site | None:
    """The site behind a host (lower case, no port), or None where it is just somebody's.

    Args:
        path: distinguishes a few that share a host, e.g. `google.com/imgres`.
    """
    labels = host.split(".")
    if len(labels) > 10 or len(host) > 253:  # RFC 1035 2.3.4: no host is longer
        return None
    for cut in range(len(labels)):
        domain, before = ".".join(labels[cut:]), labels[:cut]
        if found := _SUPPLEMENT.get(domain):
            return found
        if found := _in_tables(domain, path, before):
            return found
    return _by_first_label(labels)


def site_named(name: str) -> Site | None:
    """The site that a tag means: by its host (`m.facebook.com`), its name (`google`) or a usual short form (`fb`)."""
    if "." in name and (found := site_of(name)):
        return found
    return _BY_NAME.get(_SHORT.get(name, name))


def searched_term(referrer: str) -> str:
    """What was looked for at an engine, where its address says so; "" for any other site and where it says nothing."""
    address, _, query = referrer[:2000].partition("?")
    if not query:
        return ""
    rest = address.partition("//")[2]
    host, _, path = rest.partition("/")
    host = host.lower()
    found = site_of(host, f"/{path}")
    if found is None or found.kind != "search":
        return ""
    asked = dict(parse_qsl(query.partition("#")[0], max_num_fields=50)) if query.count("&") < 50 else {}
    names = _parameters(host)
    return next((asked[name] for name in names if asked.get(name)), "")


def _parameters(host: str) -> tuple[str, ...]:
    labels = host.split(".")
    for cut in range(len(labels)):
        entry = REFERERS.get(".".join(labels[cut:]))
        if entry and entry.get("params"):
            return (*entry["params"], "q")
    return ("q", "query", "wd", "text")


def _in_tables(domain: str, path: str, before: list[str]) -> Site | None:
    entry = (
        REFERERS.get(domain + path) or REFERERS.get(f"{domain}/{path[1:].partition('/')[0]}") or REFERERS.get(domain)
    )
    if entry is None:
        return None
    kind: Kind = entry["medium"] if entry["medium"] in ("search", "social", "email") else "site"
    searching = all(label in _SEARCHING or len(label) == _COUNTRY for label in before)
    if kind == "site" or (kind == "search" and (entry["name"] in _NO_ENGINES or not searching)):
        return Site(".".join([*before, domain]), "site")
    return Site(_name(entry["name"], kind), kind)


def _name(name: str, kind: Kind) -> str:
    """One name an engine, whatever part of it was used: `google`, not `google images`."""
    if kind == "search":
        name = next((family for family in _FAMILIES if name.startswith(family)), name)
    return name.rstrip("!").lower()


def _by_first_label(labels: list[str]) -> Site | None:
    for at, label in enumerate(labels[:-1]):
        if (found := _BY_FIRST_LABEL.get(label)) and len(".".join(labels[at + 1 :])) <= _MAX_SUFFIX:
            return found
    return None


_SHORT = {
    "fb": "facebook", "meta": "facebook", "an": "facebook", "msg": "facebook", "ig": "instagram", "li": "linkedin",
    "x": "twitter", "tw": "twitter", "yt": "youtube", "wa": "whatsapp", "adwords": "google", "googleads": "google",
    "google_ads": "google", "google ads": "google", "bingads": "bing", "microsoft": "bing", "openai": "chatgpt",
    "vk": "vkontakte", "tik tok": "tiktok",
}  # fmt: skip
# `an` and `msg` are Meta's own: {{site_source_name}} gives fb, ig, msg or an.
_BY_NAME = {
    site.name: site
    for site in (
        *(
            Site(_name(entry["name"], entry["medium"]), entry["medium"])
            for entry in REFERERS.values()
            if entry["medium"] in ("search", "social", "email") and entry["name"] not in _NO_ENGINES
        ),
        *_SUPPLEMENT.values(),
    )
    if site.kind != "site"
}

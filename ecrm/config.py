"""The CRM's settings: one table of key, default and meaning; CONFIGURATION.md is tested against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Config

from mailer.caps import Caps
from mailer.consent import Topic
from mailer.quiet import Quiet

from .service.desk_addresses import desk_addresses
from .service.relationship_much import Much
from .warranty_months import Months


@dataclass(frozen=True)
class Setting:
    """A key of the host's `app.config`, its default, what it does, and what it may be, where that is a fixed set."""

    key: str
    default: Any
    meaning: str
    allowed: tuple[str, ...] = ()


SETTINGS = (
    Setting("ECRM_CONSOLE_PREFIX", "/console", "Where the staff console is mounted."),
    Setting("ECRM_PUBLIC_PREFIX", "/ecrm", "Where the public pages (consent, links in e-mails) are mounted."),
    Setting("ECRM_PUBLIC_LAYOUT", "ecrm/public/layout.html", "Template that the public pages extend; a host names its own, with the blocks `title` and `content`."),
    Setting("ECRM_JOBS", "inside", "`inside` runs the timetable in the web process; `outside` leaves it to `flask ecrm work`.", ("inside", "outside")),
    Setting("ECRM_MAIL_TRANSPORT", "folder", "`folder`, `smtp` or `memory`.", ("folder", "smtp", "memory")),
    Setting("ECRM_MAIL_FOLDER", "var/mail", "Where the folder transport puts one `.eml` file an e-mail; relative to the app's instance path's parent."),
    Setting("ECRM_SMTP_HOST", "localhost", "Mail server of the smtp transport."),
    Setting("ECRM_SMTP_PORT", 25, "Its port."),
    Setting("ECRM_SMTP_SECURITY", "none", "`none`, `starttls` or `tls`.", ("none", "starttls", "tls")),
    Setting("ECRM_SMTP_USER", "", "User name, where the server wants one."),
    Setting("ECRM_SMTP_PASSWORD", "", "Password, where the server wants one."),
    Setting("ECRM_ADDRESS_KEY", "", "Secret key of the hashes that are left of suppressed addresses after an erasure; by default made of SECRET_KEY. Keep it when you change SECRET_KEY."),
    Setting("ECRM_SMTP_CONNECTIONS", 1, "Connections side by side, for each worker and stream. Each hides a round trip to a distant server, and may leave one doubtful e-mail where a worker is killed."),
    Setting("ECRM_SMTP_EMAILS_PER_CONNECTION", 500, "After so many e-mails a connection is made anew."),
    Setting("ECRM_MAIL_RETURN_PATH", "", "Address that bounces are sent to (the envelope's sender); empty for the shop's own."),
    Setting("ECRM_REPORTS_SECRET", "", "Secret with which calls to `<public>/mail-reports` are signed (bounces and complaints); empty refuses them all."),
    Setting("ECRM_MAILGUN_KEY", "", "Mailgun's webhook signing key, where Mailgun reports bounces and complaints to `<public>/mail-reports`."),
    Setting("ECRM_IMAP_HOST", "", "Server of the mailbox that bounces, complaints and letters to the desk are sent to; it is read every minute. Needs the extra `imap`; empty reads none."),
    Setting("ECRM_IMAP_PORT", 993, "Its port."),
    Setting("ECRM_IMAP_SECURITY", "tls", "`tls`, `starttls` or `none`.", ("tls", "starttls", "none")),
    Setting("ECRM_IMAP_USER", "", "User name there."),
    Setting("ECRM_IMAP_PASSWORD", "", "Password there."),
    Setting("ECRM_IMAP_FOLDER", "INBOX", "Folder that is read; what was taken is marked as read and stays."),
    Setting("ECRM_SIGNUP_TOPICS", ("newsletter", "offers", "arrivals"), "What people agree to by the newsletter's form and by the box in registration and checkout; of `newsletter`, `offers`, `arrivals`, `restock`, `reminders`, `reviews`."),
    Setting("ECRM_MAIL_TEST_ADDRESSES", (), "Addresses, or domains like `@example.com`, to which marketers may send a mailing as a test; empty for the domain of the shop's own address."),
    Setting("ECRM_POSTAL_ADDRESS", "", "The shop's postal address in one line, for the foot of marketing e-mails; the law of many countries wants one there."),
    Setting("ECRM_MAIL_RATES", (), "How many e-mails may go out in a time, over all workers: in all, of a stream or to a domain, e.g. `all=50/s`, `marketing=20/s`, `gmail.com=600/m` (s, m, h, d). Empty: as fast as possible."),
    Setting("ECRM_DKIM_DOMAIN", "", "Domain that signs e-mails: that of the sender's address, or one above it. Empty: not signed (your mail server may do it)."),
    Setting("ECRM_DKIM_KEYS", (), "Its private keys as `selector=file.pem`, RSA or Ed25519; each signs. Files are relative as ECRM_MAIL_FOLDER."),
    Setting("ECRM_RELATIONSHIP_DAYS", 365, "In how many past days contacts and orders are counted for the relationship rules."),
    Setting("ECRM_RELATIONSHIP_MUCH", "", "From how many on somebody asks much or buys much, e.g. `3 contacts, 5 orders`; empty: from the number that at most a fifth of the shop's customers reach."),
    Setting("ECRM_REVIEWS_AT_ONCE", False, "Whether a review is shown as soon as it is written; otherwise staff show it. One that names a word of ECRM_REVIEW_WORDS or an e-mail address, or was hidden before, waits all the same."),
    Setting("ECRM_REVIEW_WORDS", (), "Words for which a review or a question waits for staff; whole words, whatever their case."),
    Setting("ECRM_CHECKOUT_PATH", "/checkout", "Where the shop's checkout begins: a link that brings a guest's details back leads there."),
    Setting("ECRM_VISITOR_DAYS", 395, "Life of the visitor cookie in days (13 months, the limit that CNIL sets)."),
    Setting("ECRM_UNTRACKED_PATHS", ("/static/", "/staff", "/healthz", "/readyz", "/reset-password"), "Path prefixes whose pages are no page views."),
    Setting("ECRM_ARCHIVE_FOLDER", "var/archive", "Where visitors' steps of closed days are kept as Parquet files, one folder a day; relative as ECRM_MAIL_FOLDER. All processes need it."),
    Setting("ECRM_ARCHIVE_AFTER_DAYS", 7, "After how many days a day's steps leave the database for the archive."),
    Setting("ECRM_KEEP_EVENTS_DAYS", 760, "How many days (25 months) visitors' steps and what leads from a visit to a person are kept, in database and archive; the figures stay."),
    Setting("ECRM_CASE_REOPEN_DAYS", 14, "How many days a solved case stays open to an answer; then it is closed, and what its customer writes after that is a new case."),
    Setting("ECRM_KEEP_CASES_DAYS", 1125, "How many days after a case was closed its words, addresses and files are kept (three years, in which claims may come, and a month); the figures stay. As long: calls, notes about customers, offers that agents noted, and the words of returns and warranty requests."),
    Setting("ECRM_MODEL_FOLDER", "var/models", "Where trained recommendations are kept, one folder a model; relative as ECRM_MAIL_FOLDER. All processes need it."),
    Setting("ECRM_MODELS_KEPT", 5, "How many trained models are kept to go back to."),
    Setting("ECRM_REACT_INLINE", True, "Run reactions right after the commit in the same thread; False leaves them to the worker."),
    Setting("ECRM_COUNTRY_HEADER", "", "Header in which a proxy or CDN names the visitor's country in two letters, e.g. `CF-IPCountry`; only behind one that overwrites it."),
    Setting("ECRM_GEOIP_FILE", "", "GeoIP country database (`.mmdb`) by which the visitor's address becomes a country; the address is never stored. Needs the extra `geoip`; relative as ECRM_MAIL_FOLDER."),
    Setting("ECRM_IDENTITY_DAYS", 30, "How many days before the first sign-in in a browser its visits are joined to the customer."),
    Setting("ECRM_HEARD_CHOICES", ("A search engine", "Social media", "A friend or family", "An advertisement", "A letter or flyer"), "Answers offered to \"Where did you hear of us?\" after an order; empty doesn't ask."),
    Setting("ECRM_COLLECTOR_PREFIX", "/v1", "Where the collector (Segment's HTTP API) is mounted; SDKs expect `/v1`."),
    Setting("ECRM_COLLECTOR_ORIGINS", (), "Other sites whose pages may send to the collector: exact origins, e.g. `https://blog.example.com`."),
    Setting("ECRM_COLLECTOR_GRADE", "personal", "How far people are followed of whom a server's messages don't say what they agreed to: `none`, `analytics` or `personal`.", ("none", "analytics", "personal")),
    Setting("ECRM_COLLECTOR_PACE", 600, "Requests a minute that one address may send to the collector without a secret key in the header; 0 for no limit."),
    Setting("ECRM_COLLECTOR_DAYS", 395, "How old, in days, the steps may be that a server with a secret key still sends; at most ECRM_KEEP_EVENTS_DAYS. Others may date back 3 days."),
    Setting("ECRM_ATTRIBUTION_DAYS", 30, "How many days before an order a touch may lie to be credited with it."),
    Setting("ECRM_ATTRIBUTION_EMAIL_DAYS", 5, "The same for a click in an e-mail."),
    Setting("ECRM_DELIVERED_OFFERS", 0, "How many products the e-mail that tells of a delivered parcel recommends, to the customer's own address only. None by default: in many countries that is advertising, which needs a consent or a way to object that you must offer first."),
    Setting("ECRM_MAIL_CAPS", "1/day, 3/7days", "How many e-mails of marketing a person gets at most, over all flows and mailings, e.g. `1/day, 3/7days, 8/30days`; by local days. Empty: no limit."),
    Setting("ECRM_QUIET_HOURS", "21-8", "Hours of the recipient's own clock in which no marketing goes out; empty: none."),
    Setting("ECRM_QUIET_HOLIDAYS", True, "Whether marketing rests on the public holidays of the recipient's country and subdivision, too."),
    Setting("ECRM_RECOMMENDATION_DAYS", 7, "How many days before an order a click on a recommendation may lie for the product's money to be credited to it."),
    Setting("ECRM_GIFT_HOLIDAYS", ("three_kings", "lunar_new_year", "valentines", "womens_day", "easter", "eid_al_fitr", "mothers_day", "fathers_day", "diwali", "st_nicholas", "christmas"), "Holidays before which the flow `holidays` writes gift ideas, each in the countries that keep it."),
    Setting("ECRM_RETURN_DAYS", 30, "How many days after it arrived something may be sent back; 0 takes nothing back."),
    Setting("ECRM_RETURN_ADDRESS", "", "Where returned parcels go, in one line with commas; empty for ECRM_POSTAL_ADDRESS."),
    Setting("ECRM_RETURNS_AT_ONCE", False, "Whether a return is approved, and its label sent, as soon as it is asked for."),
    Setting("ECRM_EASYPOST_SECRETS", (), "Webhook secret of EasyPost, which tells where parcels are to `<public>/carriers/easypost`; two while one makes way for another. Empty refuses all calls."),
    Setting("ECRM_AFTERSHIP_SECRETS", (), "The same of AfterShip, `<public>/carriers/aftership`."),
    Setting("ECRM_SHIPPO_SECRETS", (), "The same of Shippo, `<public>/carriers/shippo` (Shippo sets HMAC up on request)."),
    Setting("ECRM_CARRIER", "none", "Who is asked where parcels are: `none` (webhooks and staff tell it), `easypost`, `aftership`, `shippo`, or `simulated`, which invents it and refuses outside of demos.", ("none", "easypost", "aftership", "shippo", "simulated")),
    Setting("ECRM_CARRIER_KEY", "", "API key at the one that is asked."),
    Setting("ECRM_CARRIER_URL", "", "Its address, where it isn't the public one."),
    Setting("ECRM_SIMULATED_PACE", 1, "How many days of the simulated carrier pass in one of ours."),
    Setting("ECRM_GIFT_SHELVES", (), "Categories that hold what is for giving, as the shop calls them; empty finds them by English and some German words."),
    Setting("ECRM_DESK_ADDRESSES", (), "Addresses at which people write to the support desk, e.g. `support@example.com`, or `returns@example.com=Returns` for the team of this name. What comes there, by `flask ecrm intake` or into the mailbox of ECRM_IMAP_HOST, becomes cases; empty makes none of mail."),
    Setting("ECRM_DESK_ACKNOWLEDGE", True, "Whether a new case is answered at once, by a letter that says that it arrived; never to a machine."),
    Setting("ECRM_DESK_MAIL_DAYS", 30, "How many days letters to the desk are kept as they came, to be read again where something went wrong."),
    Setting("ECRM_SATISFACTION_DAYS", 30, "How many days lie at least between two questions to one person whether an answer helped, asked by e-mail after a case was solved; 0 asks nobody."),
    Setting("ECRM_SATISFACTION_HOURS", 24, "How many hours after a case was solved its customer is asked whether that helped."),
    Setting("ECRM_CALL_LINK", "tel", "What a click on a telephone number in the console opens: `tel`, or your telephone system's address with `{number}` in it, e.g. `sip:{number}@pbx.example.com`; empty links none."),
    Setting("ECRM_WARRANTY_MONTHS", ("24",), "Months of warranty of a piece with a serial number: for everything, and by category as `Lamps=36`; `0` for none. A shop that answers `warranty_months` itself comes first."),
    Setting("ECRM_WARRANTY_SILENT_DAYS", 3, "After how many days without an answer a service point is reminded of a warranty request, and after as many again its case says that somebody should call; 0 never."),
)  # fmt: skip


def apply_defaults(config: Config) -> None:
    """Give every missing key its default.

    Raises:
        ValueError: naming an unknown `ECRM_` key, most likely a typing mistake, or a value that can't be read.
    """
    known = {setting.key for setting in SETTINGS}
    unknown = sorted(key for key in config if key.startswith("ECRM_") and key not in known)
    if unknown:
        raise ValueError(f"unknown setting {', '.join(unknown)}; the known ones are in CONFIGURATION.md")
    for setting in SETTINGS:
        config[setting.key] = _read(setting, config.get(setting.key, setting.default))
    if unknown_topics := sorted(set(config["ECRM_SIGNUP_TOPICS"]) - set(Topic)):
        raise ValueError(f"ECRM_SIGNUP_TOPICS names unknown topics: {', '.join(unknown_topics)}")
    Caps.parse(config["ECRM_MAIL_CAPS"])
    Quiet.parse(config["ECRM_QUIET_HOURS"])
    Months.parse(config["ECRM_WARRANTY_MONTHS"])
    Much.parse(config["ECRM_RELATIONSHIP_MUCH"])
    _check_call_link(config["ECRM_CALL_LINK"])
    desk_addresses(config)
    taken, kept = config["ECRM_COLLECTOR_DAYS"], config["ECRM_KEEP_EVENTS_DAYS"]
    if taken > kept:
        raise ValueError(
            f"ECRM_COLLECTOR_DAYS ({taken}) must not exceed ECRM_KEEP_EVENTS_DAYS ({kept}): what is older than that is "
            "forgotten every night"
        )


def _check_call_link(link: str) -> None:
    if link in {"", "tel"}:
        return
    scheme = link.partition(":")[0].lower()
    if scheme not in {"tel", "sip", "sips", "callto", "https"} or link.count("{number}") != 1 or not link.isprintable():
        raise ValueError(
            f"ECRM_CALL_LINK must be tel, or a tel:, sip:, sips:, callto: or https: address with {{number}}, not {link!r}"
        )


def _read(setting: Setting, value: Any) -> Any:
    """A value as its default's type; text comes from hosts that hand on environment variables."""
    if setting.allowed and value not in setting.allowed:
        raise ValueError(f"{setting.key} must be {' or '.join(setting.allowed)}, not {value!r}")
    if not isinstance(value, str) or isinstance(setting.default, str):
        return value
    if isinstance(setting.default, bool):
        return _yes_or_no(setting, value.strip().lower())
    if isinstance(setting.default, int):
        if not value.strip().isdigit():
            raise ValueError(f"{setting.key} must be a whole number, not {value!r}")
        return int(value)
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _yes_or_no(setting: Setting, value: str) -> bool:
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(f"{setting.key} must be true or false, not {value!r}")

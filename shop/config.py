"""The shop's settings: read from the environment, safe by default; CONFIGURATION.md is tested against the table."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MIN_SECRET = 32
MODES = ("production", "demo")


@dataclass(frozen=True)
class Setting:
    """An environment variable (also the key in `app.config`), its default, and what it does."""

    key: str
    default: Any
    meaning: str


SETTINGS = (
    Setting("SHOP_ENV", "production", "`production` refuses weak secrets and plain-HTTP cookies and addresses; `demo` runs on one machine and lets anybody sign in as its people. Nothing else is accepted."),
    Setting("SHOP_SECRET_KEY", "", "Signs sessions and links, at least 32 characters, random ones. Needed in production; a demo makes its own and keeps it in `var/`."),
    Setting("SHOP_DATABASE_URL", "sqlite:///{var}/shop.db", "SQLAlchemy URL; `postgresql://…` works too."),
    Setting("SHOP_VAR", "var", "Folder for the database, e-mails and the demo's secret."),
    Setting("SHOP_BASE_URL", "http://127.0.0.1:8000", "The shop's public address, used in e-mails. Must be set in production, to an `https://` address (plain `http://` on a loopback address only)."),
    Setting("SHOP_CRM", True, "False opens the shop without the e-CRM."),
    Setting("SHOP_RATE_LIMITS", True, "False turns request limits off (only for tests)."),
    Setting("SHOP_MAX_BODY", 256 * 1024, "Largest request body in bytes; the shop takes no uploads, so forms are all that must fit."),
    Setting("SHOP_PROXIES", 0, "How many reverse proxies stand in front (for the client's address)."),
)  # fmt: skip


class BadConfiguration(ValueError):
    """The shop can't start like this; the message says what to do."""


def load(environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Flask's configuration from the environment, with overrides (tests) on top.

    Raises:
        BadConfiguration: in production without a good secret or a public address, or for a value that can't be read.
    """
    values: dict[str, Any] = {setting.key: _read(setting, environment) for setting in SETTINGS}
    values |= {key: value for key, value in environment.items() if key.startswith("ECRM_")}
    values |= overrides or {}
    production = _is_production(values["SHOP_ENV"])
    is_set = "SHOP_BASE_URL" in environment or "SHOP_BASE_URL" in (overrides or {})
    _check_base_url(values["SHOP_BASE_URL"] if is_set or not production else "", production=production)
    var = _folder(values["SHOP_VAR"])
    values["SECRET_KEY"] = _secret(values["SHOP_SECRET_KEY"], production=production, var=var)
    values["SQLALCHEMY_DATABASE_URI"] = values["SHOP_DATABASE_URL"].replace("{var}", str(var))
    values["MAX_CONTENT_LENGTH"] = values["SHOP_MAX_BODY"]
    values |= {
        "SESSION_COOKIE_NAME": "__Host-shop" if production else "shop",
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "MAX_FORM_PARTS": 200,
    }
    values.setdefault("ECRM_PUBLIC_LAYOUT", "shop/base.html")
    values.setdefault("ECRM_MAIL_FOLDER", str(var / "mail"))
    values.setdefault("ECRM_ARCHIVE_FOLDER", str(var / "archive"))
    values.setdefault("ECRM_MODEL_FOLDER", str(var / "models"))
    if production and values.get("ECRM_CARRIER") == "simulated":
        raise BadConfiguration(
            "ECRM_CARRIER=simulated invents where parcels are, which only a demo may: set it to none, easypost, aftership "
            "or shippo"
        )
    if not production:  # the demo's people are made up, and none of its letters leaves the machine by itself
        values.setdefault("ECRM_CARRIER", "simulated")
        values.setdefault("ECRM_SIMULATED_PACE", 48)
        values.setdefault("ECRM_DELIVERED_OFFERS", 3)
        values.setdefault("ECRM_POSTAL_ADDRESS", "1 Example Street, 00000 Exampleton (a made-up shop)")
    return values


def _read(setting: Setting, environment: Mapping[str, str]) -> Any:
    text = environment.get(setting.key)
    if text is None:
        return setting.default
    if isinstance(setting.default, bool):
        return text.strip().lower() not in {"0", "false", "no", "off", ""}
    if isinstance(setting.default, int):
        try:
            return int(text)
        except ValueError:
            raise BadConfiguration(f"{setting.key} must be a whole number, not {text!r}") from None
    return text


def _is_production(mode: str) -> bool:
    if mode not in MODES:
        # A misspelt "production" must not open the demo's doors, nor drop the guards without a word.
        raise BadConfiguration(f"SHOP_ENV must be {' or '.join(repr(one) for one in MODES)}, not {mode!r}")
    return mode == "production"


def _check_base_url(url: str, *, production: bool) -> None:
    if not url:
        raise BadConfiguration(
            "SHOP_BASE_URL is missing. Set it to the shop's public address, e.g. https://shop.example.com"
        )
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except ValueError:
        scheme, host = "", None
    if scheme not in {"http", "https"} or not host:
        raise BadConfiguration(f"SHOP_BASE_URL must be an address such as https://shop.example.com, not {url!r}")
    if production and scheme != "https" and not _is_loopback(host):
        raise BadConfiguration(
            f"SHOP_BASE_URL must begin with https:// in production, not {url!r}: its links and cookies would travel in clear text"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _folder(path: str) -> Path:
    var = Path(path).resolve()
    try:
        var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"SHOP_VAR: the folder {var} can't be made: {error.strerror}") from None
    return var


def _secret(given: str, *, production: bool, var: Path) -> str:
    if given:
        if len(given) < MIN_SECRET:
            raise BadConfiguration(f"SHOP_SECRET_KEY needs at least {MIN_SECRET} characters")
        if production and len(set(given)) == 1:
            raise BadConfiguration(
                "SHOP_SECRET_KEY repeats one character, which anybody guesses. Set it to random ones"
            )
        return given
    if production:
        raise BadConfiguration(
            "SHOP_SECRET_KEY is missing. Set it to 32 or more random characters, "
            'e.g. python -c "import secrets; print(secrets.token_urlsafe(48))"; or set SHOP_ENV=demo to try the shop.'
        )
    kept = var / "demo-secret"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(48))
        kept.chmod(0o600)
    return kept.read_text()

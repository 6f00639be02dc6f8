"""The shop's settings: read from the environment, safe by default; CONFIGURATION.md is tested against the table."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIN_SECRET = 32


@dataclass(frozen=True)
class Setting:
    """An environment variable (also the key in `app.config`), its default, and what it does."""

    key: str
    default: Any
    meaning: str


SETTINGS = (
    Setting("SHOP_ENV", "production", "`production` refuses weak secrets and plain-HTTP cookies; `demo` runs on one machine."),
    Setting("SHOP_SECRET_KEY", "", "Signs sessions and links, at least 32 characters. Needed in production; a demo makes its own and keeps it in `var/`."),
    Setting("SHOP_DATABASE_URL", "sqlite:///{var}/shop.db", "SQLAlchemy URL; `postgresql://…` works too."),
    Setting("SHOP_VAR", "var", "Folder for the database, e-mails and the demo's secret."),
    Setting("SHOP_BASE_URL", "http://127.0.0.1:8000", "The shop's public address, used in e-mails."),
    Setting("SHOP_CRM", True, "False opens the shop without the e-CRM."),
    Setting("SHOP_RATE_LIMITS", True, "False turns request limits off (only for tests)."),
    Setting("SHOP_MAX_BODY", 256 * 1024, "Largest request body in bytes; the CSV upload of the back office has a limit of its own."),
    Setting("SHOP_PROXIES", 0, "How many reverse proxies stand in front (for the client's address)."),
)  # fmt: skip


class BadConfiguration(ValueError):
    """The shop can't start like this; the message says what to do."""


def load(environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Flask's configuration from the environment, with overrides (tests) on top.

    Raises:
        BadConfiguration: in production without a good secret, or for a value that can't be read.
    """
    values: dict[str, Any] = {setting.key: _read(setting, environment) for setting in SETTINGS}
    values |= {key: value for key, value in environment.items() if key.startswith("ECRM_")}
    values |= overrides or {}
    var = Path(values["SHOP_VAR"]).resolve()
    var.mkdir(parents=True, exist_ok=True)
    production = values["SHOP_ENV"] == "production"
    values["SECRET_KEY"] = _secret(values["SHOP_SECRET_KEY"], production=production, var=var)
    values["SQLALCHEMY_DATABASE_URI"] = values["SHOP_DATABASE_URL"].replace("{var}", str(var))
    values["MAX_CONTENT_LENGTH"] = values["SHOP_MAX_BODY"]
    values |= {
        "SESSION_COOKIE_NAME": "__Host-shop" if production else "shop",
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": production,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "MAX_FORM_PARTS": 200,
    }
    values.setdefault("ECRM_PUBLIC_LAYOUT", "shop/base.html")
    values.setdefault("ECRM_MAIL_FOLDER", str(var / "mail"))
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


def _secret(given: str, *, production: bool, var: Path) -> str:
    if given:
        if len(given) < MIN_SECRET:
            raise BadConfiguration(f"SHOP_SECRET_KEY needs at least {MIN_SECRET} characters")
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

"""Safe by default: production refuses to start without a good secret, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop.config import MIN_SECRET, SETTINGS, BadConfiguration, load

GOOD = "violet-kettle-marches-north-again"
LIVE = {"SHOP_SECRET_KEY": GOOD, "SHOP_BASE_URL": "https://shop.example.com"}


def test_production_is_the_default_and_wants_a_secret(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="SHOP_SECRET_KEY"):
        load({"SHOP_VAR": str(tmp_path), "SHOP_BASE_URL": "https://shop.example.com"})


@pytest.mark.parametrize("mode", ["Production", "prod", "production ", "live", "development", "staging", "DEMO", ""])
def test_a_mode_that_is_neither_is_refused_and_both_are_named(tmp_path: Path, mode: str) -> None:
    with pytest.raises(BadConfiguration, match="'production' or 'demo'"):
        load({"SHOP_VAR": str(tmp_path), "SHOP_ENV": mode, **LIVE})


@pytest.mark.parametrize("secret", ["s" * 32, "0" * 64])
def test_production_refuses_a_secret_of_one_repeated_character(tmp_path: Path, secret: str) -> None:
    with pytest.raises(BadConfiguration, match="repeats one character"):
        load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_SECRET_KEY": secret})


def test_production_wants_to_know_its_address(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="SHOP_BASE_URL is missing"):
        load({"SHOP_VAR": str(tmp_path), "SHOP_SECRET_KEY": GOOD})
    with pytest.raises(BadConfiguration, match="SHOP_BASE_URL is missing"):
        load({"SHOP_VAR": str(tmp_path), "SHOP_SECRET_KEY": GOOD, "SHOP_BASE_URL": ""})


@pytest.mark.parametrize(
    "address",
    ["http://shop.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"],
)
def test_production_refuses_an_address_in_clear_text(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadConfiguration, match="https://"):
        load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_BASE_URL": address})


@pytest.mark.parametrize("address", ["shop.example.com", "ftp://shop.example.com", "https://", "https://[", "//shop"])
@pytest.mark.parametrize("mode", ["production", "demo"])
def test_an_address_that_is_none_is_refused_everywhere(tmp_path: Path, address: str, mode: str) -> None:
    with pytest.raises(BadConfiguration, match="SHOP_BASE_URL must be an address"):
        load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_ENV": mode, "SHOP_BASE_URL": address})


@pytest.mark.parametrize(
    "address", ["https://shop.example.com", "http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"]
)
def test_production_runs_under_tls_or_on_this_machine_alone(tmp_path: Path, address: str) -> None:
    assert load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_BASE_URL": address})["SHOP_BASE_URL"] == address


def test_a_folder_that_cant_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfiguration, match="SHOP_VAR"):
        load({"SHOP_VAR": str(tmp_path / "file" / "var"), **LIVE})


@pytest.mark.parametrize("weak", ["x", "dev", "s" * (MIN_SECRET - 1)])
@pytest.mark.parametrize("mode", ["production", "demo"])
def test_a_short_secret_is_refused_everywhere(tmp_path: Path, weak: str, mode: str) -> None:
    with pytest.raises(BadConfiguration, match=str(MIN_SECRET)):
        load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_SECRET_KEY": weak, "SHOP_ENV": mode})


def test_a_demo_makes_its_own_secret_keeps_it_and_lets_nobody_else_read_it(tmp_path: Path) -> None:
    first = load({"SHOP_VAR": str(tmp_path), "SHOP_ENV": "demo"})
    again = load({"SHOP_VAR": str(tmp_path), "SHOP_ENV": "demo"})

    assert first["SECRET_KEY"] == again["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= MIN_SECRET
    assert (tmp_path / "demo-secret").stat().st_mode & 0o077 == 0


def test_production_cookies_are_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    values = load({"SHOP_VAR": str(tmp_path), **LIVE})
    assert values["SESSION_COOKIE_SECURE"] is True
    assert values["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert values["SESSION_COOKIE_HTTPONLY"] is True


@pytest.mark.parametrize(
    ("text", "meant"), [("0", False), ("no", False), ("False", False), ("", False), ("1", True), ("yes", True)]
)
def test_switches_are_read_as_people_write_them(tmp_path: Path, text: str, meant: bool) -> None:
    values = load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_CRM": text})
    assert values["SHOP_CRM"] is meant


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="SHOP_MAX_BODY"):
        load({"SHOP_VAR": str(tmp_path), **LIVE, "SHOP_MAX_BODY": "large"})


def test_the_database_lies_in_the_shops_own_folder_unless_told_otherwise(tmp_path: Path) -> None:
    values = load({"SHOP_VAR": str(tmp_path), **LIVE})
    assert values["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/shop.db"


def test_every_setting_says_what_it_does() -> None:
    assert all(setting.key.startswith("SHOP_") and setting.meaning.endswith(".") for setting in SETTINGS)


def test_only_a_demo_recommends_products_in_its_letters_unless_told_otherwise(tmp_path: Path) -> None:
    def offers(**environment: str) -> object:
        return load({"SHOP_VAR": str(tmp_path), **environment}).get("ECRM_DELIVERED_OFFERS")

    assert offers(**LIVE) is None, "the plugin's own default"
    assert offers(SHOP_ENV="demo") == 3
    assert offers(SHOP_ENV="demo", ECRM_DELIVERED_OFFERS="1") == "1"

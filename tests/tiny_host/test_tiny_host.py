"""The wheel, alone, carries the CRM through a host that shares nothing with ours but Flask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin's wheel, built from the checkout and unpacked as an installer would."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=240)
    (wheel,) = out.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(out / "site")
    return out / "site"


@pytest.fixture(scope="module")
def walk(installed_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the walk saw."""
    folder = tmp_path_factory.mktemp("kites")
    script = Path(__file__).parent / "walk.py"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed_wheel), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(script), str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_the_wheel_carries_templates_static_files_and_migrations_but_no_shop(installed_wheel: Path) -> None:
    files = {str(path.relative_to(installed_wheel)) for path in installed_wheel.rglob("*") if path.is_file()}
    for part in (
        "ecrm/static/console.css", "ecrm/static/console-desk.css", "ecrm/templates/ecrm/slots/greeting.html",
        "ecrm/templates/mail/order_confirmation/body.html", "ecrm/migrations/env.py",
    ):  # fmt: skip
        assert part in files
    assert not [path for path in files if path.startswith(("shop/", "tests/"))]
    assert [path for path in files if path.startswith("ecrm/migrations/ecrm/versions/")]


def test_the_walk_ran_on_the_wheel_and_not_on_the_checkout(walk: dict[str, Any], installed_wheel: Path) -> None:
    assert walk["plugin_from"] == str(installed_wheel / "ecrm")


def test_a_stranger_sees_popular_goods_and_gets_no_cookie_before_a_choice(walk: dict[str, Any]) -> None:
    assert "Red kite" in walk["home"]
    assert walk["cookies_before_choice"] == []
    assert walk["product_page"] == 200


def test_a_returning_customer_is_greeted_by_name(walk: dict[str, Any]) -> None:
    assert "Ada" in walk["greeting"]


def test_every_order_has_its_event_its_memory_and_its_confirmation(walk: dict[str, Any]) -> None:
    assert walk["orders"] == ["order 1", "order 2"]
    assert walk["events"].count("Order Completed") == 2
    assert walk["crm_orders"] == ["1", "2"]
    assert walk["mails"] == 2
    assert walk["owed"] == []


def test_the_console_opens_for_staff_alone(walk: dict[str, Any]) -> None:
    assert walk["console"] == 200
    assert walk["console_for_customers"] in {302, 403}


def test_its_order_page_shows_the_parcel_and_follows_the_carriers_word(walk: dict[str, Any]) -> None:
    assert "Ordered" in walk["before"]
    assert "1Z999AA10123456784" not in walk["before"]
    assert walk["carrier"] == [{"taken": "taken"}, {"taken": "repeated"}]
    assert "1Z999AA10123456784" in walk["after"]
    assert "Out for delivery" in walk["after"]

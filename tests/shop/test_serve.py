"""Opening the shop on the command line: what is wrong is said in words, with exit code 1 and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from shop.serve import open_shop

ROOT = Path(__file__).resolve().parents[2]
SERVE = (sys.executable, "-m", "shop.serve", "--port", "0")
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi", "shop", "reconcile")


def run(command: tuple[str, ...], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("SHOP_", "ECRM_"))}
    environment = clean | {"SHOP_VAR": str(folder), "OPENBLAS_NUM_THREADS": "1", **settings}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.sqlite_only
def test_an_empty_database_is_not_served(tmp_path: Path) -> None:
    done = run(SERVE, tmp_path, SHOP_ENV="demo")
    assert done.returncode == 1
    assert "run `make demo` or `flask shop upgrade`" in done.stderr
    assert "Traceback" not in done.stderr
    assert "open at" not in done.stdout


@pytest.mark.sqlite_only
@pytest.mark.parametrize("command", [SERVE, FLASK])
def test_a_bad_setting_is_said_without_a_traceback(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run(command, tmp_path, SHOP_ENV="Production")
    assert done.returncode == 1
    assert "SHOP_ENV must be 'production' or 'demo', not 'Production'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("history", ["shop_version", "ecrm_version"])
def test_tables_of_another_version_are_not_served(
    app: Flask, monkeypatch: pytest.MonkeyPatch, history: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if history == "ecrm_version" and "ecrm" not in app.extensions:
        pytest.skip("nothing is plugged in")
    for key in ("SHOP_ENV", "SHOP_VAR", "SHOP_DATABASE_URL", "SHOP_SECRET_KEY"):
        monkeypatch.setenv(key, app.config[key])
    served = open_shop()
    assert served.config["SHOP_DATABASE_URL"] == app.config["SHOP_DATABASE_URL"]
    if "ecrm" in served.extensions:
        served.extensions["ecrm"].writer.close()

    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {history} SET version_num = 'ffff'"))  # noqa: S608 (named above)
    engine.dispose()
    with pytest.raises(SystemExit, match="flask shop upgrade"):
        open_shop()

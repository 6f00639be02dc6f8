"""The shop knows nothing of the CRM: without its packages, its adapter and two lines, the shop passes its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("shop", "templates/shop", "migrations/env.py", "migrations/shop", "tests/shop", "pyproject.toml", "wsgi.py")


@pytest.mark.sqlite_only
@pytest.mark.timeout(280)
def test_without_the_crm_the_shop_passes_its_own_tests(tmp_path: Path) -> None:
    for name in (*KEPT, "tests/conftest.py", "tests/__init__.py"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    (tmp_path / "shop" / "crm.py").unlink()
    factory = tmp_path / "shop" / "app.py"
    lines = factory.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "install_crm" not in line]
    assert len(lines) - len(kept) == 2
    factory.write_text("".join(kept))

    command = [sys.executable, "-m", "pytest", "tests/shop", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHONPATH"))}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"TEST_DATABASE": "sqlite"},
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "100%" in done.stdout

"""`make test-without-crm`: the shop knows nothing of the CRM.

Makes a copy without the CRM's packages, without the adapter and without its two lines in the factory, and runs the
shop's own tests there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("shop", "templates/shop", "migrations/env.py", "migrations/shop", "tests/shop", "tests/conftest.py",
        "tests/chromium.py", "tests/__init__.py", "pyproject.toml", "wsgi.py")  # fmt: skip


def copy_without_crm(target: Path) -> None:
    """The shop alone, in a folder of its own.

    Raises:
        ValueError: when taking the CRM out means more than deleting the adapter and two lines.
    """
    for name in KEPT:
        source, copy = ROOT / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    shutil.rmtree(target / "shop" / "crm")
    factory = target / "shop" / "app.py"
    lines = factory.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "install_crm" not in line]
    if len(lines) - len(kept) != 2:
        raise ValueError("shop/app.py should name install_crm in two lines: one imports it, one calls it")
    factory.write_text("".join(kept))


def main() -> None:
    """Copy, test, and end as the tests did."""
    with tempfile.TemporaryDirectory() as folder:
        copy_without_crm(Path(folder))
        command = [sys.executable, "-m", "pytest", "tests/shop", "-n", "2", "--dist", "loadfile"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        sys.exit(subprocess.run(command, cwd=folder, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()

"""A web process that serves needs numpy and nothing heavier."""

import subprocess
import sys

HEAVY = {"scipy", "implicit", "lightgbm", "pyarrow", "pandas"}


def test_serving_imports_no_heavy_library() -> None:
    code = "import sys, recommender.artefact, recommender.serving; print(*{one.split('.')[0] for one in sys.modules})"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not HEAVY & set(found.stdout.split())

"""How long a shop takes to open: completejourney, or a file of sales; seconds, memory and sums, as a person runs it.

python bench/loading.py                       # all of completejourney, with training
python bench/loading.py --households 100
python bench/loading.py --data sales.parquet
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Open a shop in a folder of its own and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--households", help="only so many households")
    parser.add_argument("--data", type=Path, help="a file of sales instead of completejourney")
    wanted = parser.parse_args()
    options = ["--households", wanted.households] if wanted.households else []
    options += ["--data", str(wanted.data.resolve())] if wanted.data else []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"SHOP_ENV": "demo", "SHOP_VAR": folder, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "shop", "demo", *options]
        started = time.perf_counter()
        subprocess.run(command, env=environment, cwd=Path(__file__).resolve().parent.parent, check=True)
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in Path(folder).glob("shop.db*"))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Linux counts in KiB, macOS in bytes.
    memory = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    print(f"wall {seconds:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, peak memory {memory:,.0f} MB")
    print(f"database {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()

"""`python -m ecrm.training_process`: a training or a refresh, asked for on the input; its last word is on the output.

It knows the database and two folders and no host: what the host says of its products comes along.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from recommender.catalogue import Description
from recommender.folders import BeingTrained
from recommender.material import Shop
from recommender.refreshing import refresh
from recommender.store import ModelKind
from recommender.training import train
from tracking.clickstream.archive import Archive

from .database import connect, sessions_on


def main() -> None:
    """Read what is asked, do it with the lowest priority, say what came of it."""
    os.nice(19)
    asked = json.load(sys.stdin)
    kind, sessions = ModelKind(asked["kind"]), sessions_on(connect(asked["url"]))
    shop = Shop(
        folder=Path(asked["folder"]), zone=ZoneInfo(asked["zone"]), archive=Archive(Path(asked["archive"])),
        descriptions={product: Description(*words) for product, *words in asked["descriptions"]},
        unwanted=[(customer, product) for customer, product in asked["unwanted"]], keep=asked["keep"],
    )  # fmt: skip
    now = datetime.now(UTC)
    try:
        done = refresh(sessions, shop, now) if kind is ModelKind.REFRESH else train(sessions, shop, now, kind=kind)
    except BeingTrained as error:
        done = str(error)
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main()

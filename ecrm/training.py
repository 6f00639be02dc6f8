"""Trains the recommender on what the shop knows: what is read of the host, and in which process the work is done.

The timetable's jobs train in a process of their own with the lowest priority: hours of computing in a web process would
make every page wait for the interpreter's lock, and its memory would never be given back.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from recommender.refresh_due import what_is_due
from recommender.store import ModelKind, present_model
from tracking.orders import SeenOrderLine

from .installation import Installation
from .recommending.choices import Choice, RecommendationChoice
from .storefront import ProductCard, ProductFacts, arrivals_of, catalogue_of

if TYPE_CHECKING:
    from recommender.material import Shop
    from recommender.training import TrainingReport

log = logging.getLogger("ecrm.training")

CARDS_AT_ONCE = 500
LONGEST = 6 * 3600
"""Seconds after which a training that hangs is given up."""


class TrainingFailed(RuntimeError):
    """The process that trained ended without a model; the message ends with what it said."""


def train_models(
    crm: Installation, *, kind: ModelKind = ModelKind.FULL, progress: Callable[[str], None] = lambda _step: None
) -> TrainingReport:
    """Train on all orders in this process and publish the model if it isn't worse; pages show it within seconds.

    Returns:
        What was learnt from how much; `str(report)` is a sentence.

    Raises:
        BeingTrained: another process trains at this moment.
    """
    # numpy, scipy and implicit cost a second and 100 MB: loaded where a model is trained, not where a page is served
    from recommender.training import train

    report = train(crm.sessions, shop_of(crm), datetime.now(UTC), kind=kind, progress=progress)
    crm.models.forget()
    return report


def train_quickly(crm: Installation) -> TrainingReport:
    """A model in seconds, as after an import; `bring_up_to_date` follows with one that has learnt to rank.

    Raises:
        BeingTrained: another process trains at this moment.
    """
    return train_models(crm, kind=ModelKind.QUICK)


def train_apart(crm: Installation, kind: ModelKind) -> str:
    """The same, or a refresh, in a process of its own, if there is a database that it can reach.

    Returns:
        What was done, or why it wasn't, in a sentence.

    Raises:
        TrainingFailed: it was killed, or ended with an error.
    """
    engine: Engine = crm.sessions.kw["bind"]
    if engine.url.get_backend_name() == "sqlite" and engine.url.database in (None, "", ":memory:"):
        return _here(crm, kind)
    asked = {
        "kind": kind.value, "url": engine.url.render_as_string(hide_password=False), "folder": str(crm.models.folder),
        "archive": str(crm.archive.folder), "zone": crm.storefront.facts().time_zone,
        "keep": crm.app.config["ECRM_MODELS_KEPT"], "descriptions": _descriptions(crm), "unwanted": _unwanted(crm),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "ecrm.training_process"], input=json.dumps(asked), capture_output=True, text=True,
        timeout=LONGEST, check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    crm.models.forget()
    if done.returncode:
        how = f"was killed (signal {-done.returncode})" if done.returncode < 0 else "failed"
        log.error("the training %s:\n%s", how, done.stderr)
        raise TrainingFailed(f"the training {how}: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    return done.stdout.strip()


def bring_up_to_date(crm: Installation) -> str:
    """What the shop needs now: a quick model as soon as there are orders, a full one soon after, then refreshes.

    Returns:
        What was done, or why nothing was, in a sentence.
    """
    now = datetime.now(UTC)
    with crm.sessions() as session:
        present = present_model(session)
        arrivals = present is not None and bool(arrivals_of(crm.storefront, present.trained_at))
        kind, because = what_is_due(session, present, now, folder=Path(crm.models.folder), arrivals=arrivals)
    return train_apart(crm, kind) if kind is not None else f"nothing was trained: {because}"


def shop_of(crm: Installation) -> Shop:
    """What a training has to know of this shop."""
    from recommender.catalogue import Description
    from recommender.material import Shop

    return Shop(
        folder=Path(crm.models.folder),
        zone=ZoneInfo(crm.storefront.facts().time_zone),
        archive=crm.archive,
        descriptions={product: Description(*words) for product, *words in _descriptions(crm)},
        unwanted=_unwanted(crm),
        keep=crm.app.config["ECRM_MODELS_KEPT"],
    )


def _unwanted(crm: Installation) -> list[tuple[int, str]]:
    """Of which products customers said "not interested"."""
    chosen = select(RecommendationChoice.customer_id, RecommendationChoice.product).where(
        RecommendationChoice.customer_id.is_not(None), RecommendationChoice.choice == Choice.NOT_INTERESTED
    )
    with crm.sessions() as session:
        return [(row.customer_id or 0, row.product) for row in session.execute(chosen)]


def _here(crm: Installation, kind: ModelKind) -> str:
    if kind is not ModelKind.REFRESH:
        return str(train_models(crm, kind=kind))
    from recommender.refreshing import refresh

    said = str(refresh(crm.sessions, shop_of(crm), datetime.now(UTC)))
    crm.models.forget()
    return said


def _descriptions(crm: Installation) -> list[tuple[Any, ...]]:
    """Product, text, category, brand, price and age in days of all that the shop lists, or, from a host that can't list
    its catalogue, of all that was ever sold."""
    listed = [_described(one, text=one.text, added_at=one.added_at) for one in catalogue_of(crm.storefront)]
    if listed:
        return listed
    with crm.sessions() as session:
        sold = list(session.scalars(select(SeenOrderLine.product).distinct().order_by(SeenOrderLine.product)))
    return [_described(card, text=f"{card.name} {card.detail}".strip()) for card in _cards(crm, sold)]


def _described(product: ProductFacts | ProductCard, *, text: str, added_at: datetime | None = None) -> tuple[Any, ...]:
    price = float("nan") if product.price_minor is None else float(product.price_minor)
    age = (datetime.now(UTC) - added_at) / timedelta(days=1) if added_at else float("inf")
    return product.product_id, text, product.category, product.brand, price, age


def _cards(crm: Installation, products: list[str]) -> Iterator[ProductCard]:
    with crm.app.test_request_context(base_url=crm.storefront.facts().base_url):  # cards have addresses
        for start in range(0, len(products), CARDS_AT_ONCE):
            yield from crm.storefront.products(products[start : start + CARDS_AT_ONCE])

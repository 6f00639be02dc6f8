"""`make crash-trainer`: kill -9 of the trainer at random moments, while somebody keeps asking for recommendations.

Each cycle a customer orders, a training (full, quick or a refresh) is started as the timetable starts it and killed, at
a random moment or, every other time, near its end, where the folder is written, renamed and published. A reader asks
all the time, as a worker of the shop does. It must always be answered from a whole model, never from one that isn't
published, and never be taken back to an older one.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

import ecrm.migrating
from ecrm.database import connect, sessions_on
from recommender.artefact import Artefact
from recommender.asking import Asked, Person, Placement
from recommender.folders import UNFINISHED, names
from recommender.loading import ModelShelf
from recommender.serving.recommending import recommend
from recommender.serving.served import on_sale
from recommender.store import Model, ModelKind, State, present_name
from tests.faults.kill_checkout import ROOT
from tests.faults.verdict import judge
from tests.recommender.purchases import customer
from tracking.orders import SeenOrder, SeenOrderLine

GOODS = [f"thing-{number}" for number in range(24)]
KINDS = (ModelKind.FULL, ModelKind.QUICK, ModelKind.REFRESH)


@dataclass
class Reader:
    """Asks without pause and notes whatever a worker must never meet."""

    shelf: ModelShelf
    people: list[int]
    answers: int = 0
    served: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def ask_on(self) -> None:
        chance = random.Random(7)
        while not self.stop.is_set():
            try:
                self.shelf.forget()
                self._ask(self.shelf.present(), chance)
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
            time.sleep(0.01)

    def _ask(self, model: Artefact | None, chance: random.Random) -> None:
        if model is None:
            if self.served:
                self.wrong.append("no model any more")
            return
        if not self.served or model.name != self.served[-1]:
            if self.served and model.name < self.served[-1]:
                self.wrong.append(f"back from {self.served[-1]} to {model.name}")
            self.wrong += halves_of(model)
            self.served.append(model.name)
        asked = Asked(placement=Placement.HOME, person=Person(customer=chance.choice(self.people)), n=5)
        if not recommend(model, asked, on_sale):
            self.wrong.append(f"nothing to show from {model.name}")
        self.answers += 1


def halves_of(model: Artefact) -> list[str]:
    """What of a model isn't whole."""
    size, people = len(model.products), len(model.customers)
    found = []
    for task, lists in model.lists.items():
        if lists.products.shape[0] != people or lists.why.shape != lists.products.shape:
            found.append(f"{model.name}: {task} has rows for {lists.products.shape[0]} of {people} customers")
        if lists.products.size and int(np.max(lists.products)) >= size:
            found.append(f"{model.name}: {task} names products that there aren't")
        if people and not (lists.products[:, 0] >= 0).any():
            found.append(f"{model.name}: {task} is empty")
    if len(model.together.products) != size or len(model.factors) != size:
        found.append(f"{model.name}: not every product is in it")
    return found


def run(cycles: int, *, seed: int = 1) -> dict[str, int]:
    """Kill `cycles` times and count what is wrong; every count but the informative ones must be 0."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="crash-") as place:
        folder, url = Path(place) / "models", f"sqlite:///{place}/shop.db"
        engine = connect(url)
        ecrm.migrating.upgrade(engine)
        sessions = sessions_on(engine)
        people = _fill(sessions, chance)
        asked = {"url": url, "folder": str(folder), "archive": f"{place}/archive", "zone": "UTC", "keep": 3,
                 "unwanted": [], "descriptions": [(name, name, "things", "", 100.0) for name in GOODS]}  # fmt: skip
        took = {kind: _train(asked, kind, kill_after=None)[1] for kind in KINDS}
        reader = Reader(ModelShelf(sessions, folder), people)
        thread = threading.Thread(target=reader.ask_on)
        thread.start()
        killed, misplaced = 0, 0
        try:
            for cycle in range(cycles):
                _order(sessions, chance, people)
                kind = chance.choice(KINDS)
                moment = chance.uniform(0.6, 1.05) if cycle % 2 else chance.uniform(0, 1)
                done, seconds = _train(asked, kind, kill_after=moment * took[kind])
                killed += not done
                if done:
                    took[kind] = seconds
                misplaced += _misplaced(sessions, folder)
                print(f"\rcycle {cycle + 1}/{cycles}: {killed} killed, {reader.answers} answers", end="", flush=True)
            _order(sessions, chance, people)
            _train(asked, ModelKind.FULL, kill_after=None)
            time.sleep(0.5)
        finally:
            reader.stop.set()
            thread.join(timeout=60)
        print()
        left = [one.name for one in folder.glob(f"{UNFINISHED}*")]
        with sessions() as session:
            served, waiting = present_name(session), _number(session, State.CANDIDATE)
            rows = set(session.scalars(select(Model.name)))
        engine.dispose()
        return {
            "killed (for information)": killed,
            "answers (for information)": reader.answers,
            "models served (for information)": len(reader.served),
            "wrong answers": len(reader.wrong),
            "published without a folder, or more than one being trained": misplaced,
            "the last model isn't the one that is served": int(served != reader.served[-1]),
            "leftovers after a whole training": len(left) + waiting,
            "folders that no row knows": len(set(names(folder)) - rows),
            **{f"  {text[:200]}": 1 for text in reader.wrong[:3]},
        }


def _train(asked: dict[str, object], kind: ModelKind, *, kill_after: float | None) -> tuple[bool, float]:
    """Whether it came to its end, and how long it took."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "ecrm.training_process"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(json.dumps(asked | {"kind": kind.value}))
    process.stdin.close()
    try:
        code = process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        code = process.wait()
    said = process.stderr.read()
    process.stderr.close()
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the trainer failed by itself: {said}")
    return code == 0, time.monotonic() - started


def _misplaced(sessions: sessionmaker[Session], folder: Path) -> int:
    with sessions() as session:
        name = present_name(session)
        candidates = _number(session, State.CANDIDATE)
    return int(name not in names(folder)) + int(candidates > 1)


def _number(session: Session, state: State) -> int:
    return session.scalar(select(func.count()).select_from(Model).where(Model.state == state)) or 0


def _fill(sessions: sessionmaker[Session], chance: random.Random) -> list[int]:
    with sessions.begin() as session:
        people = [customer(session, f"c{number}") for number in range(30)]
    for days_ago in (50, 30, 10, 3):
        for one in people:
            _order(sessions, chance, [one], days_ago=days_ago)
    return people


def _order(
    sessions: sessionmaker[Session], chance: random.Random, people: list[int], *, days_ago: float = 0
) -> None:  # fmt: skip
    at = time.time() - days_ago * 86_400
    with sessions.begin() as session:
        number = (session.scalar(select(func.max(SeenOrder.id))) or 0) + 1
        row = SeenOrder(
            reference=f"R-{number}", customer_id=chance.choice(people), placed_at=datetime.fromtimestamp(at, UTC),
            currency="EUR", goods_minor=300, total_minor=300,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add_all(
            SeenOrderLine(order_id=row.id, position=place, product=name, name=name, quantity=1, net_minor=100)
            for place, name in enumerate(chance.sample(GOODS, 3), start=1)
        )


if __name__ == "__main__":
    judge(run, description="kill -9 of the trainer")

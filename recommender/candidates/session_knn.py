"""Session neighbours: what comes next in a visit, from the recent visits that went alike; knows no customer.

Several witnesses are heard (`session_votes`): visits alike (V-SkNN, Ludewig & Jannach 2018, with the position and
recency weights of STAN, Garg et al. 2019, on the most recent visits of each product only as in Serenade's VMIS-kNN,
Kersbergen et al. 2022), sequential rules (after a came b, the closer the more), item-item cosine over visits, what is
clicked most at present, and how often people come back to what they just saw. How much each of them is believed, the
log itself has taught (`session_tuning`): a multinomial logit over the candidates (McFadden 1974).

Here is the answering, with numpy alone and from arrays that may be mapped; `session_fitting` makes them of a log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Ints
from .session_votes import NOTHING as NOBODY
from .session_votes import Doubles, Said, Voted, begins, by_rows, by_visits, latest_places

LONGEST = 40
"""Of a longer visit its last so many steps count."""
CANDIDATES = 120
"""So many of the products that a witness speaks for are weighed."""
WITNESSES = ("near", "alike", "after", "earlier", "cosine")
SEEN_BEFORE = (1, 2, 3, 8)
"""Products of this visit, by how many others were looked at since: the present one, the one before, …; and older."""
POPULARITIES = 3
FAINT, FAINTEST = 1e-3, 1e-5
"""Added to shares before a logarithm is taken."""
FEATURES = (
    *(f"{witness}_{kind}" for witness in WITNESSES for kind in ("log", "to_best", "share")),
    "popular_now", "popular_lately", "popular_ever", *(f"seen_{back}" for back in SEEN_BEFORE), "seen_long_ago",
)  # fmt: skip
WEIGHTS = (
    0.93, -0.76, 0.43, -0.40, -0.42, 0.05, 0.37, 0.60, 1.18, 0.22, 0.02, -0.75, -0.42, 1.64, -0.58, 0.01, -0.01, -0.06,
    0.04, 0.39, 0.16, 0.36, 0.43,
)  # fmt: skip
"""What holds for most logs, a number a feature: learnt from fourteen very different ones together."""

POPULAR_ALONE = np.array([1.0 if feature.startswith("popular_") else 0.0 for feature in FEATURES])
"""Believed where no witness says anything."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`tuned_settings` finds those that fit a log."""

    neighbours: int = 150
    """Visits that vote."""
    recent: int = 500
    """Of each product the latest so many visits are compared."""
    fade_steps: float = 3.0
    """A step of the question counts 1/e so many steps before the present one."""
    fade_days: float = 30.0
    """A visit votes 1/e after so many days."""
    near: float = 6.0
    """In a neighbour a product votes 1/e so many steps from where both visits last met …"""
    before: float = 0.7
    """… and this much of that if it stands before that place."""
    rarity: float = 0.3
    """A voted product is weighed by its inverse frequency to this power."""
    weights: Sequence[float] = WEIGHTS
    """How much each of `FEATURES` is believed."""


class Foreseen(NamedTuple):
    """Products by number, the chance of each to come next, and the product of the visit that speaks for it most: -1
    where none does, and it is only much looked at."""

    products: Ints
    scores: Floats
    because: Ints


class Weighed(NamedTuple):
    """Candidates × `FEATURES`."""

    products: Ints
    features: Doubles
    because: Ints


SILENT = Voted(NOBODY, NOBODY.scores)
NOTHING = Foreseen(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int32))


NEEDED = frozenset({
    "bounds", "ends_at", "product", "visits", "visits_place", "visits_at", "rarity", "popular", "best",
    "rules", "rules_weight", "rules_at", "cosine", "cosine_weight", "cosine_at",
})  # fmt: skip


class SessionNeighbours:
    """Asked with the products of a visit, the latest last.

    `arrays` are those of `session_fitting.fitted_arrays`: of each visit, the earliest to end first, where its steps
    begin (`bounds`) and when it ended (`ends_at`), the steps' products (`product`); of each product its latest visits
    (`visits`) and its place there (`visits_place`), the rules (`rules`, `rules_weight`) and products alike (`cosine`,
    `cosine_weight`), `_at` being the bounds of each product's entries; `rarity`; `popular` (three rows, shares of the
    clicks lately) and `best` (the products that lead in one of these).

    Raises:
        ValueError: an array isn't there, or the settings' weights are of other features: another version's.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], *, settings: Settings | None = None) -> None:
        missing = NEEDED - arrays.keys()
        if missing:
            raise ValueError(f"arrays of visits are missing: {', '.join(sorted(missing))}")
        self.arrays = arrays
        self.settings = settings or Settings()
        self.products = len(arrays["rarity"])
        self._weights = np.array(self.settings.weights, float)
        if len(self._weights) != len(FEATURES):
            raise ValueError(f"{len(self._weights)} weights for {len(FEATURES)} features")
        self._rarity = arrays["rarity"] ** self.settings.rarity
        self._popular = arrays["popular"].sum(axis=0)
        self._now = float(arrays["ends_at"].max(initial=0.0))

    def foreseen(self, visit: Sequence[int], *, now: float | None = None) -> Foreseen:
        """What may come next, all of `CANDIDATES` at most. Unknown products in the visit are passed over.

        Somebody who did nothing yet gets nothing, somebody who only did what nobody ever did what is popular.
        """
        weighed = self.weighed(visit, now=now)
        if not len(weighed.products):
            return NOTHING
        told = (weighed.because >= 0).any()
        utility = weighed.features @ (self._weights if told else POPULAR_ALONE)
        odds = np.exp(utility - utility.max())
        return Foreseen(weighed.products, (odds / odds.sum()).astype(np.float32), weighed.because)

    def scores(self, visit: Sequence[int], *, now: float | None = None) -> tuple[Ints, Floats]:
        """Products with a score above 0, by number."""
        return self.foreseen(visit, now=now)[:2]

    def ranked(self, visit: Sequence[int], *, n: int, now: float | None = None) -> Ints:
        """The `n` best, ties by the lower number."""
        found, scores = self.scores(visit, now=now)
        best: Ints = found[np.argsort(-scores, kind="stable")[:n]]
        return best

    def weighed(self, visit: Sequence[int], *, now: float | None = None) -> Weighed:
        """The candidates with all that is said of them."""
        if not len(visit) or not len(self.arrays["best"]):
            return Weighed(np.empty(0, np.int32), np.empty((0, len(FEATURES))), np.empty(0, np.int32))
        steps = [product for product in visit if 0 <= product < self.products][-LONGEST:]
        votes, *others = self._heard(steps, self._now if now is None else now) if steps else (SILENT,)
        heard = [votes.near, *others]
        seen = latest_places(steps, LONGEST)
        inside = np.array(list(seen), np.int32)
        said = np.concatenate([one.products for one in heard])
        products = np.sort(np.concatenate([said, inside, self.arrays["best"]]))
        products = products[begins(products)]  # np.unique takes three times as long
        place_of = np.empty(self.products, np.int32)  # filled only where it is read: searching takes ten times as long
        place_of[products] = np.arange(len(products))
        where = place_of[said]
        total = np.zeros((len(WITNESSES), len(products)))
        end = 0
        for row, one in zip((0, 2, 3, 4), heard, strict=False):  # of unknown products nothing but an empty first
            begin, end = end, end + len(one.products)
            total[row] = np.bincount(where[begin:end], one.scores, len(products))
        total[1] = np.bincount(where[: len(votes.alike)], votes.alike, len(products))
        total[0] *= self._rarity[products]
        to_best = total / np.maximum(total.max(axis=1, keepdims=True), 1e-12)
        sums = np.maximum(total.sum(axis=1, keepdims=True), 1e-12)
        back = np.zeros(len(products))
        back[place_of[inside]] = np.arange(1, len(inside) + 1)
        rough = to_best.sum(axis=0) + self._popular[products]
        rough[place_of[inside]] += 10
        kept = _promising(rough)
        because = _because(to_best, kept, heard, where)
        features = _features(
            to_best[:, kept], total[:, kept] / sums, self.arrays["popular"][:, products[kept]], back[kept]
        )
        return Weighed(products[kept], features, because)

    def _heard(self, steps: list[int], now: float) -> tuple[Voted, Said, Said, Said]:
        """What `WITNESSES` say, the first two together."""
        settings = self.settings
        votes = by_visits(
            self.arrays,
            steps,
            now=now,
            neighbours=settings.neighbours,
            fade_steps=settings.fade_steps,
            fade_days=settings.fade_days,
            near=settings.near,
            before=settings.before,
        )
        after = by_rows(self.arrays, "rules", steps[-1:], fade_steps=1.0)
        earlier = by_rows(self.arrays, "rules", steps[:-1], fade_steps=2.0) if len(steps) > 1 else NOBODY
        cosine = by_rows(self.arrays, "cosine", steps, fade_steps=settings.fade_steps)
        return votes, after, earlier, cosine


_SPEAKER = np.array([0, 0, 1, 2, 3])
"""Of each of `WITNESSES` its place in what is heard: the first two speak together."""


def _because(to_best: Doubles, kept: NDArray[np.int64], heard: Sequence[Said], where: Ints) -> Ints:
    """For each candidate kept: the product of the strongest entry of the witness that is loudest for it, or -1."""
    loudest = np.full(to_best.shape[1], -1)
    loudest[kept] = _SPEAKER[to_best[:, kept].argmax(axis=0)]
    who = np.repeat(np.arange(len(heard)), [len(one.products) for one in heard])
    entries = (loudest[where] == who).nonzero()[0]
    scores = np.concatenate([one.scores for one in heard])[entries]
    entries = entries[np.argsort(-scores, kind="stable")[::-1]]  # the last assignment stays: the first of equals
    because = np.full(to_best.shape[1], -1, np.int32)
    because[where[entries]] = np.concatenate([one.because for one in heard])[entries]
    found: Ints = because[kept]
    return found


def _promising(rough: Doubles) -> NDArray[np.int64]:
    """The places of the `CANDIDATES` highest, in order."""
    if len(rough) <= CANDIDATES:
        return np.arange(len(rough))
    found: NDArray[np.int64] = np.argpartition(rough, len(rough) - CANDIDATES)[-CANDIDATES:]
    found.sort()
    return found


def _features(to_best: Doubles, share: Doubles, popular: Floats, back: Doubles) -> Doubles:
    found = np.empty((to_best.shape[1], len(FEATURES)))
    witnesses = 3 * len(WITNESSES)
    found[:, 0:witnesses:3] = np.log(share + FAINT).T
    found[:, 1:witnesses:3] = to_best.T
    found[:, 2:witnesses:3] = share.T
    found[:, witnesses : witnesses + POPULARITIES] = np.log(popular + FAINTEST).T
    found[:, witnesses + POPULARITIES :] = 0
    inside = back.nonzero()[0]
    found[inside, witnesses + POPULARITIES + np.searchsorted(SEEN_BEFORE, back[inside])] = 1
    return found

"""What comes next in a visit, on anybody's click log: this shop's model beside implicit's item-item neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..evaluation import interval
from ..session_evaluation import OURS, Compared, compared
from .click_file import read

QUESTIONS = 20_000
"""So many are drawn of a larger log; an interval of 20,000 is ± .007 at most."""
SHARE = 0.1
STEPS = 6
"""Messages to `progress`."""
Say = Callable[[str], None]


def judged(
    file: Path,
    *,
    say: Say,
    progress: Say = lambda _step: None,
    questions: int = QUESTIONS,
    share: float = SHARE,
) -> dict[str, float | str]:
    """Print the table to `say` and give the figures by name.

    Raises:
        BadClickLog: the file isn't a log of clicks.
    """
    progress(f"reading {file.name}")
    log, products = read(file)
    visits = len(np.unique(log.session))
    days = float(np.ptp(log.at)) / 86_400
    say(f"{len(log.product):,} clicks of {visits:,} visits on {products:,} products over {days:,.1f} days; "
        f"the last {share:.0%} of the visits are asked step by step")  # fmt: skip
    found = compared(log, products=products, share=share, limit=questions, progress=progress)
    _print(found, say)
    return _figures(found)


def _print(found: Compared, say: Say) -> None:
    say(f"\n{found.scores[OURS].questions:,} questions{'':16}{'HR@20':>22}{'MRR@20':>22}{'NDCG@20':>22}")
    for name, scores in found.scores.items():
        shown = (interval(values) for values in (scores.hits, scores.inverse, scores.ndcg))
        say(f"{name:28}" + "".join(f"{one!s:>22}" for one in shown))
    ahead = ", ".join(
        f"{name} {one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})" for name, one in found.ahead().items()
    )
    say(f"ahead of {found.best_other}, question by question: {ahead}")
    say(f"trained in {found.seconds:.1f} s; a question takes {found.milliseconds:.2f} ms of CPU (p50)")


def _figures(found: Compared) -> dict[str, float | str]:
    ours, other, ahead = found.scores[OURS], found.scores[found.best_other], found.ahead()
    figures: dict[str, float | str] = {
        "questions": ours.questions,
        "hr20": round(ours.hit_rate, 4), "mrr20": round(ours.mrr, 4), "ndcg20": round(float(ours.ndcg.mean()), 4),
        "best_knn": found.best_other,
        "knn_hr20": round(other.hit_rate, 4), "knn_mrr20": round(other.mrr, 4),
        "knn_ndcg20": round(float(other.ndcg.mean()), 4),
        "hr20_ahead_low": round(ahead["HR@20"].low, 4), "mrr20_ahead_low": round(ahead["MRR@20"].low, 4),
        "train_s": round(found.seconds, 1), "answer_ms_p50": round(found.milliseconds, 3),
    }  # fmt: skip
    for name, scores in found.scores.items():
        if name != OURS:
            figures[f"{name.replace(' ', '_')}_hr20"] = round(scores.hit_rate, 4)
    return figures

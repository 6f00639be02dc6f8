"""The history of models as staff read it: why one was published or refused, and the way back to an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from recommender import store
from recommender.settling import settling
from recommender.store import Model, ModelKind, State

from .access.audit import Action, record
from .installation import Installation
from .storefront import Staff
from .wording import gettext as _
from .wording import number

ABOUT = "about.json"
"""The file that every finished model's folder has."""


def kept_models(folder: Path) -> list[str]:
    """Names of the models whose files are here; asked of the folder alone, as numpy needn't be loaded for it."""
    return sorted(one.parent.name for one in folder.glob(f"[!.]*/{ABOUT}"))


def go_back(crm: Installation, *, to: str | None, by: Staff, now: datetime) -> Model:
    """Serve the model that was served before, or the one called so; every process does within seconds.

    The audit has it in the same transaction.

    Raises:
        NoSuchModel: there is no such model, or its files aren't kept any more.
    """
    with settling(crm.models.folder), crm.sessions.begin() as session:
        row = store.go_back(session, now, to=to, kept=kept_models(crm.models.folder))
        record(session, by, Action.MODEL_CHOSEN, subject=f"model:{row.name}", now=now)
    crm.models.forget()
    return row


def in_words(row: Model) -> str:
    """What the gate said of a model, with its figures."""
    if row.state == State.CANDIDATE:
        return _("Being trained, or its training was interrupted.")
    if row.state == State.FAILED:
        return _("Its training was interrupted.")
    if row.kind == ModelKind.REFRESH:
        return _("The rankings of %(base)s with the orders since.", base=row.base)
    against = str(row.gate.get("against", ""))
    match row.gate.get("verdict"):
        case "first":
            return _("The first one: there was nothing to compare it with.")
        case "too little":
            return _("Too few customers came back since %(name)s to compare the two.", name=against)
        case "missing":
            return _(
                "Refused: half of the customers or products of %(name)s are missing. Is the order history whole?",
                name=against,
            )
        case "worse":
            return _("Refused, worse than %(name)s: %(figures)s", name=against, figures="; ".join(_figures(row)))
        case "passed":
            return _("Not worse than %(name)s: %(figures)s", name=against, figures="; ".join(_figures(row)))
        case _:
            return _("From before models were compared.")


def _figures(row: Model) -> Iterator[str]:
    tasks = {"next": _("what is bought next"), "new": _("what is bought for the first time")}
    for task, found in row.gate.get("tasks", {}).items():
        low, high = found["difference"][1:]
        yield _(
            "%(task)s, NDCG@10 %(candidate)s against %(present)s (difference %(low)s to %(high)s, %(count)s customers)",
            task=tasks.get(task, task), candidate=_three(found["candidate"][0]), present=_three(found["present"][0]),
            low=_three(low), high=_three(high), count=number(found["customers"]),
        )  # fmt: skip


def _three(value: float) -> str:
    return f"{value:+.3f}" if value < 0 else f"{value:.3f}"

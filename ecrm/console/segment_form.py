"""The editor's form: a segment's rules as fields named by their place, and back; nothing is checked here.

`r.0.group` is the group at the root, `r.0.2.is` and `r.0.2.number` a condition in it. A draft may hold anything that
was typed; `rules.checked` says what is wrong with it, and where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from werkzeug.datastructures import MultiDict

from ecrm.console.spreadsheets import major
from ecrm.customers.segments.fields import Field
from ecrm.customers.segments.kinds import KINDS
from ecrm.customers.segments.rules import GROUPS, group_of
from ecrm.marketing.amounts import typed_amount

ROOT = "0"
MOST_NODES, DEEPEST = 120, 6
_FIELD = re.compile(r"r\.([0-9]{1,3}(?:\.[0-9]{1,3}){0,8})\.([a-z]+)")
Draft = dict[str, Any]


def draft_from(form: MultiDict[str, str]) -> Draft:
    """The rules as they were typed, values as texts; an empty group of all where nothing can be read."""
    nodes: dict[str, dict[str, list[str]]] = {}
    for name in form:
        found = _FIELD.fullmatch(name)
        if found is not None and len(nodes) < MOST_NODES:
            nodes.setdefault(found[1], {})[found[2]] = form.getlist(name)
    return _node(ROOT, nodes, 0) or {"all": []}


def changed(draft: Draft, deed: str, kinds: Mapping[str, str]) -> Draft:
    """The draft after a button: `add <place>`, `group <place>` or `remove <place>`.

    Args:
        kinds: which kind of condition was chosen to be added, by place.
    """
    what, _space, place = deed.partition(" ")
    if what == "remove":
        parent = _find(draft, place.rpartition(".")[0])
        at = place.rpartition(".")[2]
        if parent is not None and at.isdigit() and int(at) < len(_inside(parent)):
            del _inside(parent)[int(at)]
        return draft
    group = _find(draft, place)
    if group is None or group_of(group) is None:
        return draft
    if what == "group":
        _inside(group).append({"any": []})
    elif what == "add" and (kind := KINDS.get(kinds.get(place, ""))) is not None:
        _inside(group).append({"is": kind.name, **{field.name: _first(field) for field in kind.fields}})
    return draft


def with_money(draft: Draft, *, decimals: int, inward: bool, currency: str = "") -> Draft:
    """The draft with its amounts in minor units (`inward`), or as people type them. What is no amount stays."""
    group = group_of(draft)
    if group is not None:
        return {group: [with_money(one, decimals=decimals, inward=inward, currency=currency) for one in draft[group]]}
    kind = KINDS.get(str(draft.get("is")))
    changed = dict(draft)
    for field in kind.fields if kind is not None else ():
        value = changed.get(field.name)
        if field.type != "money" or value in (None, ""):
            continue
        if not inward:
            changed[field.name] = str(major(value, currency)) if isinstance(value, int) else value
        elif isinstance(value, str):
            with suppress(ValueError):  # what is no amount stays a text, which `checked` refuses with its place
                changed[field.name] = typed_amount(value, decimals=decimals)
    return changed


def _node(place: str, nodes: Mapping[str, dict[str, list[str]]], depth: int) -> Draft | None:
    said = nodes.get(place)
    if said is None or depth > DEEPEST:
        return None
    group = said.get("group", [""])[0]
    if group in GROUPS:
        below = [one for one in nodes if one.rpartition(".")[0] == place]
        below.sort(key=lambda one: int(one.rpartition(".")[2]))
        return {group: [node for one in below if (node := _node(one, nodes, depth + 1)) is not None]}
    kind = KINDS.get(said.get("is", [""])[0])
    if kind is None:
        return None
    values = {field.name: said.get(field.name, []) for field in kind.fields}
    many = {field.name for field in kind.fields if field.type == "many"}
    return {"is": kind.name, **{name: some if name in many else "".join(some[:1]) for name, some in values.items()}}


def _find(draft: Draft, place: str) -> Draft | None:
    """The group or condition at a place; None where there is none."""
    parts = place.split(".")
    if parts[0] != ROOT:
        return None
    found = draft
    for part in parts[1:]:
        if group_of(found) is None or not part.isdigit() or int(part) >= len(_inside(found)):
            return None
        found = _inside(found)[int(part)]
    return found


def _inside(group: Draft) -> list[Draft]:
    inside: list[Draft] = group[group_of(group) or ""]
    return inside


def _first(field: Field) -> Any:
    """What a new condition begins with."""
    if field.type == "many":
        return []
    if field.options is not None:
        return next(iter(field.options()), "")
    if field.type == "number" and not field.optional:
        return "30" if field.name == "days" and field.most_now is None else str(max(field.least, 1))
    return ""

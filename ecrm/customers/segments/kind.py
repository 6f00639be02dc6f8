"""Kind: one sort of condition — its fields, its SQL, and the words in which it and a person's own figure are said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from .fields import Field, Words
from .scope import Scope

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """`matching`: a condition on contacts, never NULL. `words`: the condition for a reader. `fact`: what is true of the
    one contact that the scope is narrowed to, e.g. "3 orders".
    """

    name: str
    group: Words
    label: Words
    fields: tuple[Field, ...]
    matching: Callable[[Values, Scope], ColumnElement[bool]]
    words: Callable[[Values, Scope], str]
    fact: Callable[[Session, Values, Scope], str]

"""Conditions on what somebody asks of the shop: their relationship, contacts against orders."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ecrm.service.relationship import Relationship
from ecrm.service.relationship_much import Cell
from ecrm.service.relationship_words import cell_words
from ecrm.wording import gettext as _
from ecrm.wording import ngettext

from .fields import Field
from .kind import Kind, Values
from .scope import Scope


def _in_cells(values: Values, scope: Scope) -> ColumnElement[bool]:
    found = select(Relationship.customer_id).where(Relationship.cell.in_(values["cells"]))
    return scope.of_customers(found, Relationship.customer_id)


def _words(values: Values, _scope: Scope) -> str:
    return _("relationship: %(cells)s", cells=_(" or ").join(cell_words(Cell(one)) for one in values["cells"]))


def _fact(session: Session, _values: Values, scope: Scope) -> str:
    place = session.get(Relationship, scope.customer_id or 0)
    if place is None:
        return _("neither asked nor bought")
    contacts = ngettext("%(num)s contact", "%(num)s contacts", place.contacts)
    orders = ngettext("%(num)s order", "%(num)s orders", place.orders)
    return _("%(cell)s: %(contacts)s, %(orders)s", cell=cell_words(Cell(place.cell)), contacts=contacts, orders=orders)


KINDS = (
    Kind(
        "relationship", lambda: _("Service"), lambda: _("Relationship: asks and buys"),
        (
            Field(
                "cells", "many", lambda: _("Which"), options=lambda: {str(cell): cell_words(cell) for cell in Cell}
            ),
        ),
        _in_cells, _words, _fact,
    ),
)  # fmt: skip

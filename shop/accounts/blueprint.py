"""The blueprint that the modules of this package put their pages on; `views` registers it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

"""The town on a fresh database."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from .town import Town


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)

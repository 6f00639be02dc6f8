"""Words of cases: which case holds which word, so that a search reads an index and not every message.

Portable (one table, one index) instead of each database's own full-text search; whole words and their beginnings are
found, in any language whose words are parted by spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import ColumnElement, ForeignKey, Select, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import Record

LONGEST = 40
MOST = 2000
"""Words of a message that are noted; nobody writes more, and a machine that does shan't fill the table."""
_WORD = re.compile(r"\w+")
_HIGHEST = "\U0010ffff"
# By code points, as SQLite compares anyway: a language's own order would make "beginning with" no range.
_Word = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")


class CaseWord(Record):
    """A word that stands in a case's subject or messages, folded."""

    __tablename__ = "ecrm_case_word"

    word: Mapped[str] = mapped_column(_Word, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("ecrm_case.id"), primary_key=True, index=True)


def words_in(text: str) -> list[str]:
    """The words of a text, each once, without accents and case: `Größe` is found as `grosse`."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return list(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(bare)))


def note_words(session: Session, case_id: int, texts: Iterable[str]) -> None:
    """Note the words of a case's new texts."""
    found = words_in(" ".join(texts))[:MOST]
    if not found:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"word": word, "case_id": case_id} for word in found]
    session.execute(insert(CaseWord).on_conflict_do_nothing(), rows)


def cases_with(asked: str) -> Select[int] | None:
    """A query for the ids of cases that hold every word asked for, the last one also as a beginning; None for none."""
    wanted = words_in(asked)[:8]
    if not wanted:
        return None
    query = select(CaseWord.case_id).where(_starts_with(wanted[-1])).distinct()
    for word in wanted[:-1]:
        query = query.where(CaseWord.case_id.in_(select(CaseWord.case_id).where(CaseWord.word == word)))
    return query


def _starts_with(word: str) -> ColumnElement[bool]:
    return CaseWord.word.between(word, word + _HIGHEST)

"""What an e-mail came from, in words: "mailing:7" by its name, "flow:welcome" as a flow."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.wording import gettext as _
from mailer.mailings import Mailing


def source_words(session: Session, sources: Collection[str]) -> dict[str, str]:
    """Each source's words; an empty one is what somebody waits for."""
    numbers = {int(one[8:]) for one in sources if one.startswith("mailing:") and one[8:].isdigit()}
    names = {row[0]: row[1] for row in session.execute(select(Mailing.id, Mailing.name).where(Mailing.id.in_(numbers)))}
    return {one: _words(one, names) for one in sources}


def _words(source: str, names: dict[int, str]) -> str:
    kind, _colon, what = source.partition(":")
    if kind == "mailing" and what.isdigit() and int(what) in names:
        return _("Mailing “%(name)s”", name=names[int(what)])
    if kind == "flow":
        return _("Flow “%(name)s”", name=what.replace("_", " "))
    return source or _("Orders, links and other e-mails that somebody waits for")

"""What clients sent and could not be stored is seen on the page System, listed by a command, and tried again."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.digest import body_of, digest_next
from tracking.clickstream.inbox import InboxEntry
from tracking.clickstream.sightings import Sighting


def run(desk: Flask, *words: str) -> str:
    result = desk.test_cli_runner().invoke(args=["ecrm", "inbox", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_put_aside_is_named_and_tried_again(
    desk: Flask, browser: FlaskClient, ada: int, sessions: sessionmaker[Session]
) -> None:
    assert run(desk) == "Nothing is put aside.\n"
    assert "everything that was accepted could be stored" in browser.get("/console/system").text

    # given
    now = datetime.now(UTC)
    with sessions.begin() as session:
        session.add(InboxEntry(received_at=now, messages=1, body=b"nothing that anybody could read"))
    assert digest_next(sessions, "UTC").set_aside == 1

    # then: it is named, and stays aside as long as it can't be stored
    assert run(desk).startswith("1 entries are put aside.\n")
    assert "flask ecrm inbox" in browser.get("/console/system").text
    assert "1 put aside" in run(desk, "--retry")

    # when: what was wrong with it is mended
    with sessions.begin() as session:
        session.execute(update(InboxEntry).values(body=body_of([Sighting(now, "Page Viewed", "/")])))
    assert run(desk, "--retry").startswith("1 entries were tried again: 1 messages of the inbox digested.\n")
    assert run(desk) == "Nothing is put aside.\n"

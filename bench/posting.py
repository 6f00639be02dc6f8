"""What the bench of ingest posts: page views of many browsers, as Segment's SDK for servers sends them."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

from ecrm.installation import Installation
from tracking.clickstream.digest import body_of
from tracking.clickstream.sightings import Sighting
from tracking.visitors import Grade

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


class Post:
    """A request, made before the clock runs."""

    def __init__(self, name: str, size: int, key: str) -> None:
        made = messages(name, size)
        self.ids = [str(message["messageId"]) for message in made]
        self.path = "/v1/page" if size == 1 else "/v1/batch"
        sent = {"batch": made, "sentAt": made[0]["timestamp"]}
        self.body = json.dumps(made[0] if size == 1 else sent).encode()
        user = base64.b64encode(f"{key}:".encode()).decode()
        self.headers = {"Content-Type": "application/json", "Authorization": f"Basic {user}"}


def messages(name: str, size: int) -> list[dict[str, object]]:
    """Page views with ids of their own; a browser has some ten."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return [
        {
            "type": "page",
            "messageId": f"{name}-{number}",
            "anonymousId": f"browser-{hash(name) % 997}-{number // 10}",
            "timestamp": now,
            "properties": {"path": f"/p/{number % 40}", "title": "A kite"},
            "context": {"userAgent": _BROWSER, "library": {"name": "bench", "version": "1"}},
        }
        for number in range(size)
    ]


def backlog(crm: Installation, rows: int, batch: int, *, name: str = "backlog") -> None:
    """Fill the inbox with the messages of as many requests as it takes; `name` begins their ids."""
    now = datetime.now(UTC)
    for start in range(0, rows, batch):
        steps = [
            Sighting(
                now, "Page Viewed", f"/p/{number % 40}", {"path": f"/p/{number % 40}", "title": "A kite"},
                visitor_token=f"{name}-{number // 10}", grade=Grade.ANALYTICS, user_agent=_BROWSER,
                path=f"/p/{number % 40}", message_id=f"{name}-{number}",
            )
            for number in range(start, min(start + batch, rows))
        ]  # fmt: skip
        crm.inbox.on_accept = lambda: None  # nobody digests before the clock runs
        crm.inbox.accept(body_of(steps), len(steps))

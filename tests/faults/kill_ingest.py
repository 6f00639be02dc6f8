"""`make crash-ingest`: kill -9 of the whole server while clients send, and send again until they are answered.

Four clients send batches and single messages over HTTP and note, outside of the server, which messages it acknowledged.
At random moments the server's process group is killed and started again; a client without an answer sends the same
messages again, with the same ids. Afterwards the database is read from outside: every acknowledged message is an event,
none is two, and what the roll-ups counted is what the events say.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.kill_checkout import ROOT, Server, prepare
from tests.faults.verdict import judge

CLIENTS = 4
BATCH = 20


@dataclass
class Tally:
    """What the clients know: ids they sent, ids the shop acknowledged, and answers that no client should get."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    retries: int = 0
    sending: threading.Event = field(default_factory=threading.Event)


def send_on(port: int, key: str, tally: Tally, stop: threading.Event, seed: int) -> None:
    """Send until told to stop, the same messages again as long as nobody answers."""
    chance = random.Random(seed)
    number = 0
    while not stop.is_set():
        number += 1
        single = chance.random() < 0.3
        messages = [_message(f"c{seed}-{number}-{n}", chance) for n in range(1 if single else BATCH)]
        body = messages[0] if single else {"batch": messages, "sentAt": messages[0]["timestamp"]}
        path = "/v1/page" if single else "/v1/batch"
        ids = {str(message["messageId"]) for message in messages}
        tally.sent |= ids
        while True:
            tally.sending.set()
            try:
                status, said = _post(port, key, path, body)
            except (OSError, http.client.HTTPException):
                tally.retries += 1
                if stop.is_set():
                    return
                time.sleep(0.02)
                continue
            if status == 200 and said["accepted"] == len(ids):
                tally.acknowledged |= ids
                if chance.random() < 0.1:  # the answer was lost on the way, as far as this client knows
                    continue
            elif status != 503:
                tally.wrong.append(f"{status} {said}")
            break


def _message(message_id: str, chance: random.Random) -> dict[str, object]:
    return {
        "type": "page",
        "messageId": message_id,
        "anonymousId": f"browser-{chance.randrange(50)}",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "properties": {"path": f"/p/{chance.randrange(20)}"},
        "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"},
    }


def _post(port: int, key: str, path: str, body: object) -> tuple[int, dict[str, int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        user = base64.b64encode(f"{key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {user}"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def run(cycles: int, *, seed: int = 1) -> dict[str, int]:
    """Kill `cycles` times and count what is wrong; every count but the informative ones must be 0."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="crash-", ignore_cleanup_errors=True) as folder:
        var = Path(folder)
        prepare(var)
        server, tally, stop = Server(var), Tally(), threading.Event()
        key = _write_key(server.environment)
        server.start()
        clients = [
            threading.Thread(target=send_on, args=(server.port, key, tally, stop, n), daemon=True)
            for n in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for cycle in range(cycles):
            tally.sending.clear()
            if not tally.sending.wait(timeout=60):
                raise TimeoutError("nobody sends any more")
            time.sleep(chance.uniform(0, 0.8))
            server.kill()
            server.start()
            print(f"\rcycle {cycle + 1}/{cycles}: {len(tally.acknowledged)} acknowledged", end="", flush=True)
        time.sleep(1)
        stop.set()
        for client in clients:
            client.join(timeout=60)
        server.close()
        _command(server.environment, "run", "digest")
        print()
        return audit(var / "shop.db", tally)


def _write_key(environment: dict[str, str]) -> str:
    return _command(environment, "write-key", "crash test", "--kind", "server").split()[-1]


def _command(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "ecrm", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120, capture_output=True, text=True)
    return done.stdout


def audit(database: Path, tally: Tally) -> dict[str, int]:
    """Read the database from outside and count."""
    with contextlib.closing(sqlite3.connect(database)) as connection:

        def number(question: str) -> int:
            return int(connection.execute(question).fetchone()[0] or 0)

        ids = [row[0] for row in connection.execute("SELECT message_id FROM ecrm_event WHERE message_id IS NOT NULL")]
        views = number("SELECT count(*) FROM ecrm_event WHERE name = 'Page Viewed'")
        return {
            "events (for information)": len(ids),
            "acknowledged (for information)": len(tally.acknowledged),
            "retries after no answer (for information)": tally.retries,
            "acknowledged messages lost": len(tally.acknowledged - set(ids)),
            "messages stored twice": len(ids) - len(set(ids)),
            "events nobody sent": len(set(ids) - tally.sent),
            "messages left in the inbox": number("SELECT count(*) FROM ecrm_inbox"),
            "page views of the days that aren't events": abs(
                number("SELECT sum(page_views) FROM ecrm_day_figures") - views
            ),
            "page views of the pages that aren't events": abs(number("SELECT sum(views) FROM ecrm_page_day") - views),
            "page views of visits that aren't events": abs(number("SELECT sum(page_views) FROM ecrm_session") - views),
            "visits of the days that aren't visits": abs(
                number("SELECT sum(sessions) FROM ecrm_day_figures") - number("SELECT count(*) FROM ecrm_session")
            ),
            "wrong answers": len(tally.wrong),
            **{f"  {text[:200]}": 1 for text in tally.wrong[:3]},
        }


if __name__ == "__main__":
    judge(run, description="kill -9 during ingest")

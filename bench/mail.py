"""What an e-mail costs: a personalised mailing end to end, beside smtplib and beside the naive way, in one run.

    python -m bench.mail --shop var [--recipients 4000] [--connections 8] [--big 100000]

`--shop` is the folder of a demo shop (`make demo`), with its database and its trained model; it is copied. Each e-mail
has a text, a product grid and recommendations of its own, signed links, and goes through budget, consent and hand-over.
Once each is also signed (DKIM, RSA-2048). CPU is that of the sending process alone; the sink and the delaying are
processes of their own. `--big`: a list of so many, most of them new to the shop, and what it costs from start to end.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import shutil
import smtplib
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Flask
from sqlalchemy import func, insert, select, update

from ecrm import migrating as crm_migrating
from ecrm.flow_shop import budget_of
from ecrm.installation import Installation, installation
from ecrm.letters import shop_context
from ecrm.mail_writer import ShopMailWriter, mail_writer
from mailer import mailing_expansion, mailings
from mailer.addressing import Mailbox
from mailer.consent import Subscription
from mailer.contacts import Contact
from mailer.dkim import Key, Signer
from mailer.mailings import Mailing, MailingVariant
from mailer.outbox import Email, State
from mailer.sender import Desk, send_due
from mailer.smtp import SmtpTransport
from mailer.writing import Written
from shop.app import create_app
from shop.database import db
from tests.faults.mail_sink import sink, taken
from tracking.customers import Customer

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
WORDS = (
    "# A good week\nDear {{ first_name | friend }}, see [what is new](/) at {{ shop_name }}.\n\n"
    "Fresh goods arrive every morning, and what you like best is ready for you.\n\n"
    "We look forward to your visit, and wish you a good week."
)
TEXT = {"kind": "text", "text": WORDS}


@dataclass
class Cost:
    """Seconds of the clock and of this process's CPU."""

    e_mails: int
    wall: float
    cpu: float

    def line(self, what: str) -> None:
        each = self.cpu / max(self.e_mails, 1) * 1000
        rate, a_core = self.e_mails / self.wall, self.e_mails / max(self.cpu, 1e-9)
        print(f"{what:58} {rate:8,.0f}/s  {a_core:8,.0f}/s a core  {each:6.3f} ms CPU each")


def measured(work: Callable[[], int]) -> Cost:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    number = work()
    return Cost(number, time.perf_counter() - wall, time.process_time() - cpu)


class Clock:
    """Runs from a Tuesday's noon, when nobody's night or holiday holds an e-mail back."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=time.monotonic() - self.start)


def recipients(crm: Installation, number: int) -> None:
    """A contact each of the shop's customers, all of whom want offers; beyond them people who are new."""
    with crm.sessions.begin() as session:
        customers = list(session.scalars(select(Customer.id).order_by(Customer.id).limit(number)))
        first = (session.scalar(select(func.max(Contact.id))) or 0) + 1
        after = session.scalar(select(func.max(Customer.id))) or 0
        new = [
            {"id": one, "email": f"new{one}@example.com", "email_folded": f"new{one}@example.com", "traits": {},
             "created_at": NOON}
            for one in range(after + 1, after + 1 + number - len(customers))
        ]  # fmt: skip
        customers += [one["id"] for one in new]
        rows = [
            {"id": first + one, "folded": f"bench{one}@example.com", "address": f"bench{one}@example.com",
             "customer_id": customers[one], "created_at": NOON, "tracking_allowed": one % 2 == 0, "blocked": 0}
            for one in range(number)
        ]  # fmt: skip
        session.execute(update(Contact).values(folded=None))
        session.execute(update(Subscription).values(wanted=False))
        for at in range(0, len(new), 5000):
            session.execute(insert(Customer), new[at : at + 5000])
        for at in range(0, number, 5000):
            session.execute(insert(Contact), rows[at : at + 5000])
            session.execute(
                insert(Subscription),
                [{"contact_id": row["id"], "topic": "offers", "wanted": True, "changed_at": NOON}
                 for row in rows[at : at + 5000]],
            )  # fmt: skip


def start_mailing(crm: Installation, blocks: list[dict[str, Any]]) -> int:
    """A mailing to everybody who wants offers, written into the outbox; how many e-mails."""
    with crm.sessions.begin() as session:
        made = mailings.create(session, name="Bench", topic="offers", by="bench", now=NOON)
        variant = session.get_one(MailingVariant, (made.id, "a"))
        variant.subject, variant.content = "For you, {{ first_name | friend }}", {"blocks": blocks}
        session.flush()
        mailings.schedule(session, made.id, at=NOON, now=NOON)
        mailings.start_due(session, now=NOON)
        number = made.id
    queued, more = 0, True
    while more:
        with crm.sessions.begin() as session:
            chunk = mailing_expansion.expand(
                session, number, members=mailing_expansion.everybody, sender=Mailbox("Shop", "shop@example.com"),
                now=NOON,
            )  # fmt: skip
        queued, more = queued + chunk.queued, chunk.more
    return queued


def forget(crm: Installation) -> None:
    """What was sent, so that the next mailing's recipients have their whole budget."""
    with crm.sessions.begin() as session:
        session.execute(update(Email).values(contact_id=None, transactional=True, state=State.SENT))
        session.execute(update(Mailing).values(state="finished"))


def fixed_bytes(port: int, number: int) -> int:
    body = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\n" + b"<td>some words</td>\r\n" * 1000
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(number):
            server.sendmail("a@example.com", ["b@example.com"], body)
    return number


def naive(crm: Installation, port: int, number: int) -> int:
    """The same e-mails, each rendered and inlined by itself, put together by EmailMessage, sent over its own connection
    and marked by itself."""
    writer = ShopMailWriter(crm)
    with crm.sessions() as session:
        emails = session.scalars(select(Email).where(Email.state == State.QUEUED).limit(number)).all()
        for email in emails:
            writer.mailings.forget()
            (words,) = writer.write(session, [email], now=NOON)
            assert isinstance(words, Written)
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "a@example.com", email.to_address, words.subject
            message["Message-ID"], message["List-Unsubscribe"] = email.message_id, f"<{words.unsubscribe_url}>"
            message.set_content(words.text)
            message.add_alternative(words.html, subtype="html")
            with smtplib.SMTP("127.0.0.1", port) as server:
                server.send_message(message)
            session.execute(update(Email).where(Email.id == email.id).values(last_error="sent"))
            session.commit()
    return len(emails)


def ours(crm: Installation, port: int, number: int, *, connections: int, desk: Desk) -> int:
    transport, sent = SmtpTransport("127.0.0.1", port, connections=connections, most=10_000), 0
    clock = Clock()
    while sent < number:
        report = send_due(crm.sessions, transport, clock=clock, limit=number - sent, desk=desk)
        if not report.sent:
            raise SystemExit(f"only {sent} of {number} were sent: {report}")
        sent += report.sent
    return sent


def peak() -> float:
    """MB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def big(crm: Installation, log: Path, number: int, desk: Desk, connections: int) -> None:
    """A long list: memory over idle, and whether the last tenth costs more than the first."""
    before = peak()
    grown = 0.0
    with sink(log) as port:
        begin = time.process_time()
        queued = start_mailing(crm, [TEXT, {"kind": "button", "words": "To the shop", "link": "/"}])
        print(
            f"{queued:,} recipients written into the outbox: {(time.process_time() - begin) / queued * 1e6:.0f} µs each"
        )
        transport = SmtpTransport("127.0.0.1", port, connections=connections, most=10_000)
        clock, sent, tenth = Clock(), 0, max(1, queued // 10)
        while sent < queued:
            cost = measured(lambda: send_due(crm.sessions, transport, clock=clock, limit=tenth, desk=desk).sent)
            if not cost.e_mails:
                raise SystemExit("nothing was sent")
            sent, grown = sent + cost.e_mails, max(grown, peak() - before)
            cost.line(f"  {sent:,} of {queued:,}; {grown:.0f} MB over idle")


def app_of(folder: Path) -> Flask:
    """The copied shop, with the databases' tables brought up to date."""
    app = create_app(
        {"SHOP_ENV": "demo", "SHOP_VAR": str(folder), "ECRM_JOBS": "outside", "ECRM_MAIL_TRANSPORT": "memory",
         "SHOP_BASE_URL": "https://shop.example", "ECRM_MODEL_FOLDER": str(folder / "models"),
         "ECRM_ARCHIVE_FOLDER": str(folder / "archive")}
    )  # fmt: skip
    with app.app_context():
        crm_migrating.upgrade(db.engine)
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shop", type=Path, default=Path("var"))
    parser.add_argument("--recipients", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--big", type=int, default=0)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-mail-") as place:
        folder, log = Path(place) / "var", Path(place) / "log"
        shutil.copytree(asked.shop, folder)
        app = app_of(folder)
        with app.app_context():
            run(installation(app), log, asked)


def run(crm: Installation, log: Path, asked: argparse.Namespace) -> None:
    desk = Desk(writer=mail_writer(crm), admit=budget_of(crm).admit)
    with shop_context(crm):
        products = [card.product_id for card in crm.storefront.products(crm.storefront.best_sellers(limit=4))]
    grid = {"kind": "products", "title": "New", "source": "chosen", "products": products, "count": 2, "columns": 2}
    recommended = {"kind": "recommendations", "title": "For you", "count": 4, "columns": 2}
    whole = [TEXT, grid, recommended, {"kind": "button", "words": "To the shop", "link": "/"}]
    with crm.sessions() as session:
        asked.recipients = min(asked.recipients, session.scalar(select(func.count()).select_from(Customer)) or 0)
    print(f"{asked.recipients:,} customers of the shop")
    recipients(crm, asked.recipients)
    signer = Signer("example.com", [Key("s", generate_private_key(public_exponent=65537, key_size=2048))])
    with sink(log) as port:
        measured(lambda: fixed_bytes(port, asked.recipients)).line("smtplib, fixed bytes, one connection")
        start_mailing(crm, whole)
        slow = measured(lambda: naive(crm, port, min(300, asked.recipients)))
        forget(crm)
        slow.line("naive: render, inline, EmailMessage, connection each")
        for what, blocks, how in (
            ("text only", [TEXT], desk),
            ("text, grid, own recommendations, signed links", whole, desk),
            ("the same, DKIM RSA-2048", whole, replace(desk, sign=signer)),
        ):
            number = start_mailing(crm, blocks)
            cost = profiled(
                asked.profile and what.endswith("links"),
                lambda n=number, d=how: measured(lambda: ours(crm, port, n, connections=asked.connections, desk=d)),
            )
            cost.line(f"ours, {asked.connections} connections: {what}")
            forget(crm)
            if blocks is whole:
                print(f"{'':58} {slow.cpu / slow.e_mails / (cost.cpu / cost.e_mails):8.1f} times the naive way")
    for connections, delay in ((1, 20.0), (32, 20.0)):
        number = start_mailing(crm, whole)
        with sink(log, "--delay", str(delay)) as port:
            some = min(number, 200 if connections == 1 else number)
            cost = measured(
                lambda p=port, n=some, c=connections: ours(crm, p, n, connections=c, desk=desk)  # type: ignore[misc]
            )
            cost.line(f"ours, {delay:.0f} ms a round trip, {connections} connections")
        forget(crm)
    with suppress(FileNotFoundError):
        print(f"{sum(taken(log).values()):,} e-mails were taken in all")
        os.unlink(log)
    if asked.big:
        recipients(crm, asked.big)
        big(crm, log, asked.big, desk, asked.connections)


def profiled(wanted: bool, work: Callable[[], Cost]) -> Cost:
    if not wanted:
        return work()
    import cProfile
    import pstats

    profile = cProfile.Profile()
    cost = profile.runcall(work)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(110)
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)
    return cost


if __name__ == "__main__":
    main()

"""The timetable: what the CRM does by itself, when, and in which words it says what it did.

Each job is also a command (`flask ecrm run NAME`), so that cron can do what APScheduler does. A job marked `once`
is claimed by a unique row a slot, so that any number of workers never doubles a run; the others work on rows that
are claimed one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from mailer.claims import Stream
from mailer.reputation import guard
from recommender.store import ModelKind
from tracking.clickstream.digest import Digested, digest_next

from .carriers.asking import follow_parcels
from .customers.worth_book import bring_worth_up_to_date
from .delays import look_after_delays
from .doctoring import examine_daily
from .erasing import forget_unconfirmed
from .flows import run as run_flows
from .installation import Installation
from .job_runs import JobRun
from .keeping import close_days, retain
from .mail_reports.mailbox import read_mailbox
from .mailings import run as run_mailings
from .marketing.attribution.missing import AGAIN, attribute_nightly, book_due
from .marketing.bandit import allocate
from .marketing.imports.uploads import forget_abandoned
from .marketing.recommended.crediting import rules_of as recommended_rules
from .marketing.recommended.proof import credit_late_clicks
from .parcels import announce_again
from .reactions import run_reactions
from .rehearsal_book import run_asked
from .sending import send
from .service.cases import adopt_rest
from .service.desk import look_after_cases
from .service.intake import digest_waiting
from .service.relationship_counting import count_all
from .service.relationship_much import Much
from .service.satisfaction import ask_all
from .training import bring_up_to_date, train_apart
from .voice.answered import tell_answered
from .voice.questions import forget_unconfirmed as forget_questions
from .waiting.looking import look_after_all

KEEP_RUNS = timedelta(days=90)


@dataclass(frozen=True)
class Job:
    """`every` for short intervals, `at` ("HH:MM" in the shop's zone) for daily ones."""

    name: str
    does: str
    run: Callable[[Installation], str]
    every: timedelta | None = None
    at: str = ""
    once: bool = False


def react(crm: Installation) -> str:
    """Reactions that a crash or an error left behind."""
    return f"{run_reactions(crm)} reactions done"


def send_mail(crm: Installation) -> str:
    """E-mails that somebody waits for, to the transport."""
    return str(send(crm, Stream.TRANSACTIONAL))


def send_marketing(crm: Installation) -> str:
    """The others, apart from those, so that a mailing delays no confirmation."""
    return str(send(crm, Stream.MARKETING))


def flows(crm: Installation) -> str:
    """Who enters a flow, who leaves it, and whose next e-mail is due."""
    return run_flows(crm)


def mailings(crm: Installation) -> str:
    """Mailings that are due, from their recipients to their end."""
    return run_mailings(crm)


def read_reports(crm: Installation) -> str:
    """Bounces, complaints and letters to the desk, from the mailbox that they are sent to."""
    return read_mailbox(crm, now=datetime.now(UTC))


def digest_mail(crm: Installation) -> str:
    """Letters to the desk that a crash left unread."""
    return f"{digest_waiting(crm, now=datetime.now(UTC))} letters made cases"


def ask_content(crm: Installation) -> str:
    """Customers whose case was solved: did that help?"""
    return f"{ask_all(crm, now=datetime.now(UTC))} asked whether they were helped"


def guard_sender(crm: Installation) -> str:
    """Pause marketing that too many complain about, or that comes back."""
    with crm.sessions.begin() as session:
        return "; ".join(guard(session, now=datetime.now(UTC))) or "nothing to pause"


def delays(crm: Installation) -> str:
    """Which parcels won't come as promised; their buyers are told before they ask."""
    return str(look_after_delays(crm, now=datetime.now(UTC)))


def repeat_deliveries(crm: Installation) -> str:
    """Deliveries, announced again to a shop that may have missed them."""
    return f"{announce_again(crm, now=datetime.now(UTC))} deliveries announced again"


def adopt_cases(crm: Installation) -> str:
    """Cases of proved addresses, to their customers."""
    return f"{adopt_rest(crm.sessions, now=datetime.now(UTC))} cases joined the customer who proved their address"


def poll_carriers(crm: Installation) -> str:
    """Where parcels are that are under way, from whoever follows them for the shop."""
    with crm.app.app_context():
        return follow_parcels(crm, clock=lambda: datetime.now(UTC))


def rehearse(crm: Installation) -> str:
    """Rehearsals that somebody waits for in the console."""
    return run_asked(crm)


def digest(crm: Installation) -> str:
    """Messages that a crash left in the inbox of the collector."""
    zone, done = crm.storefront.facts().time_zone, Digested()
    while (more := digest_next(crm.sessions, zone, archive=crm.archive)).anything:
        done += more
    return str(done)


def learn(crm: Installation) -> str:
    """Train the recommender on all orders and publish the model if it isn't worse than the present one."""
    return train_apart(crm, ModelKind.FULL)


def refresh(crm: Installation) -> str:
    """Rank anew for those who ordered since the model was trained; in a young shop, train the first ones."""
    return bring_up_to_date(crm)


def attribute(crm: Installation) -> str:
    """Credit what isn't credited yet, learn what each channel is worth, put the last days' orders right."""
    words = str(attribute_nightly(crm))
    with crm.app.app_context(), crm.sessions.begin() as session:
        since = datetime.now(UTC) - AGAIN
        changed = credit_late_clicks(session, since=since, rules=recommended_rules(crm))
    return f"{words}; {changed} credits of recommendations put right"


def credit_anew(crm: Installation) -> str:
    """Credit the orders anew that a changed campaign or a file of costs concerns."""
    return f"{book_due(crm)} orders credited anew"


def share_out(crm: Installation) -> str:
    """Make tomorrow's shares of the strategies that are tried against each other."""
    with crm.sessions.begin() as session:
        made = allocate(session, zone=crm.storefront.facts().time_zone, now=datetime.now(UTC))
    return f"tomorrow's shares of {len(made)} experiments made"


def waiting(crm: Installation) -> str:
    """Who waits for a product that came back or got cheaper, in shops that don't tell of it; what nobody proved."""
    return look_after_all(crm, now=datetime.now(UTC))


def value_customers(crm: Installation) -> str:
    """Work out each customer's RFM group and expected revenue, and the labels of products that segments ask for."""
    return str(bring_worth_up_to_date(crm, now=datetime.now(UTC)))


def tell_answers(crm: Installation) -> str:
    """Who asked about a product, or wanted to know, too, that there is an answer."""
    return f"{tell_answered(crm, now=datetime.now(UTC))} told that their question is answered"


def place_customers(crm: Installation) -> str:
    """Count who asks and who buys, for the relationship rules."""
    config = crm.app.config
    much = Much.parse(config["ECRM_RELATIONSHIP_MUCH"])
    return str(count_all(crm.sessions, days=config["ECRM_RELATIONSHIP_DAYS"], much=much, now=datetime.now(UTC)))


def tidy(crm: Installation) -> str:
    """Forget job runs older than 90 days, addresses that nobody confirmed within a month, files that nobody entered."""
    with crm.sessions.begin() as session:
        gone = session.execute(delete(JobRun).where(JobRun.started_at < datetime.now(UTC) - KEEP_RUNS))
        forget_questions(session, now=datetime.now(UTC))
        forget_abandoned(session, now=datetime.now(UTC))
    unconfirmed = forget_unconfirmed(crm)
    return f"{getattr(gone, 'rowcount', 0)} old job runs and {unconfirmed} unconfirmed addresses forgotten"


TIMETABLE: tuple[Job, ...] = (
    Job("react", "runs reactions that are still owed", react, every=timedelta(seconds=5)),
    Job("digest", "counts what a crash left in the collector's inbox", digest, every=timedelta(seconds=10)),
    Job("send-mail", "sends e-mails that somebody waits for", send_mail, every=timedelta(seconds=3)),
    Job("send-marketing", "sends mailings and flows", send_marketing, every=timedelta(seconds=3)),
    Job(
        "mailings",
        "starts mailings and queues their e-mails",
        mailings,
        every=timedelta(seconds=5),
    ),
    Job("flows", "lets people into flows and queues their e-mails", flows, every=timedelta(minutes=1)),
    Job(
        "tell-delays",
        "notices parcels that are going to be late, and writes to their buyers",
        delays,
        every=timedelta(minutes=30),
    ),
    Job("poll-carriers", "asks where parcels are that are under way", poll_carriers, every=timedelta(minutes=1)),
    Job(
        "repeat-deliveries",
        "announces deliveries again, in case the shop missed one",
        repeat_deliveries,
        every=timedelta(hours=1),
    ),
    Job("rehearse", "plays the rehearsals that were asked for", rehearse, every=timedelta(seconds=10)),
    Job(
        "close-days",
        "moves past days' figures into sheets and old steps into the archive",
        close_days,
        at="02:20",
        once=True,
    ),
    Job(
        "read-reports",
        "reads bounces, complaints and letters to the desk from their mailbox",
        read_reports,
        every=timedelta(seconds=60),
    ),
    Job(
        "digest-mail",
        "makes cases of letters that a crash left unread",
        digest_mail,
        every=timedelta(minutes=2),
    ),
    Job(
        "ask-content",
        "asks customers whose case was solved whether that helped",
        ask_content,
        every=timedelta(minutes=5),
    ),
    Job(
        "guard-sender",
        "pauses marketing that too many complain about, or that comes back",
        guard_sender,
        every=timedelta(seconds=10),
    ),
    Job(
        "examine-mail",
        "looks whether the DNS and the mail server still speak for the shop's e-mails",
        examine_daily,
        at="05:10",
        once=True,
    ),
    Job("retain", "forgets steps that are older than the shop keeps them", retain, at="02:50", once=True),
    Job("learn", "trains the recommendations on all orders", learn, at="03:10", once=True),
    Job(
        "refresh",
        "brings the recommendations of those who ordered up to date",
        refresh,
        every=timedelta(minutes=10),
    ),
    Job(
        "attribute",
        "credits orders to what brought them and learns each channel's worth",
        attribute,
        at="03:40",
        once=True,
    ),
    Job(
        "credit-anew",
        "credits orders anew that a changed campaign or a file of costs concerns",
        credit_anew,
        every=timedelta(seconds=30),
    ),
    Job(
        "share-out",
        "gives strategies that are tried against each other tomorrow's share of the visitors",
        share_out,
        at="23:40",
        once=True,
    ),
    Job(
        "desk",
        "marks cases that missed a target, gives waiting ones to agents, closes what stayed solved",
        look_after_cases,
        every=timedelta(minutes=1),
    ),
    Job(
        "adopt-cases",
        "gives cases of an address to the account that proved it, where signing in left some",
        adopt_cases,
        every=timedelta(minutes=10),
    ),
    Job("waiting", "looks after who waits for a product", waiting, every=timedelta(minutes=1)),
    Job(
        "value-customers",
        "works out RFM groups and expected revenue (CLV) of all customers",
        value_customers,
        at="04:20",
        once=True,
    ),
    Job(
        "tell-answers",
        "tells who asked about a product that there is an answer",
        tell_answers,
        every=timedelta(minutes=1),
    ),
    Job(
        "place-customers",
        "counts who asks and who buys, for the relationship rules",
        place_customers,
        at="04:40",
        once=True,
    ),
    Job("tidy", "forgets old job runs, and addresses that nobody confirmed", tidy, at="04:00", once=True),
)


def job_named(name: str) -> Job:
    """The job of this name.

    Raises:
        KeyError: where there is none; the message lists the names.
    """
    for job in TIMETABLE:
        if job.name == name:
            return job
    raise KeyError(f"no job is called {name!r}; there are {', '.join(job.name for job in TIMETABLE)}")

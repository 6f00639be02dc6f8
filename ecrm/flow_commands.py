"""`flask ecrm rehearse`: what flows would have sent in the past days, shown and not sent."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import click
from flask.cli import AppGroup, with_appcontext
from rich.console import Console
from rich.table import Table

from mailer.flows.rehearsing import Rehearsed
from mailer.flows.shadow import NoShadow

from .installation import installation
from .rehearsal import NotRehearsable, rehearse_flows


def add_to(commands: AppGroup) -> None:
    """Add these commands to `flask ecrm`."""
    commands.add_command(rehearse)


@click.command("rehearse")
@click.argument("flow")
@click.option("--days", default=30, show_default=True, help="How many past days to play.")
@click.option("--caps", help="Try other caps than ECRM_MAIL_CAPS, e.g. '1/day, 2/7days'.")
@click.option("--segment", "segment_id", type=int, help="Only today's members of this segment.")
@with_appcontext
def rehearse(flow: str, days: int, caps: str | None, segment_id: int | None) -> None:
    """Show what FLOW (or `all`) would have sent in the last days; sends and writes nothing."""
    try:
        found = rehearse_flows(
            installation(), flow, days=days, now=datetime.now(UTC), caps=caps, segment_id=segment_id, progress=_say
        )
    except (NotRehearsable, NoShadow) as error:
        raise click.ClickException(str(error)) from None
    _show(found)


_SAID: set[str] = set()


def _say(now: datetime) -> None:
    """A line a day of what is played, for whoever waits."""
    if (day := f"{now:%Y-%m-%d}") not in _SAID:
        _SAID.add(day)
        click.echo(f"… {day}", err=True)


def _show(found: Rehearsed) -> None:
    flows = sorted(found.entered)
    table = Table("Day", *flows, "all", title="E-mails that would have gone out")
    sums: Counter[str] = Counter()
    for day, sent in found.by_day().items():
        sums += sent
        table.add_row(day.isoformat(), *(str(sent[flow] or "·") for flow in flows), str(sent.total() or "·"))
    table.add_row("sum", *(str(sums[flow]) for flow in flows), str(sums.total()), style="bold")
    console = Console()
    console.print(table)
    people = Table(
        "Flow", "entered", "in control", "e-mails", "really written to", "bought within 7 days anyway", title="People"
    )
    for flow in flows:
        many, mailed = sums[flow], found.mailed[flow]
        rest = many - mailed
        anyway = f"{found.bought[flow]} of {rest} ({found.bought[flow] / rest:.0%})" if rest else "–"
        people.add_row(flow, str(found.entered[flow]), str(found.in_control[flow]), str(many), str(mailed), anyway)
    console.print(people)
    for title, counted in (
        ("Waited", found.deferred), ("Waited for another flow", found.collisions), ("Dropped", found.dropped),
        ("Left before the end", found.left),
    ):  # fmt: skip
        rows = Table("Flow", "why", "times", title=title)
        for (flow, why), many in counted.most_common():
            rows.add_row(flow, why, str(many))
        if counted:
            console.print(rows)
    click.echo("Consents are those of today; hours at which people look were learnt from orders until today.")
    if found.failed:
        raise click.ClickException(f"{found.failed} steps failed; see the log")

"""Experiments: started, read and stopped; what the control group's absence says, in words, figures and rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.experiments import (
    LEAST_CONTROL,
    MAX_NAME,
    MOST_CONTROL,
    AlreadyRunning,
    Experiment,
    Goal,
    Unit,
    all_experiments,
    campaign_subject,
    held_out,
    placement_subject,
    start,
    stop,
)
from ecrm.marketing.outcomes import buyers_of, orders_of, visits_of
from ecrm.trials import trials
from ecrm.wording import gettext as _
from recommender.asking import Placement, Strategy

from .blueprint import console
from .experiment_arms import ArmsShown, arms_shown, asked_arms, shares_words
from .experiment_result import Result, result_of
from .placement_words import placement_name, strategy_name
from .queries import LARGEST, number_arg
from .spreadsheets import Cell, csv_response, major

PAGE = 50
USUAL_CONTROL = 10
_ONE = f"/experiments/<int(max={LARGEST}):experiment_id>"


@console.get("/experiments")
@needs(Permission.OVERVIEW)
def experiments() -> str:
    """All of them, and the form for a new one."""
    return _page()


def _page(*, typed: Mapping[str, str] | None = None, problem: str = "") -> str:
    """With what was `typed` into the form, and the `problem` that kept it from starting."""
    with installation().sessions() as session:
        subjects = _subjects(session)
        rows = all_experiments(session)
    taken = {row.subject for row in rows if row.ended_at is None}
    return render_template(
        "ecrm/console/experiments.html", experiments=rows, subjects=subjects, most_name=MAX_NAME,
        free={subject: words for subject, words in subjects.items() if subject not in taken},
        least=LEAST_CONTROL, most=MOST_CONTROL, usual=USUAL_CONTROL, unit_words=unit_words(), Unit=Unit,
        strategies={str(one): strategy_name(one) for one in Strategy}, Goal=Goal,
        typed=typed or {}, problem=problem,
    )  # fmt: skip


@console.post("/experiments")
@needs(Permission.CAMPAIGNS)
def start_experiment() -> Response | tuple[str, int]:
    """Begin: from now on the control group goes without, and each strategy gets its share of the others.

    What can't be started is shown again as it was typed, with what to change.
    """
    try:
        started = _start()
    except BadRequest as mistake:
        return _page(typed=request.form, problem=mistake.description or ""), 400
    trials().forget()
    flash(_("The experiment runs. Within seconds the control group goes without."))
    return redirect(url_for("console.experiment", experiment_id=started), 303)


def _start() -> int:
    """The new experiment's id.

    Raises:
        BadRequest: with what to change.
    """
    now, staff, form = datetime.now(UTC), signed_in_staff(), request.form
    arms, adaptive, goal = asked_arms()
    with installation().sessions.begin() as session:
        subject = form.get("subject", "")
        if subject not in _subjects(session):
            raise BadRequest(_("Choose what is tried: a placement of recommendations, or a campaign."))
        if arms and subject not in _with_cards():
            raise BadRequest(
                _("Strategies are tried where cards are shown; not on a campaign, a search or a category.")
            )
        try:
            experiment = start(
                session,
                name=form.get("name", ""),
                subject=subject,
                unit=Unit.CUSTOMER if subject.startswith("campaign:") else _unit(),
                control_percent=_percent(least=0 if arms else LEAST_CONTROL),
                by=staff.name,
                now=now,
                arms=arms,
                adaptive=adaptive,
                goal=goal,
            )
        except AlreadyRunning:
            raise BadRequest(
                _("An experiment runs on this already. Stop it first: two at once would disturb each other.")
            ) from None
        except ValueError:
            raise BadRequest(
                _("Give the experiment a name of at most %(most)s characters.", most=MAX_NAME)
            ) from None  # fmt: skip
        started = experiment.id
        record(session, staff, Action.EXPERIMENT_STARTED, subject=f"experiment:{started}", now=now)
    return started


@console.get(_ONE)
@needs(Permission.OVERVIEW)
def experiment(experiment_id: int) -> str:
    """What came of it so far."""
    with installation().sessions() as session:
        row = _experiment(session, experiment_id)
        result, arms = result_of(session, row), arms_shown(session, row)
        subject = _subjects(session).get(row.subject, row.subject)
    return render_template(
        "ecrm/console/experiment.html", experiment=row, result=result, subject=subject, unit_words=unit_words(),
        Unit=Unit, arms=arms, Goal=Goal, shares_words=shares_words,
    )  # fmt: skip


@console.get(f"{_ONE}.csv")
@needs(Permission.OVERVIEW)
def experiment_csv(experiment_id: int) -> FlaskResponse:
    """The figures as a spreadsheet."""
    with installation().sessions() as session:
        row = _experiment(session, experiment_id)
        result, arms = result_of(session, row), arms_shown(session, row)
    return csv_response(_lines(result, arms), filename=f"experiment-{experiment_id}.csv")


@console.post(f"{_ONE}/stop")
@needs(Permission.CAMPAIGNS)
def stop_experiment(experiment_id: int) -> Response:
    """End it for good: everybody sees it again, and later orders count no more."""
    now, staff = datetime.now(UTC), signed_in_staff()
    with installation().sessions.begin() as session:
        _experiment(session, experiment_id)
        stopped = stop(session, experiment_id, now=now)
        if stopped:
            record(session, staff, Action.EXPERIMENT_STOPPED, subject=f"experiment:{experiment_id}", now=now)
    trials().forget()
    flash(
        _("The experiment has ended. Refunds of its orders still change its figures.")
        if stopped
        else _("It had ended already.")
    )
    return redirect(url_for("console.experiment", experiment_id=experiment_id), 303)


@console.get(f"{_ONE}/<any(treated,control):group>")
@needs(Permission.OVERVIEW)
def experiment_rows(experiment_id: int, group: str) -> str:
    """The rows behind a group's figures: who ordered after the exposure, and what. Persons only for whom it is due."""
    with installation().sessions() as session:
        row = _experiment(session, experiment_id)
        found = buyers_of(session, row, control=group == "control", after=number_arg("after") or 0, limit=PAGE + 1)
        shown = found[:PAGE]
        orders, visits = orders_of(session, row, shown), visits_of(session, row, shown)
    return render_template(
        "ecrm/console/experiment_rows.html", experiment=row, group=group, rows=shown, orders=orders, visits=visits,
        more=shown[-1].exposure_id if len(found) > PAGE else 0, unit_words=unit_words(), Unit=Unit,
    )  # fmt: skip


@console.get(f"{_ONE}/held-out.csv")
@needs(Permission.CUSTOMERS)
def held_out_csv(experiment_id: int) -> FlaskResponse:
    """Whom a campaign that is mailed elsewhere must leave out."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        row = _experiment(session, experiment_id)
        if row.unit != Unit.CUSTOMER:
            raise BadRequest(_("This experiment is one on visitors: there is no list of people to leave out."))
        record(session, signed_in_staff(), Action.HELD_OUT_EXPORTED, subject=f"experiment:{experiment_id}", now=now)
    return csv_response(_held_out_lines(row), filename=f"left-out-{experiment_id}.csv")


def unit_words() -> dict[str, str]:
    """What is counted, in the plural."""
    return {Unit.VISITOR: _("visitors"), Unit.CUSTOMER: _("customers")}


def _experiment(session: Session, experiment_id: int) -> Experiment:
    found = session.get(Experiment, experiment_id)
    if found is None:
        raise NotFound(_("There is no such experiment."))
    return found


def _subjects(session: Session) -> dict[str, str]:
    """Everything that can be tried, in words."""
    elsewhere = {Placement.EMAIL, Placement.SUPPORT}  # no visitor meets them on a page
    placements = {
        placement_subject(one): _("Recommendations: %(place)s", place=placement_name(one))
        for one in Placement
        if one not in elsewhere
    }
    query = select(Campaign.code, Campaign.name).where(Campaign.archived_at.is_(None))
    campaigns = session.execute(query.order_by(Campaign.first_day.desc(), Campaign.id.desc()))
    return placements | {
        campaign_subject(code): _("Campaign “%(name)s”", name=name) for code, name in campaigns
    }  # fmt: skip


def _with_cards() -> set[str]:
    """Placements whose clicks are counted: a search's hits and a category's products are the shop's own cards."""
    own = {Placement.EMAIL, Placement.SUPPORT, Placement.SEARCH, Placement.CATEGORY}
    return {placement_subject(one) for one in Placement if one not in own}


def _unit() -> Unit:
    try:
        return Unit(request.form.get("unit", ""))
    except ValueError:
        raise BadRequest(_("Choose whether visitors or customers are put into groups.")) from None


def _percent(*, least: int) -> int:
    written = request.form.get("percent", "").strip()
    percent = int(written) if written.isascii() and written.isdigit() and len(written) <= 3 else 0
    if not (least <= percent <= MOST_CONTROL and written):
        raise BadRequest(
            _(
                "The control group may have %(least)s to %(most)s percent, as a whole number.",
                least=least,
                most=MOST_CONTROL,
            )
        )
    return percent


def _lines(result: Result, arms: ArmsShown | None) -> Iterator[tuple[Cell, ...]]:
    currency = installation().storefront.facts().currency
    yield ("group", "units", "units with an order", "orders", f"net revenue {currency}", "conversion",
           f"net revenue a unit {currency}")  # fmt: skip
    for name, group in (("treated", result.groups.treated), ("control", result.groups.control)):
        each = None if group.net_each is None else major(round(group.net_each), currency)
        share = None if group.conversion is None else str(round(group.conversion, 6))
        yield (name, group.units, group.buyers, group.orders, major(group.net_minor, currency), share, each)
    yield ()
    yield ("measure", "verdict", "lift", "lift from", "lift to")
    for measure in result.measures:
        found = measure.comparison
        ends = found.lift_interval or (None, None)
        yield (
            measure.key,
            found.verdict,
            *(None if one is None else str(round(one, 6)) for one in (found.lift, *ends)),
        )
    if arms is not None:
        yield ()
        yield ("strategy", "share", "met it", "reached the goal", "rate", "best with", "against the first")
        for line in arms.lines:
            yield (line.name, line.share, line.trials, line.successes, line.rate, line.best, line.says)


def _held_out_lines(experiment: Experiment) -> Iterator[tuple[Cell, ...]]:
    yield ("customer", "account", "email")
    with installation().sessions() as session:
        for customer in held_out(session, experiment):
            yield (customer.id, customer.reference, customer.email)

"""Whatever text stands in a form's field, in an address or behind its question mark: never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from ecrm.installation import installation
from tests.architecture.route_matrix import EVERYBODY, MATRIX
from tests.walks.arbitrary import FIELDS, GOOD, NASTY, PARAMETERS, PLACES, Caller, long_lists, path_of

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
TEXT = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.integers().map(str), st.floats().map(str))
NOT_FOR_LISTS = {"console.static", "ecrm_slots.static", "static"}


@pytest.fixture
def crowd(app: Flask, shop_data: dict[str, int]) -> Iterator[dict[str, Caller]]:
    """A stranger, a customer and the owner, in a shop whose lists have second pages; at the end no step was refused."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    long_lists(app, category_of=shop_data["espresso"], account_id=shop_data["ada"])
    yield {
        "stranger": Caller(app, cart=shop_data["espresso"]),
        "customer": Caller(app, shop_data["ada"], cart=shop_data["espresso"]),
        "owner": Caller(app, shop_data["olga"]),
    }
    writer = installation(app).writer
    assert writer.flush()
    assert writer.figures.refused == 0, "steps of visitors that the database refused"


def test_the_fields_of_every_form_are_known(app: Flask) -> None:
    there = {rule.endpoint for rule in _rules(app, "POST")}
    assert there - FIELDS.keys() == set(), "name its fields in arbitrary.py"
    assert FIELDS.keys() - there == set(), "these forms don't exist (any more)"


@pytest.mark.parametrize("who", ["stranger", "customer", "owner"])
def test_one_wrong_field_in_a_right_form_is_never_a_fault(app: Flask, crowd: dict[str, Caller], who: str) -> None:
    caller, faults = crowd[who], []
    for rule in _rules(app, "POST", who):
        path = path_of(rule, {name: _example(name) for name in rule.arguments})
        for field in FIELDS[rule.endpoint]:
            for wrong in NASTY:
                form = {name: GOOD.get(name, "1") for name in FIELDS[rule.endpoint]} | {field: wrong}
                faults += _fault(caller.post(path, form), f"{rule.endpoint} {field}={wrong[:60]!r}")
    assert faults == [], "\n".join(faults)


@pytest.mark.parametrize("who", ["stranger", "customer", "owner"])
def test_one_wrong_value_in_an_address_is_never_a_fault(app: Flask, crowd: dict[str, Caller], who: str) -> None:
    caller, faults = crowd[who], []
    for rule in _rules(app, "GET", who):
        for wrong in NASTY:
            for name in rule.arguments:
                values = {other: _example(other) for other in rule.arguments} | {name: wrong}
                faults += _fault(caller.client.get(path_of(rule, values)), f"{rule.rule} {name}={wrong[:60]!r}")
    assert faults == [], "\n".join(faults)


@pytest.mark.timeout(900)  # every parameter of every page with everything
@pytest.mark.parametrize("who", ["stranger", "customer", "owner"])
def test_one_wrong_parameter_is_never_a_fault(app: Flask, crowd: dict[str, Caller], who: str) -> None:
    caller, faults = crowd[who], []
    for rule in _rules(app, "GET", who):
        path = path_of(rule, {name: _example(name) for name in rule.arguments})
        for name in PARAMETERS.get(rule.endpoint, ()):
            for wrong in _wrong_for(name):
                query = {"q": "coffee"} | {name: wrong} if rule.endpoint == "catalog.search" else {name: wrong}
                faults += _fault(caller.client.get(path, query_string=query), f"{path} {name}={wrong[:60]!r}")
    assert faults == [], "\n".join(faults)


@EXAMPLES
@given(data=st.data(), texts=st.lists(TEXT, min_size=1, max_size=8))
def test_any_text_in_a_public_form_is_answered(
    app: Flask, crowd: dict[str, Caller], data: st.DataObject, texts: list[str]
) -> None:
    rule = data.draw(st.sampled_from(_rules(app, "POST", "stranger")), label="form")
    path = path_of(rule, dict.fromkeys(rule.arguments, texts[-1]))
    form = {name: texts[place % len(texts)] for place, name in enumerate(FIELDS[rule.endpoint])}
    right = data.draw(st.sets(st.sampled_from(sorted(form)), max_size=len(form)) if form else st.just(set()))
    form |= {name: GOOD.get(name, "1") for name in right}
    assert _fault(crowd["stranger"].post(path, form), f"{path} {form}") == []


@EXAMPLES
@given(data=st.data(), texts=st.lists(TEXT, min_size=1, max_size=8))
def test_any_text_in_a_public_address_is_answered(
    app: Flask, crowd: dict[str, Caller], data: st.DataObject, texts: list[str]
) -> None:
    rule = data.draw(st.sampled_from(_rules(app, "GET", "stranger")), label="page")
    own = data.draw(st.booleans(), label="real arguments")
    path = path_of(rule, {name: _example(name) if own else texts[-1] for name in rule.arguments})
    names = PARAMETERS.get(rule.endpoint, ("page", "q"))
    query = {names[(place * 5) % len(names)]: text for place, text in enumerate(texts)}
    assert _fault(crowd["stranger"].client.get(path, query_string=query), f"{path} {query}") == []


def _rules(app: Flask, method: str, who: str = "") -> list[Rule]:
    """All routes, or those worth calling as this person: strangers those of everybody, the owner those of staff."""

    def fits(rule: Rule) -> bool:
        row = MATRIX[f"{rule.endpoint} {method}"]
        public = row.allowed == EVERYBODY
        return {
            "stranger": public,
            "customer": not public and "customer" in row.allowed,
            "owner": "customer" not in row.allowed,
            "": True,
        }[who]

    rules = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    return sorted(filter(fits, rules), key=lambda rule: (rule.endpoint, rule.rule))


def _wrong_for(parameter: str) -> tuple[str, ...]:
    if parameter.startswith("_") or parameter == "endpoint":
        return ("1", "x")
    return (*NASTY, *PLACES) if parameter in {"before", "after", "page", "next"} else NASTY


def _example(argument: str) -> str:
    """A value that leads into the view: the fixtures' own rows."""
    known = {"number": "2611-N1", "department": "grocery", "category": "coffee", "slug": "espresso-beans"}
    return known.get(argument, "1")


def _fault(answer: TestResponse, what: str) -> list[str]:
    answer.close()
    return [f"{answer.status_code} {what}"] if answer.status_code >= 500 else []

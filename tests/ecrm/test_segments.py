"""Segments: who belongs is what the facts say, on both databases, and for everybody as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.customers.segments.members import belongs, count, matching, members, why
from ecrm.customers.segments.rules import BadRules, checked
from ecrm.customers.segments.segment import archive, save, segments
from mailer.contacts import Contact
from tests.conftest import NOW
from tests.ecrm.segments_world import BRANDS, Bought, Mail, Person, Visited, fill
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit

Holds = Callable[[Person], bool]


def everybody(session: Session, rules: Any) -> set[int]:
    return set(session.scalars(matching(session, checked(rules), now=NOW)))


@pytest.fixture
def db(sessions: sessionmaker[Session], host: Flask) -> Any:
    with host.test_request_context(), sessions() as session:
        yield session


def test_nobody_is_asked_for_twice_and_an_empty_segment_is_everybody(db: Session) -> None:
    ids = fill(db, [Person(), Person(customer=False)], NOW)
    assert sorted(everybody(db, {"all": []})) == ids
    assert count(db, checked({"all": []}), now=NOW) == 2


def test_an_address_of_nobody_known_has_no_orders_and_so_at_most_none(db: Session) -> None:
    ids = fill(db, [Person(customer=False), Person(orders=[Bought(3, 100)])], NOW)
    few = {"is": "orders", "compare": "at_most", "number": 0}
    assert everybody(db, few) == {ids[0]}
    assert everybody(db, {"none": [{"is": "orders", "compare": "at_least", "number": 1}]}) == {ids[0]}


def test_erased_contacts_belong_nowhere(db: Session) -> None:
    ids = fill(db, [Person(), Person()], NOW)
    db.get_one(Contact, ids[0]).folded = None
    assert everybody(db, {"all": []}) == {ids[1]}


def test_members_go_on_after_the_last_one_that_was_written_down(db: Session) -> None:
    ids = fill(db, [Person() for _ in range(5)], NOW)
    segment = save(db, name="All", rules={"all": []}, by="Ada", now=NOW)
    assert list(members(db, segment.id, now=NOW, after=ids[1])) == ids[2:]
    with pytest.raises(LookupError):
        list(members(db, 99, now=NOW))


def test_why_says_condition_by_condition_what_is_true_of_somebody(db: Session) -> None:
    ids = fill(db, [Person(orders=[Bought(3, 5000)], country="AT")], NOW)
    rules = checked(
        {
            "all": [
                {"is": "orders", "compare": "at_least", "number": 2, "days": 30},
                {"any": [{"is": "country", "countries": "at, DE"}, {"is": "account"}]},
            ]
        }
    )
    found = why(db, rules, db.get_one(Contact, ids[0]), now=NOW, currency="EUR")
    assert not found.holds
    first, second = found.parts
    assert (first.holds, first.fact) == (False, "1 order")
    assert (second.holds, second.parts[0].fact) == (True, "Austria")


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ({"all": [{"is": "magic"}]}, "0"),
        ({"all": [{"is": "orders", "compare": "at_least", "number": "many"}]}, "0"),
        ({"all": [{"any": []}]}, "0"),
        ({"all": [{"all": [{"is": "rfm", "groups": ["kings"]}]}]}, "0.0"),
        ({"all": "x"}, ""),
        ({"all": [{"is": "spent", "compare": "at_least", "amount": -1}]}, "0"),
        ([], ""),
        ({"all": [{"is": "orders", "compare": "at_least", "number": 1}] * 41}, ""),
    ],
)
def test_rules_that_cannot_be_kept_are_refused_with_their_place(db: Session, rules: Any, place: str) -> None:
    with pytest.raises(BadRules) as refused:
        checked(rules)
    assert refused.value.problems[0].place == place


def test_a_name_is_one_segments_and_who_comes_late_overwrites_nothing(db: Session) -> None:
    first = save(db, name="Fans", rules={"all": []}, by="Ada", now=NOW)
    with pytest.raises(BadRules, match="name"):
        save(db, name="fans", rules={"all": []}, by="Bob", now=NOW)
    save(db, name="Big fans", rules={"all": []}, by="Ada", now=NOW, segment_id=first.id, version=1)
    with pytest.raises(BadRules, match="meanwhile"):
        save(db, name="Fans", rules={"all": []}, by="Bob", now=NOW, segment_id=first.id, version=1)
    assert archive(db, first.id, archived=True, now=NOW)
    assert (segments(db), [one.name for one in segments(db, archived=True)]) == ([], ["Big fans"])


def test_a_yes_is_no_number_on_either_database(db: Session) -> None:
    yes, one, no, word = fill(db, [Person(traits={"vip": value}) for value in (True, 1, False, "True")], NOW)
    trait = {"is": "trait", "name": "vip"}
    assert everybody(db, trait | {"how": "is", "value": "true"}) == {yes}
    assert everybody(db, trait | {"how": "is", "value": "True"}) == {yes, word}
    assert everybody(db, trait | {"how": "is", "value": "1"}) == {one}
    assert everybody(db, trait | {"how": "is", "value": "false"}) == {no}
    assert everybody(db, trait | {"how": "contains", "value": "true"}) == {yes}
    assert everybody(db, trait | {"how": "known"}) == {yes, one, no, word}


@pytest.mark.parametrize("name", ["Größe", 'the "size"', "日", "a.b", "back\\slash", "$"])
def test_a_trait_is_found_whatever_its_name_is_made_of(db: Session, name: str) -> None:
    large, small = fill(db, [Person(traits={"other": "large", name: value}) for value in ("large", "small")], NOW)
    trait = {"is": "trait", "name": name}
    assert everybody(db, trait | {"how": "known"}) == {large, small}
    assert everybody(db, trait | {"how": "is", "value": "large"}) == {large}
    assert everybody(db, trait | {"how": "contains", "value": "mall"}) == {small}


@pytest.mark.parametrize("typed", ["Äpfel aus Groß-Öd", "äpfel AUS GROSS-öd", "ÄPFEL AUS GROẞ-ÖD"])
@pytest.mark.parametrize("searched", ["Äpfel aus Groß-Öd", "äPFEL aus gross-öD ", "A\u0308pfel aus Groß-O\u0308d"])
def test_who_searched_is_found_however_it_was_written(db: Session, typed: str, searched: str) -> None:
    ids = fill(db, [Person(visits=[Visited(1)]), Person(visits=[Visited(1)])], NOW)
    visits = db.scalars(select(Visit).order_by(Visit.id)).all()
    for visit, subject in zip(visits, (searched, "Apfel aus Groß-Öd"), strict=True):
        at = NOW - timedelta(days=1)
        db.add(Event(name="Products Searched", subject=subject, happened_at=at, session_id=visit.id))
    db.flush()
    assert everybody(db, {"is": "looked", "what": "search", "value": typed, "days": 3}) == {ids[0]}


@pytest.mark.parametrize(
    ("typed", "searched"),
    [("red wine", " red   wine "), ("½ l", "½ l"), ("m²", "m²"), ("λόγος", "ΛΌΓΟΣ"), ("ΛΌΓΟΣ", "λόγος"),
     ("5 l", "5\u00a0l")],
)  # fmt: skip
def test_a_search_is_found_by_its_own_words(db: Session, typed: str, searched: str) -> None:
    (contact,) = fill(db, [Person(visits=[Visited(1)])], NOW)
    visit = db.scalars(select(Visit)).one()
    at = NOW - timedelta(days=1)
    db.add(Event(name="Products Searched", subject=searched, happened_at=at, session_id=visit.id))
    db.flush()
    assert everybody(db, {"is": "looked", "what": "search", "value": typed, "days": 3}) == {contact}


DAYS = st.integers(0, 400)
ORDERS = st.builds(
    Bought, DAYS, st.integers(0, 9000), st.integers(0, 3000), st.sampled_from([("p1",), ("p2", "p3"), ("p9",), ()])
)
VISITS = st.builds(Visited, DAYS, st.integers(0, 1), st.integers(0, 1), st.integers(0, 1), st.sampled_from([1, 2]))
MAILS = st.builds(
    Mail, DAYS, st.sampled_from(["mailing:1", "flow:welcome"]), st.booleans(), st.sampled_from(["", "bot"])
)
TRAITS: list[dict[str, object]] = [
    {}, {"household": "family"}, {"children": 2}, {"vip": True}, {"vip": 1}, {"interests": "Tea, ale"},
]  # fmt: skip
PEOPLE = st.lists(
    st.builds(
        Person, customer=st.booleans(), account=st.booleans(), country=st.sampled_from(["DE", "AT", ""]),
        traits=st.sampled_from(TRAITS),
        orders=st.lists(ORDERS, max_size=3), visits=st.lists(VISITS, max_size=3), mails=st.lists(MAILS, max_size=2),
        wants=st.dictionaries(st.sampled_from(["offers", "arrivals"]), st.booleans(), max_size=2),
        group=st.sampled_from(["champions", "new", ""]), clv=st.none() | st.integers(0, 5000),
        lists=st.sampled_from([(), (1,), (1, 2)]), blocked=st.integers(0, 2), confirmed=st.booleans(),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def _orders(one: Person, days: int | None) -> list[Bought]:
    return [order for order in one.orders if one.customer and (days is None or order.days < days)]


def _compared(compare: str, asked: int, have: int) -> bool:
    return have >= asked if compare == "at_least" else have <= asked


@st.composite
def conditions(draw: st.DrawFn) -> tuple[dict[str, Any], Holds]:
    """A condition, and what it means in Python."""
    kind = draw(st.sampled_from(["orders", "spent", "last", "first", "bought", "did", "mail", "person", "simple"]))
    compare, days = draw(st.sampled_from(["at_least", "at_most"])), draw(st.integers(1, 400))
    maybe = draw(st.sampled_from([None, days]))
    span = {"days": maybe} if maybe else {}
    number = draw(st.integers(0, 3))
    match kind:
        case "orders":
            rule = {"is": "orders", "compare": compare, "number": number, **span}
            return rule, lambda one: _compared(compare, number, len(_orders(one, maybe)))
        case "spent":
            amount = draw(st.integers(0, 9000))
            return (
                {"is": "spent", "compare": compare, "amount": amount, **span},
                lambda one: (
                    _compared(compare, amount, sum(order.total - order.refunded for order in _orders(one, maybe)))
                    or (compare == "at_least" and amount == 0)
                ),
            )
        case "last" | "first":
            edge = min if kind == "last" else max
            when = draw(st.sampled_from(["within", "before"]))

            def moment(one: Person) -> bool:
                ages = [order.days for order in _orders(one, None)]
                return bool(ages) and (edge(ages) < days) == (when == "within")

            return {"is": f"{kind}_order", "when": when, "days": days}, moment
        case "bought":
            what, value = draw(st.sampled_from([("product", "p1"), ("brand", "acme"), ("category", "toys")]))
            place = {"product": 0, "brand": 1, "category": 2}[what]

            def bought(one: Person) -> bool:
                labels = [
                    [(p, *BRANDS.get(p, ("", "")))[place] for p in order.products] for order in _orders(one, maybe)
                ]
                return _compared(compare, number, sum(value in some for some in labels))

            return {"is": "bought", "what": what, "value": value, "compare": compare, "number": number, **span}, bought
        case "did":
            deed = draw(st.sampled_from(["visited", "viewed", "cart", "left_cart"]))

            def did(one: Person) -> bool:
                tests: dict[str, Callable[[Visited], bool]] = {
                    "visited": lambda visit: True, "viewed": lambda visit: visit.views > 0,
                    "cart": lambda visit: visit.carts > 0,
                    "left_cart": lambda visit: visit.carts > 0 and not visit.orders,
                }  # fmt: skip
                mine = [v for v in one.visits if one.customer and v.days < days and v.grade == 2 and tests[deed](v)]
                return _compared(compare, number, len(mine))

            return {"is": "did", "deed": deed, "compare": compare, "number": number, "days": days}, did
        case "mail":
            did_what = draw(st.sampled_from(["got", "clicked"]))
            source = draw(st.sampled_from([None, "mailing:1"]))

            def mailed(one: Person) -> bool:
                found = [m for m in one.mails if m.days < days and source in (None, m.source)]
                return any(did_what == "got" or (m.clicked and not m.machine) for m in found)

            return {"is": "mail", "did": did_what, "days": days, **({"source": source} if source else {})}, mailed
        case "person":
            name, how, value = draw(
                st.sampled_from(
                    [
                        ("household", "is", "family"), ("children", "is", "2"), ("vip", "is", "true"),
                        ("vip", "is", "1"), ("vip", "contains", "ru"),
                        ("interests", "contains", "Tea"), ("interests", "contains", "tea"), ("vip", "known", ""),
                    ]
                )
            )  # fmt: skip

            def trait(one: Person) -> bool:
                has = one.traits.get(name) if one.customer else None
                text = "" if has is None else str(has).lower() if isinstance(has, bool) else str(has)
                return {"is": text == value, "contains": value in text, "known": text != ""}[how] and text != ""

            return {"is": "trait", "name": name, "how": how, "value": value}, trait
    simple: list[tuple[dict[str, Any], Holds]] = [
        ({"is": "country", "countries": "de;AT"}, lambda one: one.customer and one.country in {"DE", "AT"}),
        ({"is": "account"}, lambda one: one.customer and one.account),
        ({"is": "topic", "topic": "offers"}, lambda one: one.wants.get("offers", False)),
        ({"is": "reachable"}, lambda one: one.blocked == 0),
        ({"is": "confirmed"}, lambda one: one.confirmed),
        ({"is": "list", "list": "2"}, lambda one: 2 in one.lists),
        (
            {"is": "rfm", "groups": ["champions", "prospects"]},
            lambda one: not (one.customer and one.orders) or one.group == "champions",
        ),
        (
            {"is": "clv", "measure": "expected", "compare": compare, "amount": 2500},
            lambda one: bool(one.customer and one.orders and one.clv is not None and _compared(compare, 2500, one.clv)),
        ),
    ]
    chosen: tuple[dict[str, Any], Holds] = draw(st.sampled_from(simple))
    return chosen


@st.composite
def groups(draw: st.DrawFn, depth: int = 0) -> tuple[dict[str, Any], Holds]:
    """A tree of conditions, and what it means in Python."""
    name = draw(st.sampled_from(["all", "any", "none"]))
    inner = conditions() if depth >= 2 else st.one_of(conditions(), conditions(), groups(depth + 1))
    parts = draw(st.lists(inner, min_size=1, max_size=3))

    def holds(one: Person) -> bool:
        truths = [test(one) for _rule, test in parts]
        return {"all": all(truths), "any": any(truths), "none": not any(truths)}[name]

    return {name: [rule for rule, _test in parts]}, holds


@given(people=PEOPLE, tree=groups())
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_who_belongs_is_what_the_facts_say(
    db: Session, people: list[Person], tree: tuple[dict[str, Any], Holds]
) -> None:
    rules, holds = tree
    try:
        ids = fill(db, people, NOW)
        expected = {id_ for id_, one in zip(ids, people, strict=True) if holds(one)}
        assert everybody(db, rules) == expected
        known = checked(rules)
        for id_ in ids:
            contact = db.get_one(Contact, id_)
            assert belongs(db, known, contact, now=NOW) == (id_ in expected)
            assert why(db, known, contact, now=NOW, currency="EUR").holds == (id_ in expected)
    finally:
        db.rollback()

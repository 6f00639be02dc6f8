"""Two who work on the same cases at once: no word goes into a closed signpost, and no two cases point at each other."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.service.cases import Case, CaseMessage, Channel, Direction, Said, add_message, merge
from ecrm.service.cases.merging import NotMerged

from .desk import MIA, NOW, cases_of, come_in, letter, ready


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin, ECRM_DESK_ACKNOWLEDGE=False)


def three(plugin: Installation) -> list[int]:
    for number in (1, 2, 3):
        come_in(plugin, letter(f"letter {number}", message_id=f"<{number}@example.net>", subject=f"About {number}"))
    return [case.id for case in cases_of(plugin)]


def test_a_message_for_a_case_that_was_merged_meanwhile_goes_to_the_one_that_goes_on(plugin: Installation) -> None:
    first, second, _third = three(plugin)
    with plugin.app.app_context(), plugin.sessions() as reading, plugin.sessions() as merging:
        found = reading.get_one(Case, first)
        merge(merging, merging.get_one(Case, first), merging.get_one(Case, second), now=NOW, by=MIA)
        merging.commit()
        said = Said(direction=Direction.IN, channel=Channel.EMAIL, text="And one thing more")
        add_message(reading, found, said, now=NOW)
        reading.commit()
    with plugin.sessions() as session:
        assert session.scalars(select(CaseMessage.case_id).where(CaseMessage.text == said.text)).all() == [second]


def test_a_case_merged_into_one_that_was_merged_meanwhile_ends_where_that_one_did(plugin: Installation) -> None:
    first, second, third = three(plugin)
    with plugin.app.app_context(), plugin.sessions() as one, plugin.sessions() as other:
        mine = one.get_one(Case, first), one.get_one(Case, second)
        merge(other, other.get_one(Case, second), other.get_one(Case, third), now=NOW)
        other.commit()
        assert merge(one, *mine, now=NOW).id == third
        one.commit()
    with plugin.sessions() as session:
        assert set(session.scalars(select(CaseMessage.case_id))) == {third}


def test_two_cases_that_are_merged_into_each_other_at_once_are_merged_one_way(plugin: Installation) -> None:
    first, second, _third = three(plugin)
    with plugin.app.app_context(), plugin.sessions() as one, plugin.sessions() as other:
        there = one.get_one(Case, second), one.get_one(Case, first)
        merge(other, other.get_one(Case, first), other.get_one(Case, second), now=NOW)
        other.commit()
        with pytest.raises(NotMerged):
            merge(one, *there, now=NOW)
    assert [case.merged_into for case in cases_of(plugin)] == [second, None, None]

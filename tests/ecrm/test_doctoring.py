"""`flask ecrm doctor mail` and the console's page: the findings in words, and their sums kept for the System page."""

from __future__ import annotations

from datetime import UTC, datetime

from ecrm.doctoring import examine_and_note, last_examined
from ecrm.installation import Installation
from ecrm.timetable import job_named
from mailer.doctor.findings import Grade
from mailer.doctor.resolving import DnsResolver
from tests.mailer.doctor.name_server import name_server

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_a_shop_that_never_set_anything_up_is_told_all_of_it(plugin: Installation) -> None:
    with plugin.sessions() as session:
        assert last_examined(session) is None
    with name_server({}) as port, plugin.app.app_context():
        resolver = DnsResolver(["127.0.0.1"], port=port, patience=1.0)
        found = examine_and_note(plugin, resolver=resolver, now=NOW)
    grades = {one.about: one.grade for one in found}
    assert grades["Transport"] is Grade.WARN
    assert grades["From"] is grades["SPF"] is grades["DMARC"] is Grade.BAD
    assert all(one.fix for one in found if one.grade is not Grade.GOOD)
    with plugin.sessions() as session:
        examined = last_examined(session)
    assert examined is not None
    assert (examined.at, examined.bad) == (NOW, sum(one.grade is Grade.BAD for one in found))


def test_the_daily_job_asks_nobody_while_e_mails_go_to_nobody(plugin: Installation) -> None:
    assert job_named("examine-mail").run(plugin) == "e-mails go to nobody"

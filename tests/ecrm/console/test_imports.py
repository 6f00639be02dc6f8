"""Imports in the console: what is confirmed is what was shown, a repeat changes nothing, a change keeps the old."""

from __future__ import annotations

import io
from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from ecrm.marketing.campaigns import Campaign, CostEntry, GoodsCost, SearchReportDay
from ecrm.marketing.imports.uploads import MAX_BYTES, Upload

from .host import TODAY, DeskStorefront

GOOGLE = (
    "Day,Campaign,Currency code,Cost,Impr.,Clicks\n2026-11-01,Tea,EUR,10.00,100,5\n2026-11-02,=Cake(),EUR,2.50,9,1\n"
)


def upload(browser: FlaskClient, token: str, text: str | bytes, kind: str = "google_ads", **more: str) -> TestResponse:
    content = text.encode() if isinstance(text, str) else text
    form = {"csrf_token": token, "kind": kind, "file": (io.BytesIO(content), "..\\exports/té.csv"), **more}
    return browser.post("/console/imports", data=form, content_type="multipart/form-data")


def shown(browser: FlaskClient, answer: TestResponse) -> tuple[str, BeautifulSoup]:
    assert answer.status_code == 303, answer.text
    path = answer.headers["Location"]
    return path, BeautifulSoup(browser.get(path).text, "html.parser")


def fields(page: BeautifulSoup) -> dict[str, str]:
    form = page.select_one("form.check")
    assert form is not None
    found = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    for choice in form.select("select"):
        chosen = choice.select_one("option[selected]")
        found[str(choice["name"])] = str(chosen["value"]) if chosen else ""
    return found


def confirm(browser: FlaskClient, answer: TestResponse, **changed: str) -> TestResponse:
    path, page = shown(browser, answer)
    return browser.post(f"{path}/write", data=fields(page) | changed, follow_redirects=True)


def entries(sessions: sessionmaker[Session]) -> list[tuple[str, date, int]]:
    with sessions() as session:
        query = select(Campaign.name, CostEntry.day, CostEntry.amount_minor)
        rows = session.execute(query.join(Campaign, Campaign.id == CostEntry.campaign_id).order_by(CostEntry.id))
        return [(row[0], row[1], row[2]) for row in rows]


def test_an_export_is_shown_first_and_written_as_shown(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    answer = upload(browser, token, GOOGLE)
    path, page = shown(browser, answer)
    assert "té.csv" in page.get_text()
    assert "a new campaign of this name" in page.get_text()
    assert entries(sessions) == [], "nothing is written by looking"
    done = browser.post(f"{path}/write", data=fields(page), follow_redirects=True)
    assert "2 new days of costs" in done.text
    assert entries(sessions) == [("=Cake()", date(2026, 11, 2), 250), ("Tea", date(2026, 11, 1), 1000)]
    with sessions() as session:
        tea = session.scalars(select(Campaign).where(Campaign.code == "tea")).one()
        assert (tea.channel, tea.first_day) == ("paid_search", date(2026, 11, 1))
        assert session.scalars(select(Upload.content)).all() == [None], "the file goes once it is written"
    sheet = browser.get("/console/costs.csv?first=2026-11-01&last=2026-11-03").text
    assert "'=Cake()" in sheet
    again = browser.post(f"{path}/write", data=fields(page))
    assert again.status_code == 404
    assert "was written or thrown away" in again.text


def test_the_same_export_twice_changes_nothing_and_a_changed_day_takes_the_old_one_back(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    confirm(browser, upload(browser, token, GOOGLE))
    assert "0 new days of costs, 0 changed, 2 as they were" in confirm(browser, upload(browser, token, GOOGLE)).text
    assert len(entries(sessions)) == 2
    _path, page = shown(browser, upload(browser, token, GOOGLE.replace("10.00", "12.00")))
    assert "said €10.00" in page.get_text(" ", strip=True)
    done = confirm(browser, upload(browser, token, GOOGLE.replace("10.00", "12.00")))
    assert "0 new days of costs, 1 changed" in done.text
    assert entries(sessions)[2:] == [("Tea", date(2026, 11, 1), -1000), ("Tea", date(2026, 11, 1), 1200)]
    back = confirm(browser, upload(browser, token, GOOGLE))
    assert "1 changed" in back.text
    assert sum(amount for _name, _day, amount in entries(sessions)) == 1250
    text = browser.get("/console/costs?first=2026-11-01&last=2026-11-03").text
    assert text.count("takes an entry back") == 2
    assert text.count("taken back") == 2


def test_an_export_with_ids_repeats_one_without_them(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    confirm(browser, upload(browser, token, "Day,Campaign,Cost\n2026-11-01,Tea,10.00\n"))
    done = confirm(browser, upload(browser, token, "Day,Campaign,Campaign ID,Cost\n2026-11-01,Tea,77,10.00\n"))
    assert "1 as they were" in done.text
    assert len(entries(sessions)) == 1


def test_another_column_for_the_account_does_not_count_a_campaign_twice(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    confirm(browser, upload(browser, token, "Day,Campaign,Cost\n2026-11-01,Tea / Cake,10.00\n"))
    by_name = "Day,Campaign,Account,Cost\n2026-11-01,Tea / Cake,Wren Ltd,10.00\n"
    by_number = "Day,Campaign,Customer ID,Cost\n2026-11-01,Tea / Cake,123-456-7890,10.00\n"
    for text in (by_name, by_number):
        assert "1 as they were" in confirm(browser, upload(browser, token, text)).text
    confirm(browser, upload(browser, token, by_name.replace("10.00", "12.00")))
    assert sum(amount for _name, _day, amount in entries(sessions)) == 1200
    refused = upload(browser, token, by_number)
    assert refused.status_code == 400
    assert "it can&#39;t be told which account it was" in refused.text
    confirm(browser, upload(browser, token, by_name.replace("Wren Ltd", "Lark Ltd").replace("10.00", "1.00")))
    assert sum(amount for _name, _day, amount in entries(sessions)) == 1300, "another account's campaign is another"
    assert "can&#39;t be told" in upload(browser, token, "Day,Campaign,Cost\n2026-11-01,Tea / Cake,13.00\n").text


def test_two_accounts_take_the_place_of_their_sum_once(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    confirm(browser, upload(browser, token, "Day,Campaign,Cost\n2026-11-01,Tea,30.00\n"))
    apart = "Day,Campaign,Account,Cost\n2026-11-01,Tea,A,10.00\n2026-11-01,Tea,B,20.00\n"
    assert "1 new days of costs, 1 changed" in confirm(browser, upload(browser, token, apart)).text
    assert sum(amount for _name, _day, amount in entries(sessions)) == 3000


def test_two_campaigns_of_one_name_are_each_taken_for_what_they_were(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        for code in ("x", "y", "z"):
            day = date(2026, 11, 1)
            session.add(Campaign(code=code, name=code, channel="display", first_day=day, created_at=TODAY))
    two = "Day,Campaign,Campaign ID,Cost\n2026-11-01,Tea,1,10.00\n2026-11-01,Tea,2,20.00\n"
    confirm(browser, upload(browser, token, two), **{"campaign-0": "1", "campaign-1": "2"})
    two = two.replace("2026-11-01", "2026-11-02")
    _path, page = shown(browser, upload(browser, token, two + "2026-11-02,Tea,3,1.00\n"))
    chosen = fields(page)
    assert [chosen[f"campaign-{place}"] for place in range(3)] == ["1", "2", "new"]


def test_a_part_of_a_day_never_replaces_the_whole_of_it(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    whole = "Day,Campaign,Device,Cost\n2026-11-01,Tea,phone,10.00\n2026-11-01,Tea,desk,5.00\n2026-11-02,Tea,desk,1.00\n"
    confirm(browser, upload(browser, token, whole))
    broken = whole.replace("10.00", "10.00x").replace("1.00", "2.00")
    assert "0 new days of costs, 1 changed" in confirm(browser, upload(browser, token, broken)).text
    with sessions() as session:
        query = select(CostEntry.day, func.sum(CostEntry.amount_minor)).group_by(CostEntry.day).order_by(CostEntry.day)
        assert [row[1] for row in session.execute(query)] == [1500, 200]


def test_campaigns_are_taken_for_those_that_are_known_and_the_choice_is_remembered(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        day = date(2026, 11, 1)
        session.add(Campaign(code="tea", name="Tea week", channel="display", first_day=day, created_at=TODAY))
        session.add(Campaign(code="x", name="Winter", channel="display", first_day=day, created_at=TODAY))
    _path, page = shown(browser, upload(browser, token, GOOGLE))
    assert fields(page)["campaign-1"] == "1", "by its code"
    winter = {"campaign-1": "2", "campaign-0": "skip"}
    confirm(browser, upload(browser, token, GOOGLE), **winter)
    assert entries(sessions) == [("Winter", date(2026, 11, 1), 1000)]
    _path, page = shown(browser, upload(browser, token, GOOGLE.replace("-01,", "-03,")))
    assert fields(page)["campaign-1"] == "2", "as last time"
    for number in ("999", "1" * 18 + "x", "1" * 40, "١"):
        wrong = confirm(browser, upload(browser, token, GOOGLE), **{"campaign-0": number})
        assert "Say which campaign “=Cake()” is" in wrong.text


def test_bad_rows_are_named_and_left_out_only_when_told_so(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    text = GOOGLE + "2026-11-03,Tea,USD,1.00,1,1\n2026-99-01,Tea,EUR,1.00,1,1\n"
    path, page = shown(browser, upload(browser, token, text))
    lines = [row.get_text(" ", strip=True) for row in page.select("section.panel tbody tr")]
    assert [line.split()[0] for line in lines] == ["4", "5"]
    assert "in USD" in lines[0]
    assert browser.get(f"{path}/refused.csv").text.count("\n") == 3
    form = {name: value for name, value in fields(page).items() if name != "leave_out"}
    refused = browser.post(f"{path}/write", data=form)
    assert refused.status_code == 400
    assert "Mend the file" in refused.text
    assert entries(sessions) == []
    assert "2 new days" in browser.post(f"{path}/write", data=fields(page), follow_redirects=True).text


def test_what_changed_between_the_look_and_the_confirmation_is_shown_again(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    path, page = shown(browser, upload(browser, token, GOOGLE))
    confirm(browser, upload(browser, token, GOOGLE.replace("10.00", "11.00")))
    answer = browser.post(f"{path}/write", data=fields(page))
    assert answer.status_code == 409
    assert "Look through the file again" in answer.text
    assert len(entries(sessions)) == 2
    assert browser.post(f"{path}/forget", data={"csrf_token": token}).status_code == 303
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("", GOOGLE.encode(), "Choose what the file is"),
        ("google_ads", b"PK\x03\x04zip", "Save or export it as CSV"),
        ("meta_ads", GOOGLE.encode(), "no column “Campaign Name”"),
        ("search_console", b"Top queries,Clicks,Impressions\ntea,1,2\n", "Say which days"),
        ("goods_cost", b"", "file is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    browser: FlaskClient, token: str, kind: str, content: bytes, why: str
) -> None:
    answer = upload(browser, token, content, kind)
    assert answer.status_code == 400
    assert why in answer.text


def test_too_large_a_file_is_refused_in_words(browser: FlaskClient) -> None:
    body = b"x" * (MAX_BYTES + 200_000)
    answer = browser.post("/console/imports", data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413
    assert "at most 25 MB" in answer.text


def test_who_may_not_import_may_not_send_large_bodies(
    browser: FlaskClient, token: str, storefront: DeskStorefront
) -> None:
    storefront.role = "analyst"
    assert upload(browser, token, GOOGLE).status_code == 403


def test_search_reports_are_kept_by_term_and_day_and_replaced_by_later_ones(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    queries = "Top queries,Clicks,Impressions,CTR,Position\nGreen Tea,10,200,5%,3.45\n=tea,1,50,2%,12.1\n"
    days = {"first_day": "2026-11-01", "last_day": "2026-11-07"}
    answer = upload(browser, token, queries, "search_console", **days)
    assert "rows count on 2026-11-07" in shown(browser, answer)[1].get_text()
    assert "2 new terms" in confirm(browser, upload(browser, token, queries, "search_console", **days)).text
    dates = "Date,Clicks,Impressions,CTR,Position\n2026-11-07,30,900,3.3%,9.9\n"
    confirm(browser, upload(browser, token, dates, "search_console"))
    again = confirm(browser, upload(browser, token, queries.replace("10,200", "11,200"), "search_console", **days))
    assert "0 new terms by day, 1 changed, 1 as they were" in again.text
    paid = "Search terms report\nall\nSearch term,Day,Campaign,Currency code,Cost,Impr.,Clicks\n"
    paid += "green tea,2026-11-07,Tea,EUR,1.20,30,2\ngreen tea,2026-11-07,Tea,EUR,0.30,10,1\n"
    paid += "Total: Account,--,,EUR,1.5,40,3\n"
    confirm(browser, upload(browser, token, paid, "google_terms"))
    with sessions() as session:
        rows = session.scalars(select(SearchReportDay).order_by(SearchReportDay.kind, SearchReportDay.term)).all()
    found = [
        (row.kind, row.term, row.campaign, row.clicks, row.impressions, row.cost_minor, row.position) for row in rows
    ]
    assert found == [
        ("organic", "", "", 30, 900, 0, 990), ("organic", "=tea", "since 2026-11-01", 1, 50, 0, 1210),
        ("organic", "green tea", "since 2026-11-01", 11, 200, 0, 345), ("paid", "green tea", "tea", 3, 40, 150, None),
    ]  # fmt: skip


def clicks(sessions: sessionmaker[Session]) -> list[tuple[str, str, int]]:
    with sessions() as session:
        query = select(SearchReportDay).order_by(SearchReportDay.day, SearchReportDay.term, SearchReportDay.campaign)
        return [(row.day.isoformat()[5:], row.term, row.clicks) for row in session.scalars(query)]


def test_reports_of_overlapping_days_do_not_count_twice(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    queries = "Top queries,Clicks,Impressions\ntea,10,200\ncake,1,50\n"
    october = {"first_day": "2026-10-01", "last_day": "2026-10-28"}
    confirm(browser, upload(browser, token, queries, "search_console", **october))
    later = upload(
        browser, token, queries, "search_console", first_day="2026-10-08", last_day="2026-11-04"
    )  # fmt: skip
    assert later.status_code == 400
    assert "2026-10-01 to 2026-10-28 is held already" in later.text
    by_day = "Query,Date,Clicks,Impressions\ntea,2026-10-05,3,9\n"
    assert "is held already" in upload(browser, token, by_day, "search_console").text
    confirm(browser, upload(browser, token, queries, "search_console", first_day="2026-10-29", last_day="2026-11-04"))
    whole = upload(browser, token, queries, "search_console", first_day="2026-10-01", last_day="2026-11-05")
    assert "4 earlier terms of these days aren't in the file" in shown(browser, whole)[1].get_text()
    assert "4 earlier ones replaced" in confirm(browser, whole).text
    assert clicks(sessions) == [("11-05", "cake", 1), ("11-05", "tea", 10)]
    by_day += "tea,2026-09-30,1,9\ntea,2026-11-06,2,9\n"
    confirm(browser, upload(browser, token, by_day, "search_console"))
    assert clicks(sessions) == [("09-30", "tea", 1), ("10-05", "tea", 3), ("11-06", "tea", 2)]
    part = upload(browser, token, queries + ",1,1\n", "search_console", first_day="2026-10-01", last_day="2026-10-10")
    assert "a part of a report would replace a whole one" in part.text


def test_terms_without_the_campaigns_replace_those_with_them_and_broken_days_stay_as_they_were(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    paid = "Search term,Day,Campaign,Cost,Clicks\n"
    paid += 'green tea,2026-11-07,Tea,1.20,3\ncake,2026-11-07,Tea,1,2\nTotal wine,"Nov 8, 2026",Tea,1,9\n'
    confirm(browser, upload(browser, token, paid, "google_terms"))
    confirm(browser, upload(browser, token, "Search term,Day,Clicks\ngreen tea,2026-11-07,4\n", "google_terms"))
    assert clicks(sessions) == [("11-07", "green tea", 4), ("11-08", "total wine", 9)]
    broken = "Search term,Day,Clicks\ngreen tea,2026-11-07,5\ncake,2026-11-07,x\ncake,2026-11-08,2147483648\n"
    answer = confirm(browser, upload(browser, token, broken + "tea,2026-11-09,1\n", "google_terms"))
    assert "1 new terms by day" in answer.text
    assert clicks(sessions) == [("11-07", "green tea", 4), ("11-08", "total wine", 9), ("11-09", "tea", 1)]


@pytest.mark.parametrize("position", ["99999999999", "-3.00"])
def test_a_position_that_cannot_be_is_refused_in_words(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], position: str
) -> None:
    text = f"Query,Date,Clicks,Impressions,Position\ntea,2026-11-07,1,9,{position}\ntea,2026-11-08,1,9,1.50\n"
    answer = upload(browser, token, text, "search_console")
    assert "is no position" in shown(browser, answer)[1].get_text()
    assert "1 new terms" in confirm(browser, answer).text


def test_goods_costs_are_shown_and_written(browser: FlaskClient, token: str, sessions: sessionmaker[Session]) -> None:
    done = confirm(browser, upload(browser, token, "1;2026-01-01;7.50\n2;2026-01-01;x\n", "goods_cost"), leave_out="1")
    assert "1 new costs" in done.text
    with sessions() as session:
        assert session.scalars(select(GoodsCost.unit_minor)).all() == [750]


def test_costs_are_spread_to_the_cent_once_and_taken_back_visibly(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.add(
            Campaign(code="tea", name="Tea", channel="post", first_day=date(2026, 11, 1), created_at=TODAY)
        )  # fmt: skip
    form = {
        "csrf_token": token, "campaign": "1", "first_day": "2026-11-01", "last_day": "2026-11-07", "amount": "100",
        "clicks": "", "impressions": "", "note": "flyers", "key": "abc",
    }  # fmt: skip
    assert "€100.00 spread over 7 days" in browser.post("/console/costs", data=form, follow_redirects=True).text
    assert "sent before" in browser.post("/console/costs", data=form, follow_redirects=True).text
    assert sorted(amount for _name, _day, amount in entries(sessions)) == [1428, 1428, 1428, 1429, 1429, 1429, 1429]
    one = {"csrf_token": token}
    assert "The cost is taken back" in browser.post("/console/costs/1/take-back", data=one, follow_redirects=True).text
    assert "taken back before" in browser.post("/console/costs/1/take-back", data=one, follow_redirects=True).text
    whole = browser.post("/console/costs/2/take-back", data=one | {"whole": "1"}, follow_redirects=True)
    assert "6 days are taken back" in whole.text
    with sessions() as session:
        assert session.scalar(select(func.sum(CostEntry.amount_minor))) == 0
        assert session.scalar(select(func.count()).select_from(CostEntry)) == 14
    assert browser.post("/console/costs/8/take-back", data=one).status_code == 404, "a reversal stays"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("campaign", "9", "Choose a campaign"), ("first_day", "x", "2026-11-20"), ("amount", "1,000.00", "1234.50"),
        ("last_day", "2026-10-01", "before the first"), ("last_day", "2090-01-01", "three years"),
        ("clicks", "-1", "whole number"), ("note", "x" * 201, "at most 200"), ("amount", "", "1234.50"),
    ],
)  # fmt: skip
def test_a_cost_that_cannot_be_taken_is_refused_in_words(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], field: str, value: str, words: str
) -> None:
    with sessions.begin() as session:
        session.add(
            Campaign(code="tea", name="Tea", channel="post", first_day=date(2026, 11, 1), created_at=TODAY)
        )  # fmt: skip
    form = {"csrf_token": token, "campaign": "1", "first_day": "2026-11-01", "amount": "1", field: value}
    answer = browser.post("/console/costs", data=form)
    assert answer.status_code == 400
    assert words in answer.text
    assert entries(sessions) == []

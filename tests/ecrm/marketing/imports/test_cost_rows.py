"""Exports as advertisers write them: totals, thousands, languages, encodings; and each bad row named with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel

from ecrm.marketing.imports.advertisers import Advertiser
from ecrm.marketing.imports.cost_rows import CostExport, read_costs
from ecrm.marketing.imports.export import Unreadable
from ecrm.marketing.imports.google_ads import GOOGLE_ADS
from ecrm.marketing.imports.meta_ads import META_ADS
from ecrm.marketing.imports.microsoft_advertising import MICROSOFT_ADS

TODAY = date(2026, 11, 22)

GOOGLE = """Campaign report
"November 1, 2026 - November 20, 2026"
Day,Campaign status,Campaign,Campaign ID,Campaign type,Currency code,Cost,Impr.,Clicks,CTR
2026-11-01,Enabled,Tea week,111,Search,EUR,"1,234.56","12,345",321,2.60%
2026-11-01,Enabled,Tea week,111,Search,EUR,0.44,5,1,20.00%
2026-11-02,Paused,"Tea, green",222,Search,EUR,7.00,90, --,0.00%
Total: Campaigns, --, --, --, --,EUR,"1,242.00","12,440",322,2.59%
Total: Account, --, --, --, --,EUR,"1,242.00","12,440",322,2.59%
"""

MICROSOFT = """"Report Name: Campaigns by day"
"Report Time: 11/1/2026 - 11/20/2026"
"Time Zone: (GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"
"Last Completed Available Day: 11/21/2026 11:59:59 PM (GMT)"
"Report Aggregation: Daily"
"Report Filter: "
"Potential Incomplete Data: false"
"Rows: 2"

"Gregorian date","Account name","Campaign name","Campaign ID","Currency code","Impressions","Clicks","Spend"
"11/1/2026","Wren Ltd","Tea week","[333]","EUR","1,000","12","8.50"
"11/2/2026","Wren Ltd","Tea week","[333]","EUR","900","9","6.25"
"Total","","","","","1,900","21","14.75"

"©2026 Microsoft Corporation. All rights reserved. "
"""

META = """\ufeff"Reporting starts","Reporting ends","Campaign name","Day","Campaign delivery",Reach,Impressions,\
"Amount spent (EUR)","Link clicks"
2026-11-01,2026-11-02,,,,900,1500,30.75,14
2026-11-01,2026-11-01,Tea week – video,2026-11-01,active,500,800,20.5,9
2026-11-02,2026-11-02,Tea week – video,2026-11-02,active,400,700,10.25,5
"""


@pytest.fixture(autouse=True)
def words() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def read(text: str | bytes, advertiser: Advertiser, currency: str = "EUR") -> CostExport:
    content = text.encode() if isinstance(text, str) else text
    return read_costs(content, advertiser, currency=currency, decimals=2, today=TODAY)


def figures(export: CostExport) -> list[tuple[str, date, int, int | None, int | None]]:
    return [(cost.campaign.name, cost.day, cost.amount_minor, cost.clicks, cost.impressions) for cost in export.costs]


def test_google_ads_with_title_thousands_and_totals() -> None:
    export = read(GOOGLE, GOOGLE_ADS)
    assert figures(export) == [
        ("Tea week", date(2026, 11, 1), 123_500, 322, 12_350),
        ("Tea, green", date(2026, 11, 2), 700, None, 90),
    ]
    assert (export.rows, export.totals, export.refused) == (3, 2, [])
    assert export.costs[0].campaign.ident == "id/111"


def test_googles_older_export_is_utf_16_with_tabs() -> None:
    lines = [line for line in GOOGLE.replace('"1,234.56"', "1.234,56").splitlines() if not line.startswith("Total")]
    text = "\n".join(lines[:2]) + "\nTag\tKampagnenstatus\tKampagne\tWährungscode\tKosten\tImpr.\tKlicks\n"
    text += (
        "01.11.2026\tAktiv\tTeewoche\tEUR\t1.234,56\t12.345\t321\nGesamt: Konto\t --\t --\tEUR\t1.234,56\t12.345\t321\n"
    )
    export = read(text.encode("utf-16"), GOOGLE_ADS)
    assert figures(export) == [("Teewoche", date(2026, 11, 1), 123_456, 321, 12_345)]
    assert (export.mark, export.totals) == (",", 1)


def test_microsoft_with_ten_lines_above_american_days_and_a_copyright() -> None:
    export = read(MICROSOFT, MICROSOFT_ADS)
    assert figures(export) == [
        ("Tea week", date(2026, 11, 1), 850, 12, 1000),
        ("Tea week", date(2026, 11, 2), 625, 9, 900),
    ]
    assert (export.totals, export.refused) == (2, [])
    assert export.costs[0].campaign.ident == "id/333"


def test_meta_has_its_currency_in_a_heading_and_its_total_first() -> None:
    export = read(META, META_ADS)
    assert figures(export) == [
        ("Tea week – video", date(2026, 11, 1), 2050, 9, 800),
        ("Tea week – video", date(2026, 11, 2), 1025, 5, 700),
    ]
    assert export.totals == 1


def test_meta_without_the_breakdown_by_day_takes_rows_of_a_single_day_alone() -> None:
    text = (
        '"Campaign name","Amount spent (EUR)","Reporting starts","Reporting ends"\n'
        "A,5,2026-11-01,2026-11-01\nB,60,2026-11-01,2026-11-20\n"
    )
    export = read(text, META_ADS)
    assert [cost.amount_minor for cost in export.costs] == [500]
    assert export.refused[0].line == 3
    assert "2026-11-01 to 2026-11-20" in export.refused[0].why


def test_each_bad_row_is_named_with_its_line_and_the_good_ones_are_kept() -> None:
    rows = [
        "2026-11-01,Tea,EUR,5.00", "2026-11-31,Tea,EUR,5.00", "2026-11-02,,EUR,5.00", "2026-11-02,Tea,USD,5.00",
        "2026-11-02,Tea,EUR,five", "2027-01-01,Tea,EUR,5.00", "2026-11-02,Tea,EUR", '=cmd|"x",Tea,EUR,1.00',
    ]  # fmt: skip
    export = read("Day,Campaign,Currency code,Cost\n" + "\n".join(rows), GOOGLE_ADS)
    assert [cost.amount_minor for cost in export.costs] == [500]
    whys = {one.line: one.why for one in export.refused}
    assert list(whys) == [3, 4, 5, 6, 7, 8, 9]
    assert "“2026-11-31” is no day" in whys[3]
    assert "names no campaign" in whys[4]
    assert "in USD, the shop's currency is EUR" in whys[5]
    assert "“five” is no amount" in whys[6]
    assert "lies in the future" in whys[7]
    assert "the whole day is left out" in whys[8]


@pytest.mark.parametrize(
    ("cost", "minor"),
    [
        ("€1,234.50", 123_450), ("1234.5", 123_450), ("1 234.50", 123_450), ("-3.20", -320), ("(3.20)", -320),
        ("10.00-", -1000), ("-€5.00", -500), ("€-5.00", -500), ("5.00 EUR", 500), ("US$ 5.00", 500), ("5.00 kr.", 500),
        ("0.005", 0), ("0.015", 2), ("12.345678", 1235), ("1,234,567.00", 123_456_700), ("--", 0), ("", 0),
    ],
)  # fmt: skip
def test_amounts_with_a_point(cost: str, minor: int) -> None:
    export = read(f'Day;Campaign;Cost\n2026-11-01;Tea;"{cost}"\n2026-11-02;Tea;1.25\n', GOOGLE_ADS)
    assert (export.refused, export.costs[0].amount_minor) == ([], minor)


@pytest.mark.parametrize(
    "cost",
    [
        "1.2.3",
        "1,2,3",
        "12,34",
        "1,23,456.00",
        "NaN",
        "1e5",
        "٣",
        "5.0.",
        "9" * 30,
        "1.5K",
        "1.5 MIO",
        "--5",
        "(-5)",
        "5%",
        "5.0x",
    ],
)
def test_what_is_no_amount_is_refused(cost: str) -> None:
    text = f'Day;Campaign;Cost\n2026-11-01;Tea;"{cost}"\n2026-11-02;Tea;1.25\n'
    try:
        export = read(text, GOOGLE_ADS)
    except Unreadable as refused:
        assert "with a point" in str(refused)  # noqa: PT017 (both are refusals in words)
    else:
        assert [one.line for one in export.refused] == [2]


def test_thousands_without_any_decimals_follow_the_language_of_the_headings() -> None:
    english = read('Day,Campaign,Cost\n2026-11-01,Tea,"1,234"\n', GOOGLE_ADS)
    german = read('Tag;Kampagne;Kosten\n2026-11-01;Tee;"1.234"\n', GOOGLE_ADS)
    assert [english.costs[0].amount_minor, german.costs[0].amount_minor] == [123_400, 123_400]


def test_a_file_that_writes_decimals_in_two_ways_is_refused_as_a_whole() -> None:
    with pytest.raises(Unreadable, match="Line 2 writes decimals with a point, line 3 with a comma"):
        read('Day;Campaign;Cost\n2026-11-01;Tea;1.50\n2026-11-02;Tea;"1,50"\n', GOOGLE_ADS)


def test_days_that_could_be_months_are_not_guessed() -> None:
    with pytest.raises(Unreadable, match="day or the month"):
        read("Day,Campaign,Cost\n1/2/2026,Tea,1.50\n", GOOGLE_ADS)
    british = read("Day,Campaign,Cost\n1/2/2026,Tea,1.50\n13/2/2026,Tea,1.50\n", GOOGLE_ADS)
    assert [cost.day for cost in british.costs] == [date(2026, 2, 1), date(2026, 2, 13)]


def test_hyphens_are_as_open_as_slashes_where_the_year_is_last() -> None:
    rows = ["03-11-2026", "04-11-2026", "05-02-2026"]
    text = "Day,Campaign,Cost\n" + "".join(f"{day},Tea,1.50\n" for day in rows)
    with pytest.raises(Unreadable, match=r"Line 2: .*day or the month"):
        read(text, GOOGLE_ADS)
    told = read(text + "13-11-2026,Tea,1.50\n", GOOGLE_ADS)
    assert [cost.day.isoformat() for cost in told.costs] == ["2026-02-05", "2026-11-03", "2026-11-04", "2026-11-13"]
    both = "13-11-2026,Tea,1.50\n11-13-2026,Tea,1.50\n"
    with pytest.raises(Unreadable, match="day or the month"):
        read(text + both, GOOGLE_ADS)


def test_days_above_the_headings_tell_of_rows_written_alike_alone() -> None:
    above = "Report Time: 11/1/2026 - 11/20/2026\nDay,Campaign,Cost\n"
    assert read(above + "11/2/2026,Tea,1\n", GOOGLE_ADS).first == date(2026, 11, 2)
    with pytest.raises(Unreadable, match="day or the month"):
        read(above + "11-02-2026,Tea,1\n", GOOGLE_ADS)
    open_above = above.replace("11/20", "11/2")
    assert read(open_above + "2026-11-02,Tea,1\n", GOOGLE_ADS).first == date(2026, 11, 2)


def test_a_campaign_called_total_is_none_where_its_row_has_a_day() -> None:
    text = 'Campaign,Day,Cost\nTotal Wine,"Nov 3, 2026",5.00\nTotal Wine,2026-11-31,5.00\nTotal,--,10.00\n'
    export = read(text, GOOGLE_ADS)
    assert [(cost.campaign.name, cost.amount_minor) for cost in export.costs] == [("Total Wine", 500)]
    assert ([one.line for one in export.refused], export.totals) == ([3], 1)


@pytest.mark.parametrize("clicks", ["1.5K", "9999999999", "2147483647"])
def test_clicks_that_cannot_be_read_do_not_keep_the_money_out(clicks: str) -> None:
    text = f"Day,Campaign,Cost,Clicks,Impr.\n2026-11-01,Tea,1.00,7,70\n2026-11-01,Tea,2.00,{clicks},5\n"
    export = read(text + "2026-11-01,Tea,3.00,1,5\n", GOOGLE_ADS)
    assert figures(export) == [("Tea", date(2026, 11, 1), 600, None, 80)]
    assert any("Line 3" in note and "clicks are left open" in note for note in export.notes)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column"),
        (b"PK\x03\x04" + b"x" * 50, "spreadsheet or an archive"),
        (b"a,b\n1,2\n", "no column “Day”, “Campaign”, “Cost”"),
        (b"Day,Campaign\n2026-11-01,Tea\n", "no column “Cost”"),
        (b"Day,Campaign,Cost\n", "no rows"),
        (b"\x00\x01\x02\x81\x8d", "no readable text"),
        (b"Day,Campaign,Cost (USD)\n", "no column"),
    ],
)
def test_a_file_of_which_nothing_can_be_taken_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why.replace("(", r"\(")):
        read(content, GOOGLE_ADS)


def test_a_file_in_another_currency_is_refused_as_a_whole() -> None:
    with pytest.raises(Unreadable, match="in EUR, the shop's currency is USD"):
        read(META, META_ADS, currency="USD")


def test_a_file_without_a_currency_says_what_it_is_taken_for() -> None:
    assert read("Day,Campaign,Cost\n2026-11-01,Tea,1.50\n", GOOGLE_ADS).notes == [
        "The file doesn't say its currency; its amounts are taken as EUR."
    ]


def test_a_hundred_thousand_rows_are_read_and_more_are_refused_in_words() -> None:
    rows = "".join(f"2026-11-{n % 20 + 1:02},Campaign {n % 500},EUR,1.01,2,{n % 7}\n" for n in range(100_000))
    export = read("Day,Campaign,Currency code,Cost,Impr.,Clicks\n" + rows, GOOGLE_ADS)
    assert sum(cost.amount_minor for cost in export.costs) == 10_100_000
    with pytest.raises(Unreadable, match="more than 100,000 rows"):
        read("Day,Campaign,Currency code,Cost,Impr.,Clicks\n" + rows + "2026-11-01,Tea,EUR,1,1,1\n", GOOGLE_ADS)

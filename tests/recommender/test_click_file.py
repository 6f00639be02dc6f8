"""Reading anybody's click log."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.protocol import sessions
from recommender.protocol.click_file import BadClickLog, read

NOON = 1_396_872_000  # 2014-04-07 12:00 UTC


def written(folder: Path, text: str, name: str = "clicks.csv") -> Path:
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "moments",
    [
        (NOON, NOON + 90),
        (NOON * 1000, (NOON + 90) * 1000),
        (NOON * 10**6, (NOON + 90) * 10**6),
        ("2014-04-07T12:00:00Z", "2014-04-07T12:01:30Z"),
        ("2014-04-07T14:00:00+02:00", "2014-04-07T14:01:30+02:00"),
        ("2014-04-07 12:00:00", "2014-04-07 12:01:30"),
        (f"{NOON}.5", f"{NOON + 90}.5"),
    ],
)
def test_moments_may_be_written_in_many_ways(tmp_path: Path, moments: tuple[object, object]) -> None:
    file = written(tmp_path, f"session_id,item_id,timestamp\n7,a,{moments[0]}\n7,b,{moments[1]}\n")

    log, products = read(file)

    assert products == 2
    assert np.diff(log.at).tolist() == [90.0]
    assert int(log.at[0]) == NOON


@pytest.mark.parametrize(
    ("heading", "delimiter"),
    [
        ("SessionId,ItemId,Time", ","),
        ("Session ID\tSKU\tts", "\t"),
        ("visit;article;time", ";"),
        ("session|aid|ts", "|"),
    ],
)
def test_columns_are_found_by_the_names_in_common_use(tmp_path: Path, heading: str, delimiter: str) -> None:
    rows = "\n".join(delimiter.join(row) for row in (("s1", "x", "10"), ("s1", "y", "20"), ("s2", "x", "30")))

    log, products = read(written(tmp_path, f"{heading}\n{rows}\n", "clicks.tsv"))

    assert (len(log.product), products) == (2, 2)  # the visit of one click says nothing


def test_what_is_given_by_person_is_cut_where_they_paused(tmp_path: Path) -> None:
    rows = "".join(f"v1,p{number},{at}\n" for number, at in enumerate((0, 60, 90_000, 90_060)))

    log, _products = read(written(tmp_path, "visitorid,itemid,timestamp\n" + rows))

    assert len(np.unique(log.session)) == 2


def test_a_date_and_the_time_within_the_visit_belong_together(tmp_path: Path) -> None:
    file = written(tmp_path, "sessionId;itemId;timeframe;eventdate\n1;b;9000;2016-05-09\n1;a;4000;2016-05-09\n")

    log, _products = read(file)

    assert (log.in_order().product == log.product[::-1]).all()


def test_parquet_with_moments_of_its_own_kind(tmp_path: Path) -> None:
    moments = [datetime(2026, 1, 1, 8, minute) for minute in (0, 1)]  # noqa: DTZ001 (the file says no zone)
    pq.write_table(pa.table({"session": [1, 1], "product": ["a", "b"], "time": moments}), tmp_path / "log.parquet")

    log, _products = read(tmp_path / "log.parquet")

    assert np.diff(log.at).tolist() == [60.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("session,colour,time\n1,red,2\n", "no column for the product; it has session, colour, time"),
        ("session,item,time\n1,a,yesterday\n1,b,today\n", "holds no moments"),
        ("session,item,time\n1,a,1\n2,b,2\n", "no visit has two clicks"),
        ("session,item,time\n", "no visit has two clicks"),
        ('session,item,time\n1,"a\n', "can't be read"),
        ("", "can't be read"),
        ("session,item,time\n1,a\n1,b,2\n", "can't be read"),
    ],
)
def test_what_is_no_click_log_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadClickLog, match=said):
        read(written(tmp_path, text))


def test_a_missing_file_and_one_that_is_no_parquet(tmp_path: Path) -> None:
    with pytest.raises(BadClickLog, match="There is no file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(BadClickLog, match="can't be read"):
        read(written(tmp_path, "no parquet", "log.parquet"))


def test_rows_without_a_value_are_passed_over(tmp_path: Path) -> None:
    log, products = read(written(tmp_path, "session,item,time\n1,a,1\n1,,2\n1,b,\n1,c,4\n"))

    assert (len(log.product), products) == (2, 2)


def test_the_table_puts_this_model_beside_implicits(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    rows = "".join(
        f"{visit},p{(start + step) % 30},{visit * 1000 + step}\n"
        for visit, start in enumerate(draw.integers(0, 30, 400).tolist())
        for step in range(5)
    )
    lines: list[str] = []

    found = sessions.judged(written(tmp_path, "session,item,ts\n" + rows), say=lines.append)

    assert found["hr20"] > 0.95
    assert found["mrr20"] > found["knn_mrr20"]
    assert any(line.startswith("implicit BM25") for line in lines)

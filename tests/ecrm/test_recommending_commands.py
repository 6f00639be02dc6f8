"""`flask ecrm learn | models | rollback | evaluate`: what they print, and what they refuse in words."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from sqlalchemy import select

from ecrm.access.audit import AuditEntry
from ecrm.installation import Installation
from tests.ecrm.slots_host import NAMES, customer, order


@pytest.fixture
def sales(plugin: Installation) -> None:
    """Forty gardeners, each with two orders of their own half of the goods."""
    with plugin.sessions.begin() as session:
        for number in range(40):
            one = customer(session, f"c{number}")
            half = NAMES[:4] if number % 2 else NAMES[4:]
            order(session, one, half[:3], days_ago=40 + number)
            order(session, one, half[1:], days_ago=5 + number / 10)


def run(plugin: Installation, *words: str) -> Result:
    return plugin.app.test_cli_runner().invoke(args=["ecrm", *words])


@pytest.mark.usefixtures("sales")
def test_a_model_is_trained_listed_and_taken_back(plugin: Installation) -> None:
    assert "Nothing was trained yet" in run(plugin, "models").output

    first = run(plugin, "learn", "--quick")
    assert "learnt from 240 lines of 80 orders by 40 customers" in first.stdout
    second = run(plugin, "learn")
    assert second.exit_code == 0, second.output
    listed = run(plugin, "models").output.splitlines()
    assert len(listed) == 2
    assert listed[0].startswith("* ")
    assert "Too few customers came back since" in listed[0]
    assert "The first one" in listed[1]

    back = run(plugin, "rollback")
    assert "is served from now on." in back.output
    with plugin.sessions() as session:
        kept = session.scalars(select(AuditEntry)).one()
    assert (kept.staff_id, kept.action) == ("command line", "model_chosen")
    listed = run(plugin, "models").output.splitlines()
    assert "withdrawn" in listed[0]
    assert listed[1].startswith("* ")
    again = run(plugin, "rollback")
    assert again.exit_code == 1
    assert "There is no earlier model to go back to" in again.output
    assert run(plugin, "rollback", "nonsense").exit_code == 1


@pytest.mark.usefixtures("sales")
def test_the_shops_own_history_is_judged_and_ends_with_one_line_of_json(plugin: Installation) -> None:
    done = run(plugin, "evaluate", "--days", "20", "--json")

    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {"next_ndcg10", "new_ndcg10", "coverage10", "train_s"} <= set(figures)
    assert figures["customers"] == 40
    assert "this shop" in done.stdout


def test_what_cant_be_judged_is_refused_in_words(plugin: Installation, tmp_path: Path) -> None:
    nobody = run(plugin, "evaluate")
    assert (nobody.exit_code, "--days" in nobody.output) == (1, True)

    missing = run(plugin, "evaluate", "--protocol", "online-retail", "--data", str(tmp_path / "none.parquet"))
    assert missing.exit_code == 1
    assert "--data FILE" in missing.output

    wrong = tmp_path / "wrong.parquet"
    wrong.write_text("no parquet at all")
    unreadable = run(plugin, "evaluate", "--protocol", "online-retail", "--data", str(wrong))
    assert unreadable.exit_code == 1
    assert "can't be read as the UCI Online Retail data" in unreadable.output

    alone = run(plugin, "evaluate", "--data", str(wrong))
    assert (alone.exit_code, "--data goes with --protocol" in alone.output) == (2, True)


def test_a_log_of_clicks_that_somebody_brings_is_judged(plugin: Installation, tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    rows = (f"{visit},p{(visit + step) % 20},{visit * 900 + step}\n" for visit in range(200) for step in range(4))
    file.write_text("session,item,timestamp\n" + "".join(rows))

    done = run(plugin, "evaluate", "--clicks", str(file), "--json")

    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["hr20"] >= figures["knn_hr20"]
    assert "implicit BM25" in done.stdout

    file.write_text("session,colour,timestamp\n1,red,2\n")
    wrong = run(plugin, "evaluate", "--clicks", str(file))
    assert (wrong.exit_code, "no column for the product" in wrong.output) == (1, True)
    both = run(plugin, "evaluate", "--clicks", str(file), "--protocol", "online-retail")
    assert (both.exit_code, "leave --protocol out" in both.output) == (2, True)


@pytest.mark.usefixtures("sales")
def test_purchases_go_out_to_a_distributed_engine_and_its_factors_come_back(
    plugin: Installation, tmp_path: Path
) -> None:
    out = run(plugin, "export-interactions", str(tmp_path / "out"))
    assert (out.exit_code, "240 rows" in out.stdout) == (0, True), out.output
    again = run(plugin, "export-interactions", str(tmp_path / "out"))
    assert (again.exit_code, "isn't empty" in again.output) == (1, True)

    for name in ("userFactors", "itemFactors"):
        (tmp_path / "out" / "model" / name).mkdir(parents=True)
        ids = pa.array(range(8) if name == "itemFactors" else range(1, 41), pa.int32())
        vectors = pa.array([[1.0, float(one % 2)] for one in range(len(ids))], pa.list_(pa.float32()))
        pq.write_table(pa.table({"id": ids, "features": vectors}), tmp_path / "out" / "model" / name / "part-0.parquet")
    back = run(plugin, "import-factors", str(tmp_path / "out"))
    assert (back.exit_code, "2 factors of 40 customers and 8 products" in back.stdout) == (0, True), back.output
    assert run(plugin, "learn").exit_code == 0

    assert "of their own again" in run(plugin, "import-factors", "--forget").stdout
    assert "There were no imported" in run(plugin, "import-factors", "--forget").stdout
    nothing = run(plugin, "import-factors", str(tmp_path))
    assert (nothing.exit_code, "--export" in nothing.output) == (1, True)
    assert run(plugin, "import-factors").exit_code == 2

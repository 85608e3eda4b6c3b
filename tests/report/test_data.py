"""Results files: every row, the documented columns and keys, and nothing a spreadsheet would run."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.model import FindAll, Step
from runner.report.data import csv_text, results_text

from .attacks import ATTACKS
from .examples import (
    ACTIONS,
    any_json,
    cited,
    every_kind_of_row,
    found_pages,
    job,
    long_text,
    outcome,
    task,
)

KEYS = [
    *("step", "key", "item", "status", "output", "basis", "run_id", "processor"),
    *("cost_usd", "cached", "warnings", "error"),
]


def written(outcomes, suffix, action=None, **more):
    results = None if suffix is None else Path(f"/project/out/x{suffix}")
    return "".join(results_text(job(action, results=results, **more), outcomes))


def table(outcomes, action=None, **more):
    """Return a csv results file as a header and rows, each a mapping."""
    text = "".join(csv_text(job(action, **more), outcomes))
    text.encode("utf-8")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert all(len(row) == len(header) for row in rows)
    assert len(set(header)) == len(header)
    return header, [dict(zip(header, row, strict=True)) for row in rows]


def test_csv_has_the_documented_columns_in_order():
    """Input columns, output fields, confidence and sources of each, then how the row ended."""
    header, rows = table(every_kind_of_row())
    fields = ["founded_year", "headquarters", "key_products"]
    assert header == [
        "company",
        *fields,
        *(f"{field}.{part}" for field in fields for part in ("confidence", "sources")),
        *("status", "error", "run_id", "cost_usd"),
    ]
    acme = rows[0]
    assert (acme["company"], acme["founded_year"]) == ("Acme", "1901")
    assert acme["key_products"] == "anvils; rope"
    assert acme["headquarters.confidence"] == "medium"
    assert acme["headquarters.sources"] == "https://example.com/acme?a=1&b=2"


def test_a_list_that_is_graded_by_element_has_the_sources_of_all_and_the_lowest_confidence():
    """Its own confidence comes first, where it has one."""
    output = {"founded_year": 1901, "key_products": ["anvils", "rope"]}
    basis = [
        cited("key_products.0", "Anvils", url="https://a.example"),
        cited("key_products.1", "Rope", url="https://b.example", confidence="low"),
        cited("founded_year", "1901", url="https://a.example", confidence="HIGH"),
        cited("founded_year.0", "1901", url="https://a.example", confidence="low"),
    ]
    _, (row,) = table([outcome(output, basis=basis)])
    assert row["key_products.sources"] == "https://a.example; https://b.example"
    assert row["key_products.confidence"] == "low"
    assert row["founded_year.confidence"] == "high"


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl", None, ".JSONL"])
def test_every_row_is_in_the_results_in_order(suffix):
    """N rows in, N rows out, whatever became of them; an unknown format is jsonl."""
    text = written(every_kind_of_row(), suffix)
    if suffix == ".csv":
        statuses = [row["status"] for row in csv.DictReader(io.StringIO(text))]
    elif suffix == ".json":
        statuses = [row["status"] for row in json.loads(text)]
    else:
        statuses = [json.loads(line)["status"] for line in text.splitlines()]
    assert statuses == [row.status for row in every_kind_of_row()]


def test_a_line_of_jsonl_has_exactly_the_documented_keys():
    lines = written(every_kind_of_row(), ".jsonl").splitlines()
    assert all(list(json.loads(line)) == KEYS for line in lines)
    assert [list(each) for each in json.loads(written(every_kind_of_row(), ".json"))] == [KEYS] * 8


def test_no_outcome_is_an_empty_file_of_its_format():
    assert json.loads(written([], ".json")) == []
    assert written([], ".jsonl") == ""
    assert table([])[0] == ["status", "error", "run_id", "cost_usd"]


def test_a_column_name_used_twice_gets_a_prefix():
    """The input keeps its name, the run's own columns theirs, and the answer's field is prefixed."""
    rows = [
        outcome({"company": "Acme AG", "status": "listed"}, item={"company": "Acme", "error": "e"})
    ]
    header, (row,) = table(rows, task(schema={"type": "object"}))
    assert header[:4] == ["company", "error", "output.company", "output.status"]
    assert (row["company"], row["output.company"]) == ("Acme", "Acme AG")
    assert (row["status"], row["output.status"]) == ("ok", "listed")
    assert (row["error"], row["output.error"]) == ("e", "")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        "=HYPERLINK(1)",
        "+49 30",
    ],
)
def test_no_cell_is_a_formula(text):
    """In the input, the answer, a list, a column's name, an error and a source."""
    output = {"headquarters": text, "key_products": [text, "x"], text: "x"}
    basis = [cited("headquarters", url=text)]
    header, rows = table([outcome(output, item={"c": text}, basis=basis, error=text, run_id=text)])
    cells = [*header, *rows[0].values()]
    assert sum(cell.startswith("'") for cell in cells) >= 8
    assert not any(cell[:1] in set("=+-@\t\r＝") for cell in cells)


@pytest.mark.parametrize("text", ["-11", "+3.5", "-1e9", ".5", "-.5", "12"])
def test_a_plain_number_stays_one(text):
    assert table([outcome({"headquarters": text})])[1][0]["headquarters"] == text


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_csv_is_read_back_as_it_was(value):
    """Whatever a value holds, the csv module reads the same cells: quotes, commas, line ends."""
    _, (row,) = table([outcome({"headquarters": value}, item={"c": value})])
    lines = value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    kept = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in lines)
    assert row["headquarters"].removeprefix("'") == kept.removeprefix("'")
    assert row["c"] == row["headquarters"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values=st.dictionaries(st.text(), json_values, max_size=4))
def test_any_answer_can_be_stored(values):
    """Every answer gives a rectangular csv and a line of strict JSON, both storable as UTF-8."""
    rows = [outcome(values, item=values), outcome(values)]
    table(rows, task(schema={"type": "object"}))
    for line in written(rows, ".jsonl").splitlines():
        json.loads(line.encode("utf-8"), parse_constant=pytest.fail)


def test_numbers_money_and_nested_values_are_written_plainly():
    output = {
        "flag": True,
        "large": 1e15,
        "small": 0.00001,
        "nested": {"a": [1]},
        "mixed": [1, None, False],
    }
    rows = [outcome(output, cost_usd=Decimal("0.0250"))]
    _, (row,) = table(rows, task(schema={"type": "object"}))
    assert row["cost_usd"] == "0.0250"
    assert (row["flag"], row["large"], row["small"]) == ("true", "1000000000000000", "0.00001")
    assert (row["nested"], row["mixed"]) == ('{"a": [1]}', "1; ; false")


def test_searches_and_texts_have_columns_of_their_own():
    header, rows = table(found_pages(), ACTIONS["search"])
    assert header == [
        "company",
        "results",
        "urls",
        "titles",
        "status",
        "error",
        "run_id",
        "cost_usd",
    ]
    assert rows[0]["results"] == "2"
    assert rows[0]["urls"] == "https://www.example.com/a; notes/acme.md"
    header, rows = table(long_text(), ACTIONS["research"])
    assert header[1:4] == ["output", "output.confidence", "output.sources"]
    assert "output" in table([*any_json(), outcome("Text.")], ACTIONS["auto"])[0]


def test_rows_of_several_steps_name_their_step():
    steps = [Step(id="find", action=ACTIONS["search"]), Step(id="ask", action=task())]
    rows = [outcome({"results": []}, step="find"), outcome({"headquarters": "x"}, step="ask")]
    header, found = table(rows, steps=steps)
    assert header[0] == "step"
    assert [row["step"] for row in found] == ["find", "ask"]
    assert "results.confidence" not in header
    assert "headquarters.confidence" in header


def test_a_large_file_is_handed_on_in_chunks():
    """Rows of several megabytes are never one text in memory, and nothing is lost between chunks."""
    rows = [outcome({"headquarters": "x" * 40_000}, row=n) for n in range(4)]
    chunks = list(results_text(job(results=Path("/project/x.jsonl")), rows))
    assert len(chunks) == 3
    assert len("".join(chunks).splitlines()) == 4


def test_findall_writes_the_fields_that_matches_have():
    header, _ = table([outcome({"results": []})], FindAll(objective="x"))
    assert header[:2] == ["company", "status"]

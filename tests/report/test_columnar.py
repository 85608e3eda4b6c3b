"""Results as xlsx and parquet: every row, typed values, and nothing a spreadsheet would run."""

import datetime as dt
import errno
import gc
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.report import columnar
from runner.report.columnar import check_installed, write_columnar
from runner.report.data import FORMULA
from runner.report.records import Records

from .attacks import ATTACKS
from .examples import cited, every_kind_of_row, job, outcome

openpyxl = pytest.importorskip("openpyxl")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

FIELDS = ["founded_year", "headquarters", "key_products"]


def written(outcomes, suffix):
    file = io.BytesIO()
    write_columnar(job(), outcomes, Path(f"x{suffix}"), file)
    file.seek(0)
    return file


def sheet(outcomes):
    """Return a workbook's header and rows of cells."""
    book = openpyxl.load_workbook(written(outcomes, ".xlsx"))
    header, *rows = book["results"].iter_rows()
    return [cell.value for cell in header], rows


def table(outcomes):
    return parquet.read_table(written(outcomes, ".parquet"))


def test_both_have_the_columns_of_csv_and_a_row_an_outcome():
    rows = every_kind_of_row()
    header = Records(job(), rows).header
    names, cells = sheet(rows)
    read = table(rows)
    assert names == read.column_names == header
    assert len(cells) == read.num_rows == len(rows)
    place = header.index("status")
    statuses = [row.status for row in rows]
    assert [row[place].value for row in cells] == read["status"].to_pylist() == statuses


def test_values_keep_their_types():
    rows = [
        outcome(
            {"founded_year": 1901, "headquarters": "Bern", "key_products": ["a", "b"]},
            basis=[cited("founded_year", "x", url="https://a.example")],
        ),
        outcome({"founded_year": None, "headquarters": "Oslo", "key_products": []}, row=1),
    ]
    read = table(rows)
    kinds = {field.name: str(field.type) for field in read.schema}
    assert [kinds[name] for name in FIELDS] == ["int64", "string", "list<element: string>"]
    assert read["founded_year"].to_pylist() == [1901, None]
    assert read["key_products"].to_pylist() == [["a", "b"], []]
    assert read["founded_year.sources"].to_pylist() == [["https://a.example"], []]
    assert read["cost_usd"].to_pylist() == [0.0, 0.0]
    header, (first, second) = sheet(rows)
    row = dict(zip(header, first, strict=True))
    assert (row["founded_year"].value, row["founded_year"].data_type) == (1901, "n")
    assert row["key_products"].value == "a; b"
    assert row["founded_year.sources"].value == "https://a.example"
    assert second[header.index("founded_year")].value is None


def test_values_of_several_kinds_are_text():
    """An invalid answer never stops the file: its column holds text."""
    read = table(
        [outcome({"founded_year": v}, row=n) for n, v in enumerate((1, "long ago", {"a": 1}))]
    )
    assert read["founded_year"].to_pylist() == ["1", "long ago", '{"a": 1}']
    mixed = table([outcome({"founded_year": v}, row=n) for n, v in enumerate((1, 2.5))])
    assert mixed["founded_year"].to_pylist() == [1.0, 2.5]
    huge = table([outcome({"founded_year": 2**70})])
    assert huge["founded_year"].to_pylist() == [str(2**70)]


def test_a_spreadsheet_would_round_a_long_number_so_it_is_text():
    header, (row,) = sheet([outcome({"founded_year": 10**15 + 1})])
    assert row[header.index("founded_year")].value == str(10**15 + 1)


@pytest.mark.parametrize("value", [*ATTACKS, "=1+1", "+1", "-1", "@x", "\t=1", "＝1"], ids=ascii)
def test_no_text_is_a_formula(value):
    """Whatever it begins with, it is stored as text, and stays text when it is edited."""
    header, (row,) = sheet([outcome({"headquarters": value}, key=value)])
    cell = row[header.index("headquarters")]
    assert cell.data_type in {"s", "n"}
    assert cell.data_type == "s" or cell.value is None
    if isinstance(cell.value, str) and cell.value[:1] in FORMULA:
        assert cell.quotePrefix


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(FIELDS),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2)
                ),
                max_leaves=5,
            ),
        ),
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_answers_can_be_written(values):
    rows = [outcome(value, row=n) for n, value in enumerate(values)]
    assert table(rows).num_rows == len(sheet(rows)[1]) == len(rows)


def test_no_rows_are_still_a_file():
    assert table([]).num_rows == 0
    assert sheet([])[1] == []


def test_more_rows_than_a_sheet_holds_are_refused_plainly(monkeypatch):
    monkeypatch.setattr(columnar, "MOST_ROWS", 1)
    with pytest.raises(UsageError, match="at most 1 rows"):
        written([outcome({}), outcome({}, row=1)], ".xlsx")


def test_more_columns_than_a_sheet_holds_are_refused_plainly(monkeypatch):
    monkeypatch.setattr(columnar, "MOST_COLUMNS", 13)
    with pytest.raises(UsageError, match="at most 13 columns, not 14"):
        written([outcome({})], ".xlsx")


@pytest.mark.parametrize("character", ["x", "\U0001f600"])
def test_very_long_texts_are_cut(character):
    """A spreadsheet counts what it holds in UTF-16: an emoji is two."""
    header, (row,) = sheet([outcome({"headquarters": character * 40_000})])
    text = row[header.index("headquarters")].value
    assert columnar.LONGEST_CELL - 2 < len(text.encode("utf-16-le")) // 2 <= columnar.LONGEST_CELL
    assert text.endswith(character + "…")


def test_every_character_can_be_written():
    """What XML cannot hold is left out: no value stops the file."""
    texts = ["".join(map(chr, range(n, n + 0x800))) for n in range(0, 0x10000, 0x800)]
    header, rows = sheet([outcome({"headquarters": t}, row=n) for n, t in enumerate(texts)])
    last = rows[-1][header.index("headquarters")].value
    assert last == texts[-1].replace("\ufffe", "").replace("\uffff", "")


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_the_same_outcomes_give_the_same_bytes(suffix):
    assert (
        written(every_kind_of_row(), suffix).getvalue()
        == written(every_kind_of_row(), suffix).getvalue()
    )


class FullDisk(io.BytesIO):
    """A file on a disk that has room for so many writes."""

    room = 0

    def write(self, data):
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 1, 12])
def test_where_a_workbook_cannot_be_written_there_is_one_error_and_no_more(room):
    """Nothing complains later of what was left open."""
    file = FullDisk()
    file.room = room
    with pytest.raises(OSError, match="No space"):
        write_columnar(job(), every_kind_of_row(), Path("x.xlsx"), file)
    gc.collect()


def test_a_workbook_does_not_say_when_it_was_written():
    file = written(every_kind_of_row(), ".xlsx")
    assert {entry.date_time[:3] for entry in zipfile.ZipFile(file).infolist()} == {(1980, 1, 1)}
    properties = openpyxl.load_workbook(file).properties
    assert {properties.created.year, properties.modified.year} == {1980}


def test_a_missing_library_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    check_installed(Path("x.csv"))
    with pytest.raises(UsageError, match=r"x\.xlsx needs openpyxl") as caught:
        check_installed(Path("x.xlsx"))
    assert "research-runner[tables]" in caught.value.hint


def test_dates_stay_text():
    header, (row,) = sheet([outcome({"headquarters": "2025-10-10"})])
    assert not isinstance(row[header.index("headquarters")].value, dt.datetime)

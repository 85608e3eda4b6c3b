"""Laws of parquet and xlsx: rows are JSON, read in pieces, and a broken file says so in words."""

import json
import time as time_of_day
import tracemalloc
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.diagnostics import JobProblemsError
from runner.job.model import FileItems
from runner.job.rows import reader
from runner.job.rows.cells import as_json
from runner.job.rows.reader import header, read_rows, survey

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
openpyxl = pytest.importorskip("openpyxl")


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return FileItems(path=path, format="parquet")


def xlsx(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return FileItems(path=path, format="xlsx")


def faults(items):
    with pytest.raises(JobProblemsError) as caught:
        list(read_rows(items))
    return [(problem.line, problem.message) for problem in caught.value.problems]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
        | st.dates() | st.datetimes(timezones=st.none() | st.just(UTC)) | st.times()
        | st.timedeltas() | st.decimals(allow_nan=True) | st.uuids(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(), inner, max_size=3),
        max_leaves=5,
    )
)  # fmt: skip
def test_every_cell_is_json(value):
    json.dumps(as_json(value), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (2.0, 2),
        (2.5, 2.5),
        (float("nan"), None),
        (Decimal("1.10"), 1.1),
        (datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001 - as spreadsheets have them
        (datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),  # noqa: DTZ001
        (date(2026, 1, 2), "2026-01-02"),
        (time(12, 30), "12:30:00"),
        (timedelta(minutes=1), 60.0),
        (b"caf\xc3\xa9", "café"),
        ([(1, None)], [[1, None]]),
    ],
)
def test_a_cell_means_this(value, meant):
    assert as_json(value) == meant
    assert type(as_json(value)) is type(meant)


def test_parquet_rows_have_their_types(tmp_path):
    items = parquet(tmp_path / "a.parquet", name=["A", "B"], n=[1, None], tags=[["x"], []])
    assert list(read_rows(items)) == [
        {"name": "A", "n": 1, "tags": ["x"]},
        {"name": "B", "n": None, "tags": []},
    ]
    assert header(items) == survey(items).columns == ("name", "n", "tags")
    assert survey(items).problems == ()


def test_times_finer_than_pythons_and_short_numbers_are_read(tmp_path):
    moment = pa.timestamp("ns")
    items = parquet(
        tmp_path / "a.parquet",
        at=pa.array([1_767_312_000_000_001_999, None], moment),
        zone=pa.array([1_767_312_000_000_000_000, None], pa.timestamp("ns", "UTC")),
        time=pa.array([1_001, None], pa.time64("ns")),
        took=pa.array([1_500_000_001, None], pa.duration("ns")),
        many=pa.array([[{"at": 1_001}], None], pa.list_(pa.struct([("at", moment)]))),
        share=pa.array([0.1, None], pa.float32()),
        half=pa.array([0.5, None], pa.float16()),
    )
    first, second = read_rows(items)
    assert first == {
        "at": "2026-01-02T00:00:00.000001",
        "zone": "2026-01-02T00:00:00+00:00",
        "time": "00:00:00.000001",
        "took": 1.5,
        "many": [{"at": "1970-01-01T00:00:00.000001"}],
        "share": 0.1,
        "half": 0.5,
    }
    assert set(second.values()) == {None}


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.duration("s"), pa.date64()])
def test_a_day_beyond_the_calendar_is_a_problem(tmp_path, kind):
    items = parquet(tmp_path / "a.parquet", a=pa.array([2**60], kind))
    ((_, message),) = faults(items)
    assert message.startswith("a value in this file cannot be read")


def test_xlsx_rows_are_those_of_the_first_sheet(tmp_path):
    items = xlsx(
        tmp_path / "a.xlsx", [None], ["name", " n ", None], ["A", 1.0], [], ["B", None, ""], ["C"]
    )
    assert list(read_rows(items)) == [
        {"name": "A", "n": 1},
        {"name": "B", "n": None},
        {"name": "C", "n": None},
    ]
    assert header(items) == survey(items).columns == ("name", "n")


def test_a_broken_row_of_a_sheet_is_named_by_its_line(tmp_path):
    items = xlsx(tmp_path / "a.xlsx", ["a", "b"], [1, 2], [1, 2, 3])
    assert faults(items) == [
        (3, "this row has a value in column 3, which has no name in the header")
    ]
    left = xlsx(tmp_path / "l.xlsx", [None, "a"], [None, 1], [2, 3])
    assert faults(left) == [
        (3, "this row has a value in column 1, which has no name in the header")
    ]
    assert faults(xlsx(tmp_path / "b.xlsx", ["a", None, "a"])) == [
        (1, "column 2 has no name"),
        (1, "the column 'a' is there twice"),
    ]
    assert "the first sheet is empty" in faults(xlsx(tmp_path / "c.xlsx"))[0][1]


def workbook(path, change):
    book = openpyxl.Workbook()
    change(book)
    book.save(path)
    return FileItems(path=path, format="xlsx")


def test_a_table_may_begin_anywhere_in_a_sheet(tmp_path):
    items = xlsx(
        tmp_path / "a.xlsx", [], [None, " "], [None, "a", "b\n c"], [None, None, 1], ["", "  "]
    )
    assert list(read_rows(items)) == [{"a": None, "b c": 1}]


def test_a_hidden_sheet_is_not_read(tmp_path):
    def change(book):
        book.active.append(["salary"])
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("Companies")
        for row in (["name"], ["A"]):
            sheet.append(row)
        book.active = 1

    assert list(read_rows(workbook(tmp_path / "a.xlsx", change))) == [{"name": "A"}]


def test_other_sheets_with_values_are_told_of(tmp_path):
    """Empty ones and hidden ones are not; what is read stays the first."""

    def change(names, *, hidden=(), title="Companies"):
        def make(book):
            book.active.title = title
            for row in (["name"], ["A"]):
                book.active.append(row)
            for name in names:
                sheet = book.create_sheet(name)
                sheet.append(["value"] if name != "Empty" else [])
                sheet.sheet_state = "hidden" if name in hidden else "visible"

        return make

    quiet = workbook(tmp_path / "a.xlsx", change(["Empty", "Lists"], hidden=["Lists"]))
    assert survey(quiet).problems == ()
    for names, said in [
        (["Empty", "More"], "not of 'More'"),
        (["More", "Yet more"], "not of 2 others, such as 'More'"),
    ]:
        items = workbook(tmp_path / "b.xlsx", change(names))
        (problem,) = survey(items).problems
        assert problem.severity == "warning"
        assert said in problem.message
        assert "first sheet, 'Companies'" in problem.message
        assert list(read_rows(items)) == [{"name": "A"}]
        assert header(items) == survey(items).columns == ("name",)


def test_a_large_workbook_tells_of_its_other_sheets_too(tmp_path, monkeypatch):
    def change(book):
        book.active.append(["name"])
        book.create_sheet("More").append(["value"])

    items = workbook(tmp_path / "a.xlsx", change)
    monkeypatch.setattr(reader, "MAX_SURVEY_PACKED", 1)
    found = survey(items)
    assert found.columns == ("name",)
    assert ["More" in problem.message for problem in found.problems] == [True]


def test_each_of_merged_cells_has_their_value(tmp_path):
    def change(book):
        sheet = book.active
        for row in (["land", "name", "n", "m"], ["DE", "A", 1], [None, "B", 2], ["FR", "C", 3, 4],
                    [None, None, None, None], ["IT", "D"]):  # fmt: skip
            sheet.append(row)
        for cells in ("A2:A3", "C3:D3", "A4:A5", "B4:B5"):
            sheet.merge_cells(cells)

    assert [tuple(row.values()) for row in read_rows(workbook(tmp_path / "a.xlsx", change))] == [
        ("DE", "A", 1, None),
        ("DE", "B", 2, 2),
        ("FR", "C", 3, 4),
        ("IT", "D", None, None),
    ]


def test_merged_cells_above_the_table_and_beside_it_are_left_alone(tmp_path):
    def change(book):
        sheet = book.active
        for row in (["", "name", "n"], [], ["", "A", 1], ["", "B", 2]):
            sheet.append(row)
        for cells in ("B1:B2", "A3:A4", "C4:F4"):
            sheet.merge_cells(cells)

    rows = list(read_rows(workbook(tmp_path / "a.xlsx", change)))
    assert rows == [{"name": "A", "n": 1}, {"name": "B", "n": 2}]


def test_a_formula_without_a_value_is_told_with_its_cell(tmp_path):
    items = xlsx(tmp_path / "a.xlsx", ["a", "b"], [1, 2], [3, '=A3 & "<x>"'])
    ((line, message),) = faults(items)
    assert (line, "cell B3" in message) == (3, True)


def rewritten(folder, old, new):
    """Change the XML of the sheet in a.xlsx."""
    with (
        zipfile.ZipFile(folder / "a.xlsx") as before,
        zipfile.ZipFile(folder / "b.xlsx", "w") as after,
    ):
        for name in before.namelist():
            text = before.read(name)
            assert old in text or not name.endswith("sheet1.xml")
            after.writestr(name, text.replace(old, new) if name.endswith("sheet1.xml") else text)
    return FileItems(path=folder / "b.xlsx", format="xlsx")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (b'<c r="B3"><f>A3*2</f><v>6</v></c>', 6),
        (b'<c r="B3" t="str"><f>IF(A3,"","x")</f><v></v></c>', None),
        (b'<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>', None),
    ],
)
def test_a_formula_is_its_value(tmp_path, cell, value):
    xlsx(tmp_path / "a.xlsx", ["a", "b"], [1, 2], [3, "=A3*2"])
    items = rewritten(tmp_path, b'<c r="B3"><f>A3*2</f><v></v></c>', cell)
    assert list(read_rows(items))[1] == {"a": 3, "b": value}


def test_a_sheet_costs_what_it_holds(tmp_path):
    """Neither a row number beyond all sheets nor the widest column there can be is filled up."""
    started = time_of_day.perf_counter()
    xlsx(tmp_path / "a.xlsx", ["a", "b"], *([n, n] for n in range(2_000)))
    items = rewritten(tmp_path, b'<row r="2001">', b'<row r="2000000000">')
    assert len(list(read_rows(items))) == 1_999
    assert time_of_day.perf_counter() - started < 3


def test_an_old_workbook_is_named(tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    assert "xls file, or one with a password" in faults(FileItems(path=file, format="xlsx"))[0][1]


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
@given(content=st.binary(max_size=60))
def test_any_bytes_are_no_table(tmp_path_factory, kind, content):
    file = tmp_path_factory.mktemp("bytes") / f"a.{kind}"
    file.write_bytes(content)
    assert faults(FileItems(path=file, format=kind))


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_a_table_cut_off_or_changed_is_a_problem_or_rows(tmp_path, kind):
    file = tmp_path / f"a.{kind}"
    rows = [[f"Company {n}", n] for n in range(50)]
    if kind == "xlsx":
        items = xlsx(file, ["a", "b"], *rows)
    else:
        items = parquet(file, a=[row[0] for row in rows], b=[row[1] for row in rows])
    whole = file.read_bytes()
    for at in range(0, len(whole), 97):
        for content in (whole[:at], whole[:at] + b"\xff\x00" + whole[at + 2 :]):
            file.write_bytes(content)
            found = survey(items)
            assert all(problem.message for problem in found.problems)


def test_a_zip_that_is_no_workbook_is_a_problem(tmp_path):
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("hello.txt", "hello")
    assert "cannot be read" in faults(FileItems(path=file, format="xlsx"))[0][1]


def test_a_zip_bomb_is_refused(tmp_path):
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for number in range(9):
            packed.writestr(f"xl/{number}.xml", bytes(128 * 1024**2))
    assert "larger than 1 GiB" in faults(FileItems(path=file, format="xlsx"))[0][1]


def test_parquet_rows_are_read_in_pieces(tmp_path):
    count = 100_000
    items = parquet(tmp_path / "a.parquet", a=[f"Company {n}" for n in range(count)])
    tracemalloc.start()
    assert sum(1 for _ in read_rows(items)) == count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_workbook_that_unpacks_to_much_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", " " * (17 * 1024**2))
    (problem,) = survey(FileItems(path=path, format="xlsx")).problems
    assert "its part xl/workbook.xml is larger than 16 MiB" in problem.message

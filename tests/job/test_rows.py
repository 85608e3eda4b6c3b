"""Laws of rows: what is written is read back, streaming, and what is broken is named by its line."""

import csv
import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.diagnostics import JobProblemsError
from runner.job.model import FileItems, InlineItems
from runner.job.rows.reader import MAX_PROBLEMS, MAX_SURVEY_BYTES, header, read_rows, survey

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)
NAMES = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8),
    min_size=2,
    max_size=4,
    unique=True,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.fixture
def items(tmp_path):
    def items(name, content):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return FileItems(path=file, format=name.rpartition(".")[2])

    return items


def faults(items):
    with pytest.raises(JobProblemsError) as caught:
        list(read_rows(items))
    return [(p.line, p.column, p.message) for p in caught.value.problems]


@given(names=NAMES, data=st.data(), delimiter=st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_back(folder, names, data, delimiter):
    rows = data.draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), max_size=5))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([names, *rows])
    file = folder / "round.csv"
    file.write_bytes(text.getvalue().encode())
    found = list(read_rows(FileItems(path=file, format="csv")))
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assert found == [dict(zip(names, row, strict=True)) for row in filled]


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n3,4\n",
        "\n \na,b\n1,2\n\n3,4\n",
        "sep=;\na;b\n1;2\n3;4\n",
        '"SEP=,"\r\na,b\r\n1,2\r\n3,4\r\n',
        "a,b,,\n1,2,,\n,,,\n3,4\n,\n",
        "a,b\n1,2,,\n3,4, \n",
        'a, b\n1, 2\n3, "4"\n',
        "\ufeffa,\u200b b\n1,2\n3,4\n",
        "a\tb\r1\t2\r3\t4\r",
    ],
)
def test_however_a_program_writes_a_table_it_is_the_same_rows(items, content):
    found = items("a.csv", content)
    assert list(read_rows(found)) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert header(found) == ("a", "b")


def test_a_column_is_named_on_one_line(items):
    assert header(items("a.csv", '"head\ncount", first\u00a0 name,n\u00ad o\n')) == (
        "head count", "first name", "n o",
    )  # fmt: skip


def test_cells_keep_their_spaces_where_the_header_has_none(items):
    assert list(read_rows(items("a.csv", "a,b\n1, 2\n"))) == [{"a": "1", "b": " 2"}]


@given(
    st.lists(
        st.dictionaries(TEXT.filter(bool), TEXT | st.integers() | st.none(), min_size=1), max_size=5
    )
)
def test_what_the_json_module_writes_is_read_back(folder, rows):
    lines = folder / "round.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    whole = folder / "round.json"
    whole.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    if rows:
        assert list(read_rows(FileItems(path=lines, format="jsonl"))) == rows
    assert list(read_rows(FileItems(path=whole, format="json"))) == rows


@given(content=st.binary(max_size=80), kind=st.sampled_from(["csv", "tsv", "json", "jsonl"]))
def test_any_bytes_are_rows_or_problems(folder, content, kind):
    file = folder / f"any.{kind}"
    file.write_bytes(content)
    items = FileItems(path=file, format=kind)
    try:
        for row in read_rows(items):
            assert all(isinstance(name, str) for name in row)
    except JobProblemsError as error:
        assert all(problem.message for problem in error.problems)
    assert survey(items) == survey(items)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "a,b\n1\n1,2,3\n\n  \n1,2\n", [(2, 2, "1 cell, but"), (3, 5, "3 cells, but")]),
        ("a.csv", "", [(0, 0, "no header")]),
        ("a.csv", "a,,a\n", [(1, 3, "no name"), (1, 4, "there twice")]),
        ("a.csv", "\n\n,a,a\n", [(3, 1, "no name"), (3, 4, "there twice")]),
        ("a.csv", ",,\n1,2,3\n", [(0, 0, "no header")]),
        ("a.csv", "\n\na,b,\n\n1,2,3\n", [(5, 5, "3 cells, but the header has 2")]),
        ("a.csv", '"a",a\n', [(1, 0, "there twice")]),
        ("a.csv", 'a,b\n"x\ny",2\n"open,3\n4,5\n', [(4, 1, "never closed")]),
        ("a.csv", 'a,b\n"x"y,2\n', [(2, 4, "after a closing")]),
        ("a.csv", "a,b\n1,\0\n", [(2, 3, "NUL")]),
        ("a.csv", "a,b\n" + "x" * 200_000 + ",1\n", [(2, 0, "131,072 characters")]),
        ("a.csv", b"a,b\nok,1\ncaf\xe9,2\n", [(3, 4, "byte 4 of line 3 (0xe9)")]),
        ("a.csv", "a,b\n".encode("utf-16"), [(1, 1, "UTF-16")]),
        ("a.json", "[1, null, [2]]", [(1, 2, "single"), (1, 5, "null"), (1, 11, "a list")]),
        ("a.json", "{}", [(1, 1, "a list of rows")]),
        ("a.json", "5", [(1, 1, "a list of rows")]),
        ("a.json", '[{"b": {"a": 1}, "a": [{"a": "{"}], "a": 2}]', [(1, 37, "'a' stands twice")]),
        ("a.json", '[{"a": 1},\n {"": 1}]', [(2, 2, "has no name")]),
        ("a.jsonl", '{"a": 1}\n{"a": 1, "\\u0061": 2}\n', [(2, 10, "'a' stands twice")]),
        ("a.jsonl", '{"a": 1}\n{"": 1}\n', [(2, 1, "has no name")]),
        ("a.json", " ", [(0, 0, "empty")]),
        ("a.json", '[{"a": 1},\n {"a": NaN}]', [(2, 8, "NaN is no number")]),
        ("a.json", "[" * 100_000, [(0, 0, "nested too deeply")]),
        ("a.jsonl", "", [(0, 0, "empty")]),
        ("a.jsonl", '{"a": 1}\n{"a": 2\n', [(2, 8, "a comma or a closing bracket")]),
        ("a.jsonl", '"text"\n5\n', [(2, 1, "a row must be")]),
        ("a.jsonl", '{"a": -1e999}\n', [(1, 7, "-1e999 is no number")]),
        ("a.jsonl", '{"a": ' + "9" * 5000 + "}\n", [(1, 7, "too long")]),
        ("a.jsonl", '{"a": "NaN \\\\ud800 \\ud800"}\n', [(1, 20, "half a character")]),
        ("a.jsonl", b'{"a": "\xff"}\n', [(1, 8, "0xff")]),
    ],
)
def test_a_broken_file_is_named_by_its_line(items, name, content, expected):
    found = faults(items(name, content))
    assert [(line, column) for line, column, _ in found] == [(a, b) for a, b, _ in expected]
    for (_, _, message), (_, _, words) in zip(found, expected, strict=True):
        assert words in message


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("a.json", '{"a": 1}\n{"a": 2}\n', "one object a line is jsonl"),
        ("a.json", '{"n": 1, "rows": [{"a": 1}]}', "keep only the list in 'rows'"),
        ("a.jsonl", '[{"a": 1},\n{"a": 2}]\n', "a list of rows is saved as .json"),
        ("a.csv", b"a\ncaf\xe9\n", "in Excel: CSV UTF-8"),
    ],
)
def test_what_is_likely_meant_is_in_the_hint(items, name, content, hint):
    with pytest.raises(JobProblemsError) as caught:
        list(read_rows(items(name, content)))
    assert hint in caught.value.problems[0].hint


def test_a_missing_file_and_a_folder_are_problems(tmp_path):
    for kind in ("csv", "json", "jsonl"):
        assert "no such file" in faults(FileItems(path=tmp_path / "x", format=kind))[0][2]
        assert "cannot be read" in faults(FileItems(path=tmp_path, format=kind))[0][2]


def test_a_broken_file_stops_after_a_few_problems(items):
    assert len(faults(items("a.jsonl", "x\n" * 1000))) == MAX_PROBLEMS
    assert len(survey(items("b.jsonl", "x\n" * 1000)).problems) == MAX_PROBLEMS


def test_rows_before_a_broken_one_are_read(items):
    rows = read_rows(items("a.csv", "a,b\n1,2\n3\n"))
    assert next(rows) == {"a": "1", "b": "2"}
    with pytest.raises(JobProblemsError):
        next(rows)


def test_the_columns_are_known_before_the_rows(items):
    assert header(items("a.csv", "\ufeffa;b\n1;2\n")) == ("a", "b")
    assert header(items("a.tsv", "a,b\n1,2\n")) == ("a", "b")
    assert header(items("a.jsonl", '{"a": 1}\n{"b": 1}\n')) == ("a", "b")
    assert header(InlineItems(rows=({"x": 1}, {"y": 2}))) == ("x", "y")
    with pytest.raises(JobProblemsError):
        header(items("b.csv", "a,a\n"))
    with pytest.raises(JobProblemsError):
        header(items("b.json", "{}"))


def test_a_file_without_rows_is_a_warning(items):
    for name, content in (("a.csv", "a,b\n"), ("a.json", "[]"), ("a.jsonl", "\n")):
        (problem,) = survey(items(name, content)).problems
        assert (problem.severity, problem.message) == ("warning", "the file has no rows")


def test_a_large_file_is_not_read_before_the_run(tmp_path):
    for kind, start, columns in (
        ("csv", b"a,b\n", ("a", "b")),
        ("jsonl", b'{"a": 1}\n', None),
        ("csv", b"a,a\n", None),
    ):
        file = tmp_path / f"large.{kind}"
        with file.open("wb") as out:
            out.write(start)
            out.truncate(MAX_SURVEY_BYTES + 1)
        found = survey(FileItems(path=file, format=kind))
        assert found.columns == columns
        assert bool(found.problems) == (start == b"a,a\n")


@pytest.mark.parametrize("names", [",".join(f"c{n}" for n in range(60_000)), "c," * 30_000])
def test_many_columns_take_little_time(tmp_path, names):
    (tmp_path / "a.csv").write_text(names + "\n", encoding="utf-8")
    started = time.process_time()
    survey(FileItems(path=tmp_path / "a.csv", format="csv"))
    assert time.process_time() - started < 2


def test_a_million_short_rows_are_not_all_read_before_a_run(tmp_path):
    (tmp_path / "a.csv").write_text("a\n" * 1_500_000 + "b,c\n", encoding="utf-8")
    started = time.process_time()
    assert survey(FileItems(path=tmp_path / "a.csv", format="csv")).columns == ("a",)
    assert time.process_time() - started < 2

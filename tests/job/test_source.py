"""Laws of reading YAML: 1.2 scalars, positions that point true, and nothing that exhausts memory."""

import os
import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.diagnostics import MOST, JobProblemsError
from runner.job.load import find_jobs
from runner.job.text.composing import MAX_VALUES
from runner.job.text.credentials import secrets
from runner.job.text.source import parse_source, read_source

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"))


def fault(text):
    with pytest.raises(JobProblemsError) as caught:
        parse_source(text, "job.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("2025-10-10", "2025-10-10"),
        ("12:30", "12:30"),
        ("012", "012"),
        ("-01.5", "-01.5"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("<<", "<<"),
        ("0o14", 12),
        ("0x1F", 31),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1e3", 1000.0),
        ("5.00", 5.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"5"', "5"),
        ("!!str 5", "5"),
        ("9" * 400, "9" * 400),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says(written, meant):
    data = parse_source(f"key: {written}\n", "job.yaml").data
    assert data == {"key": meant}
    assert type(data["key"]) is type(meant)


def test_every_key_is_text():
    source = parse_source("on: 1\n2024: 2\nnull: 3\ntrue: 4\n", "job.yaml")
    assert source.data == {"on": 1, "2024": 2, "null": 3, "true": 4}


def test_keys_and_values_know_their_place():
    source = parse_source("a: 1\nlist:\n  - x\n  - {k: 'long text'}\n", "job.yaml")
    value = source.value(("list", 1, "k"))
    assert (value.line, value.column, value.width) == (4, 9, 11)
    assert (source.key(("list", 1, "k")).line, source.key(("list", 1, "k")).column) == (4, 6)
    assert source.value(("list", 0)).column == 5


def test_a_place_that_is_not_there_is_the_nearest_around_it():
    source = parse_source("a: {b: 1}\n", "job.yaml")
    assert source.value(("a", "zzz", 3)) == source.value(("a",))


@pytest.mark.parametrize(
    "written",
    [
        "plain >>>x<<< end",
        "'it''s >>>x<<< end'",
        '"tab\\t \\u00e9 >>>x<<< end"',
        "plain of\n  several\n\n  lines >>>x<<< end",
        '"several\n   lines \\\n  >>>x<<< end"',
        "|\n  first\n\n    deeper >>>x<<< end\n",
        ">-\n  folded\n  text\n\n  >>>x<<< end\n",
        "|2+\n    indented >>>x<<<\n",
        "&anchor a >>>x<<<",
        "!!str a >>>x<<<",
        ">  # with a comment >>>\n  text >>>x<<<\n",
        "'日本語 >>>x<<<'",
    ],
)
def test_a_place_inside_a_text_is_found_in_every_style(written):
    """The mark stands on one line of the file; its place in the value leads back to it."""
    text = f"key: {written}\n"
    source = parse_source(text, "job.yaml")
    before = source.data["key"].split(">>>x<<<")[0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    at = source.inside(("key",), line, column, 7)
    assert text.split("\n")[at.line - 1][at.column - 1 :].startswith(">>>x<<<")


@given(TEXT)
def test_the_place_of_any_character_of_a_quoted_text_holds_that_character(value):
    source = parse_source("key: '" + value.replace("'", "''") + "'\n", "job.yaml")
    for offset, character in enumerate(source.data["key"]):
        if not character.isspace():
            at = source.inside(("key",), 1, offset + 1)
            assert source.text.split("\n")[at.line - 1][at.column - 1] == character


def test_small_anchors_are_read_and_bombs_are_not():
    assert parse_source("a: &x [1]\nb: *x\n", "j").data == {"a": [1], "b": [1]}
    bomb = "a0: &a0 [1]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 60)
    )
    started = time.perf_counter()
    assert "too many values" in fault(bomb)[-1].message
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 5_000, "nested more than 100 deep"),
        ("- " * 5_000, "nested more than 100 deep"),
        ("a: &a [*a]", "part of"),
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("---\n---\n", "second document"),
        ("%YAML 3.0\n---\na: 1\n", "not known"),
    ],
)
def test_what_is_no_single_document_is_refused(text, words):
    assert words in fault(text)[-1].message


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"name: caf\xe9\n", (1, 10), "byte 10 of the file (0xe9) is not UTF-8"),
        ("name: x\n".encode("utf-16"), (1, 1), "UTF-16"),
        (b"\xef\xbb\xbfname: a\nq: \xff", (2, 4), "is not UTF-8"),
        (b"name: a\x00b\n", (1, 8), "U+0000"),
        (b"\x89PNG\r\n\x1a\n", (1, 1), "not UTF-8"),
        (b"a: " + b"x" * 1_048_576, (0, 0), "larger than 1 MiB"),
    ],
)
def test_what_is_no_text_is_refused_at_its_byte(tmp_path, content, place, words):
    file = tmp_path / "job.yaml"
    file.write_bytes(content)
    with pytest.raises(JobProblemsError) as caught:
        read_source(file, "job.yaml")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert (problem.line, problem.column) == place


def test_a_missing_file_and_a_folder_are_problems(tmp_path):
    for path, words in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(JobProblemsError) as caught:
            read_source(path, "x")
        assert words in caught.value.problems[0].message


def test_a_byte_order_mark_and_windows_lines_change_nothing(tmp_path):
    file = tmp_path / "job.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: a\r\nquery: b\r\n")
    source = read_source(file, "job.yaml")
    assert source.data == {"name": "a", "query": "b"}
    assert source.value(("query",)).column == 8
    assert source.problem(source.value(("name",)), "x").snippet == "name: a"


YAMLISH = st.text(
    st.sampled_from(string.ascii_letters[:6] + " \n\t:-[]{}'\"|>&*!%@#,?\\0x.é\u2028"), max_size=120
)


@given(YAMLISH)
def test_any_text_is_data_or_problems(text):
    """Whatever the text, reading it ends in data, or in problems that stand in the text."""
    started = time.perf_counter()
    try:
        problems = parse_source(text, "job.yaml").problems
    except JobProblemsError as error:
        problems = error.problems
    assert time.perf_counter() - started < 2
    lines = text.split("\n")
    for problem in problems:
        assert 0 <= problem.line <= len(lines)
        assert problem.message


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "&a " * 100_000,
        "? " * 50_000,
        "a: '" + "\n" * 500_000,
        "{a: " * 99 + "x, " * 100_000,
        "- a\n" * 200_000,
        "key-secret-" * 90_000,
        "eyJaaaaaaaaaaa-" * 60_000,
        "token=" * 150_000,
    ],
)
def test_large_hostile_texts_are_read_or_refused_quickly(text):
    started = time.process_time()
    try:
        source = parse_source(text, "job.yaml")
        for line in range(100):
            source.problem(source.at(line * 1_000), "x")
        list(secrets(text))
    except JobProblemsError as error:
        assert len(error.problems) <= MOST + 1
    assert time.process_time() - started < 10  # under a coverage tracer, too


def test_a_file_of_very_many_values_is_refused():
    with pytest.raises(JobProblemsError) as caught:
        parse_source("a: [" + "x, " * (MAX_VALUES + 1) + "]", "job.yaml")
    assert "more than 50,000 values" in caught.value.problems[-1].message


def test_a_key_in_quotes_is_no_merge_key():
    assert parse_source('"<<": [a]', "job.yaml").data == {"<<": ["a"]}


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "job.yaml")
    for path in (tmp_path / "job.yaml", Path(os.devnull)):
        with pytest.raises(JobProblemsError) as caught:
            read_source(path, "job.yaml")
        assert "a pipe or a device" in caught.value.problems[0].message
    assert find_jobs(tmp_path) == []

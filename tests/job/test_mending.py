"""Faults in the YAML do not end reading: all of them are told, what else is wrong, and no more."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.load import find_jobs, load
from runner.job.text.composing import NotYamlError, compose
from runner.job.text.mending import MOST_MENDED

ROOT = Path(__file__).parents[2]
JOBS = [*find_jobs(ROOT / "jobs"), *find_jobs(ROOT / "tests/jobs/ok")]

PAIR = re.compile(r"^(\s*(?:- +)*)([a-z_]\w*): +(\S.*)$")


def faults_of(line):
    """Yield what people write instead of a line, by what is wrong with it."""
    pair = PAIR.match(line)
    if pair:
        lead, key, value = pair.groups()
        yield "no space", f"{lead}{key}:{value}"
        yield "no colon", f"{lead}{key} {value}"
        yield "equals sign", f"{lead}{key} = {value}"
        yield "wide colon", f"{lead}{key}：{value}"
        yield "bold key", f"{lead}**{key}**: {value}"
        yield "too far in", f" {line}"
        if lead.startswith(" "):
            yield "too far out", line[1:]
        if value[0] == '"' and value[-1] == '"':
            yield "open quote", line[:-1]
            yield "text after", f"{line} and more"
            if value.startswith('"{{'):
                yield "bare template", f"{lead}{key}: {value[1:-1]}"
        elif value[0] in "[{":
            yield "open bracket", line[:-1]
            if ", " in value:
                yield "no comma", line.replace(", ", " ", 1)
        elif value[0].isalpha():
            yield "second colon", f"{lead}{key}: of {value}: {value}"
            yield "at sign", f"{lead}{key}: @{value}"
            yield "stray bracket", f"{lead}{key}: ]{value}"
            yield "stray quote", f"{lead}{key}: '{value}"
            yield "list on the line", f"{lead}{key}: - {value}"
    if line.lstrip().startswith("- "):
        yield "no dash", line.replace("- ", "  ", 1)
        yield "dash outside", line.replace("- ", "", 1)
    if line.startswith("  ") and line.strip():
        yield "tab", "\t" + line.lstrip()


CASES = {
    path: [
        (number, kind, broken)
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"))
        for kind, broken in faults_of(line)
    ]
    for path in JOBS
}
KINDS = sorted({kind for cases in CASES.values() for _, kind, _ in cases})


AN_ACTION = re.compile("(?:query|input|search|extract|findall|steps):")
LAST = "nothing_like_it: 1"
"""Stands at the end of every file, so that it is told when a fault is read over."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Return a function that changes lines of a copy of a job, beside copies of all it names."""
    root = tmp_path_factory.mktemp("bench")
    for folder in ("jobs", "schemas", "tests/jobs"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / ".git").mkdir()

    def problems_of(path, changes, newline="\n"):
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        for number, line in changes.items():
            lines[number] = line
        copy = root / path.relative_to(ROOT)
        text = "\n".join([*lines, LAST, ""])
        copy.write_text(text, encoding="utf-8", newline=newline)
        try:
            return text, load(copy).errors
        finally:
            shutil.copyfile(path, copy)

    return problems_of


def near(lines, number):
    """The line of a fault, the one before, and those up to where YAML may notice it."""
    after = next(
        (
            n
            for n in range(number + 1, len(lines))
            if lines[n].strip() and lines[n].strip()[0] != "#"
        ),
        number,
    )
    return range(number - 1, after + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_of_one_fault_nothing_else_follows(bench, kind):
    seen = 0
    for path, cases in CASES.items():
        for number, its_kind, line in cases[:: 1 if kind != "no space" else 3]:
            if its_kind != kind:
                continue
            newline = "\r\n" if seen % 2 else "\n"
            text, problems = bench(path, {number: line}, newline)
            try:
                compose(text, "job.yaml")
            except NotYamlError:
                seen += 1
            else:
                continue  # Another YAML, which other rules judge.
            assert len(problems) > 1
            assert problems[-1].message == "unknown key 'nothing_like_it'"
            lines = text.split("\n")
            assert {each.line - 1 for each in problems[:-1]} <= set(near(lines, number)), (
                path,
                line,
            )
    assert seen


@pytest.mark.parametrize(
    "line",
    ["// a note", "---", "```yaml", "Please look well at this.", "* a point", "...", "=" * 7],
)
def test_a_line_too_many_is_told_and_read_over(bench, line):
    for path in JOBS[::3]:
        lines = path.read_text(encoding="utf-8").split("\n")
        number = next(n for n, each in enumerate(lines) if AN_ACTION.match(each))
        _, problems = bench(path, {number: f"{line}\n{lines[number]}"}, "\r\n")
        assert problems[-1].message == "unknown key 'nothing_like_it'", path
        assert [each.line for each in problems[:-1]] == [number + 1], path


@given(st.data())
def test_of_several_faults_each_is_told(bench, data):
    """They lie apart, so that each is one fault and not a part of another."""
    path = data.draw(st.sampled_from(JOBS))
    chosen = data.draw(st.lists(st.sampled_from(CASES[path]), min_size=1, max_size=4))
    changes = {}
    for number, kind, line in chosen:
        sure = kind in {"tab", "bare template", "at sign", "second colon", "open quote"}
        if sure and all(abs(number - other) > 2 for other in changes):
            changes[number] = line
    text, problems = bench(path, changes)
    assert problems[-1].message == "unknown key 'nothing_like_it'"
    told = {each.line - 1 for each in problems[:-1]}
    lines = text.split("\n")
    for number in changes:
        assert told & set(near(lines, number)), (path, changes, problems)
    assert told <= {near_one for number in changes for near_one in near(lines, number)}


def test_the_original_line_is_shown(tmp_path):
    (tmp_path / "job.yaml").write_text("name: a\nprocesor:core\nquery: q\n")
    key, colon = load(tmp_path / "job.yaml").errors
    assert key.snippet == colon.snippet == "procesor:core"
    assert (key.hint, colon.message) == (
        "did you mean processor?",
        "no space after the colon of procesor",
    )


def test_a_name_in_a_changed_line_is_not_called_missing(tmp_path):
    (tmp_path / "job.yaml").write_text(
        "name: a\nsteps:\n  - id: @find\n    search: {objective: q}\n"
        "  - id: sum\n    query: about {{ steps.find.results }} {{ steps.fnd.results }}\n"
    )
    problems = load(tmp_path / "job.yaml").errors
    assert [(each.line, each.message) for each in problems] == [
        (3, "a value without quotes cannot start with @"),
        (6, "there is no step 'fnd'"),
    ]


def test_there_is_an_end_to_it(tmp_path):
    lines = "\n".join(f"  - @{number}" for number in range(2 * MOST_MENDED))
    (tmp_path / "job.yaml").write_text(f"nmae: a\nquery: q\nitems:\n{lines}\nprocesor: x\n")
    problems = load(tmp_path / "job.yaml").errors
    assert [each.line for each in problems] == [1, *range(4, MOST_MENDED + 4)]


def test_what_stands_before_a_fault_that_cannot_be_mended_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("runner.job.text.mending.MOST_READ", 0)
    (tmp_path / "job.yaml").write_text(
        "name: a\nprocesor: core\nquery: about {{ vars.year }} {{ vars.yeer }} {{ item.a }}\n"
        "output: @x\nvars:\n  year: 1\nitems: [b]\n"
    )
    found = [(each.line, each.message) for each in load(tmp_path / "job.yaml").errors]
    assert found == [
        (2, "unknown key 'procesor'"),
        (3, "the job has no variable 'yeer'"),
        (4, "a value without quotes cannot start with @"),
    ]


def test_a_second_job_is_not_read(tmp_path):
    (tmp_path / "job.yaml").write_text("name: a\nquery: @q\n---\nname: b\nprocesor: x\n")
    problems = load(tmp_path / "job.yaml").errors
    assert [each.line for each in problems] == [2, 3]


def test_a_line_of_dashes_does_not_end_a_job(tmp_path):
    (tmp_path / "job.yaml").write_text("name: a\nquery: q\n---\nprocesor: core\n")
    problems = load(tmp_path / "job.yaml").errors
    assert [each.line for each in problems] == [3, 4]


def test_faults_of_the_project_file_and_of_a_file_that_is_extended(tmp_path):
    (tmp_path / "runner.yaml").write_text("defaults:\n\tprocessor: base\n  budgt: 5\n")
    (tmp_path / "base.yaml").write_text(
        "query: {{ vars.x }}\nprocesor: base\nvars:\n  x:1\n  y: 2\n"
    )
    (tmp_path / "job.yaml").write_text("name: a\nextends: base.yaml\nprocesor:core\n")
    found = [(Path(each.file).name, each.line) for each in load(tmp_path / "job.yaml").errors]
    assert sorted(set(found)) == [
        ("base.yaml", 1),
        ("base.yaml", 2),
        ("base.yaml", 4),
        ("job.yaml", 3),
        ("runner.yaml", 2),
        ("runner.yaml", 3),
    ]


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("  type: of object: object", "a second colon in a value without quotes"),
        ("\ttype: object", "a tab where YAML wants spaces"),
        ("  type: 'object", "a single quote is opened and never closed"),
        ("  type: @object", "a value without quotes cannot start with @"),
    ],
)
def test_a_remark_between_keys_ends_nothing(tmp_path, first, said):
    """Neither what it stands in, nor, after another fault, the reading."""
    (tmp_path / "job.yaml").write_text(
        f"name: a\nquery: q\noutput:\n{first}\n  properties:\n    cases:\n      type: array\n"
        "Please look well here\n      items: {type: string}\n  required: [cases]\nprocesor: core\n"
    )
    problems = [each for each in load(tmp_path / "job.yaml").problems if each.severity == "error"]
    assert [(each.line, each.message) for each in problems] == [
        (4, said),
        (8, "this line has no colon, and belongs to no text above"),
        (11, "unknown key 'procesor'"),
    ]

"""Laws of extends: a merged job is the job one would have written, each value at its own place."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.job.extends import Family, extend
from runner.job.load import find_jobs, load, load_job
from runner.job.paths import Ground
from runner.job.shelf import Shelf
from runner.job.text.source import read_source

KEYS = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.recursive(
    st.integers(0, 9) | st.sampled_from(["x", "y"]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("family")


def family(folder, *layers):
    """Return the family of layers, the nearest first."""
    for number, layer in enumerate(layers):
        more = {"extends": f"{number + 1}.yaml"} if number + 1 < len(layers) else {}
        (folder / f"{number}.yaml").write_text(yaml.safe_dump({**layer, **more}))
    file = folder / "0.yaml"
    source, problems = extend(
        read_source(file, "0.yaml"), file, Ground(folder=folder, root=folder), Shelf()
    )
    assert problems == ()
    return source


def merged(over, below):
    if not (isinstance(over, dict) and isinstance(below, dict)):
        return over
    both = {key: merged(over[key], below[key]) for key in over.keys() & below.keys()}
    return {**below, **over, **both}


def places(data, where=()):
    yield where, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from places(value, (*where, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from places(value, (*where, index))


@settings(max_examples=150, deadline=None)
@given(near=MAPPINGS, middle=MAPPINGS, far=MAPPINGS)
def test_mappings_merge_and_every_value_is_found_where_it_is_written(folder, near, middle, far):
    source = family(folder, near, middle, far)
    assert isinstance(source, Family)
    expected = merged(near, merged(middle, far))
    assert {k: v for k, v in source.data.items() if k != "extends"} == expected
    for where, value in places(expected):
        if where and not isinstance(value, dict | list):
            position = source.value(where)
            part = next(part for part in source.parts if part.shown == position.file)
            written = part.line(position)[position.column - 1 :][: position.width]
            assert yaml.safe_load(written) == value


@pytest.fixture
def write(tmp_path):
    def write(**files):
        for name, text in files.items():
            file = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    (tmp_path / "runner.yaml").write_text("")
    return write


def test_paths_of_the_other_file_are_relative_to_it(write):
    root = write(
        shared__base_yaml="items: d.csv\nquery: '{{ item.a }}'\noutput: s.json\n"
        "provider: local\ndocuments: [notes/*.md]\nresults: out/r.csv\n"
        "report: {path: r.md, template: t.md.j2}\n"
        "source_policy: {include_domains: [notes]}\n",
        jobs__one_yaml="name: one\nextends: ../shared/base.yaml\nreport: {path: here.md}\n",
    )
    (root / "shared/d.csv").write_text("a\n1\n")
    (root / "shared/t.md.j2").write_text("{{ rows | length }}")
    (root / "shared/s.json").write_text('{"type": "object", "properties": {"a": {}}}')
    (root / "shared/notes").mkdir()
    (root / "shared/notes/a.md").write_text("A")
    job = load_job(root / "jobs/one.yaml")
    assert job.items.path == root / "shared/d.csv"
    assert job.documents == ("../shared/notes/*.md",)
    assert job.results == root / "shared/out/r.csv"
    assert job.report.path == root / "jobs/here.md"
    assert job.steps[0].source_policy.include_domains == ("../shared/notes",)
    assert job.steps[0].action.output.path == root / "shared/s.json"
    assert job.report.template == "../shared/t.md.j2"


def test_an_action_takes_the_place_of_another_one(write):
    root = write(
        base_yaml="query: x\nprocessor: core\n",
        one_yaml="name: one\nextends: base.yaml\nsearch: {objective: y}\n",
        two_yaml="name: two\nextends: one.yaml\nquery: z\n",
    )
    assert load_job(root / "one.yaml").steps[0].action.objective == "y"
    assert load_job(root / "two.yaml").steps[0].action.input == "z"
    assert load(root / "one.yaml").problems == ()


def test_a_part_of_an_action_is_enough_where_the_family_has_the_rest(write):
    root = write(
        base_yaml="extract: {objective: Prices}\n",
        part_yaml="name: part\nextends: base.yaml\nextract: {full_content: true}\n",
        whole_yaml="name: whole\nextends: base.yaml\nextract: {urls: ['https://a.example']}\n",
    )
    (problem,) = load(root / "part.yaml").problems
    assert (problem.message, problem.line) == ("the key 'urls' is missing in extract", 3)
    action = load_job(root / "whole.yaml").steps[0].action
    assert (action.urls, action.objective) == (("https://a.example",), "Prices")


def test_a_value_for_a_declared_variable_is_its_default(write):
    """The declaration still holds, and each fault is told where it is written."""
    root = write(
        base_yaml="query: '{{ vars.year }}'\n"
        "vars:\n  year: {type: integer, choices: [2025, 2026, x]}\n",
        good_yaml="name: good\nextends: base.yaml\nvars: {year: 2026}\n",
        bad_yaml="name: bad\nextends: good.yaml\nvars: {year: 2024}\n",
    )
    (choice,) = load(root / "good.yaml").problems
    assert (choice.line, choice.column) == (3, 47)
    assert choice.file.endswith("base.yaml")
    assert choice.message == "a choice of year must be a whole number, not 'x'"
    (root / "base.yaml").write_text((root / "base.yaml").read_text().replace(", x", ""))
    assert load_job(root / "good.yaml").vars == {"year": 2026}
    (default,) = load(root / "bad.yaml").problems
    assert default.file.endswith("bad.yaml")
    assert (default.line, default.column) == (3, 14)
    assert default.message == "year must be one of 2025, 2026, not '2024'"


def test_a_name_is_not_taken_over(write):
    root = write(base_yaml="name: base\nquery: x\n", one_yaml="extends: base.yaml\n")
    (problem,) = load(root / "one.yaml").problems
    assert problem.message == "the key 'name' is missing"


def test_a_job_that_extends_is_a_job(write):
    root = write(base_yaml="query: x\n", one_yaml="name: one\nextends: base.yaml\n")
    assert [file.name for file in find_jobs(root)] == ["one.yaml"]


def test_a_misspelt_file_gets_a_suggestion(write):
    root = write(
        shared__base_yaml="query: x\n", jobs__one_yaml="name: a\nextends: ../shared/Bsae.yaml\n"
    )
    (problem,) = load(root / "jobs/one.yaml").problems
    assert problem.message == "there is no file ../shared/Bsae.yaml"
    assert problem.hint == "did you mean ../shared/base.yaml?"


def test_a_secret_in_the_other_file_is_found(write):
    root = write(
        base_yaml="query: sk-a1B2c3D4e5F6g7H8i9J0k1L2\n", one_yaml="name: a\nextends: base.yaml\n"
    )
    (problem,) = load(root / "one.yaml").problems
    assert problem.file.endswith("base.yaml")
    assert "an API key" in problem.message


def test_a_long_chain_is_read_to_its_end(write):
    files = {f"f{n}_yaml": f"extends: f{n + 1}.yaml\nname: n{n}\n" for n in range(200)}
    root = write(**files, f200_yaml="query: the last\n")
    assert load_job(root / "f0.yaml").steps[0].action.input == "the last"

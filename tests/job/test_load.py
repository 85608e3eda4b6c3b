"""Laws of loading: any file is a job or problems that stand in it, quickly; all at once."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.job.diagnostics import MOST, JobProblemsError, render
from runner.job.load import find_jobs, load, load_job, load_with_warnings

JOBS = Path(__file__).parents[1] / "jobs"
GOOD = [file.read_text(encoding="utf-8") for file in sorted((JOBS / "ok").glob("*.yaml"))]
PIECES = [
    "{{", "}}", "{%", "\t", ":", ": ", "- ", "'", '"', "#", "|", ">", "&a ", "*a", "!x ", "\n", "\n  ",
    "[", "]", "{", "}", "NO", "012", "1e999", ".nan", "\u202e", "\ufeff", "\x00", "null", "..", "/",
    "query", "steps", "output: ", "{{ item.x }}", "99999999999999999999999",
]  # fmt: skip


@st.composite
def mutated(draw):
    """A good job with pieces cut out, repeated or put in."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 12)))
        put = draw(st.sampled_from([*PIECES, text[at:end] * 2]) | st.text(max_size=3))
        text = text[:at] + put + text[end:]
    return text


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The sample project, and a file in it to write jobs to."""
    root = tmp_path_factory.mktemp("project")
    for name in ("data", "schemas", "notes", "runner.yaml"):
        (root / name).symlink_to(JOBS / name)
    (root / "ok").mkdir()
    return root / "ok" / "job.yaml"


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_mutated_job_is_a_job_or_problems_in_it(place, text):
    place.write_bytes(text.encode("utf-8", "surrogatepass"))
    started = time.process_time()
    loaded = load(place, allow_outside=True)
    assert time.process_time() - started < 2
    assert (loaded.job is None) == bool(loaded.errors)
    for problem in loaded.problems:
        assert problem.message
        assert len(problem.message) < 500
        assert render(problem)
        assert problem.line >= 0


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_job_or_problems(place, content):
    place.write_bytes(content)
    assert load(place).problems


@pytest.mark.parametrize(
    "text",
    [
        "name: a\nquery: '" + "{{ item.x }} " * 50_000 + "'\nitems: [{a: b}]\n",
        "name: a\nquery: x\nitems: [" + "1, " * 100_000 + "]\n",
        "name: a\nquery: x\n" + "".join(f"key{n}: x\n" for n in range(20_000)),
        "name: a\nquery: x\nmetadata: {" + "".join(f"a{n:020}: x, " for n in range(10_000)) + "}\n",
        "name: a\nquery: '{{ " + "1+" * 100_000 + "1 }}'\n",
        "name: a\nquery: x\noutput: {" + "".join(f"f{n}: 5, " for n in range(20_000)) + "}\n",
        "name: a\nsteps:\n" + "  - {id: a, query: x}\n" * 5_000,
    ],
)
def test_a_job_with_endless_faults_is_refused_quickly(place, text):
    place.write_text(text, encoding="utf-8")
    started = time.process_time()
    loaded = load(place)
    assert time.process_time() - started < 10  # under a coverage tracer, too
    assert loaded.job is None
    assert len(loaded.problems) <= MOST + 1


def test_many_problems_end_with_a_note(place):
    place.write_text("name: a\nquery: x\n" + "".join(f"key{n}: x\n" for n in range(150)))
    problems = load(place).problems
    assert len(problems) == MOST + 1
    assert problems[-1].message == "more problems follow from here on"


def test_a_job_with_errors_is_raised_with_all_of_them(place):
    place.write_text("name: A\nquery: x\nprocesor: core\n")
    with pytest.raises(JobProblemsError) as caught:
        load_job(place)
    assert [p.line for p in caught.value.problems] == [1, 3]


def test_warnings_do_not_stop_a_job(place):
    place.write_text("name: a\nquery: x\nmax_processor: pro\n")
    job, warnings = load_with_warnings(place)
    assert job.name == "a"
    assert [w.severity for w in warnings] == ["warning"]


def test_a_variable_without_a_value_is_asked_for(place):
    place.write_text(
        "name: a\nvars: {market: {type: string, description: The market}}\nquery: 'On {{ vars.market }}'\n"
    )
    assert load(place).missing == ("market",)
    with pytest.raises(JobProblemsError) as caught:
        load_job(place)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (2, 8)
    assert problem.message == "the variable market has no value"
    assert problem.hint == "give it one with --var market=... (The market: text)"
    assert load_job(place, variables={"market": "x"}).vars == {"market": "x"}
    with pytest.raises(UsageError, match="no variable 'markt'"):
        load_job(place, variables={"markt": "x"})


def test_the_provider_of_the_command_line_is_the_job_s(place):
    place.write_text("name: a\nquery: x\n")
    loaded = load(place, provider="local")
    assert "needs documents" in loaded.errors[0].message
    assert load_job(place).provider == "parallel"


def test_defaults_of_the_project_hold_for_its_jobs(tmp_path):
    (tmp_path / "runner.yaml").write_text(
        "defaults: {provider: local, documents: [notes], cache: 7d, budget: $5, concurrency: 3}\n"
    )
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("A")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "a.yaml").write_text("name: a\nquery: x\n")
    job = load_job(tmp_path / "jobs" / "a.yaml")
    assert (job.provider, job.documents, job.concurrency) == ("local", ("../notes",), 3)
    assert (str(job.budget), job.steps[0].cache.days) == ("5", 7)


def test_an_unreadable_project_file_is_a_problem_of_its_jobs(tmp_path):
    (tmp_path / "a.yaml").write_text("name: a\nquery: x\n")
    (tmp_path / "runner.yaml").write_text("")
    assert load(tmp_path / "a.yaml").job is not None
    (tmp_path / "runner.yaml").write_text("defaults: {a: b\n")
    assert load(tmp_path / "a.yaml").job is None


def test_a_retry_is_completed_so_that_it_makes_sense(place):
    place.write_text("name: a\nquery: x\nretry: {backoff: 1m, failed_runs: 2}\n")
    retry = load_job(place).steps[0].retry
    assert retry.backoff == retry.max_backoff
    assert retry.failed_runs == 2


def test_jobs_are_found_by_what_they_hold(tmp_path):
    (tmp_path / ".hidden").mkdir()
    for name, text in (
        ("a.yaml", "name: a\nquery: x\n"),
        ("b.yml", "# yaml-language-server: $schema=../schemas/job.schema.json\nfoo: 1\n"),
        ("a2.yaml", "name: a\nqery: x\nprovider: local\ndocuments: [notes]\n"),
        ("c.yaml", "name: a workflow\non: push\n"),
        ("runner.yaml", "name: a\nquery: x\n"),
        (".hidden/a.yaml", "name: a\nquery: x\n"),
    ):
        (tmp_path / name).write_text(text)
    (tmp_path / "d.yaml").mkdir()
    (tmp_path / "e.yaml").symlink_to(tmp_path / "nowhere")
    assert [file.name for file in find_jobs(tmp_path)] == ["a.yaml", "a2.yaml", "b.yml"]


def test_a_local_job_that_is_asked_of_another_provider_keeps_its_documents_in_silence(tmp_path):
    (tmp_path / "n.md").write_text("hi")
    job = tmp_path / "job.yaml"
    job.write_text("name: d\nprovider: local\ndocuments: [n.md]\nquery: x\n")
    assert load(job, provider="parallel").problems == ()
    job.write_text("name: d\ndocuments: [n.md]\nquery: x\n")
    (problem,) = load(job).problems
    assert "documents has no effect" in problem.message


@pytest.mark.parametrize(
    ("vars_", "hint"),
    [
        ("company:Spotify", "put a space after the colon: company: ..."),
        ("company Spotify", "write it as vars: {year: 2026}"),
        ("[company]", "write it as vars: {year: 2026}"),
    ],
)
def test_variables_that_cannot_be_read_are_not_called_missing(tmp_path, vars_, hint):
    text = "name: a\nvars:\n  {}\nquery: about {{{{ vars.company }}}}\n"
    (tmp_path / "job.yaml").write_text(text.format(vars_))
    (problem,) = load(tmp_path / "job.yaml").errors
    assert (problem.line, problem.hint) == (3, hint)

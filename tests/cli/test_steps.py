"""Jobs of several steps: each row goes from step to step, and trouble stays where it is."""

import json

import pytest

from runner.server.local import open_answers
from tests.wire import WireServer

STEPS = """\
name: steps
provider: local
documents: [notes]
items: companies.csv
steps:
  - id: find
    search: {objective: "{{ item.company }}", max_results: 1}
  - id: read
    extract: {urls: "{{ steps.find.urls }}"}
  - id: facts
    foreach: "{{ steps.read.results }}"
    query: "Key facts about {{ item.company }} in {{ item.title }}"
    output: {founded_year: integer, headquarters: City of the head office}
  - id: summary
    query: "Where is {{ item.company }}? {{ steps.facts.output }}"
    output: {headquarters: City of the head office}
results: out/steps.jsonl
"""


@pytest.fixture
def steps(project):
    project.write("steps.yaml", STEPS)
    return project


def outcomes(project):
    lines = project.read("out/steps.jsonl").splitlines()
    return [json.loads(line) for line in lines]


def run(project, *arguments, code=0):
    done = project.run("run", "steps.yaml", *arguments)
    assert done.exit_code == code, done.output
    return done


def plan(project):
    done = project.run("plan", "steps.yaml", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def by_step(project):
    found = {}
    for outcome in outcomes(project):
        found.setdefault(outcome["step"], []).append(outcome)
    return found


def test_search_extract_facts_and_summary(steps):
    run(steps)
    found = by_step(steps)
    assert list(found) == ["find", "read", "facts", "summary"]
    assert [o["key"] for o in found["find"]] == ["Acme", "Globex"]
    assert [o["key"] for o in found["facts"]] == ["Acme › Acme", "Globex › Globex"]
    assert [o["output"]["founded_year"] for o in found["facts"]] == [1901, 1989]
    assert [o["output"]["headquarters"] for o in found["summary"]] == [
        "Bern, Switzerland", "Oslo, Norway",
    ]  # fmt: skip
    assert {o["status"] for o in outcomes(steps)} == {"ok"}


def test_an_entry_has_the_columns_of_its_row_beside_its_own(steps):
    run(steps)
    item = by_step(steps)["facts"][0]["item"]
    assert item["company"] == "Acme"
    assert item["url"] == "notes/acme.md"


def test_a_second_run_asks_nothing_and_says_the_same(steps):
    run(steps)
    report, first = steps.read("reports/steps.md"), outcomes(steps)
    done = json.loads(run(steps, "--json").stdout)
    assert (done["calls"], done["cached"], done["new"]) == (8, 8, 0)
    assert steps.read("reports/steps.md") == report
    assert [o["output"] for o in outcomes(steps)] == [o["output"] for o in first]


def test_the_plan_of_what_is_not_known_yet_is_a_range(steps):
    found = plan(steps)
    assert (found["rows"], found["calls"]) == (2, 6)
    assert {step["id"]: (step["calls"], step.get("calls_max")) for step in found["steps"]} == {
        "find": (2, None),
        "read": (2, 2),
        "facts": (0, 2),
        "summary": (2, 2),
    }
    assert (
        "later:    step 'facts', 0 to 2 calls; it reads earlier answers"
        in steps.run("plan", "steps.yaml").stdout
    )


def test_the_plan_of_what_is_answered_is_exact(steps):
    run(steps)
    found = plan(steps)
    assert (found["calls"], found["cached"], found["new"]) == (8, 8, 0)
    assert all("calls_max" not in step for step in found["steps"])


def test_the_plan_goes_as_far_as_the_answers(steps):
    """What was changed is new, and what reads it waits; what is before it is cached."""
    run(steps)
    steps.change("Key facts about", "All facts about", name="steps.yaml")
    found = plan(steps)
    assert (found["cached"], found["new"]) == (4, 4)
    assert found["new_because"] == {"the query changed since the last run": 2}


def test_the_price_of_later_steps_is_a_range(steps):
    steps.change("provider: local\ndocuments: [notes]\n", "provider: parallel\n", name="steps.yaml")
    found = plan(steps)
    # Two searches and two summaries for sure; two pages and two tasks at most.
    assert found["cost_usd"] == pytest.approx(2 * 0.005 + 2 * 0.010)
    assert found["cost_usd_max"] == pytest.approx(found["cost_usd"] + 2 * 0.001 + 2 * 0.010)
    assert found["seconds_min"] < found["seconds_max"]


def test_a_list_of_unknown_length_has_no_highest_price(steps):
    steps.change("provider: local\ndocuments: [notes]\n", "provider: parallel\n", name="steps.yaml")
    steps.change('"{{ steps.read.results }}"', '"{{ steps.read.basis }}"', name="steps.yaml")
    steps.change(" in {{ item.title }}", "", name="steps.yaml")
    assert plan(steps)["cost_usd_max"] is None
    assert (
        "or more: a later step asks once for each entry of a list"
        in steps.run("plan", "steps.yaml").stdout
    )


@pytest.mark.parametrize(
    ("expression", "most"),
    [
        ("{{ steps.find.results }}", 1),
        ("{{ steps.find.urls[:3] }}", 1),
        ("{{ steps.read.urls }}", 1),
        ("{{ steps.read.results[:0] }}", 0),
        ("{{ steps.find.output.results }}", 1),
        ("{{ steps.find.results or [1, 2] }}", 2),
        ("{{ steps.find.urls + steps.read.urls + ['a'] }}", 3),
        ("{{ (steps.find.urls + steps.read.urls) | unique | sort | list }}", 2),
        ("{{ steps.find.basis }}", None),
        ("{{ (steps.find.basis | reverse)[1:4] }}", 3),
        ("{{ steps.find.basis[:vars.most] }}", 4),
        ("{{ range(steps.find.basis | length) }}", 10_000),
    ],
)
def test_the_longest_a_list_can_be(steps, expression, most):
    steps.change('"{{ steps.read.results }}"', f'"{expression}"', name="steps.yaml")
    steps.change(" in {{ item.title }}", "", name="steps.yaml")
    steps.change("name: steps", "name: steps\nvars: {most: 4}", name="steps.yaml")
    facts = next(step for step in plan(steps)["steps"] if step["id"] == "facts")
    assert facts["calls_max"] == (None if most is None else 2 * most)


# Trouble ----------------------------------------------------------------------------------------


def test_a_step_that_fails_skips_only_what_reads_it(steps):
    """A row without results has nothing to read; the other row goes on."""
    steps.write("companies.csv", "company\nAcme\nZzyzx\n")
    run(steps, code=1)
    found = by_step(steps)
    assert [o["status"] for o in found["find"]] == ["ok", "ok"]
    assert [o["status"] for o in found["read"]] == ["ok", "failed"]
    assert [(o["key"], o["status"]) for o in found["facts"]] == [
        ("Acme › Acme", "ok"), ("Zzyzx", "skipped"),
    ]  # fmt: skip
    assert found["facts"][1]["error"] == "Step 'read' has no answer for this row"
    assert [o["status"] for o in found["summary"]] == ["ok", "skipped"]
    assert "steps.yaml:9:" in found["read"][1]["error"]
    assert "There is no URL" in found["read"][1]["error"].replace("there", "There")


def test_what_does_not_read_the_failed_step_runs(steps):
    steps.write("companies.csv", "company\nZzyzx\n")
    steps.change(
        "Where is {{ item.company }}? {{ steps.facts.output }}",
        "Where is {{ item.company }}?",
        "steps.yaml",
    )
    run(steps, code=1)
    assert [o["status"] for o in by_step(steps)["summary"]] == ["ok"]


def test_an_answer_that_does_not_fit_a_template_fails_its_row_where_it_stands(steps):
    steps.change('"{{ steps.read.results }}"', "\"{{ steps.read.basis or 'A' }}\"", "steps.yaml")
    run(steps, code=1)
    facts = by_step(steps)["facts"]
    assert [o["status"] for o in facts] == ["failed", "failed"]
    assert facts[0]["error"].startswith("steps.yaml:11:")
    assert "this must be a list, not a text (row 1)" in facts[0]["error"]


def test_a_missing_part_of_an_answer_fails_its_row(steps):
    steps.change("Where is {{ item.company }}?", "{{ steps.facts.basis[9].field }}", "steps.yaml")
    run(steps, code=1)
    assert {o["status"] for o in by_step(steps)["summary"]} == {"failed"}


def test_an_empty_list_asks_nothing_and_stops_nobody(steps):
    steps.change('"{{ steps.read.results }}"', '"{{ steps.read.results[:0] }}"', "steps.yaml")
    run(steps)
    found = by_step(steps)
    assert "facts" not in found
    assert len(found["summary"]) == 2


def test_the_limit_holds_for_every_step(steps):
    run(steps, "--limit", "1")
    found = by_step(steps)
    assert {step: [o["status"] for o in each] for step, each in found.items()} == {
        "find": ["ok", "skipped"],
        "read": ["ok", "skipped"],
        "facts": ["ok", "skipped"],
        "summary": ["ok", "skipped"],
    }
    assert {o["error"] for o in outcomes(steps) if o["status"] == "skipped"} == {"Beyond --limit"}


def test_a_first_step_may_ask_for_each_entry_of_a_column(project):
    project.write("rows.json", json.dumps([{"names": ["Acme", "Globex"]}, {"names": []}]))
    project.write(
        "steps.yaml",
        "name: steps\nprovider: local\ndocuments: [notes]\nitems: rows.json\nkey: k\nsteps:\n"
        "  - id: each\n    foreach: '{{ item.names }}'\n    query: Facts about {{ item.value }}\n"
        "    output: {founded_year: integer}\nresults: out/steps.jsonl\n",
    )
    run(project)
    assert [(o["key"], o["output"]["founded_year"]) for o in outcomes(project)] == [
        ("k › Acme", 1901), ("k › Globex", 1989),
    ]  # fmt: skip


def test_a_first_step_whose_list_is_none_is_refused_before_anything_is_asked(project):
    project.write(
        "steps.yaml",
        "name: steps\nprovider: local\ndocuments: [notes]\nitems: companies.csv\nsteps:\n"
        "  - id: each\n    foreach: '{{ item.company }}'\n    query: q\n    output: text\n",
    )
    done = run(project, code=2)
    assert "steps.yaml:6:" in done.stderr or "steps.yaml:7:" in done.stderr
    assert "this must be a list, not a text (row 1)" in done.stderr


def test_many_rows_and_entries_stay_with_their_own(project):
    """More rows than are held in memory: each row reads its own answers."""
    rows = [{"n": n} for n in range(150)]
    project.write("rows.json", json.dumps(rows))
    project.write(
        "steps.yaml",
        "name: steps\nprovider: local\ndocuments: [notes]\nitems: rows.json\nsteps:\n"
        "  - id: a\n    search: {objective: 'Acme {{ item.n }}', max_results: 2}\n"
        "  - id: b\n    foreach: '{{ [item.n, item.n][:item.n % 3] }}'\n"
        "    search: {objective: '{{ item.value }} {{ steps.a.urls | length }}'}\n"
        "  - id: c\n    search: {objective: '{{ item.n }}: {{ steps.b.output | length }}'}\n"
        "results: out/steps.jsonl\n",
    )
    run(project)
    found = by_step(project)
    assert [o["item"]["n"] for o in found["b"]] == [n for n in range(150) for _ in range(n % 3)]
    assert len(found["c"]) == 150


@pytest.mark.parametrize("form", ["csv", "json"])
def test_other_results_hold_every_step(steps, form):
    steps.change("results: out/steps.jsonl", f"results: out/steps.{form}", "steps.yaml")
    run(steps)
    text = steps.read(f"out/steps.{form}")
    for step in ("find", "read", "facts", "summary"):
        assert step in text


FOLLOWS = """\
name: follows
provider: PROVIDER
documents: [notes]
items: companies.csv
steps:
  - id: first
    query: "When was {{ item.company }} founded?"
    output: {founded_year: integer}
  - id: where
    follows: first
    query: "And where is its head office?"
    output: {headquarters: City of the head office}
  - id: report
    follows: where
    query: "And where is it?"
    output: text
results: out/steps.jsonl
"""


def followed(project, *arguments):
    done = project.run("run", "follows.yaml", "--json", *arguments)
    assert done.exit_code == 0, done.output
    where, report = (by_step(project)[step] for step in ("where", "report"))
    assert [each["output"]["headquarters"] for each in where] == ["Bern, Switzerland", "Oslo, Norway"]  # fmt: skip
    assert [[c["url"] for c in each["basis"][0]["citations"]] for each in report] == [
        ["notes/acme.md"],
        ["notes/globex.md"],
    ]
    assert not any(each["warnings"] for each in (*where, *report))
    return json.loads(done.stdout)


def test_a_step_that_follows_asks_about_the_same_row_by_row(project):
    project.write("follows.yaml", FOLLOWS.replace("PROVIDER", "local"))
    assert followed(project)["new"] == 6
    assert followed(project)["cached"] == 6


def test_it_follows_answers_of_the_cache_over_an_index_built_anew(project):
    """What a step leaves for the next is part of its answer, and so of the next fingerprint."""
    text = FOLLOWS.replace("PROVIDER", "local")
    project.write("follows.yaml", text.split("  - id: where")[0] + "results: out/steps.jsonl\n")
    assert project.run("run", "follows.yaml").exit_code == 0
    for index in (project.folder / ".runner").rglob("*.db"):
        if "cache" not in index.parts:
            index.unlink()
    project.write("follows.yaml", text)
    told = followed(project)
    assert (told["cached"], told["new"]) == (2, 4)


def test_it_follows_on_the_offline_server_too(project, monkeypatch):
    served = open_answers(project.folder / "notes", project.folder / "state")[0]
    with WireServer(answers=lambda: served, state=project.folder / "state") as server:
        monkeypatch.setenv("PARALLEL_API_KEY", server.key)
        monkeypatch.setenv("PARALLEL_BASE_URL", server.url)
        text = FOLLOWS.replace("PROVIDER", "parallel").replace("documents: [notes]\n", "")
        project.write("follows.yaml", text)
        done = project.run("run", "follows.yaml", "--json")
        assert done.exit_code == 0, done.output
        found = [each["output"]["headquarters"] for each in by_step(project)["where"]]
        assert found == ["Bern, Switzerland", "Oslo, Norway"]


def test_steps_without_anything_to_ask_are_told_by_name(steps):
    steps.write("steps.yaml", STEPS.replace("{{ steps.find.urls }}", "{{ steps.find.urls[9] }}"))
    said = run(steps, code=1).stderr
    assert "steps (find): 2 rows, 2 distinct calls (2 new)" in said
    assert "steps (read): nothing to ask" in said
    assert "steps (facts): nothing to ask" in said

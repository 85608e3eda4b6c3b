"""`runner plan`: what would run, why, what it costs and how long it takes; nothing is touched."""

import json
import os
import sqlite3
import time

import pytest

from runner.execute.cache import Cache
from runner.execute.ledger import Ledger
from tests.cli.conftest import NOTES


@pytest.fixture
def web(project):
    """The project's job, asked from the Parallel API: two rows on `core`."""
    project.change("provider: local\ndocuments: [notes]\n", "provider: parallel\nprocessor: core\n")
    return project


def plan(project, *arguments):
    done = project.run("plan", "companies.yaml", "--json", *arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def text(project, *arguments):
    done = project.run("plan", "companies.yaml", *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def backdate(project, seconds):
    """Make the stored answers older, as if time had passed."""
    with Cache(project.folder / ".runner/cache", lambda: time.time() - seconds) as cache:
        for key, entry in list(cache.entries()):
            cache.put(key, entry.answer)


# What it leaves alone -------------------------------------------------------------------------


def test_a_plan_for_the_web_needs_no_key_and_leaves_no_trace(web):
    before = web.files()
    assert plan(web)["new"] == 2
    assert web.files() == before
    assert not (web.folder / ".runner").exists()


def test_a_plan_with_a_broken_base_url_says_so(web, monkeypatch):
    monkeypatch.setenv("PARALLEL_BASE_URL", "nonsense")
    done = web.run("plan", "companies.yaml")
    assert done.exit_code == 2
    assert "PARALLEL_BASE_URL is no address" in done.stderr


# Why ------------------------------------------------------------------------------------------


def test_what_was_never_asked_says_so(project):
    assert plan(project)["new_because"] == {"never asked": 2}


def test_what_is_cached_says_how_old(project):
    project.run("run", "companies.yaml")
    backdate(project, 3 * 3600)
    found = plan(project)
    assert (found["cached"], found["new"], found["new_because"]) == (2, 0, {})
    youngest, oldest = found["cached_seconds_ago"]
    assert 3 * 3600 <= youngest <= oldest < 3 * 3600 + 60
    assert "cached:   2, 3 h old" in text(project)


def test_what_is_too_old_says_so(project):
    project.run("run", "companies.yaml")
    backdate(project, 25 * 3600)
    assert plan(project)["new_because"] == {"its answer is older than the job's cache age": 2}


def test_a_job_that_always_asks_says_so(project):
    project.run("run", "companies.yaml")
    project.change("provider: local\n", "provider: local\ncache: false\n")
    assert plan(project)["new_because"] == {"the job always asks (cache: false)": 2}


CHANGES = [
    ("Key facts about", "All facts about", "the query"),
    ("provider: local\n", "provider: local\nprocessor: pro\n", "the processor (base, now pro)"),
    ("[founded_year, headquarters]", "[founded_year]", "the output"),
    (
        "provider: local\n",
        "provider: local\nsource_policy: {include_domains: [notes/acme.md]}\n",
        "the source_policy",
    ),
]


@pytest.mark.parametrize(("old", "new", "what"), CHANGES, ids=[what for *_, what in CHANGES])
def test_what_changed_in_the_job_is_named(project, old, new, what):
    project.run("run", "companies.yaml")
    project.change(old, new)
    assert plan(project)["new_because"] == {f"{what} changed since the last run": 2}


def test_two_changes_are_both_named(project):
    project.run("run", "companies.yaml")
    project.change("Key facts about", "All facts about")
    project.change("provider: local\n", "provider: local\nprocessor: pro\n")
    (why,) = plan(project)["new_because"]
    assert why == "the processor (base, now pro) and the query changed since the last run"


def test_a_changed_variable_is_named(project):
    project.change("Key facts about", "Facts of {{ vars.year }} about")
    project.change("provider: local\n", "provider: local\nvars: {year: 2025, other: 1}\n")
    project.run("run", "companies.yaml")
    assert plan(project, "--var", "other=2")["new"] == 0
    assert plan(project, "--var", "year=2026")["new_because"] == {
        "vars.year changed since the last run": 2
    }


def test_a_changed_document_is_named(project):
    project.run("run", "companies.yaml")
    project.write("notes/acme.md", NOTES["acme.md"].replace("1901", "1902"))
    assert plan(project)["new_because"] == {"the documents changed since the last run": 2}


def test_a_changed_row_names_its_columns_that_are_read(project):
    project.write("companies.csv", "id,company,domain\n1,Acme,a.com\n2,Globex,g.com\n")
    project.change("about {{ item.company }}", "about {{ item.company }} ({{ item.domain }})")
    project.change("items:", "key: '{{ item.id }}'\nitems:")
    project.run("run", "companies.yaml")
    project.write(
        "companies.csv", "id,company,domain\n1,Acme,acme.com\n2,Globex,g.com\n3,New,n.com\n"
    )
    found = plan(project)
    assert found["cached"] == 1
    assert found["new_because"] == {
        "never asked": 1,
        "the row changed since the last run (domain)": 1,
    }


def test_what_the_limit_skipped_was_never_asked(project):
    project.run("run", "companies.yaml", "--limit", "1")
    assert plan(project)["new_because"] == {"never asked": 1}


def test_a_lost_answer_says_so(project):
    project.run("run", "companies.yaml")
    project.run("cache", "clear", "--yes")
    assert plan(project)["new_because"] == {"its answer is no longer stored": 2}


def test_a_date_in_the_question_is_named(project, monkeypatch):
    project.change("about {{ item.company }}", "about {{ item.company }} on {{ run.date }}")
    project.run("run", "companies.yaml")
    project.run("cache", "clear", "--yes")
    assert plan(project)["new_because"] == {"the date changed since the last run": 2}


@pytest.mark.parametrize("damage", ["", "[]", "{broken", '{"main": {}}'])
def test_a_damaged_memory_of_the_last_run_only_leaves_a_gap(project, damage):
    project.run("run", "companies.yaml")
    project.change("Key facts about", "All facts about")
    project.write(".runner/runs/companies/asked.json", damage)
    assert plan(project)["new"] == 2


# Money ----------------------------------------------------------------------------------------


def test_the_price_is_that_of_the_new_calls_once_each(web):
    web.write("companies.csv", "company\nAcme\nGlobex\nAcme\n")
    found = plan(web)
    assert (found["rows"], found["calls"], found["cost_usd"], found["cost_usd_max"]) == (
        3, 2, 0.05, 0.05,
    )  # fmt: skip
    assert found["steps"] == [
        {"id": "main", "processor": "core", "why": "named in the job", "calls": 2, "cost_usd": 0.05}
    ]


def test_a_limit_prices_only_its_rows(web):
    found = plan(web, "--limit", "1")
    assert (found["rows"], found["cost_usd"]) == (1, 0.025)


def test_runner_yaml_may_put_other_prices_in_place(web):
    web.write("runner.yaml", "prices: {core: 0.02, search: $0.004}\n")
    assert plan(web)["cost_usd"] == pytest.approx(0.04)
    web.change("processor: core\n", "processor: core\nfast: true\n")
    assert plan(web)["cost_usd"] == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("price", "where", "said"),
    [
        ("{coer: 1}", "runner.yaml:1:10", "unknown key 'coer'"),
        ("{core: cheap}", "runner.yaml:1:16", "prices.core cannot be 'cheap'"),
        ("{core: -1}", "runner.yaml:1:16", "prices.core must be"),
        ("{core: {run: 1}}", "runner.yaml:1:16", "prices.core must be"),
        ("{findall: {base: {per: 1}}}", "runner.yaml:1:27", "unknown key 'per'"),
    ],
)
def test_a_wrong_price_is_shown_where_it_stands(web, price, where, said):
    web.write("runner.yaml", f"prices: {price}\n")
    done = web.run("plan", "companies.yaml")
    assert done.exit_code == 2
    assert f"{where}: error: {said}" in done.stderr


@pytest.mark.parametrize(
    ("own", "shared", "lowest"), [("1", "2", 1.0), ("2", "1", 1.0), (None, "$3", 3.0)]
)
def test_the_lowest_budget_wins(web, own, shared, lowest):
    web.write("runner.yaml", f"defaults: {{budget: {shared}}}\n")
    if own:
        web.change("processor: core\n", f"processor: core\nbudget: {own}\n")
    assert plan(web)["budget_usd"] == lowest


def test_a_plan_beyond_the_budget_says_what_fits(web):
    web.change("processor: core\n", "processor: core\nbudget: 0.03\n")
    assert plan(web)["rows_within_budget"] == 1
    assert "budget:   $0.03, which is enough for the first 1 row: --limit 1" in text(web)
    web.change("budget: 0.03", "budget: 0.01")
    assert "which is too little for the first row" in text(web)


def test_a_search_pays_for_results_beyond_ten_and_an_extract_for_each_page(project):
    project.write("s.yaml", "name: s\nsearch: {objective: x, max_results: 15}\n")
    project.write("e.yaml", "name: e\nextract: {urls: [https://a.com, https://b.com]}\n")
    costs = [
        json.loads(project.run("plan", file, "--json").stdout)["cost_usd"]
        for file in ("s.yaml", "e.yaml")
    ]
    assert costs == [pytest.approx(0.010), pytest.approx(0.002)]


# Rows that are yet to be found -------------------------------------------------------------------

FOUND = """\
name: found
items:
  findall: {objective: Makers of heat pumps, match_limit: 30}
  limit: 12
processor: core
"""
ONE = 'query: "Facts about {{ item.name }}"\noutput: {founded: integer}\n'
SEVERAL = """\
steps:
  - id: pages
    search: {objective: "{{ item.name }}"}
  - id: facts
    foreach: "{{ steps.pages.output.results[:2] }}"
    query: "{{ item.title }}"
    output: {founded: integer, sites: [{city: text}]}
  - id: sites
    foreach: "{{ steps.facts.output[0].sites }}"
    search: {objective: "{{ item.city }}"}
"""


def found_plan(project, text):
    project.write("found.yaml", FOUND + text)
    done = project.run("plan", "found.yaml")
    assert done.exit_code == 0, done.output
    return done.stdout.partition("\nrequest")[0].splitlines()


def test_rows_that_are_yet_to_be_found_are_told_in_words(project):
    lines = found_plan(project, ONE)
    assert lines[:2] == [
        "found: rows yet to be found, 1 distinct call",
        "rows:     found by FindAll, at most 12",
    ]
    assert "later:    0 to 12 calls; one for each row that is found" in lines
    assert "sent:     no data of yours: the rows come from the web" in lines


def test_each_step_says_what_the_found_rows_may_come_to(project):
    lines = found_plan(project, SEVERAL)
    assert [line for line in lines if line.startswith("later:")] == [
        "later:    step 'pages', 0 to 12 calls; one for each row that is found",
        "later:    step 'facts', 0 to 24 calls; for the rows that are found",
        "later:    step 'sites', any number of calls; for the rows that are found",
    ]


def test_the_plan_of_found_rows_is_a_range_for_programs(project):
    project.write("found.yaml", FOUND + ONE)
    found = json.loads(project.run("plan", "found.yaml", "--json").stdout)
    assert (found["rows"], found["calls"], found["new"]) == (0, 1, 1)
    assert [(step["id"], step["calls"], step.get("calls_max")) for step in found["steps"]] == [
        ("items", 1, None),
        ("main", 0, 12),
    ]


def test_the_summary_page_says_that_rows_are_yet_to_be_found(project, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.folder / "page.md"))
    project.write("found.yaml", FOUND + ONE)
    assert project.run("plan", "found.yaml", "--format", "github").exit_code == 0
    assert "| Rows | found by FindAll, at most 12 |" in project.read("page.md")


def test_as_many_results_as_a_variable_asks_for_bound_what_follows(project):
    project.write(
        "s.yaml",
        "name: s\nvars: {n: 25}\nprocessor: core\nsteps:\n"
        "  - id: find\n    search: {objective: x, max_results: '{{ vars.n }}'}\n"
        "  - id: facts\n    foreach: '{{ steps.find.results }}'\n    query: '{{ item.title }}'\n"
        "    output: {founded: integer}\n",
    )
    for given, most in ((), 25), (("--var", "n=3"), 3):
        found = json.loads(project.run("plan", "s.yaml", "--json", *given).stdout)
        assert found["steps"][1]["calls_max"] == most


# Time, privacy, the request ---------------------------------------------------------------------


def test_the_time_is_that_of_the_processor(web):
    found = plan(web)
    assert (found["seconds_min"], found["seconds_max"]) == (60.0, 300.0)
    assert "time:     60 s to 5 min" in text(web)


def test_only_columns_that_a_template_reads_are_named(web):
    web.write("companies.csv", "company,secret\nAcme,1\nGlobex,2\n")
    assert plan(web)["columns_sent"] == ["company"]
    assert "sent:     company\n" in text(web)


def test_nothing_leaves_the_machine_with_local_documents(project):
    assert plan(project)["columns_sent"] == []
    assert "nothing leaves this machine" in text(project)


def test_the_first_request_is_shown_exactly(web):
    body = plan(web)["requests"]["main"]
    assert body["input"] == "Key facts about Acme"
    assert body["processor"] == "core"
    shown = text(web)
    assert "\nrequest of row 1 (Acme):\n" in shown
    assert json.loads(shown.partition("request of row 1 (Acme):\n")[2]) == body


@pytest.mark.parametrize("wanted", ["2", "Globex"])
def test_another_request_is_shown_by_number_or_key(web, wanted):
    assert plan(web, "--show", wanted)["requests"]["main"]["input"] == "Key facts about Globex"
    assert "request of row 2 (Globex):" in text(web, "--show", wanted)


def test_a_key_that_is_a_number_goes_before_the_number_of_a_row(web):
    web.write("companies.csv", "company\n2\n1\n")
    assert plan(web, "--show", "1")["requests"]["main"]["input"] == "Key facts about 1"


def test_a_row_that_is_not_there_is_an_error(web):
    done = web.run("plan", "companies.yaml", "--show", "Initech")
    assert done.exit_code == 2
    assert "No row is called 'Initech'" in done.stderr


def test_auto_says_which_processor_and_why(web):
    web.change("processor: core", "processor: auto")
    (step,) = plan(web)["steps"]
    assert step["processor"] == "base"
    assert "base (the cheapest that serves" in text(web)


# Large data -------------------------------------------------------------------------------------


def test_many_rows_are_counted_and_not_held(web):
    """More rows than are held in memory, each twice."""
    names = "\n".join(f"Company {n % 12_000}" for n in range(24_000))
    web.write("companies.csv", f"company\n{names}\n")
    found = plan(web)
    assert (found["rows"], found["calls"], found["new"]) == (24_000, 12_000, 12_000)
    assert found["cost_usd"] == pytest.approx(300.0)


def test_a_locked_or_broken_ledger_is_said_in_words(web):
    (web.folder / ".runner").mkdir()
    web.write(".runner/ledger.sqlite", "this is no database, and long enough to be looked at" * 40)
    done = web.run("plan", "companies.yaml")
    assert done.exit_code == 2
    assert "is damaged" in done.stderr


def test_a_plan_reads_a_ledger_beside_a_run(web):
    """A plan never waits for a writer."""
    (web.folder / ".runner").mkdir()
    file = web.folder / ".runner/ledger.sqlite"
    Ledger(file).close()
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert plan(web)["new"] == 2
    finally:
        writer.close()


def test_the_state_directory_of_the_environment_is_used(project, monkeypatch):
    project.run("run", "companies.yaml")
    monkeypatch.setenv("RUNNER_STATE_DIR", os.fspath(project.folder / "elsewhere"))
    assert plan(project)["cached"] == 0


def test_reading_cited_pages_is_in_the_price(web):
    """Two fields of two rows may cite three pages each, a tenth of a cent a page."""
    web.change("processor: core\n", "processor: core\nverify: true\n")
    found = plan(web)
    assert (found["cost_usd"], found["cost_usd_max"]) == (0.05, pytest.approx(0.062))
    assert "price:    $0.05 to $0.062, up to $0.012 of it to read cited pages" in text(web)

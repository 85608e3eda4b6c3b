"""Checks on outcomes: what fails, what is said of it, and how much of it is kept."""

from types import MappingProxyType

import pytest

from runner.evidence.checks import MOST_KEPT, Checks, is_within
from runner.job.model import Check, Search, Step
from runner.planning.calls import Withheld
from runner.planning.expand import Past
from runner.report.render import digest_for, render_report
from tests.report.examples import cited, found_pages, job, outcome, task

ANSWER = MappingProxyType(
    {"founded_year": 1901, "headquarters": "Bern", "key_products": ["a", "b"]}
)


def checked(outcomes, *checks, action=None, date=None, **more):
    """Return the checks of a job after its outcomes."""
    step = Step(action=action or task(), checks=checks)
    judging = Checks(job(steps=(step,), **more), date=date)
    for each in outcomes:
        judging.add(each)
    return judging


def failures(outcomes, kind, value, **more):
    """Return what one check says of outcomes."""
    fields = more.pop("fields", ())
    (judged,) = checked(outcomes, Check(kind=kind, value=value, fields=fields), **more).judged
    return [str(failure) for failure in judged.failures]


def graded(**levels):
    return outcome(dict(ANSWER), basis=[cited(f, confidence=c) for f, c in levels.items()])


def test_every_value_must_be_as_sure_as_the_check_asks():
    row = graded(founded_year="medium", headquarters="low", key_products="high")
    assert failures([row], "min_confidence", "low") == []
    assert failures([row], "min_confidence", "medium") == [
        "Acme, headquarters (Bern): the confidence is low, not medium or higher"
    ]
    assert failures([row], "min_confidence", "high") == [
        "Acme, founded_year (1901): the confidence is medium, not high",
        "Acme, headquarters (Bern): the confidence is low, not high",
    ]


def test_a_confidence_that_is_not_given_is_not_enough():
    """Neither a value without a basis nor one whose basis has no grade passes; fields narrow it."""
    row = outcome(dict(ANSWER), basis=[{"field": "founded_year"}])
    said = failures([row], "min_confidence", "low")
    assert said == [
        "Acme, founded_year (1901): the confidence is not given, not low or higher",
        "Acme, headquarters (Bern): no confidence is given, and low is wanted",
        'Acme, key_products (["a", "b"]): no confidence is given, and low is wanted',
    ]
    assert len(failures([row], "min_confidence", "low", fields=("headquarters",))) == 1


def test_elements_of_a_list_are_judged_one_by_one():
    row = graded(**{"key_products": "", "key_products.0": "high", "key_products.1": "low"})
    said = failures([row], "min_confidence", "medium", fields=("key_products",))
    assert said == ["Acme, key_products.1 (b): the confidence is low, not medium or higher"]


@pytest.mark.parametrize("kind", ["min_confidence", "min_citations"])
def test_what_was_not_found_is_no_weak_value(kind):
    """A null has nothing to be sure of or to cite; an expectation can demand it."""
    row = outcome({"founded_year": None, "headquarters": "", "key_products": []})
    value = "high" if kind == "min_confidence" else 1
    assert failures([row], kind, value) == []
    assert failures([row], "expect", "{{ output.founded_year is not none }}") == [
        "Acme, founded_year (null): output.founded_year is not none is not true"
    ]


def test_values_need_citations_and_searches_need_results():
    row = outcome(dict(ANSWER), basis=[cited("founded_year", "x"), cited("key_products.0", "x")])
    assert failures([row], "min_citations", 1) == [
        "Acme, headquarters (Bern): no citation, fewer than 1"
    ]
    assert len(failures([row], "min_citations", 2)) == 3
    pages = [each for each in found_pages() if each.status == "ok"]
    search = Search(objective="x")
    found = len(pages[0].output["results"])
    assert failures(pages[:1], "min_citations", found, action=search) == []
    (said,) = failures(pages[:1], "min_citations", found + 1, action=search)
    assert said.endswith(f"{found} results, fewer than {found + 1}")


def test_sources_must_be_of_the_domains():
    row = outcome(
        dict(ANSWER),
        basis=[
            cited("founded_year", "x", url="https://www.sec.gov/a"),
            cited("headquarters", "x", url="https://sec.gov.evil.example/a"),
            cited("key_products", "x", url="notes/acme.md"),
        ],
    )
    assert failures([row], "domains", ["sec.gov", "notes"]) == [
        "Acme, headquarters (Bern): https://sec.gov.evil.example/a is not of sec.gov, notes"
    ]


@pytest.mark.parametrize(
    ("url", "domain", "within"),
    [
        ("https://sec.gov/a", "sec.gov", True),
        ("https://WWW.SEC.gov:443/a", "sec.gov", True),
        ("https://example.com/sec.gov", "sec.gov", False),
        ("https://notsec.gov/", "sec.gov", False),
        ("https://a.gov/", ".gov", True),
        ("https://gov/", ".gov", False),
        ("notes/a.md", "notes/", True),
        ("notes-old/a.md", "notes", False),
        ("./notes/a.md", "./notes", True),
        ("notes/a.md", ".", True),
        ("https://[broken", "broken", False),
    ],
)
def test_a_page_is_within_its_domain_and_no_other(url, domain, within):
    assert is_within(url, [domain]) is within


def test_expectations_see_answer_row_variables_and_date():
    row = outcome(dict(ANSWER), item={"since": 1900})
    context = {"vars": {"most": 2026}, "date": "2026-11-26"}
    truth = "{{ item.since < output.founded_year < vars.most and run.date == '2026-11-26' }}"
    assert failures([row], "expect", truth, **context) == []
    assert failures([row], "expect", "{{ basis | length > 0 }}") == [
        "Acme: basis | length > 0 is not true"
    ]


def test_an_expectation_that_cannot_be_worked_out_fails_and_says_why():
    """A null in a comparison, or a field that is not there, is a failure and no crash."""
    row = outcome({"founded_year": None})
    (said,) = failures([row], "expect", "{{ output.founded_year > 1600 }}")
    assert said == (
        "Acme, founded_year (null): output.founded_year > 1600 cannot be worked out: "
        "founded_year is empty"
    )
    (said,) = failures([row], "expect", "{{ output.staff > 5 }}")
    assert "reads 'staff', which does not exist" in said


def test_expectations_see_the_steps_before():
    """What they see of a row is asked for once, in the rows' order."""
    check = Check(kind="expect", value="{{ output.urls == steps.find.urls }}")
    judging = Checks(job(steps=(Step(id="main", action=task(), checks=(check,)),)))
    asked = []

    def earlier(row):
        asked.append(row)
        return {"find": Past(values={"urls": ["https://a.example"]})}

    judging.read("main", earlier)
    for row, url in enumerate("ab"):
        for _ in range(2):
            judging.add(outcome({"urls": [f"https://{url}.example"]}, row=row, key=f"r{row}"))
    (judged,) = judging.judged
    assert [failure.row for failure in judged.failures] == ["r1", "r1"]
    assert asked == [0, 1]


@pytest.mark.parametrize("name", ["steps.find.output.year", "steps['find'].urls", "steps"])
def test_an_expectation_does_not_judge_a_row_for_which_a_step_that_it_reads_has_no_answer(name):
    """That the other step has none is told already; what does not read it is judged."""
    checks = [
        Check(kind="expect", value=f"{{{{ {name} | string == 'x' }}}}"),
        Check(kind="expect", value="{{ output.founded_year > 2000 }}"),
        Check(kind="expect", value="{{ steps.more.output == 'x' }}"),
    ]
    judging = Checks(job(steps=(Step(id="main", action=task(), checks=checks),)))
    none = Past(values={"output": [], "urls": []}, withheld=Withheld(status="skipped", reason="r"))
    judging.read("main", lambda row: {"find": none, "more": Past(values={"output": "y"})})
    found = judging.add(outcome(dict(ANSWER)))
    assert [judged.check for judged, _ in found] == checks[1:]
    assert [each.failed for each in judging.judged] == [0, 1, 1]


@pytest.mark.parametrize("status", ["failed", "pending", "skipped"])
def test_a_row_without_an_answer_is_not_judged(status):
    assert failures([outcome(status=status)], "min_citations", 3) == []


def test_a_warning_stops_nothing():
    rows = [outcome(dict(ANSWER))]
    warns = checked(rows, Check(kind="min_citations", value=1, warns=True))
    assert (len(warns.failed), warns.stops) == (1, False)
    assert checked(rows, Check(kind="min_citations", value=1)).stops


def test_failures_are_all_counted_and_few_are_kept():
    rows = [outcome(dict(ANSWER), row=n) for n in range(MOST_KEPT)]
    (judged,) = checked(rows, Check(kind="min_citations", value=1)).judged
    assert (judged.failed, len(judged.failures)) == (3 * MOST_KEPT, MOST_KEPT)


@pytest.mark.parametrize(("share", "fails"), [(0.9, False), (0.91, True), (1, True)])
def test_a_share_of_the_citations_must_be_verified(share, fails):
    judging = checked([], Check(kind="verified", value=share))
    judging.count_verified("main", 9, 10, ["Acme, headquarters: not found"])
    (judged,) = judging.judged
    assert bool(judged.failed) is fails
    if fails:
        assert str(judged.failures[0]) == (
            f"9 of 10 citations are verified, fewer than {share:.0%} (Acme, headquarters: not found)"
        )


def test_the_report_names_row_field_value_and_the_check_s_place():
    """On its first page: how many checks passed, and where each of the others failed."""
    checks = (
        Check(kind="min_citations", value=1, place=("/far/away/companies.yaml", 20, 5)),
        Check(kind="min_confidence", value="low", fields=("x",)),
    )
    asked = job(steps=(Step(action=task(), checks=checks),), template="table")
    rows = [outcome({"founded_year": "<b>", "headquarters": None}, row=n) for n in range(12)]
    report = render_report(asked, rows)
    assert "1 of 2 checks passed." in report
    assert "- min_citations: 1 (companies.yaml:20:5)" in report
    assert "  - **Acme**, Founded year (&lt;b>): no citation, fewer than 1\n" in report
    assert "  - and 2 more" in report
    assert report == render_report(asked, digest_for(asked, rows))

"""Citations and what became of them: counted, told, kept."""

import pytest

from runner.errors import StateError
from runner.evidence.verifying import (
    MOST_LISTED,
    Claims,
    verdict_on,
    verdict_records,
    verdicts_from,
    weigh,
)
from runner.job.model import Check, Step
from runner.report.render import digest_for, render_report
from tests.report.examples import cited, job, outcome, shown, task

PAGES = {"a.md": "Founded: 1901", "b.md": "Something else"}


def answered():
    basis = [
        cited("founded_year", "Founded: 1901", url="a.md"),
        cited("headquarters", "It is in Bern", url="b.md"),
        cited("key_products", "Rope and anvils", url="gone.md"),
        cited("key_products.0", url="a.md"),
    ]
    values = {"founded_year": 1902, "headquarters": "Bern", "key_products": ["rope"]}
    return [outcome(values, basis=basis)]


def judged(outcomes):
    claims = Claims()
    for each in outcomes:
        claims.add(each)
    found = {}
    for url in claims.pages:
        found |= claims.judge(url, PAGES.get(url), "unreachable")
    return found


def test_each_page_is_asked_for_once_and_only_where_it_is_quoted():
    claims = Claims()
    for each in answered() * 2:
        claims.add(each)
    assert claims.pages == ["a.md", "b.md", "gone.md"]
    assert claims.judge("a.md", PAGES["a.md"], "unreachable") == {
        ("a.md", "Founded: 1901"): "verified"
    }


def test_citations_and_values_are_counted_and_doubts_are_named():
    evidence = weigh(answered(), judged(answered()), ["main"]).steps["main"]
    assert dict(evidence.verdicts) == {
        "verified": 1,
        "not found": 1,
        "unreachable": 1,
        "no excerpt": 1,
    }
    assert (evidence.stated, evidence.asked) == (2, 3)
    assert [(d.field, d.verdict) for d in evidence.doubts] == [
        ("headquarters", "not found"),
        ("key_products", "unreachable"),
        ("key_products.0", "no excerpt"),
        ("founded_year", None),
    ]


def test_a_citation_is_as_good_as_its_worst_excerpt():
    verdicts = {("u", "a"): "verified", ("u", "b"): "not found"}
    assert verdict_on({"url": "u", "excerpts": ["a"]}, verdicts) == "verified"
    assert verdict_on({"url": "u", "excerpts": ["a", "b"]}, verdicts) == "not found"
    assert verdict_on({"url": "u", "excerpts": ["a", "c"]}, verdicts) == "not checked"
    assert verdict_on({"url": "u", "excerpts": "a"}, verdicts) == "verified"
    assert verdict_on({"url": "u"}, verdicts) == "no excerpt"


def test_few_doubts_are_kept_of_many():
    rows = [
        outcome({"headquarters": "x"}, basis=[cited("headquarters", "y")], row=n) for n in range(99)
    ]
    evidence = weigh(rows, {}, ["main"]).steps["main"]
    assert len(evidence.doubts) == MOST_LISTED
    assert evidence.doubtful == 2 * 99


def test_verdicts_are_kept_and_read_again():
    verdicts = judged(answered())
    assert verdicts_from(verdict_records(verdicts)) == verdicts
    for damaged in ([{}], [{"url": "a", "excerpt": "b", "verdict": "fine"}], [1]):
        with pytest.raises(StateError):
            verdicts_from(damaged)


def test_the_report_marks_what_is_verified_and_what_is_not():
    """In words, at each footnote; doubts and counts on the first pages; nothing where none looked."""
    asked = job(
        steps=(Step(action=task(), checks=(Check(kind="verified", value=0.9),)),), template="table"
    )
    digest = digest_for(asked, answered())
    assert "verified" not in render_report(asked, answered()).replace("verified: 0.9", "")
    digest.verify(weigh(answered(), judged(answered()), ["main"]))
    report = render_report(asked, digest)
    assert (
        "4 citations: 1 verified, 1 no excerpt, 1 not found, 1 unreachable; "
        "2 of 3 values stand in what they cite."
    ) in report
    assert '"Founded: 1901" (verified)\n' in report
    assert '"It is in Bern" (**not found** on the page)\n' in report
    assert '"Rope and anvils" (the page could not be read)\n' in report
    assert (
        "## Not verified\n\n- **Acme**, Headquarters (Bern): the excerpt is not found in" in report
    )
    assert "- **Acme**, Founded year (1902): the value is not in the excerpt" in report
    assert "1 of 4 citations are verified, fewer than 90%" in report
    assert digest.checks.stops
    assert shown(report).headings[0] == (1, "Companies")

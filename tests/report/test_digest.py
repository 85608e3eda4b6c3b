"""Of very many rows a report shows the first and counts all; bad ones are never hidden."""

from dataclasses import replace

from runner.report.digest import MOST_SHOWN
from runner.report.render import digest_for, render_report
from tests.report.examples import job, outcome, task

WHOLE = {"founded_year": 1900, "headquarters": "Bern", "key_products": ["anvils"]}


def many(count, bad=()):
    return [
        outcome(None, row=n, key=f"Company {n}", status="failed", error="it broke")
        if n in bad
        else outcome(WHOLE, row=n, key=f"Company {n}")
        for n in range(count)
    ]


def test_a_report_that_holds_all_rows_says_nothing_of_it():
    report = render_report(job(task(), items=[{}]), many(MOST_SHOWN))
    assert "rows are shown" not in report
    assert f"Company {MOST_SHOWN - 1}" in report


def test_a_long_report_shows_the_first_rows_and_counts_all():
    report = render_report(job(task(), items=[{}]), many(2 * MOST_SHOWN))
    assert f"{2 * MOST_SHOWN:,} rows: {2 * MOST_SHOWN:,} answered" in report
    assert f"Only the first {MOST_SHOWN:,} rows are shown" in report
    assert f"| Company {MOST_SHOWN - 1} |" in report
    assert f"| Company {MOST_SHOWN} |" not in report


def test_a_bad_row_is_listed_wherever_it_stands():
    bad = (3, MOST_SHOWN + 7)
    report = render_report(job(task(), items=[{}]), many(MOST_SHOWN + 10, bad))
    assert "2 failed" in report
    for n in bad:
        assert f"**Company {n}**" in report


def test_a_template_of_ones_own_sees_every_row():
    own = replace(job(task()), report=replace(job(task()).report, template="mine.md.j2"))
    digest = digest_for(own, many(MOST_SHOWN + 1))
    ((_, step),) = digest.steps()
    assert len(step.shown) == MOST_SHOWN + 1

"""Changes between two runs: every row is compared with its own, whatever the order."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from runner.evidence.changes import changes_between
from runner.report.render import render_changes, render_report
from tests.report.attacks import ATTACKS
from tests.report.examples import cited, job, outcome, shown


def row(key, year, *, place="Bern", confidence="high", url="a.md", **more):
    basis = [cited("founded_year", "x", url=url, confidence=confidence)]
    return outcome({"founded_year": year, "headquarters": place}, key=key, basis=basis, **more)


def test_the_same_outcomes_have_no_changes():
    rows = [row("Acme", 1901), row("Globex", 1989)]
    changes = changes_between(rows, rows)
    assert not changes
    assert changes.compared == 2


def test_a_changed_value_carries_old_and_new_confidence_and_sources():
    changes = changes_between(
        [row("Acme", 1901)], [row("Acme", 1902, confidence="low", url="b.md")]
    )
    assert changes.record()["changed"] == [
        {
            "step": "main",
            "key": "Acme",
            "fields": [
                {
                    "field": "founded_year",
                    "kind": "changed",
                    "old": {"value": 1901, "confidence": "high", "sources": ["a.md"]},
                    "new": {"value": 1902, "confidence": "low", "sources": ["b.md"]},
                }
            ],
        }
    ]


def test_rewording_and_another_confidence_are_told_apart():
    old, new = row("Acme", 1901, place="San Francisco, CA"), row("Acme", 1901, confidence="low")
    new = row("Acme", 1901, place="San Francisco, California", confidence="low")
    ((first, second),) = [each.fields for each in changes_between([old], [new]).rows]
    assert (first.name, first.kind) == ("founded_year", "confidence")
    assert (second.name, second.kind) == ("headquarters", "reworded")


def test_a_field_that_came_or_went_is_a_change():
    old, new = outcome({"a": 1, "b": 2}), outcome({"a": 1, "c": 3})
    ((first, second),) = [each.fields for each in changes_between([old], [new]).rows]
    assert (first.name, first.old.value, first.new.value) == ("c", None, 3)
    assert (second.name, second.old.value, second.new.value) == ("b", 2, None)


def test_rows_without_an_answer_are_not_compared():
    rows = [row("Acme", 1901), outcome(key="Globex", status="failed", error="No")]
    changes = changes_between(rows, [outcome(key="Acme", status="pending"), row("Globex", 1)])
    assert not changes
    assert (changes.compared, changes.unanswered) == (0, 2)


def test_pages_of_a_search_are_compared_by_address():
    def pages(*urls):
        return [outcome({"results": [{"url": url, "title": url} for url in urls]})]

    changes = changes_between(pages("a", "b"), pages("b", "c"))
    ((change,),) = [each.fields for each in changes.rows]
    assert (change.name, change.old.value, change.new.value) == ("pages", ["a", "b"], ["b", "c"])
    assert not changes_between(pages("a"), pages("a"))


keyed = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 2)), max_size=12)


@given(keyed, keyed)
def test_rows_are_matched_by_key_whatever_their_order(old, new):
    """The n-th row of a key is compared with the n-th of that key; the rest came or went."""
    changes = changes_between([row(k, y) for k, y in old], [row(k, y) for k, y in new])
    before, after = Counter(k for k, _ in old), Counter(k for k, _ in new)
    assert Counter(k for _, k in changes.gone) == before - after
    assert Counter(k for _, k in changes.added) == after - before
    assert changes.compared == (before & after).total()

    def years(rows, key):
        return [year for k, year in rows if k == key]

    differing = {
        key: sum(a != b for a, b in zip(years(old, key), years(new, key), strict=False))
        for key in before
    }
    assert Counter(each.key for each in changes.rows) == Counter(differing)


def test_changed_rows_come_in_the_newer_run_s_order():
    old = [row(key, 1) for key in "abcd"]
    new = [row(key, 2) for key in "dbca"]
    assert [each.key for each in changes_between(old, new).rows] == list("dbca")


def test_a_report_shows_changes_on_its_first_page():
    old = [row("Acme", 1901), row("Gone", 1)]
    new = [row("Acme", 1902, url="https://example.com/b"), row("New", 1, place="<b>")]
    changes = changes_between(old, new)
    changes.since = "2026-11-25"
    report = render_report(job(template="table"), new, changes=changes)
    assert (
        "## Changes since 25 November 2026\n\n- New: New\n- Gone: Gone\n- **Acme**, Founded year: "
        "1901 (high, [a.md](../a.md)) → 1902 (high, [example.com/b](https://example.com/b))\n\n|"
    ) in report
    same = render_report(job(template="table"), new, changes=changes_between(new, new))
    assert same == render_report(job(template="table"), new)


def test_no_value_of_a_change_becomes_markup():
    for value in ATTACKS:
        changes = changes_between(
            [row(value, 1, place=value)], [row(value, 2, place=f"other {value}", url=value)]
        )
        read = shown(render_changes(job(), changes))
        assert not {"html_inline", "image", "footnote_ref", "code_inline"} & set(read.shape)
        assert [level for level, _ in read.headings] == [1]


def test_a_template_of_one_s_own_sees_the_changes(tmp_path):
    (tmp_path / "mine.md.j2").write_text(
        "{% for row in changes.rows %}{{ row.key }}: {{ row.fields[0].new.value }}{% endfor %}\n\n"
        "{{ changes }}"
    )
    changes = changes_between([row("Acme", 1901)], [row("Acme", 1902)])
    text = render_report(
        job(template="mine.md.j2", folder=tmp_path), [row("Acme", 1902)], changes=changes
    )
    assert text.startswith("Acme: 1902\n- **Acme**, Founded year: 1901 ")
    asked = job(template="mine.md.j2", folder=tmp_path)
    assert render_report(asked, [row("Acme", 1902)]) == "\n"

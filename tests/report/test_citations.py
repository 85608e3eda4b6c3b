"""Footnotes: one number a source and excerpt, and only for sources that have an address."""

import pytest

from runner.evidence.basis import citations_of, excerpt_of
from runner.report.citations import Footnotes
from runner.report.links import Links

from .examples import cited, every_kind_of_row, job, outcome, render, render_report


@pytest.mark.parametrize(
    ("excerpts", "text"),
    [([], ""), (None, ""), ("one", "one"), (["one"], "one"), (["one", "two"], "one … two")],
)
def test_excerpts_are_joined(excerpts, text):
    assert excerpt_of({"excerpts": excerpts}) == text


def test_a_citation_without_an_address_is_none():
    """What a provider sends is data: anything may be missing, or of the wrong kind."""
    entry = {"citations": [None, "x", {}, {"url": None}, {"url": 3}, {"url": "https://a.example"}]}
    assert citations_of(entry) == [{"url": "https://a.example"}]
    assert citations_of({}) == citations_of({"citations": None}) == []


def test_the_same_source_and_excerpt_have_one_number():
    notes = Footnotes(links=Links())
    first = cited("a", "One.", title="")
    assert notes.mark([first, first]) == "[^1]"
    assert notes.mark([cited("b", "Two."), cited("c", "One.", title="Late title")]) == "[^2][^1]"
    assert notes.definitions().splitlines() == [
        '[^1]: [Late title](notes/acme.md): "One."',
        '[^2]: [Acme](notes/acme.md): "Two."',
    ]
    assert notes.definitions() == ""
    assert [source.title for source in notes.sources()] == ["Late title", "Acme"]


def test_a_long_excerpt_is_cut_around_the_value():
    notes = Footnotes(links=Links())
    notes.mark([cited("a", f"{'before ' * 100}founded in 1901 {'after ' * 100}")], 1901)
    assert "1901" in notes.definitions()
    assert len(notes.definitions()) < 400


def test_a_malformed_basis_is_no_obstacle():
    """Entries that are no mappings or name no field are passed over; odd confidence is none."""
    basis = ["x", {"confidence": "high"}, {"field": "headquarters", "confidence": 3}]
    report = render_report(job(), [outcome({"headquarters": "Bern"}, basis=basis)])
    assert "- **Head office**: Bern\n" in report


def test_confidence_is_read_in_any_case():
    basis = [cited("headquarters", confidence="Medium")]
    assert "Bern (medium)[^1]" in render_report(
        job(), [outcome({"headquarters": "Bern"}, basis=basis)]
    )


def test_what_elements_of_a_list_rest_on_is_cited_with_the_list():
    basis = [cited("key_products.0", "Anvils."), cited("key_products.1", "Rope.")]
    rows = [outcome({"key_products": ["anvils", "rope"]}, basis=basis)] * 2
    assert "anvils; rope[^1][^2]" in render_report(job(items=[{}, {}]), rows)


def test_a_note_keeps_the_beginning_of_a_long_reasoning():
    rows = every_kind_of_row()[:1]
    basis = [cited("headquarters", confidence="low", reasoning="because " * 200)]
    rows[0] = outcome(rows[0].output, basis=basis)
    report = render_report(job(template="table"), rows)
    assert "because …" in report
    assert len(report) < 1000


def test_sources_that_no_reference_names_are_listed():
    """A long text without references still shows what it rests on."""
    basis = [cited("output", "Long."), cited("other", url="https://b.example", title="B")]
    report = render("research", [outcome("Long text.", basis=basis)])
    assert '## Sources\n\n1. [Acme](../notes/acme.md): "Long."\n2. [B](https://b.example)' in report

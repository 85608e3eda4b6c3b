"""Markdown from a provider: what of its formatting stays, and where it ends up."""

import pytest

from runner.report.citations import Footnotes
from runner.report.links import Links
from runner.report.prose import prose
from runner.report.references import cited_prose

from .examples import cited


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("*a* **b** `c`\n\n1. x\n- y", "*a* **b** `c`\n\n1. x\n- y"),
        ("| a |\n| --- |\n| b |", "| a |\n| --- |\n| b |"),
        ("# One\n### Two\n###### Six", "### One\n##### Two\n###### Six"),
        ("### Only", "### Only"),
        ("One\n===\nTwo\n---", "### One\n#### Two"),
        ("a\n\n---\n\nb", "a\n\n\n---\n\nb"),
        ("===", ""),
        ("- # inner\n> ===", "- &#35; inner\n> &#61;=="),
        ("[a](https://a.example 'title')", "[a](https://a.example)"),
        ("[a](notes/a.md)", "[a](../notes/a.md)"),
        ("[a](javascript:x)", "[a]&#40;javascript:x)"),
        ("![a](https://a.example)", "&#33;[a](https://a.example)"),
        ("<https://a.example> <b>", "<https://a.example> &lt;b>"),
        ("[a]: https://a.example", "[a]&#58; https://a.example"),
        ("@someone", "@&#8203;someone"),
        ("`$HOME` $x$ #12 GH-3", "`$HOME` &#36;x&#36; #&#8203;12 GH&#8203;-3"),
        ("```python title\n# <b>\n```\n# x", "```python\n# <b>\n```\n### x"),
        ("~~~\n```\n~~~", "~~~\n```\n~~~"),
        ("```Mermaid\ngraph\n```", "```\ngraph\n```"),
        ("```mermaids\nx\n```", "```mermaids\nx\n```"),
        ("```\nnever closed", "```\nnever closed\n```"),
        ("x ``` y", "x &#96;&#96;&#96; y"),
    ],
)
def test_formatting_stays_and_harm_becomes_text(text, markdown):
    assert prose(text, below=2, base="..") == markdown


def footnoted(text, *entries):
    footnotes = Footnotes(links=Links())
    return cited_prose(text, entries, footnotes, below=1), footnotes.definitions()


def test_a_reference_becomes_the_footnote_of_the_excerpt_it_quotes():
    """Of several excerpts of a source it is the one that the sentence repeats, or the first."""
    entry = cited("output", "Sales fell.", "Sales rose in May.")
    text, notes = footnoted("Sales rose in May [1].\nOther words [1].\n\n[1] notes/acme.md", entry)
    assert text.splitlines()[:2] == ["Sales rose in May[^1].", "Other words[^2]."]
    assert notes.splitlines()[0].endswith('"Sales rose in May."')


@pytest.mark.parametrize(
    "text",
    [
        "No source is named [1].",
        "Out of range [2]: notes/acme.md",
        "Zero [0] notes/acme.md",
        "None.",
    ],
)
def test_references_that_cannot_be_trusted_stay_as_written(text):
    """A wrong footnote is worse than none."""
    shown, notes = footnoted(text, cited("output"))
    assert "[^" not in shown
    assert notes == ""

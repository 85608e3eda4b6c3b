"""Text stays text: what is escaped, what stays readable, and how long texts are cut."""

import pytest

from runner.evidence.text import shortened, visible
from runner.report.escape import inline, paragraphs, quoted


@pytest.mark.parametrize(
    "text",
    [
        "Plain text, with commas: 12 % (of 5) - nothing else.",
        "snake_case needs no help",
        "AT&T and R&D",
        "-5 and +3.5",
        "$5 million",
        "C# and F#",
        "naïve café — 日本",
    ],
)
def test_what_is_harmless_is_left_as_it_is(text):
    """A report is also read as text, in a diff or an editor."""
    assert inline(text) == text


def test_hidden_characters_are_gone_and_lines_kept():
    assert visible("a\u202eb\x00\u200b\nc\ud800") == "ab\nc\ufffd"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one\ntwo\n\nthree\n \n\nfour", ["one two", "three", "four"]),
        ("Maker: Acme\nYear: 1901", ["Maker: Acme\\\nYear: 1901"]),
        ("Maker: Acme\nand more", ["Maker: Acme and more"]),
        ("\n\n", []),
    ],
)
def test_blank_lines_part_paragraphs_and_labels_keep_their_lines(text, parts):
    assert paragraphs(text) == parts


@pytest.mark.parametrize(
    ("text", "limit", "quote"),
    [
        ("# Title #\ntext\n## Next\nmore", 99, "> Title\n>\n> text\n>\n> Next\n>\n> more"),
        ("#hashtag", 99, "> \\#hashtag"),
        ("a\n\nb", 99, "> a\n>\n> b"),
        ("word " * 5, 12, "> word word …"),
        ("x" * 30, 12, "> " + "x" * 12 + " …"),
    ],
)
def test_a_quotation_has_paragraphs_and_ends_between_words(text, limit, quote):
    assert quoted(text, limit) == quote


@pytest.mark.parametrize(
    ("text", "around", "cut"),
    [
        ("short", "", "short"),
        ("one two three four five six", "", "one two …"),
        ("one two three four five six", "one", "one two …"),
        ("one two three four five six", "five", "… five six"),
        ("one two three four five six", "four", "… four five …"),
        ("one two three four five six", "absent", "one two …"),
        ("x" * 30, "", "x" * 12 + " …"),
    ],
)
def test_a_long_text_is_cut_between_words_around_what_matters(text, around, cut):
    assert shortened(text, 12, around=around) == cut

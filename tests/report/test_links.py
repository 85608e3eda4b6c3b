"""Links lead to http, https and documents beside the report; everything else is text."""

from pathlib import Path

import pytest

from runner.report.links import Links, document_path, link_of, way_between, web_url


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example/x?y=1#z", "https://a.example/x?y=1#z"),
        ("HTTP://A.example", "HTTP://A.example"),
        (" https://a.example/a b ", "https://a.example/a%20b"),
        ("https://a.example/(x)", "https://a.example/%28x%29"),
        ("https://a.example/?a=1&copy=2", "https://a.example/?a=1&amp;copy=2"),
        ("https://a.example/<b>|\\`", "https://a.example/%3Cb%3E%7C%5C%60"),
        ("https://a.example/\u202ex\n", "https://a.example/x"),
        ("https://a.example/\ud800", "https://a.example/%EF%BF%BD"),
    ],
)
def test_a_web_address_is_a_target_that_ends_no_link_and_no_cell(url, target):
    assert web_url(url) == target


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "file:///etc"),
        *("ftp://a.example", "//a.example", "https:", "https://", "java\nscript:x", "mailto:a@b"),
        *("/etc/passwd", "../up.md", "a/../../b", "#anchor", "?q", "C:\\x", "a\\b", "", "a\x00b"),
    ],
)
def test_anything_else_is_no_target(url):
    """It is shown as text, and the report links to nothing."""
    assert web_url(url) is None
    assert document_path(url) is None
    assert "](" not in Links().link("title", url)


def test_a_document_is_linked_relative_to_the_report():
    way = way_between(Path("/project/reports"), Path("/project"))
    links = Links(base=way)
    assert links.link("Notes", "notes/a b.md") == "[Notes](../notes/a%20b.md)"
    assert way_between(Path("/project"), Path("/project")) == ""
    assert document_path("notes/./a.md", way) == "../notes/a.md"


def test_a_link_has_words_whatever_its_title():
    links = Links()
    assert links.link("", "https://www.a.example/x") == "[a.example/x](https://www.a.example/x)"
    assert links.link("\u200b", "https://a.example") == "[a.example](https://a.example)"
    assert links.link("x](y", "https://a.example") == "[x\\](y](https://a.example)"
    assert links.link("", "javascript:x") == "javascript:x"
    assert links.link("t", "javascript:x") == "t (javascript:x)"


def test_only_a_whole_address_becomes_a_link():
    assert link_of("https://a.example") == "[a.example](https://a.example)"
    for text in ("see https://a.example", "http", "httpx is a library", "https://"):
        assert link_of(text) is None


def test_two_drives_have_no_way_between(monkeypatch):
    def refuse(*_paths):
        raise ValueError

    monkeypatch.setattr("os.path.relpath", refuse)
    assert way_between(Path("/a"), Path("/b")) == ""

"""The pages themselves: found in the package, and filled in where they ask for it.

A page asks with a comment, `<!-- key: items -->`: all up to `<!-- end -->` is put there by the
code. A name `*` stands for everything of that kind that the page does not name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TypeAlias

from runner.errors import StateError, UsageError
from runner.job.spelling import did_you_mean

PAGES = ("guide", "language", "commands", "errors")
"""In the order one reads them."""

Writer: TypeAlias = Callable[[str, frozenset[str]], str]
"""From a name, and the names of its kind that the page has, to markdown."""

_BLOCK = re.compile(
    r"<!-- (?P<kind>[a-z]+): (?P<name>[^>]+?) -->\n(?:.*?\n)??<!-- end -->\n", re.DOTALL
)
_COMMENT = re.compile(r"^<!-- .* -->\n", re.MULTILINE)
_HEADING = re.compile(r"^(?P<level>##+) (?P<title>.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_INNER_LINK = re.compile(r"\[([^\]]+)\]\((?:\w+\.md)?(?:#[\w-]*)?\)")
_DROPPED = re.compile(r"[^\w\- ]")


def page_text(name: str) -> str:
    """Return a page of the package, comments included.

    Raises:
        StateError: the installation lacks it.
    """
    file = resources.files("runner") / "reference" / f"{name}.md"
    if not file.is_file():
        raise StateError(f"{file.name} is not installed", hint="Install research-runner again")
    return file.read_text(encoding="utf-8")


def shown(text: str) -> str:
    """Return a page as it is read: without its comments."""
    return _COMMENT.sub("", text)


def section(text: str, name: str) -> str:
    """Return the part of a page below a heading, heading included: a key's, or a command's.

    Raises:
        UsageError: the page has no such heading.
    """
    headings = list(_HEADING.finditer(_blanked(text)))
    names = [_plain(found["title"]) for found in headings]
    wanted = _plain(name)
    if wanted not in names:
        hint = did_you_mean(wanted, names) or "Leave it away to read the whole page"
        raise UsageError(f"The page has no part '{name}'", hint=hint)
    first = headings[names.index(wanted)]
    later = headings[names.index(wanted) + 1 :]
    ends = (each.start() for each in later if len(each["level"]) <= len(first["level"]))
    return text[first.start() : next(ends, len(text))].strip() + "\n"


def without_links(text: str) -> str:
    """Return a page whose links between headings and pages are plain words."""
    return _INNER_LINK.sub(r"\1", text)


def _plain(title: str) -> str:
    return title.replace("`", "").strip().lower().removeprefix("runner ")


def _blanked(text: str) -> str:
    """Return a page with its code left blank, each character in its place."""
    return _FENCED.sub(lambda found: " " * len(found[0]), text)


def filled(text: str, writers: Mapping[str, Writer]) -> str:
    """Return a page with every part that the code writes written anew.

    Raises:
        UsageError: the page asks for a kind that nobody writes.
    """
    named: dict[str, set[str]] = {}
    for found in _BLOCK.finditer(text):
        named.setdefault(found["kind"], set()).add(found["name"])

    def write(found: re.Match[str]) -> str:
        kind, name = found["kind"], found["name"]
        if kind == "index":
            return found[0]
        if kind not in writers:
            raise UsageError(f"Nothing writes '{kind}' of a reference page")
        written = writers[kind](name, frozenset(named[kind])).strip()
        return _block(kind, name, written)

    text = _BLOCK.sub(write, text)
    return _BLOCK.sub(lambda found: _indexed(found, text), text)


def _indexed(found: re.Match[str], text: str) -> str:
    if found["kind"] != "index":
        return found[0]
    depth = int(found["name"])
    return _block("index", found["name"], "\n".join(_index(text, depth)))


def _block(kind: str, name: str, written: str) -> str:
    body = f"{written}\n" if written else ""
    return f"<!-- {kind}: {name} -->\n{body}<!-- end -->\n"


def _index(text: str, depth: int) -> Iterator[str]:
    """Yield a list of the headings; those of the third level stand on one line."""
    if depth == 1:
        yield from (f"- {_link(title)}" for level, title in _headings(text) if level == 1)
        return
    group, below = "", list[str]()
    for level, title in (*_headings(text), (1, "")):
        if level == 1:
            if group:
                yield f"- {_link(group)}{': ' if below else ''}{', '.join(below)}"
            group, below = title, []
        elif level == depth:
            below.append(_link(title))


def _headings(text: str) -> list[tuple[int, str]]:
    """Return the headings with how deep they are, the page's own title left out."""
    found_ones = _HEADING.finditer(_blanked(text))
    return [(len(found["level"]) - 1, found["title"]) for found in found_ones]


def _link(title: str) -> str:
    return f"[{title}](#{anchor(title)})"


def anchor(title: str) -> str:
    """Return how a link within a page names a heading, as GitHub does."""
    return _DROPPED.sub("", title.lower()).replace(" ", "-")


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as a markdown table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

"""HTML: one walk over the tree, with lxml (the only import of it), block by block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from lxml import etree

from runner.providers.local.corpus import Block
from runner.providers.local.readers.dates import iso_date
from runner.providers.local.readers.html_tables import add_table, is_layout
from runner.providers.local.readers.reading import (
    BREAK,
    BlockBuilder,
    BrokenError,
    Reading,
    tidy,
    without_title,
)

SKIPPED: Final = frozenset((
    "script", "style", "template", "noscript", "svg", "math", "iframe", "object", "canvas",
    "audio", "video", "select", "button", "textarea", "datalist", "head", "title",
))  # fmt: skip
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_BLOCKS: Final = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header",
    "hr", "html", "legend", "li", "listing", "main", "menu", "nav", "ol", "p", "pre", "section",
    "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
_PERMALINKS: Final = frozenset(("¶", "#", "§", "🔗", "¶"))
_DATES: Final = frozenset((
    "article:published_time", "article:modified_time", "date", "dc.date", "dcterms.date",
    "dcterms.created", "dcterms.modified", "pubdate", "publish_date", "datepublished",
    "datemodified", "last-modified",
))  # fmt: skip
_Place: TypeAlias = Literal["paragraph", "item", "term", "definition"]
_KINDS: Final[dict[str, _Place]] = {"li": "item", "dt": "term", "dd": "definition"}
_CODE: Final = frozenset(("pre", "listing"))
_SIDELINES: Final = frozenset(("nav", "footer"))
_SIDE_ROLES: Final = frozenset(("navigation", "contentinfo", "search"))
_KEPT_AT_LEAST = 200
_SIDE_TEXT_LIMIT = 0.3
_SIDE_TEXT_NAMED = 0.1
_SIDE_CHARS_NAMED = 500


def read_html(text: str) -> Reading:
    """Return the blocks of an HTML page, its title and the date its metadata states.

    Navigation and footers are left out, unless they hold a large part of the page's own words;
    what is left out and not made of links is named in a warning when it is more than a tenth.

    Raises:
        BrokenError: nothing at all could be parsed.
    """
    root = _parse(text)
    if root is None:
        return Reading(blocks=())
    title = _title(root)
    walk = _Walk()
    walk.run(root)
    blocks, warnings = walk.result()
    return Reading(
        blocks=without_title(blocks, title), title=title, date=_date(root), warnings=warnings
    )


def read_fragment(text: str) -> tuple[Block, ...]:
    """Return the blocks of a piece of HTML, as it stands inside Markdown."""
    try:
        root = _parse(text)
    except BrokenError:
        return ()
    if root is None:
        return ()
    walk = _Walk()
    walk.run(root)
    return walk.result()[0]


def _parse(text: str) -> etree._Element | None:
    parser = etree.HTMLParser(
        encoding="utf-8", recover=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        if not text.strip() or "empty" in str(error):
            return None
        raise BrokenError("cannot be parsed as HTML") from error
    except etree.LxmlError as error:
        raise BrokenError("cannot be parsed as HTML") from error


def _title(root: etree._Element) -> str | None:
    for found in root.iter("title"):
        parent = found.getparent()
        if parent is not None and parent.tag == "svg":
            continue
        if name := tidy("".join(map(str, found.itertext()))):
            return name
    return None


def _date(root: etree._Element) -> str | None:
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        if name.lower() in _DATES and (found := iso_date(meta.get("content") or "")):
            return found
    return None


@dataclass(slots=True)
class _Term:
    """The terms of a definition list that wait for their description."""

    names: list[str] = field(default_factory=list)
    described: bool = False
    beginning: bool = False


class _Walk:
    """Turns the events of a tree into blocks. Context: one page, `run` once, then `result`."""

    def __init__(self) -> None:
        self._main = BlockBuilder()
        self._side: list[tuple[bool, int, int]] = []
        self._text: list[str] = []
        self._links: list[tuple[str, str]] = []
        self._link_starts: list[tuple[str, int]] = []
        self._kinds: list[_Place] = ["paragraph"]
        self._terms: list[_Term] = []
        self._aside = 0
        self._articles = 0
        self._link_chars = 0

    def run(self, root: etree._Element) -> None:
        """Read the tree; as deep as it may be, no recursion."""
        events = etree.iterwalk(root, events=("start", "end"))
        for event, element in events:
            if event == "end":
                self._end(element)
            elif self._start(element):
                events.skip_subtree()
        self._flush()

    def _start(self, element: etree._Element) -> bool:
        """Take an element's beginning; True when there is nothing more to read inside."""
        tag = element.tag
        if tag in SKIPPED:
            return True
        if tag in _BLOCKS or tag in _HEADINGS:
            self._flush()
            if self._open(element, tag):
                return True
        elif tag == "a":
            self._link_starts.append((element.get("href") or "", len(self._text)))
        elif tag == "br":
            self._text.append(BREAK)
        if element.text:
            self._text.append(element.text)
        return False

    def _end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in _BLOCKS or tag in _HEADINGS:
            self._close(element, tag)
        elif tag == "a" and self._link_starts:
            self._end_link()
        if element.tail:
            self._text.append(element.tail)

    def result(self) -> tuple[tuple[Block, ...], tuple[str, ...]]:
        """Return the blocks that count and what the reader should know of the others."""
        blocks = self._main.blocks()
        kept = [block for block, (aside, _, _) in zip(blocks, self._side, strict=True) if not aside]
        chars = sum(chars for aside, chars, _ in self._side if not aside)
        linked = sum(links for aside, _, links in self._side if not aside)
        lost = sum(chars - links for aside, chars, links in self._side if aside)
        share = lost / max(lost + chars - linked, 1)
        if chars < _KEPT_AT_LEAST > lost + chars or (chars == 0) or share > _SIDE_TEXT_LIMIT:
            return blocks, ()
        if share > _SIDE_TEXT_NAMED and lost > _SIDE_CHARS_NAMED:
            return tuple(kept), (f"{share:.0%} of its text, navigation and footers, is left out",)
        return tuple(kept), ()

    def _open(self, element: etree._Element, tag: str) -> bool:
        """Enter a block element; True when it has been read whole."""
        if self._is_side(element, tag):
            self._aside += 1
        if tag in _CODE:
            self._code(element)
            return True
        if tag == "table" and not is_layout(element):
            add_table(self._main, element)
            self._count(0)
            return True
        if tag in _KINDS:
            self._kinds.append(_KINDS[tag])
        if tag == "dl":
            self._terms.append(_Term())
        elif tag == "dd" and self._terms:
            self._terms[-1].beginning = True
        elif tag in ("article", "main"):
            self._articles += 1
        return False

    def _close(self, element: etree._Element, tag: str) -> None:
        if tag in _HEADINGS:
            self._heading(_HEADINGS[tag])
        else:
            self._flush()
        if tag in _KINDS:
            self._kinds.pop()
        if tag == "dd" and self._terms:
            self._terms[-1].described = True
        elif tag == "dl" and self._terms:
            self._undescribed(self._terms.pop())
        elif tag in ("article", "main"):
            self._articles -= 1
        if self._is_side(element, tag):
            self._aside -= 1

    def _is_side(self, element: etree._Element, tag: str) -> bool:
        if tag == "footer":
            return not self._articles
        return tag in _SIDELINES or element.get("role") in _SIDE_ROLES

    def _take(self) -> str:
        """Return the text since the last block and forget it."""
        if not self._text:
            return ""
        text = tidy("".join(self._text))
        self._text.clear()
        for at, (href, _) in enumerate(self._link_starts):
            self._link_starts[at] = (href, 0)
        return text

    def _flush(self) -> None:
        """End the block that is being read."""
        if self._kinds[-1] == "term" and self._terms:
            self._term()
            return
        text = self._take()
        links = self._links
        if not text:
            if links:
                self._links = []
            return
        self._links = []
        kind = self._kinds[-1]
        if kind == "definition":
            self._definition(text, links)
        elif kind == "item":
            self._main.add("item", text, links=links)
        else:
            self._main.paragraph(text, links)
        self._count(sum(len(name) for name, _ in links))

    def _count(self, link_chars: int) -> None:
        """Note of each new block whether it stands aside, its length and how much of it links."""
        blocks = self._main.last(len(self._main) - len(self._side))
        for block in blocks:
            self._side.append((self._aside > 0, len(block.text), min(link_chars, len(block.text))))

    def _heading(self, level: int) -> None:
        text = self._take().replace("\n", " ")
        self._links = []
        for mark in _PERMALINKS:
            text = text.removesuffix(mark).rstrip()
        self._main.heading(level, text)
        self._count(0)

    def _code(self, element: etree._Element) -> None:
        for line in element.iter("br"):
            line.tail = f"\n{line.tail or ''}"
        lines = "".join(map(str, element.itertext())).expandtabs().split("\n")
        text = "\n".join(line.rstrip() for line in lines).strip("\n")
        self._main.add("code", text)
        self._count(0)

    def _term(self) -> None:
        term = self._terms[-1]
        if term.described:
            term.names.clear()
            term.described = False
        if name := self._take().replace("\n", " "):
            for mark in _PERMALINKS:
                name = name.removesuffix(mark).rstrip()
            term.names.append(name)
        self._links = []

    def _definition(self, text: str, links: list[tuple[str, str]]) -> None:
        """Add a description: its beginning with the term, what follows as paragraphs."""
        term = self._terms[-1] if self._terms else None
        if term is None or not term.names or not term.beginning:
            self._main.paragraph(text, links)
            return
        term.beginning = False
        name = ", ".join(term.names).rstrip(" :")
        self._main.add("definition", f"{name}: {text}", cells=[(name, text)], links=links)

    def _undescribed(self, term: _Term) -> None:
        if term.names and not term.described:
            self._main.add("paragraph", ", ".join(term.names))
            self._count(0)

    def _end_link(self) -> None:
        href, start = self._link_starts.pop()
        if href and not href.startswith(("#", "javascript:")):
            self._links.append((tidy("".join(self._text[start:])).replace("\n", " "), href))

"""Why a template cannot be read: in plain words, and where it stopped making sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

import jinja2
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from runner.errors import TemplateError

_OPENING = re.compile(r"\{\{|\{%|\{#")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_LINE_END = re.compile(r"\r\n|\r")
_TAG = re.compile(r"\{%[-+]?\s*(\w+)")
_ENDED = ("if", "for", "set", "with", "filter", "call", "macro", "block", "raw", "autoescape")
_TAGS = ("if", "elif", "else", "for", "set", "endif", "endfor", "endset")
_UNREAD = frozenset({"whitespace", "comment_begin", "comment", "comment_end"})

_CLOSE_HINT = "Close every {{ with }} and every {% with %}"
_READ_HINT = "A template reads {{ item.column }} or {{ vars.name }}"
_NAME_HINT = 'A name that holds a space or a dash is written {{ item["the name"] }}'
_OPERATORS = {
    "=": "To compare, write ==",
    "&": "Write and",
    "|": "Write or; a filter has a name: {{ item.name | upper }}",
    "||": "Write or",
    "!": "Write not",
    "AND": "Write and, in small letters",
    "OR": "Write or, in small letters",
    "NOT": "Write not, in small letters",
    "?": "Write {{ a if b else c }}",
    "$": "Names stand as they are: {{ item.column }}",
    "“": 'Write straight quotes: "',
    "”": 'Write straight quotes: "',
    "‘": "Write straight quotes: '",
    "’": "Write straight quotes: '",
}

# What Jinja says, what it means ($ stands for its first word), and how to mend it.
_SYNTAX: tuple[tuple[str, str, str], ...] = (
    (r"unexpected '.', expected '(.)'", "a $ is missing", "Close every bracket"),
    (r"unexpected '([\])}])'", "unexpected '$'", _CLOSE_HINT),
    (
        r"Expected an expression, got 'end of|unexpected 'end of print",
        "it is empty, or breaks off",
        _READ_HINT,
    ),
    (r"unexpected char ['\"]{3}", "a quote is opened and never closed", "Close the quote"),
    (r"unexpected end of template|Missing end of", "it is never closed", _CLOSE_HINT),
)


class _Stop(NamedTuple):
    """Where a template stopped making sense: an index into its text, and the word there."""

    at: int
    word: str = ""


def syntax_fault(
    error: jinja2.TemplateSyntaxError, text: str | None, environment: jinja2.Environment
) -> TemplateError:
    """Return why a template cannot be read, in plain words and at its place."""
    reason = (error.message or "syntax error").rstrip(".")
    if text is None:
        words, hint, _ = _explained(reason, "", _Stop(0))
        return _fault(words, hint, line=error.lineno or 1)
    text = _LINE_END.sub("\n", text)
    stop = _open_end(text) or _stop(environment, text) or _at_line(text, error.lineno or 1, reason)
    words, hint, stop = _explained(reason, text, stop)
    index = min(stop.at, len(text))
    return _fault(
        words,
        hint,
        line=text.count("\n", 0, index) + 1,
        column=index - text.rfind("\n", 0, index),
        width=max(1, len(stop.word.split("\n", 1)[0])),
    )


def _fault(words: str, hint: str, *, line: int, column: int = 1, width: int = 1) -> TemplateError:
    message = f"The template cannot be read: {words}"
    return TemplateError(message, line=line, column=column, width=width, hint=hint)


def _explained(reason: str, text: str, stop: _Stop) -> tuple[str, str, _Stop]:
    """Return what is wrong, how to mend it, and where."""
    opened = _unended(text) if "nexpected end of template" in reason else None
    tag = re.match(r"Encountered unknown tag '(\w+)'", reason)
    known = next(((m, to) for p, *to in _SYNTAX if (m := re.match(p, reason, re.DOTALL))), None)
    words, hint = reason, _READ_HINT
    if stop.word in _CLOSING:
        how = f"not closed with {_CLOSING[stop.word]}" if "}" in text[stop.at :] else "never closed"
        words, hint = f"{stop.word} is {how}", _CLOSE_HINT
    elif "{{{" in text:
        words, hint = "three braces where two are meant", "Write {{ and }}"
        stop = _Stop(text.index("{{{"), "{{{")
    elif tag is not None:
        words, hint = f"there is no tag '{tag[1]}'", _tag_hint(tag[1])
    elif opened is not None:
        name, stop = opened.word.split()[-1], opened
        words, hint = f"a {{% {name} %}} is never closed", f"Add {{% end{name} %}}"
    elif known is not None:
        match, (meaning, hint) = known
        words = meaning.replace("$", match[1] if match.groups() else "")
        before = text[: stop.at].rstrip()
        if before.endswith("{{") and "empty" in words:
            stop = _Stop(len(before) - 2, text[len(before) - 2 : stop.at + 2])
    elif stop.word.strip() and re.match(r"expected token|unexpected (?:char|')", reason):
        words, hint = f"unexpected '{stop.word}'", _word_hint(text, stop)
    return words, hint, stop


def _word_hint(text: str, stop: _Stop) -> str:
    if stop.word in _OPERATORS:
        return _OPERATORS[stop.word]
    if stop.word == "if" and re.search(r"\belse\s+$", text[: stop.at]):
        return "Write {% elif ... %}"
    return _NAME_HINT if stop.word[:1].isalnum() else _READ_HINT


def _tag_hint(name: str) -> str:
    if name.lower() in {"elseif", "elsif", "elif"}:
        return "Did you mean elif?"
    near = get_close_matches(name, _TAGS, n=1)
    return (
        f"Did you mean {near[0]}?" if near else "Tags are if, elif, else, for, set and their ends"
    )


def _open_end(text: str) -> _Stop | None:
    """Return the first {{, {% or {# that another one follows, or nothing, before it is closed."""
    done = 0
    while (opening := _OPENING.search(text, done)) is not None:
        mark = opening[0]
        end = text.find(_CLOSING[mark], opening.end())
        after = _OPENING.search(text, opening.end(), end if end >= 0 else len(text))
        is_open = after is not None and mark != "{#" and not _in_quotes(text, opening, after)
        if end < 0 or is_open:
            return _Stop(opening.start(), mark)
        done = end + 2
    return None


def _in_quotes(text: str, opening: re.Match[str], after: re.Match[str]) -> bool:
    between = text[opening.end() : after.start()]
    return bool(between.count("'") % 2 or between.count('"') % 2)


def _unended(text: str) -> _Stop | None:
    """Return the innermost tag that has no end."""
    opened: list[_Stop] = []
    for match in _TAG.finditer(text):
        if match[1] in _ENDED and not _is_whole(match, text):
            opened.append(_Stop(match.start(), match[0]))
        elif match[1].startswith("end") and opened:
            opened.pop()
    return opened[-1] if opened else None


def _is_whole(match: re.Match[str], text: str) -> bool:
    """Return whether a tag stands alone: `{% set x = 1 %}`."""
    return match[1] == "set" and "=" in text[match.end() : text.find("%}", match.end())]


def _stop(environment: jinja2.Environment, text: str) -> _Stop | None:
    """Return the token at which Jinja gives up, or None where that is not known."""
    places = list(_tokens(environment, text))
    if places and places[-1].word == "":  # the text cannot be cut into tokens from here on
        return _Stop(places[-1].at, text[places[-1].at : places[-1].at + 1])
    taken = 0

    def counted() -> Iterator[jinja2.lexer.Token]:
        nonlocal taken
        lexer = environment.lexer
        for token in lexer.wrap(lexer.tokeniter(text, None)):
            taken += 1
            yield token

    parser = Parser(environment, "")
    parser.stream = TokenStream(counted(), None, None)
    try:
        parser.parse()
    except jinja2.TemplateSyntaxError:
        index = taken - 1 - len(parser.stream._pushed)  # noqa: SLF001 - looked at, not yet read
        return places[index] if 0 <= index < len(places) else None
    except RecursionError:
        return None
    return None


def _tokens(environment: jinja2.Environment, text: str) -> Iterator[_Stop]:
    """Yield the tokens that a parser reads; last an empty one where the text cannot be cut."""
    at = 0
    try:
        for _, kind, value in environment.lexer.tokeniter(text, None):
            found = text.find(value, at)
            at = found if found >= 0 else at
            if kind not in _UNREAD:
                yield _Stop(at, value)
            at += len(value)
    except jinja2.TemplateSyntaxError:
        rest = text[at:]
        yield _Stop(at + len(rest) - len(rest.lstrip()))


def _at_line(text: str, line: int, reason: str) -> _Stop:
    """Return the word in a line that a reason quotes; else the first opening, or the start."""
    lines = text.split("\n")
    line = min(line, len(lines))
    row = lines[line - 1]
    start = sum(len(each) + 1 for each in lines[: line - 1])
    opening = _OPENING.search(row)
    quoted = re.search(r"'(\w+)'", reason)
    named = quoted and re.search(rf"\b{quoted[1]}\b", row)
    if named:
        return _Stop(start + named.start(), named[0])
    return _Stop(start + (opening.start() if opening else 0))

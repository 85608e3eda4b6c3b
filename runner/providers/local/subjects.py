"""Which documents, rows and sections speak about the thing a question names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.providers.local.lexicon import word_set

_LEGAL = word_set(
    """
    inc incorporated corp corporation co company ltd limited llc llp plc ag sa se nv bv gmbh kg ab
    as oy spa srl group holding holdings
    """
)
_DOCUMENT_WORDS = word_set(
    """
    about annual article brief company data details fact facts factsheet filing home index info
    information key main market notes overview page profile project report research sheet summary
    the wiki wikipedia package readme metadata documentation docs manual
    """
)
_KINDS = word_set(
    """
    package library company corporation firm market product project module brand organization
    organisation industry person tool framework startup
    """
)
_CUES = word_set("about of on for regarding concerning called named package company library")
_SMALL = word_set(
    """
    the a an and or of in on at to for by with from as is are was were do does did has have what
    which who whom whose when where why how key facts fact give list find tell me about
    """
)
_PRONOUNS = word_set("it this that them these those him her us me all each both which what whom")
_NAME_KEYS = ("name", "company", "package", "entity", "product", "organization", "organisation",
              "person", "market", "project", "title", "subject", "topic", "brand")  # fmt: skip
_NAMING = frozenset(_NAME_KEYS)
_ASKED_WORD = re.compile(r"[^\W_]+(?:(?:[.&+#/_@-]|['’](?!s\b))+[^\W_]+)*[+#]*")
_TITLE_BREAK = re.compile(r"\s+[·|–—-]\s+|:\s+")
_VERSION = re.compile(r"(?: v?\d+(?: \d+)*)+$")
_PERIOD = re.compile(
    r"(?: (?:fiscal year|fy|q[1-4]|h[12])?(?: ?(?:19|20)\d\d| fy\d\d)(?: \d\d)?)+$"
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|their|he|his|she|her|we|our|us)\b"
    r"|\b(?:the|this|these|that)\s+(?:[\w-]+\s+){0,2}?(?:agency|app|application|association|band"
    r"|bank|brand|business|city|club|company|concern|country|enterprise|firm|foundation|framework"
    r"|group|institution|library|maker|manufacturer|market|module|network|organi[sz]ation|package"
    r"|platform|product|program|project|provider|publisher|repository|school|service|software"
    r"|start-?up|store|studio|supplier|team|tool|toolkit|university|vendor)\b",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"\W*(?:\w+ed|written|built|begun|made|set up|run)\s+(?:by|in|under|from)\b", re.IGNORECASE
)
_LONGEST = 7
_SHARED = 3
"""A part of a title that more documents than this share names none of them."""


@frozen
class Subject:
    """What a question is about.

    Attributes:
        name: As the question writes it; "" where it names nothing.
        keys: Its names as `name_key` spells them; how rows, headings and sentences are matched.
        documents: Paths of the documents whose title or file name is its name.
    """

    name: str = ""
    keys: frozenset[str] = frozenset()
    documents: tuple[str, ...] = ()


@lru_cache(maxsize=1 << 14)
def name_key(text: str) -> str:
    """Return a name for comparison: lower case, no accents, punctuation as one space."""
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+[+#]*", text.lower().replace("'s ", " ")))


@lru_cache(maxsize=1 << 14)
def name_keys(text: str) -> frozenset[str]:
    """Return the keys under which a title, a cell or a heading may be asked for.

    The whole; its parts around ` - `, ` | ` and `: `; each also without a legal form (`Inc`), a
    version, and words such as `profile` at its ends.
    """
    keys: set[str] = set()
    for part in (text, *_TITLE_BREAK.split(text)):
        key = name_key(part)
        keys.update((key, _VERSION.sub("", key), _PERIOD.sub("", key)))
    for key in list(keys):
        words = key.split()
        while len(words) > 1 and words[-1] in _LEGAL:
            words = words[:-1]
            keys.add(" ".join(words))
        while words and (words[0] in _DOCUMENT_WORDS or re.fullmatch(r"(?:19|20)\d\d", words[0])):
            words = words[1:]
        while words and (words[-1] in _DOCUMENT_WORDS or re.fullmatch(r"(?:19|20)\d\d", words[-1])):
            words = words[:-1]
        keys.add(" ".join(words))
    return frozenset(key for key in keys if key and not set(key.split()) <= _DOCUMENT_WORDS)


def title_parts(title: str) -> tuple[str, ...]:
    """Return a title and its parts around ` - `, ` | ` and `: `."""
    return tuple(dict.fromkeys((title.strip(), *_TITLE_BREAK.split(title.strip()))))


def is_about(text: str, keys: frozenset[str]) -> bool:
    """Whether a cell or a heading names the subject, whole."""
    return not keys.isdisjoint(name_keys(text))


def mentions(text: str, keys: frozenset[str]) -> bool:
    """Whether running text names the subject; `attrs-strict` does not name `attrs`."""
    return _mention(keys).search(text) is not None


def is_subject_of(sentence: str, keys: frozenset[str]) -> bool:
    """Whether a sentence begins with the subject's name, or is about something `of` it."""
    match = _mention(keys).search(sentence)
    if match is None:
        return False
    before = sentence[: match.start()].split()
    return len(before) <= 1 or before[-1].lower() in ("of", "about", "for")


def first_mention(text: str, keys: frozenset[str]) -> str:
    """Return the subject's name as running text writes it first, or ""."""
    match = _mention(keys).search(text) if keys else None
    return match.group() if match else ""


def speaks_about(sentence: str, keys: frozenset[str]) -> bool:
    """Whether a sentence names the subject, points back to it, or has no subject of its own."""
    return (
        mentions(sentence, keys)
        or _POINTS_BACK.search(sentence) is not None
        or _NO_SUBJECT.match(sentence) is not None
    )


@lru_cache(maxsize=1 << 8)
def _mention(keys: frozenset[str]) -> re.Pattern[str]:
    names = sorted(keys, key=lambda key: (-len(key), key))
    options = "|".join(r"[\W_]+".join(map(re.escape, key.split())) for key in names)
    return re.compile(rf"(?<![\w./-])(?:{options})(?![\w]|[-./](?=\w))", re.IGNORECASE)


def find_subject(
    question: str,
    given: Mapping[str, JSON] | None,
    documents: Sequence[tuple[str, str]],
    text_of: Callable[[str], str],
) -> Subject:
    """Return what the question or the structured input is about.

    A whole title or file name in the question decides; how often a document mentions the name
    does not. A longer name (`Carl Zeiss`) finds the document of a part of it (`zeiss`) if that
    document holds the longer one too. Without a document the name is taken from the words.

    Args:
        question: What is asked, in words.
        given: The structured input, if there is one; its names come first.
        documents: (path, title) of every document that may be used.
        text_of: A document's path to its text.
    """
    names = _names(tuple(documents))
    for value in _given_names(given):
        keys = name_keys(value)
        found = tuple(sorted({path for key in keys for path in names.get(key, ())}))
        if found:
            return _subject(value, keys, found, names)
    name = next(_given_names(given), "")
    if not name:
        best = max(_named_in(question, names), key=lambda entry: entry[0], default=None)
        if best is not None:
            _, text, found = best
            return _subject(text, name_keys(text) or frozenset({name_key(text)}), found, names)
        name = _unknown_name(question)
    keys = name_keys(name) or frozenset({name_key(name)} - {""})
    found = _named_shorter(name, keys, names, text_of)
    return _subject(name, keys, found, names) if found else Subject(name=name, keys=keys)


def _named_shorter(
    name: str,
    keys: frozenset[str],
    names: Mapping[str, tuple[str, ...]],
    text_of: Callable[[str], str],
) -> tuple[str, ...]:
    """Return the documents named by a part of a name that also hold the whole of it."""
    words = name_key(name).split()
    parts = (
        " ".join(words[first:last])
        for first in range(len(words))
        for last in range(first + 1, len(words) + 1)
        if last - first < len(words)
    )
    found = {path for part in parts for path in names.get(part, ())}
    return tuple(sorted(path for path in found if mentions(text_of(path), keys)))


def _subject(
    name: str, keys: frozenset[str], found: tuple[str, ...], names: Mapping[str, tuple[str, ...]]
) -> Subject:
    # Other names of the same documents are the subject's too: "Toyota" is in the file's name.
    others = {key for key, paths in names.items() if set(paths) <= set(found) and len(key) > 1}
    return Subject(name=name, keys=frozenset(keys | others), documents=found)


@lru_cache(maxsize=4)
def _names(documents: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    """Return the paths of the documents each name stands for."""
    names: dict[str, set[str]] = {}
    folders: dict[str, set[str]] = {}
    for path, title in documents:
        file = PurePosixPath(path)
        for key in name_keys(title) | name_keys(file.stem) | {name_key(title), name_key(file.stem)}:
            names.setdefault(key, set()).add(path)
        for key in name_keys(file.parent.name):
            folders.setdefault(key, set()).add(path)
    whole = {key: paths for key, paths in names.items() if key and len(paths) <= _SHARED}
    whole |= {
        key: paths
        for key, paths in folders.items()
        if key not in names and len(paths) < len(documents)
    }
    return {key: tuple(sorted(paths)) for key, paths in whole.items()}


def is_named(given: Mapping[str, JSON] | None) -> bool:
    """Whether a structured input has a field for the name of what is asked about."""
    return any(
        isinstance(value, str) and value.strip() and not _NAMING.isdisjoint(_key_words(key))
        for key, value in (given or {}).items()
    )


def _key_words(key: str) -> list[str]:
    return re.split(r"[\W_]+", key.lower())


def _given_names(given: Mapping[str, JSON] | None) -> Iterator[str]:
    """Yield the texts of a structured input that may be the name, likeliest first."""
    texts = [
        (key, value.strip())
        for key, value in (given or {}).items()
        if isinstance(value, str) and value.strip()
    ]
    named = [
        (order, place, value)
        for place, (key, value) in enumerate(texts)
        for order, word in enumerate(_NAME_KEYS)
        if word in _key_words(key)
    ]
    chosen = [value for _, _, value in sorted(named)] or [value for _, value in texts]
    yield from dict.fromkeys(chosen)


def _named_in(
    question: str, names: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[bool, bool, int, int], str, tuple[str, ...]]]:
    """Yield (rank, name, paths) for every document's name among the question's words."""
    words = list(_ASKED_WORD.finditer(question))
    title_case = sum(w.group()[0].isupper() for w in words) > 0.7 * len(words)
    for first in range(len(words)):
        for last in range(first, min(first + _LONGEST, len(words))):
            text = question[words[first].start() : words[last].end()]
            found = names.get(name_key(text))
            if not found or text.lower() in _SMALL:
                continue
            if not title_case and _is_part_of_longer(question, words, first, last):
                continue
            following = words[last + 1].group() if last + 1 < len(words) else ""
            modifier = (
                following.islower() and following not in _SMALL and _touches(question, words, last)
            )
            cued = first > 0 and (
                words[first - 1].group().lower() in _CUES
                or question[words[first].start() - 1] in "\"'“‘"
            )
            yield (not modifier, cued, last - first, -first), text, found


def _is_part_of_longer(
    question: str, words: Sequence[re.Match[str]], first: int, last: int
) -> bool:
    """Whether capitalized words beside a name belong to it: `Delta` in `Delta Air Lines`."""
    if not words[first].group()[0].isupper():
        return False
    after = words[last + 1].group() if last + 1 < len(words) else ""
    if after and after[0].isupper() and _touches(question, words, last):
        return after.lower().strip(".") not in _LEGAL
    before = words[first - 1].group() if first else ""
    return bool(
        first > 1
        and before[0].isupper()
        and before.lower() not in _SMALL
        and before.lower() not in _KINDS
        and _touches(question, words, first - 1)
    )


def _touches(question: str, words: Sequence[re.Match[str]], place: int) -> bool:
    """Whether only a space stands between a word and the next."""
    left, right = words[place], words[place + 1]
    return question[left.end() : right.start()].strip() == ""


def _unknown_name(question: str) -> str:
    """Return the name in a question that no document is called by, or "".

    What is quoted; else what follows `about`, `of` or `for`; else the longest run of capitalized
    words after the first.
    """
    if match := re.search(r"[\"“]([^\"”]{2,60})[\"”]", question):
        return match[1]
    plain = re.sub(r"\([^()]*\)", " ", question)
    cue = re.search(
        r"\b(?:about|of|for|regarding|on)\s+(?:the\s+)?(.+?)"
        r"(?=\s*(?:[?!,;]|\.\s|\.?$)|\s+(?:as of|in|during|since|including|and)\b)",
        plain,
    )
    if cue:
        words = cue[1].split()
        for place, word in enumerate(words[:-1]):
            if word.lower() in _KINDS:
                return " ".join(words[place + 1 :])
        if words and words[-1].lower() in _KINDS and len(words) > 1:
            words = words[:-1]
        named = words and words[-1].lower() not in _PRONOUNS
        if named and (words[-1][0].isupper() or len(words) == 1):
            return " ".join(words)
    return _longest_capitalized(plain)


def _longest_capitalized(text: str) -> str:
    """Return the longest run of capitalized words, the first word of the text left out."""
    best: list[str] = []
    run: list[str] = []
    for word in [match.group() for match in _ASKED_WORD.finditer(text)][1:]:
        run = [*run, word] if word[0].isupper() else []
        best = max(best, run, key=len)
    return " ".join(best)

"""A JSON Schema's fields as what to look for: their labels, verbs, shape and example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from runner.jsonvalue import JSON

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "array"]
Shape: TypeAlias = Literal[
    "any",
    "url",
    "year",
    "date",
    "person",
    "place",
    "number",
    "money",
    "percent",
    "text",
    "version",
    "sentences",
]

_EXACT, _FALLBACK = 1.0, 0.55
_DEPTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Words that name the same thing, in order of preference.

    Attributes:
        nouns: Labels for it. The first is its name.
        verbs: Phrases that stand before its value in a sentence.
        fallback: Labels of what may stand in for it where it is not stated.
        signs: Words of sentences that describe it, where no label does.
        shape: What its value looks like.
    """

    nouns: tuple[str, ...]
    verbs: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    shape: Shape = "any"


CONCEPTS = (
    Concept(
        nouns=("license", "license expression", "licensing", "licensed under"),
        verbs=(
            "licensed under", "released under", "distributed under", "available under",
            "published under",
        ),
    ),
    Concept(
        nouns=("author", "written by", "created by", "creator", "developed by", "developer",
               "author email"),
        verbs=("written by", "created by", "developed by", "authored by"),
        fallback=("maintainer", "maintained by", "maintainer email"),
        shape="person",
    ),
    Concept(
        nouns=("maintainer", "maintained by", "maintainer email"),
        verbs=("maintained by",),
        fallback=("author", "author email"),
        shape="person",
    ),
    Concept(
        nouns=("homepage", "website", "official website", "official site", "web", "url",
               "site"),
        fallback=("source", "source code", "repository", "code", "github", "documentation"),
        shape="url",
    ),
    Concept(nouns=("repository", "source code", "source", "github", "code"), shape="url"),
    Concept(nouns=("documentation", "docs"), shape="url"),
    Concept(
        nouns=("founded", "founded in", "year founded", "founding year", "year of foundation",
               "foundation", "established", "year established", "inception", "founding date",
               "date founded", "incorporated", "established in", "since"),
        verbs=("founded", "established", "incorporated", "set up", "created", "started", "formed",
               "goes back to", "began in", "dates back to"),
        shape="date",
    ),
    Concept(
        nouns=("founder", "founded by", "co-founder", "founding partner", "established by"),
        verbs=("founded by", "established by", "created by", "started by", "set up by"),
        shape="person",
    ),
    Concept(
        nouns=("headquarters", "hq", "head office", "headquarters location", "based in",
               "main office", "home office", "headquartered in", "seat"),
        verbs=("headquartered in", "based in", "headquarters in", "headquarters at",
               "head office in", "headquarters is in", "headquarters are in",
               "head office is in", "home office is in", "main office is in", "run from"),
        fallback=("registered seat", "registered office", "location", "address"),
        shape="place",
    ),
    Concept(
        nouns=("employees", "number of employees", "headcount", "staff", "workforce",
               "employee count", "employee range", "company size", "people work",
               "people worked", "full-time staff"),
        verbs=("employs", "employed", "workforce of", "staff of", "the staff at"),
        shape="number",
    ),
    Concept(
        nouns=("revenue", "turnover", "annual revenue", "total revenue", "net sales", "sales"),
        verbs=("revenue of", "sales of", "turnover of"),
        shape="money",
    ),
    Concept(nouns=("profit", "net profit", "net income", "earnings"), shape="money"),
    Concept(
        nouns=("market cap", "market capitalization", "market capitalisation"), shape="money"
    ),
    Concept(
        nouns=("ceo", "chief executive", "chief executive officer"),
        verbs=("led by", "headed by"),
        fallback=("president", "managing director"),
        shape="person",
    ),
    Concept(
        nouns=("products", "key products", "main products", "products and services",
               "product families", "best-known products", "product range"),
        verbs=("known for", "makes", "produces", "offers", "the offering is made up of",
               "the portfolio covers"),
        fallback=("services", "brands"),
    ),
    Concept(
        nouns=("competitors", "main competitors", "rivals", "main rivals", "peers",
               "competition", "comparable brands"),
        verbs=("competes with", "competes against", "locally the company meets"),
    ),
    Concept(
        nouns=("growth rate", "growth", "annual growth", "annual growth rate", "cagr",
               "compound annual growth rate", "revenue growth", "sales growth"),
        verbs=("revenue grew by", "revenue rose by", "sales rose by", "sales grew by",
               "revenue fell by", "revenue declined by", "sales fell by", "sales declined by",
               "market grew by", "growing at", "grow at", "to grow by", "growth of",
               "growing by"),
        shape="percent",
    ),
    Concept(
        nouns=("market size", "size of the market", "market value", "global market size",
               "market volume"),
        verbs=("valued at", "estimated at", "market was worth", "market is worth"),
        shape="money",
    ),
    Concept(
        nouns=("market position", "position", "market standing", "rank"),
        signs=("largest", "biggest", "leading", "leader", "market share", "share of the market",
               "number one", "number two", "dominates", "divide the market"),
        shape="text",
    ),
    Concept(
        nouns=("keywords", "tags"),
    ),
    Concept(
        nouns=("version", "current version", "latest version", "release", "latest release",
               "stable release"),
        shape="version",
    ),
    Concept(
        nouns=("summary", "description", "tagline", "abstract", "overview", "synopsis"),
        shape="text",
    ),
    Concept(nouns=("industry", "sector", "line of business", "field of business")),
    Concept(nouns=("country", "country of origin"), shape="place"),
    Concept(nouns=("ticker", "ticker symbol", "stock symbol", "symbol")),
    Concept(
        nouns=("listed on", "stock exchange", "exchange", "listed in", "listing"),
        verbs=("listed on", "listed in", "traded on", "traded in"),
    ),
    Concept(nouns=("owner", "parent company", "parent", "owned by", "largest shareholder"),
            verbs=("owned by", "subsidiary of", "belongs to")),
    Concept(
        nouns=("dependencies", "required dependencies", "requirements", "requires dist",
               "depends on", "install requires"),
        verbs=("depends on",),
    ),
    Concept(nouns=("name", "company", "company name", "legal name", "full name")),
    Concept(
        nouns=("key findings", "findings", "highlights", "key points", "takeaways", "insights",
               "trends", "key facts"),
        shape="sentences",
    ),
    Concept(nouns=("publication date", "published", "date published"), shape="date"),
)  # fmt: skip
"""What different documents call the same thing. The order of nouns is the order of preference."""

NEUTRAL = frozenset(
    "about current currently latest total overall main key primary official full approximate"
    " approx annual number of count value usd eur gbp euro dollar million billion mn bn"
    " percent date year text string list location city name range estimated global worldwide"
    " required level expression today now rate most best known".split()
)
"""Words beside a label that do not change what it names."""

OTHERWISE = frozenset(
    "former formerly previous previously old past planned future target expected optional extra"
    " file url link email mail id code type note notes status history content metadata key"
    " template policy fee cost agreement classifier not no without deprecated minimum maximum"
    " per average".split()
)
"""Words beside a label that make it another thing: `License-File` is not the license."""

_GENERIC = frozenset(
    "answer answers result results value output response text field item data info information"
    " reply solution".split()
)
_STOP = frozenset(
    "the a an and or its it is are was were be to for their this that whether if which with s"
    " has have does do".split()
)
_CANONICAL = {
    "licence": "license", "licences": "license", "organisation": "organization",
    "mails": "email", "mail": "email", "docs": "documentation",
    "headcounts": "headcount", "capitalisation": "capitalization", "colour": "color",
}  # fmt: skip
_JOINED = {("home", "page"): "homepage", ("web", "site"): "website", ("e", "mail"): "email"}
_WORD = re.compile(r"\d+(?:\.\d+)+|\d+|[^\W\d_]+(?:['’][^\W\d_]+)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_EXAMPLE = re.compile(r"\b(?:e\.g\.|eg\.?|for example|for instance|such as|like)[,:]?\s+(.+)", re.I)
_COUNTED = re.compile(r"\b(?:number|count|amount|quantity|total) of\b|\bhow many\b", re.I)
_UNIT = re.compile(r"\bin (thousand|million|billion)s?\b|\b(thousand|million|billion)s? (?:of )?"
                   r"(?:us )?(?:usd|eur|dollars?|euros?|pounds?|units?)\b", re.I)  # fmt: skip
_PURE = re.compile(r"\b(?:fraction|ratio)\b|\b0 (?:to|and|-) 1\b", re.I)
_UNITS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What one leaf of the schema asks for.

    Attributes:
        path: Keys from the root.
        phrases: (terms, weight) of the labels that may name it, best first.
        nouns: The same labels as written, for use in sentences.
        verbs: Phrases that stand before its value in a sentence.
        terms: The words of its name (or of its description where the name says nothing).
        counted: Asks how many there are of something that documents list.
        optional: Of what is counted: only optional ones (True), only required ones (False), all.
        members: The allowed values of an enum.
        divisor: What a stated scale is divided by: 1e6 for a field "in millions".
        example: The value after "e.g." in its description.
        signs: Words of sentences that describe it, where no label does.
        concept: The name of the concept it asks for, or "".
        schema: Its part of the schema.
        memo: What was worked out for it before, such as the score of a label.
    """

    path: tuple[str, ...]
    kind: Kind
    description: str
    phrases: tuple[tuple[tuple[str, ...], float], ...]
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    terms: tuple[str, ...]
    shape: Shape = "any"
    counted: bool = False
    optional: bool | None = None
    plural: bool = False
    members: tuple[JSON, ...] = ()
    divisor: float = 1
    example: str = ""
    signs: tuple[str, ...] = ()
    concept: str = ""
    schema: Mapping[str, JSON] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The field as the schema writes it: `a.b` for a nested one."""
        return ".".join(self.path)

    @property
    def unnamed(self) -> bool:
        """Whether its name is a word such as `answer`, which says nothing."""
        return all(word in _GENERIC for word in terms(self.path[-1]))

    @property
    def generic(self) -> bool:
        """Whether neither name nor description says what is asked: `{answer: string}`."""
        return not self.phrases


@lru_cache(maxsize=1 << 13)
def terms(text: str) -> tuple[str, ...]:
    """Return the words of a label, a field's name or a sentence in one spelling.

    Lower case, singular, British spellings and `home page` joined; `3_11` reads `3.11`.
    """
    spaced = _CAMEL.sub(" ", re.sub(r"(?<=\d)_(?=\d)", ".", text)).replace("_", " ")
    words = [_CANONICAL.get(word, word) for word in _WORD.findall(spaced.lower())]
    found: list[str] = []
    for word in words:
        if found and (found[-1], word) in _JOINED:
            found[-1] = _JOINED[found[-1], word]
        elif word not in _STOP:
            found.append(_singular(word))
    return tuple(found)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - "ties" stays
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):  # noqa: PLR2004
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004
        return word[:-1]
    return _CANONICAL.get(word, word)


def concept_named(phrase: Sequence[str]) -> Concept | None:
    """Return the concept that a phrase names, whole or with neutral words beside it."""
    best: tuple[int, int, Concept] | None = None
    for order, concept in enumerate(CONCEPTS):
        for noun in concept.nouns:
            noun_terms = terms(noun)
            if set(noun_terms) <= set(phrase) and set(phrase) - set(noun_terms) <= NEUTRAL:
                rank = (len(noun_terms), -order, concept)
                if best is None or rank[:2] > best[:2]:
                    best = rank
    return best[2] if best else None


def concepts_in(text: str) -> list[Concept]:
    """Return the concepts whose nouns a text holds, in the text's order: `author or maintainer`."""
    words = terms(text)
    found: dict[int, tuple[int, Concept]] = {}
    for concept in CONCEPTS:
        for noun in concept.nouns:
            noun_terms = terms(noun)
            for at in range(len(words) - len(noun_terms) + 1):
                longer = at not in found or len(noun_terms) > found[at][0]
                if words[at : at + len(noun_terms)] == noun_terms and longer:
                    found[at] = (len(noun_terms), concept)
    return list(dict.fromkeys(found[at][1] for at in sorted(found)))


def leaves(
    schema: Mapping[str, JSON], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, JSON]]]:
    """Yield (path, schema) for every field of a root object; objects are gone into."""
    yield from _leaves(schema, schema, path)


def _leaves(
    node: Mapping[str, JSON], root: Mapping[str, JSON], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, JSON]]]:
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name, part in properties.items():
        resolved = resolve(part, root)
        if isinstance(resolved.get("properties"), Mapping) and len(path) < _DEPTH:
            yield from _leaves(resolved, root, (*path, str(name)))
        else:
            yield (*path, str(name)), resolved


def resolve(node: JSON, root: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Return a schema without its `$ref`, and without the `null` of a nullable union."""
    for _ in range(_DEPTH):
        if not isinstance(node, Mapping):
            return {}
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            target: JSON = root
            for key in reference[2:].split("/"):
                target = target.get(key) if isinstance(target, Mapping) else None
            node = {**(target if isinstance(target, Mapping) else {}), **_without(node, "$ref")}
            continue
        for union in ("anyOf", "oneOf", "allOf"):
            options = node.get(union)
            if isinstance(options, Sequence):
                chosen = next(
                    (o for o in options if isinstance(o, Mapping) and o.get("type") != "null"), {}
                )
                node = {**chosen, **_without(node, union)}
                break
        else:
            return node
    return node if isinstance(node, Mapping) else {}


def _without(node: Mapping[str, JSON], key: str) -> dict[str, JSON]:
    return {name: value for name, value in node.items() if name != key}


def field_of(path: tuple[str, ...], schema: Mapping[str, JSON]) -> Field:
    """Return what a leaf of the schema asks for."""
    description = str(schema.get("description") or schema.get("title") or "")
    kind = _kind(schema)
    if kind == "array":
        item = schema.get("items")
        description = description or str((item or {}).get("description") or "")
    example_match = _EXAMPLE.search(description)
    example = _example(schema, example_match)
    plain = description[: example_match.start()] if example_match else description
    name_terms = tuple(t for t in terms(path[-1]) if t not in _GENERIC)
    asked = replace(
        Field(
            path=path, kind=kind, description=description, phrases=(), nouns=(), verbs=(),
            terms=name_terms or terms(plain), example=example, schema=schema,
        ),
        members=tuple(m for m in schema.get("enum") or () if m is not None),
        plural=kind == "array" or path[-1].lower().endswith("s"),
    )  # fmt: skip
    return _with_labels(asked, name_terms, plain)


def with_question(asked: Field, question: str) -> Field:
    """Return a field that says nothing itself with the labels that the question names."""
    return _with_labels(asked, (), question) if asked.generic else asked


def _with_labels(asked: Field, name_terms: tuple[str, ...], plain: str) -> Field:
    phrases: dict[tuple[str, ...], float] = {}
    nouns: list[str] = []
    verbs: list[str] = []
    shape: Shape = "any"

    def add(concept: Concept, weight: float) -> None:
        for noun in concept.nouns:
            phrases.setdefault(terms(noun), weight)
        for noun in concept.fallback:
            phrases.setdefault(terms(noun), weight * _FALLBACK)
        nouns.extend(concept.nouns)
        verbs.extend(concept.verbs)

    if name_terms:
        phrases[name_terms] = _EXACT
        nouns.append(" ".join(_WORD.findall(_CAMEL.sub(" ", asked.path[-1]).replace("_", " "))))
        main = tuple(term for term in name_terms if term not in NEUTRAL) or name_terms
        phrases.setdefault(main, 0.98)
    concept = concept_named(name_terms) if name_terms else None
    others = [c for c in concepts_in(_clause(plain)) if c is not concept]
    if concept is None and others and (not name_terms or _says_more(name_terms, others[0], plain)):
        concept = others.pop(0)
    if concept is not None:
        add(concept, 0.97)
        shape = concept.shape
        if _or_names(plain):
            for step, other in enumerate(others[:2]):
                add(other, 0.9 - 0.05 * step)
    head = terms(_clause(plain))
    if name_terms and 0 < len(head) <= 4:  # noqa: PLR2004 - a label, not a sentence
        phrases.setdefault(head, 0.95)
    words = {*asked.terms, *terms(plain)}
    unit = _UNIT.search(f"{asked.path[-1].replace('_', ' ')} {asked.description}")
    return replace(
        asked,
        phrases=tuple(sorted(phrases.items(), key=lambda entry: -entry[1])),
        nouns=tuple(dict.fromkeys(nouns)),
        verbs=tuple(dict.fromkeys(verbs)),
        signs=concept.signs if concept else (),
        concept=concept.nouns[0] if concept else "",
        shape=_shape(asked, shape, words),
        counted=asked.kind in ("integer", "number")
        and (
            bool(_COUNTED.search(asked.description) or {"number", "count"} & set(name_terms))
            or (asked.path[-1].lower().endswith("s") and shape not in ("money", "percent", "date"))
        ),
        optional=False
        if "required" in words or "mandatory" in words
        else ("optional" in words or None),
        divisor=_UNITS[(unit[1] or unit[2]).lower()] if unit else 1,
        memo={},
    )


def _says_more(name_terms: tuple[str, ...], concept: Concept, plain: str) -> bool:
    """Whether a description may add a concept's labels: it begins with one."""
    words = list(terms(_clause(plain)))
    while words and words[0] in NEUTRAL and words[0] not in ("number",):
        words.pop(0)
    nouns = (terms(noun) for noun in concept.nouns)
    starts = any(tuple(words[: len(noun)]) == noun for noun in nouns)
    return starts and not set(name_terms) & OTHERWISE


def _clause(text: str) -> str:
    """Return a description's first clause, without its article."""
    clause = re.split(r"[,;:(]|\.\s|\.$|\be\.g\.", text, maxsplit=1)[0]
    return re.sub(r"^(?:the|an?|its)\s+", "", clause.strip(), flags=re.IGNORECASE)


def _or_names(text: str) -> bool:
    return re.search(r"\bor\b|/|\belse\b|\botherwise\b", text, re.IGNORECASE) is not None


def _example(schema: Mapping[str, JSON], match: re.Match[str] | None) -> str:
    stated = schema.get("examples")
    if isinstance(stated, Sequence) and not isinstance(stated, str) and stated:
        return str(stated[0])
    if match is None:
        return ""
    return re.split(r"[;)]|\s+or\s+|\.\s|\.$", match[1].strip("\"'` "))[0].strip("\"'` ")


def _kind(schema: Mapping[str, JSON]) -> Kind:
    stated = schema.get("type")
    names = [stated] if isinstance(stated, str) else list(stated or ())
    for name in names:
        if name in ("string", "integer", "number", "boolean", "array"):
            return name  # type: ignore[no-any-return]
    members = [m for m in schema.get("enum") or () if m is not None]
    if members and all(isinstance(m, int) and not isinstance(m, bool) for m in members):
        return "integer"
    return "array" if "items" in schema else "string"


def _shape(asked: Field, shape: Shape, words: set[str]) -> Shape:
    form = asked.schema.get("format")
    if form in ("uri", "url", "iri") or words & {"url", "homepage", "website"}:
        return "url"
    if form in ("date", "date-time"):
        return "date"
    if asked.kind in ("integer", "number"):
        if "year" in asked.terms or shape == "date" or asked.description.lower().startswith("year"):
            return "year"
        return shape if shape in ("money", "percent") else "number"
    if asked.kind == "string" and "year" in asked.terms:
        return "year"
    if {"percent", "percentage"} & words:
        return "percent"
    return shape

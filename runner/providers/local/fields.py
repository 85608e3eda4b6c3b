"""A JSON Schema's fields as what to look for: their labels, verbs, shape and example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.providers.local.concepts import CONCEPTS, Concept, Shape, concept_named, concepts_in
from runner.providers.local.labels import NEUTRAL, OTHERWISE, spaced, terms
from runner.providers.local.lexicon import word_set
from runner.providers.local.questions import ask

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "array"]
_EXACT, _FALLBACK = 1.0, 0.55
_DEPTH = 8


_ADDRESSES = word_set("url uri link homepage website")
_GENERIC = word_set(
    """
    answer answers result results value output response text field item data info information
    reply solution
    """
)
_KINDRED = frozenset((
    ("date", "year"), ("year", "date"), ("money", "number"), ("number", "money"),
    ("percent", "number"), ("number", "percent"), ("person", "organization"),
    ("place", "organization"), ("version", "number"),
))  # fmt: skip
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_EXAMPLE = re.compile(
    r"\b(?:e\.g\.|eg\.?|for example|for instance|such as|like)[,:]?\s+(.+)", re.IGNORECASE
)
_COUNTED = re.compile(r"\b(?:number|count|amount|quantity|total) of\b|\bhow many\b", re.IGNORECASE)
_YEAR = re.compile(
    r"(?<!as of )(?<!since )(?<!by )(?<!until )(?<!after )(?<!before )\b((?:19|20)\d\d)\b"
)
_OR = re.compile(r"\b(?:or|else|otherwise)\b,?|/", re.IGNORECASE)
_UNIT = re.compile(
    r"\bin (thousand|million|billion)s?\b|\b(thousand|million|billion)s? (?:of )?(?:us )?"
    r"(?:usd|eur|dollars?|euros?|pounds?|units?)\b",
    re.IGNORECASE,
)
_UNITS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}


@frozen
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
    def unnamed(self) -> bool:
        """Whether its name is a word such as `answer`, which says nothing."""
        return all(word in _GENERIC for word in terms(self.path[-1]))

    @property
    def generic(self) -> bool:
        """Whether neither name nor description says what is asked: `{answer: string}`."""
        return not self.phrases


def year_asked(text: str) -> str:
    """Return the year a text asks about, or ""; `as of 2025` and `e.g. 1889` ask about none."""
    plain = _EXAMPLE.sub("", text)
    return next((match[1] for match in _YEAR.finditer(plain)), "")


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
    if not asked.generic:
        return asked
    labelled = _with_labels(asked, (), question)
    wanted = ask(question).wanted
    # "Who founded X?" names the label of a date, and asks for a person.
    if "any" in (labelled.shape, wanted) or labelled.shape == wanted:
        return labelled
    if (labelled.shape, wanted) in _KINDRED:
        return labelled
    words = set(terms(question))
    near = (
        concept.nouns[0]
        for concept in CONCEPTS
        if concept.shape == wanted
        and any(terms(phrase)[:1] and terms(phrase)[0] in words for phrase in concept.verbs)
    )
    return _with_labels(asked, (), next(near, ""))


def _with_labels(asked: Field, name_terms: tuple[str, ...], plain: str) -> Field:
    phrases: dict[tuple[str, ...], float] = {}
    nouns: list[str] = []
    verbs: list[str] = []
    shape: Shape = "any"

    def add(concept: Concept, weight: float) -> None:
        weights = dict.fromkeys(concept.nouns, weight)
        weights |= dict.fromkeys(concept.fallback, weight * _FALLBACK)
        for noun, weighs in weights.items():
            phrases[terms(noun)] = max(weighs, phrases.get(terms(noun), 0.0))
        nouns.extend(concept.nouns)
        verbs.extend(concept.verbs)

    if name_terms:
        phrases[name_terms] = _EXACT
        nouns.append(spaced(asked.path[-1]))
        main = tuple(term for term in name_terms if term not in NEUTRAL) or name_terms
        phrases.setdefault(main, 0.98)
    concept = concept_named(name_terms) if name_terms else None
    others = [c for c in concepts_in(_clause(plain)) if c is not concept]
    if concept is None and others and (not name_terms or _says_more(name_terms, others[0], plain)):
        concept = others.pop(0)
    if concept is not None:
        add(concept, 0.97)
        shape = concept.shape
        for step, other in enumerate(_alternatives(plain, concept)):
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
    while words and words[0] in NEUTRAL and words[0] != "number":
        words.pop(0)
    nouns = (terms(noun) for noun in concept.nouns)
    starts = any(tuple(words[: len(noun)]) == noun for noun in nouns)
    return starts and not set(name_terms) & OTHERWISE


def _clause(text: str) -> str:
    """Return a description's first clause, without its article."""
    clause = re.split(r"[,;:(]|\.\s|\.$|\be\.g\.", text, maxsplit=1)[0]
    return re.sub(r"^(?:the|an?|its)\s+", "", clause.strip(), flags=re.IGNORECASE)


def _alternatives(text: str, concept: Concept) -> list[Concept]:
    """Return what `or` names beside a concept of the same shape: `author or maintainer`."""
    named: list[Concept] = []
    for match in _OR.finditer(text):
        following = terms(text[match.end() :])
        named += [
            other
            for other in CONCEPTS
            if other is not concept
            and concept.shape in (other.shape, "any")
            and any(following[: len(noun)] == noun for noun in map(terms, other.nouns))
        ]
    return list(dict.fromkeys(named))[:2]


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
    for kind in _KINDS:
        if kind in names:
            return kind
    members = [m for m in schema.get("enum") or () if m is not None]
    if members and all(isinstance(m, int) and not isinstance(m, bool) for m in members):
        return "integer"
    return "array" if "items" in schema else "string"


def _shape(asked: Field, shape: Shape, words: set[str]) -> Shape:
    form = asked.schema.get("format")
    if form in ("uri", "url", "iri") or words & _ADDRESSES:
        return "url"
    if form in ("date", "date-time"):
        return "date"
    if asked.kind in ("integer", "number"):
        return _shape_of_number(asked, shape)
    if asked.kind == "string" and "year" in asked.terms:
        return "year"
    return "percent" if {"percent", "percentage"} & words else shape


def _shape_of_number(asked: Field, shape: Shape) -> Shape:
    if "year" in asked.terms or shape == "date" or asked.description.lower().startswith("year"):
        return "year"
    return shape if shape in ("money", "percent") else "number"

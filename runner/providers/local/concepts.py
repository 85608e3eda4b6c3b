"""What different documents call the same thing: the head office is also the headquarters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from runner.frozen import frozen
from runner.providers.local.labels import NEUTRAL, terms

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


@frozen
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
    Concept(
        nouns=("operating income", "operating profit", "operating result", "ebit"),
        verbs=("operating profit of", "operating income of", "operating income came to",
               "operating profit came to"),
        shape="money",
    ),
    Concept(
        nouns=("profit", "net profit", "net income", "earnings"),
        verbs=("net profit of", "net income of", "profit of"),
        shape="money",
    ),
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

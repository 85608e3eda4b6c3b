"""`processor: auto`: the cheapest processor that serves a step, and why in one sentence.

The choice looks at the step, never at a row, so that every row of a step is asked alike. Each sign
below asks for a least processor; the highest of them is taken, held by `max_processor`.

| sign | at least |
| --- | --- |
| a simple fact is asked: when, who, where, how many, which year | lite |
| anything else | base |
| up to 2, 5, 10, 20, 25 output fields; a list, and each field of the records in it, counts twice | lite, base, core, pro, ultra2x |
| a list of records, or records inside records | core |
| two or more lists of records, or records four deep | pro |
| analysis: compare, evaluate, trends, market size, risks, strategy, competitors | pro |
| text or auto output | pro |
| a comprehensive work: comprehensive analysis, in-depth report, due diligence, deep research | ultra |

The words are English; a query in another language is judged by its output alone.
"""  # noqa: E501 - a table

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from runner.frozen import frozen
from runner.job.model import AutoOutput, JsonOutput, Task
from runner.jsonvalue import JSON
from runner.planning.processors import FAST, PROCESSORS
from runner.planning.shape import Shape, shape_of

LADDER: tuple[str, ...] = tuple(name for name in PROCESSORS if not name.endswith(FAST))
"""The standard processors, each dearer and more able than the one before."""

DEFAULT = "base"
"""The processor of a task that names none."""

_MOST = max(entry.fields for entry in PROCESSORS.values())
_DEEP = 3
"""More records inside one another than this need exploring."""

# Compiled where they are needed: most jobs name their processor.
_SIMPLE = (
    r"\b(?:when|who|whom|where|how many|how old|how tall|how far"
    r"|(?:what|which) (?:is|was|are|were|year|date|day|city|country|state|currency|language)"
    r"|(?:in|on) which"
    r"|what'?s"
    r"|is there|(?:founded|located|headquartered|born|listed) (?:in|on|at))\b"
)
_ANALYSIS = (
    r"\b(?:analy[sz](?:e|es|ed|ing|is)|analyses|analytical|compar(?:e|es|ing|ison|isons|ative)"
    r"|evaluat(?:e|es|ing|ion)|assess(?:es|ing|ment)?|benchmark(?:s|ing)?|critique|implications?"
    r"|swot|pros and cons|trade-?offs?|trends?|trajectory|forecasts?|outlook|projections?"
    r"|scenarios?"
    r"|strateg(?:y|ies|ic|ically)(?! officer)|(?:drivers|dynamics) of|market dynamics|positioning"
    r"|competitive(?:ly|ness)?|(?:regulatory|market|vendor|threat|patent|funding) landscape"
    r"|risks? (?:factors?|of|to)|strengths? and weakness(?:es)?|root causes?|synthesi[sz]e"
    r"|investigate|market (?:size|share|growth|research|position|entry|report|structure"
    r"|opportunit(?:y|ies))|growth (?:rates?|prospects)|future of"
    r"|(?:why|how) (?:did|does|do|is|are|has|have|will|should|could|might))\b"
)
_WORK = (
    r"(?:analys[ie]s|reports?|reviews?|research|stud(?:y|ies)|overviews?|assessments?|surveys?"
    r"|investigations?|evaluations?|comparisons?|profiles?|guides?|briefings?|dossiers?"
    r"|examinations?|look|histor(?:y|ies)|mapping)"
)
_COMPREHENSIVE = (
    r"\b(?:(?:comprehensive|exhaustive|in[- ]depth|thorough|full[- ]scale)"
    rf"(?:[ ,-]+[\w'-]+){{0,4}}?[ ,-]+{_WORK}"
    rf"|deep[ -](?:dives?|{_WORK})|{_WORK}[ ,]+in depth"
    r"|(?:comprehensively|exhaustively|thoroughly) (?:analy[sz]e|review|research|study|compare"
    r"|assess|investigate|survey|cover|examine|evaluate|document|map)"
    r"|(?:analy[sz]e|review|research|study|compare|assess|investigate|survey|examine|evaluate)"
    r"(?:[ ,-]+[\w'-]+){0,8}?[ ,-]+(?:comprehensively|exhaustively|thoroughly|in depth)"
    r"|due diligence|(?:systematic|literature) review|everything (?:about|on))\b"
)
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SPACES = re.compile(r"\s+")


@frozen
class Choice:
    """The processor a task asks for, and why, in words that follow its name."""

    processor: str
    why: str


@frozen
class _Demand:
    """What asks for a processor: how high it stands on the ladder, and why."""

    level: int
    why: str


def choose(task: Task) -> Choice:
    """Return the processor of a task; `auto` takes the cheapest that serves it."""
    if task.processor is None:
        return Choice(processor=_fast(task, DEFAULT), why="the default")
    if task.processor != "auto":
        return Choice(processor=_fast(task, task.processor), why="named in the job")
    # Of several signs that ask for as much, the first one says why.
    demand = max(_demands(task), key=lambda each: each.level)
    name, why = LADDER[demand.level], f"the cheapest that serves {demand.why}"
    if task.max_processor is not None:
        most = LADDER.index(task.max_processor.removesuffix(FAST))
        if demand.level > most:
            name = LADDER[most]
            why = f"max_processor; {demand.why} would want {LADDER[demand.level]}"
    return Choice(processor=_fast(task, name), why=why)


def _fast(task: Task, name: str) -> str:
    return name + FAST if task.fast and not name.endswith(FAST) else name


def _demands(task: Task) -> Iterator[_Demand]:
    text = _words(task.input)
    if found := re.search(_COMPREHENSIVE, text):
        yield _Demand(level=LADDER.index("ultra"), why=f"a comprehensive work ('{_quoted(found)}')")
    if not isinstance(task.output, JsonOutput):
        kind = "auto" if isinstance(task.output, AutoOutput) else "text"
        yield _Demand(level=LADDER.index("pro"), why=f"{kind} output")
    else:
        yield from _of_shape(shape_of(task.output.schema))
    if found := re.search(_ANALYSIS, text):
        yield _Demand(level=LADDER.index("pro"), why=f"an analysis ('{_quoted(found)}')")
    elif not re.search(_SIMPLE, text):
        yield _Demand(level=LADDER.index("base"), why="more than a simple fact")


def _of_shape(shape: Shape) -> Iterator[_Demand]:
    fields = shape.fields
    level = next(
        (n for n, name in enumerate(LADDER) if PROCESSORS[name].fields >= fields), len(LADDER) - 1
    )
    said = "1 output field" if fields == 1 else f"{fields} output fields"
    if fields > PROCESSORS[LADDER[-1]].fields:
        level = next(n for n, name in enumerate(LADDER) if PROCESSORS[name].fields == _MOST)
        said += f", more than the {_MOST} any processor handles well,"
    yield _Demand(level=level, why=said)
    if shape.record_lists > 1:
        yield _Demand(level=LADDER.index("pro"), why=f"{shape.record_lists} lists of records")
    elif shape.record_lists:
        yield _Demand(level=LADDER.index("core"), why="a list of records")
    if shape.depth > _DEEP:
        yield _Demand(level=LADDER.index("pro"), why=f"records {shape.depth} deep")
    elif shape.depth > 1:
        yield _Demand(level=LADDER.index("core"), why="records inside records")


def _words(value: JSON) -> str:
    """Return the user's own words in a query or input, in lower case, templates left out."""
    return _plain(" . ".join(_texts(value)))


@lru_cache(maxsize=64)
def _plain(text: str) -> str:
    return _SPACES.sub(" ", _EXPRESSION.sub(" it ", text)).strip().lower()


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield str(key).replace("_", " ")
            yield from _texts(entry)
    elif isinstance(value, Sequence):
        for entry in value:
            yield from _texts(entry)


def _quoted(found: re.Match[str]) -> str:
    return found[0].strip()

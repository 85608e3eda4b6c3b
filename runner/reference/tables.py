"""Tables that the code holds anyway: processors, prices, filters, faults of the server."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

from runner.jsonvalue import JSON
from runner.planning.prices import AS_OF, PRICES, SEARCH_RESULTS_INCLUDED
from runner.planning.processors import FAST, FAST_FACTOR, PROCESSORS
from runner.reference.pages import table
from runner.report.filters import FILTERS
from runner.server.faults import Faults
from runner.templating.sandbox import filter_names

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def describe_processors() -> str:
    """Return the processors with time, fields and price."""
    rows = [
        (
            f"`{each.name}`",
            f"${PRICES[each.name]}",
            f"{_time(each.latency[0])} to {_time(each.latency[1])}",
            f"about {each.fields}",
            "yes" if each.deep else "no",
        )
        for each in PROCESSORS.values()
        if not each.name.endswith(FAST)
    ]
    heads = ("Processor", "Price of an answer", "Takes", "Fields", "`text` and `auto` output")
    return (
        f"{table(heads, rows)}\n\nEach has a variant `{FAST}`, such as `core{FAST}`: at least "
        f"{FAST_FACTOR} times as fast, for the same price. "
        f"Documented values as of {AS_OF}."
    )


def describe_prices() -> str:
    """Return the prices of everything that is no task."""
    rows = [
        (f"a search with up to {SEARCH_RESULTS_INCLUDED} results", f"${PRICES['search']}"),
        ("each result beyond", f"${PRICES['search_result']}"),
        ("a page extracted, or read to verify a citation", f"${PRICES['extract_url']}"),
    ]
    for name in PRICES:
        if name.startswith("findall.") and name.endswith(".run"):
            match = PRICES[name.replace(".run", ".match")]
            rows.append(
                (f"FindAll, generator `{name.split('.')[1]}`", f"${PRICES[name]}, ${match} a match")
            )
    return table(("What", "Price"), rows)


def describe_filters() -> str:
    """Return the filters of templates in jobs, and of report templates."""
    named = ", ".join(f"`{name}`" for name in filter_names())
    rows = [(f"`{name}`", _first(function)) for name, function in FILTERS.items()]
    return (
        f"In job files and in reports: {named}. They are Jinja's own "
        f"(<https://jinja.palletsprojects.com/en/stable/templates/#builtin-filters>).\n\n"
        f"In reports also:\n\n{table(('Filter', 'Does'), rows)}"
    )


def describe_faults() -> str:
    """Return the faults of the offline server, with what each is by default."""
    told = dict(_told_faults())
    rows = [(f"`{each.name}`", told.get(each.name, ""), _shown(each.default)) for each in _faults()]
    return table(("Fault", "Does", "By default"), rows)


def _faults() -> Iterator[JSON]:
    yield from fields(Faults)


def _told_faults() -> Iterator[tuple[str, str]]:
    for name, text in _ATTRIBUTE.findall(inspect.getdoc(Faults) or ""):
        yield name, " ".join(text.split())


def _shown(default: JSON) -> str:
    return "" if default in (None, "") else f"`{default}`"


def _first(function: JSON) -> str:
    said = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
    said = said.removeprefix("Return ").replace("is returned as it is", "as it is")
    return said[:1].upper() + said[1:]


def _time(time: timedelta) -> str:
    seconds = time.total_seconds()
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"  # noqa: PLR2004

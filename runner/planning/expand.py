"""A job and its rows become calls: templates rendered, request bodies built; pure, streaming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError
from runner.job.model import Job, Step
from runner.job.rules.misread import said_kind
from runner.jsonvalue import JSON, readable
from runner.planning.bodies import Renderer, Row, body_of
from runner.planning.calls import Call, Withheld, fingerprint
from runner.planning.prices import price, prices_of
from runner.planning.waves import needs

Edition: TypeAlias = Callable[[Mapping[str, JSON]], str]
"""Says, for a request body, who answers and the state of what it answers from."""

LABEL_CHARS = 80
"""An entry of a list is called by so much of its title."""

WITHIN = " › "
"""It stands between the name of a row and the name of an entry in it."""

BEYOND_LIMIT = Withheld(status="skipped", reason="Beyond --limit")


@frozen
class Past:
    """What an earlier step left for one row.

    Attributes:
        values: What templates see as `steps.<id>`: output, results, urls, basis.
        withheld: Why a step that reads it cannot be asked; None where it can.
        interaction: The provider's name for its research context, to be carried over.
    """

    values: Mapping[str, JSON]
    withheld: Withheld | None = None
    interaction: str | None = None


Earlier: TypeAlias = Callable[[int], Mapping[str, Past]]
"""Returns what earlier steps left for a row, by step; rows are asked for in order."""


def expand(
    job: Job,
    rows: Iterable[Mapping[str, JSON]],
    *,
    edition: Edition,
    today: date,
    steps: Sequence[Step] | None = None,
    earlier: Earlier | None = None,
    limit: int | None = None,
) -> Iterator[Call]:
    """Yield one call per row and step, rows in input order; several where a step has `foreach`.

    Args:
        job: What to ask.
        rows: The data.
        edition: See `Edition`.
        today: What templates see as `run.date`.
        steps: Only these; by default all.
        earlier: What the steps before these left; a call whose step reads one that left nothing
            is yielded `withheld`.
        limit: Calls of later rows are yielded `withheld`.

    Raises:
        JobProblemsError: a template, an input or a value does not fit a row; names the row. With
            `earlier`, where money may have been spent, that row's call is withheld instead.
    """
    strict = earlier is None
    expanders = [_Expander(job, step, edition, strict=strict) for step in steps or job.steps]
    run = {"date": today.isoformat()}
    for index, item in enumerate(rows):
        context: dict[str, Any] = {"vars": job.vars, "item": item, "run": run}
        past: Mapping[str, Past] = {}
        if earlier is not None:
            past = earlier(index)
            context["steps"] = {id_: each.values for id_, each in past.items()}
        row = Row(index=index, item=item, context=context)
        renderer = Renderer(job, row)
        key = _key(job, row, renderer)
        beyond = BEYOND_LIMIT if limit is not None and index >= limit else None
        for each in expanders:
            yield from each.calls(renderer, key, past, beyond)


class _Expander:
    """Makes the calls of one step; what is the same for all rows is worked out once."""

    def __init__(self, job: Job, step: Step, edition: Edition, *, strict: bool) -> None:
        self._job = job
        self._strict = strict
        self._step = step
        self._edition = edition
        self._prices = prices_of(job)
        self._needs = needs(step, [each.id for each in job.steps])
        self._kind = step.kind
        self._build = body_of(job, step)

    def calls(
        self, renderer: Renderer, key: str, past: Mapping[str, Past], beyond: Withheld | None
    ) -> Iterable[Call]:
        """Return a row's calls; unless `strict`, what cannot be rendered is withheld."""
        for id_ in self._needs:
            if id_ in past and (withheld := past[id_].withheld) is not None:
                return (self._unasked(renderer.row, key, beyond or withheld),)
        follows = self._step.follows
        interaction = past[follows].interaction if follows is not None and follows in past else None
        if self._step.foreach is None:
            return (self._call(renderer, key, interaction, beyond),)
        try:
            entries = self._entries(self._step.foreach, renderer, key)
        except JobProblemsError as error:
            return (self._failed(renderer.row, key, error),)
        return (self._call(*entry, interaction, beyond) for entry in entries)

    def _call(
        self, renderer: Renderer, key: str, interaction: str | None, withheld: Withheld | None
    ) -> Call:
        try:
            body = self._build(renderer)
        except JobProblemsError as error:
            return self._failed(renderer.row, key, error)
        if interaction is not None:
            body["previous_interaction_id"] = interaction
        least, most = price(self._job.provider, self._kind, body, self._prices)
        return Call(
            row=renderer.row.index,
            step=self._step.id,
            kind=self._kind,
            key=key,
            item=renderer.row.item,
            body=body,
            fingerprint=fingerprint(self._edition(body), self._kind, body),
            price_usd=most,
            least_usd=least,
            withheld=withheld,
        )

    def _entries(
        self, foreach: str, renderer: Renderer, key: str
    ) -> Iterator[tuple[Renderer, str]]:
        """Return a row for each entry of the list, and how each is called.

        An entry's fields stand beside the row's columns, and before them.
        """
        where = (*self._step.where, "foreach")
        found = renderer.value(foreach, where)
        if not isinstance(found, list):
            renderer.fail(where, f"This must be a list, not {said_kind(found)}")
        return self._rows(found, renderer.row, key)

    def _rows(self, found: list[JSON], row: Row, key: str) -> Iterator[tuple[Renderer, str]]:
        for number, entry in enumerate(found):
            own = entry if isinstance(entry, Mapping) else {"value": entry}
            item = {**row.item, **own}
            name = _label(own) or f"{number + 1}"
            called = name if self._job.items is None else f"{key}{WITHIN}{name}"
            context = {**row.context, "item": item}
            yield Renderer(self._job, Row(index=row.index, item=item, context=context)), called

    def _failed(self, row: Row, key: str, error: JobProblemsError) -> Call:
        if self._strict:
            raise error
        problem = error.problems[0]
        place = f"{problem.file}:{problem.line}:{problem.column}"
        reason = f"{place}: {problem.message}"
        return self._unasked(row, key, Withheld(status="failed", reason=reason))

    def _unasked(self, row: Row, key: str, withheld: Withheld) -> Call:
        return Call(
            row=row.index,
            step=self._step.id,
            kind=self._kind,
            key=key,
            item=row.item,
            body={},
            fingerprint="",
            price_usd=Decimal(0),
            withheld=withheld,
        )


def _label(entry: Mapping[str, JSON]) -> str:
    """Return what an entry is called: its title, name or address, or else its first text."""
    texts = [*map(entry.get, ("title", "name", "url")), *entry.values()]
    text = next((each for each in texts if isinstance(each, str | int) and str(each).strip()), "")
    line = " ".join(str(text).split())
    return line if len(line) <= LABEL_CHARS else line[: LABEL_CHARS - 1] + "…"


def _key(job: Job, row: Row, renderer: Renderer) -> str:
    if job.key is not None:
        is_own = "key" in job.source.data
        name = renderer.value(job.key, ("key",) if is_own else ("items", "key"))
    else:
        name = next(iter(row.item.values()), None)
    without = job.name if job.items is None else f"row {row.index + 1}"
    return " ".join(_named(name).split()) or without


def _named(value: JSON) -> str:
    """Return what a value is called: a mapping by its title, name, address or first text."""
    return (isinstance(value, Mapping) and _label(value)) or readable(value)

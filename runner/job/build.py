"""From checked data to a `Job`: every default filled in, every text parsed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from runner.job.durations import lowest, parse_duration, parse_money
from runner.job.model import (
    Action,
    Extract,
    FindAll,
    FoundItems,
    Items,
    Job,
    Report,
    Retry,
    Search,
    SourcePolicy,
    Step,
    Task,
    Where,
)
from runner.job.rows.items import read_selection, rows_named
from runner.job.rules.checks import read_checks
from runner.job.rules.files import files_read

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal
    from pathlib import Path

    from runner.job.draft import Draft, Scope
    from runner.job.schemas.outputs import ReadOutput, SchemaFile
    from runner.jsonvalue import JSON


def build_job(
    draft: Draft,
    *,
    items: Items | None,
    values: Mapping[str, JSON],
    outputs: Mapping[Where, ReadOutput],
    input_schemas: Mapping[Where, SchemaFile],
) -> Job:
    """Return the job of a draft that no rule objects to.

    Args:
        draft: The job's data.
        items: Its rows.
        values: The values of its variables.
        outputs: For each step's place its output.
        input_schemas: For each step's place the schema of its input.
    """
    data = draft.job.data
    report = data.get("report", {})
    name = data["name"]
    steps = tuple(
        _step(draft, scope, outputs[scope.where], input_schemas[scope.where])
        for scope in draft.steps()
    )
    return Job(
        file=draft.file,
        root=draft.project.root,
        name=name,
        description=data.get("description"),
        provider=draft.provider,
        documents=_documents(draft),
        vars=dict(values),
        items=_found(draft) or items,
        selection=read_selection(data),
        key=data.get("key", _items(data).get("key")),
        steps=steps,
        concurrency=int(_or(draft.setting(draft.job, "concurrency"), 50)),
        budget=_budget(draft),
        prices=_prices(draft),
        results=draft.ground.path(data["results"]) if "results" in data else None,
        report=Report(
            path=draft.ground.path(report.get("path", f"reports/{name}.md")),
            template=report.get("template"),
        ),
        source=draft.job.source,
        files=files_read(draft),
    )


def _items(data: Mapping[str, JSON]) -> Mapping[str, JSON]:
    items = data.get("items")
    return items if isinstance(items, Mapping) else {}


def _or(value: JSON, default: JSON) -> JSON:
    return default if value is None else value


def _step(draft: Draft, scope: Scope, output: ReadOutput, input_schema: SchemaFile) -> Step:
    data = scope.data

    def setting(key: str) -> JSON:
        return draft.setting(scope, key)

    cache = _or(setting("cache"), "24h")
    timeout = setting("timeout")
    nearer = data.get("search", {}).get("location")
    checks = read_checks(draft, scope)
    return Step(
        id=data.get("id", "main") if scope.where else "main",
        where=scope.where,
        action=_action(draft, scope, output, input_schema),
        foreach=data.get("foreach"),
        follows=data.get("follows"),
        source_policy=_policy(draft, setting("source_policy")),
        location=nearer if nearer is not None else setting("location"),
        metadata=dict(_or(setting("metadata"), {})),
        cache=_duration(cache),
        timeout=_duration(timeout),
        retry=_retry(_or(setting("retry"), {})),
        checks=checks,
        verify=bool(setting("verify")) or any(check.kind == "verified" for check in checks),
        webhook=setting("webhook"),
    )


def _action(draft: Draft, scope: Scope, output: ReadOutput, input_schema: SchemaFile) -> Action:
    data = scope.data
    if "search" in data:
        search = data["search"]
        return Search(
            objective=search.get("objective"),
            queries=_texts(search.get("queries", ())),
            mode=search.get("mode"),
            max_results=_count(search.get("max_results")),
            max_chars=_count(search.get("max_chars")),
        )
    if "extract" in data:
        extract = data["extract"]
        return Extract(
            urls=_texts(extract["urls"]),
            objective=extract.get("objective"),
            queries=_texts(extract.get("queries", ())),
            full_content=extract.get("full_content", False),
            max_chars=_count(extract.get("max_chars")),
        )
    if "findall" in data:
        return _findall(data["findall"])
    return Task(
        input=data["query"] if "query" in data else data["input"],
        input_schema=input_schema.schema,
        processor=draft.setting(scope, "processor"),
        max_processor=draft.setting(scope, "max_processor"),
        fast=bool(draft.setting(scope, "fast")),
        output=output.output,
    )


def _findall(data: Mapping[str, JSON]) -> FindAll:
    return FindAll(
        objective=data["objective"],
        generator=data.get("generator", "base"),
        match_limit=_or(_count(data.get("match_limit")), 10),
        entity_type=data.get("entity_type"),
        match_conditions=tuple(data.get("match_conditions", ())),
    )


def _duration(value: JSON) -> timedelta | None:
    return parse_duration(value) if isinstance(value, str) else None


def _texts(value: JSON) -> tuple[str, ...] | str:
    return value if isinstance(value, str) else tuple(value)


def _count(value: JSON) -> int | str | None:
    return value if value is None or isinstance(value, str) else int(value)


def _retry(data: Mapping[str, JSON]) -> Retry:
    usual = Retry()
    backoff = _duration(data.get("backoff")) or usual.backoff
    longest = _duration(data.get("max_backoff")) or usual.max_backoff
    return Retry(
        attempts=int(data.get("attempts", usual.attempts)),
        backoff=min(backoff, longest) if "backoff" not in data else backoff,
        max_backoff=max(longest, backoff) if "max_backoff" not in data else longest,
        failed_runs=int(data.get("failed_runs", usual.failed_runs)),
    )


def _policy(draft: Draft, value: JSON) -> SourcePolicy | None:
    if isinstance(value, str):
        value = draft.project.policies.data[value] if draft.project.policies is not None else {}
    if not isinstance(value, Mapping):
        return None
    after = value.get("after_date")
    return SourcePolicy(
        include_domains=tuple(value.get("include_domains", ())),
        exclude_domains=tuple(value.get("exclude_domains", ())),
        after_date=None if after is None else date.fromisoformat(after),
    )


def _budget(draft: Draft) -> Decimal | None:
    """Return the lowest of the budgets: the job's own cannot raise the project's."""
    scopes = (draft.job, draft.project.defaults)
    stated = [scope.data["budget"] for scope in scopes if scope and "budget" in scope.data]
    return lowest(*map(parse_money, stated))


def _prices(draft: Draft) -> dict[str, Decimal]:
    """Return the prices of runner.yaml by name: `core`, `search`, `findall.base.run`."""
    if draft.project.prices is None:
        return {}
    flat: dict[str, JSON] = {}
    for name, value in draft.project.prices.data.items():
        if isinstance(value, Mapping):
            for generator, parts in value.items():
                flat.update((f"{name}.{generator}.{part}", each) for part, each in parts.items())
        else:
            flat[name] = value
    return {
        name: amount for name, each in flat.items() if (amount := parse_money(each)) is not None
    }


def _found(draft: Draft) -> FoundItems | None:
    """Return the rows that a FindAll run is to find."""
    where, value = rows_named(draft.job.data)
    if where != ("items", "findall"):
        return None
    return FoundItems(
        step=Step(
            id="items",
            where=("items",),
            action=_findall(value),
            cache=_duration(_or(draft.setting(draft.job, "cache"), "24h")),
            timeout=_duration(draft.setting(draft.job, "timeout")),
            retry=_retry(_or(draft.setting(draft.job, "retry"), {})),
        )
    )


def _documents(draft: Draft) -> tuple[str, ...]:
    """Return the patterns relative to the job file, also where runner.yaml gives them."""
    holder = draft.holder(draft.job, "documents")
    patterns: tuple[str, ...] = () if holder is None else tuple(holder.data["documents"])
    if holder is draft.job or holder is None:
        return patterns
    up = _relative(draft.project.root, draft.ground.folder)
    return tuple(pattern if up == "." else f"{up}/{pattern}" for pattern in patterns)


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path, start).replace(os.sep, "/")

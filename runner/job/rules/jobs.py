"""What a schema cannot say about a job: one function a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias

from runner.job.draft import ACTIONS, BUILT_IN, Draft, Scope
from runner.job.durations import parse_duration, parse_money
from runner.job.rows.items import rows_named
from runner.job.rules.checks import single_checks
from runner.job.rules.files import documents
from runner.job.rules.policies import check_domains, policies
from runner.job.rules.reading import id_of, steps_read, way_back
from runner.job.rules.written import numbers
from runner.job.schemas.language import job_schema
from runner.job.schemas.limits import MAX_METADATA_KEY, MAX_METADATA_VALUE
from runner.job.spelling import closest, did_you_mean
from runner.job.text.credentials import secrets
from runner.plugins import PROVIDERS, plugin_names
from runner.templating import is_template

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem

Rule: TypeAlias = Callable[[Draft], Iterator["Problem"]]

_TASK_ONLY = ("processor", "max_processor", "fast", "output", "input_schema", "verify", "follows")
_JOB_ONLY = ("concurrency", "budget")
_WITHOUT_SOURCES = ("source_policy", "location")
_SCHEME = re.compile(r"^\w*:?//?")
_SMALL = re.compile(r"(?:lite|base|core|core2x)(?:-fast)?")


def one_action(draft: Draft) -> Iterator[Problem]:
    """A job, and each of its steps, does exactly one thing."""
    steps = draft.job.data.get("steps")
    for scope in draft.steps():
        present = [key for key in ACTIONS if key in scope.data]
        is_told = "steps" in scope.data or any(map(_misspelt_action, scope.data))
        if not present and not is_told:
            wanted = f"one of {', '.join(ACTIONS)}" + (" or steps" if not scope.where else "")
            what = f"step '{scope.data.get('id', '')}'" if scope.where else "the job"
            yield scope.problem(
                scope.value(),
                f"{what} asks for nothing: it needs {wanted}",
                hint="add query: and the question",
            )
        for extra in present[1:]:
            yield scope.problem(
                scope.key(extra),
                f"{extra} beside {present[0]}: exactly one of them can be asked",
                hint="remove one, or make them two steps",
            )
    if isinstance(steps, list):
        for key in ACTIONS:
            if key in draft.job.data:
                yield draft.job.problem(
                    draft.job.key(key),
                    f"{key} beside steps: exactly one of them can be asked",
                    hint="move it into a step",
                )


def _misspelt_action(key: str) -> bool:
    """Return whether an unknown key was meant to be an action: one report of it is enough."""
    return key not in job_schema()["properties"] and closest(key, ACTIONS) is not None


def searchable(draft: Draft) -> Iterator[Problem]:
    """A search says what to look for; an extract names web pages."""
    for scope in draft.steps():
        search = scope.data.get("search")
        if isinstance(search, Mapping) and search and not {"objective", "queries"} & search.keys():
            yield scope.problem(
                scope.key("search"),
                "a search needs an objective or queries",
                hint="add objective: and what the search is for",
            )
        extract = scope.data.get("extract")
        urls = extract.get("urls") if isinstance(extract, Mapping) else None
        for index, url in enumerate(urls if isinstance(urls, list) else ()):
            is_web = isinstance(url, str) and url.lower().startswith(("http://", "https://"))
            if isinstance(url, str) and not is_web and not is_template(url) and not draft.is_local:
                yield scope.problem(
                    scope.value("extract", "urls", index),
                    "an address starts with http:// or https://",
                    hint=_address(url),
                )


def _address(text: str) -> str:
    """Return a hint for what is no address of a page."""
    bare = _SCHEME.sub("", text.strip())
    if re.fullmatch(r"[^\s/]+\.[^\s]+", bare):
        return f"write https://{bare}"
    return "write it as the browser shows it, such as https://example.org/page"


def findable(draft: Draft) -> Iterator[Problem]:
    """FindAll looks through the web; documents are searched."""
    for scope in draft.steps():
        if draft.is_local and "findall" in scope.data:
            yield scope.problem(
                scope.key("findall"),
                "the local provider has no findall: it looks for things on the web",
                hint="search the documents: search: {objective: ...}",
            )
    if draft.is_local and rows_named(draft.job.data)[0] == ("items", "findall"):
        yield draft.job.problem(
            draft.job.key("items", "findall"),
            "the local provider has no findall: it looks for things on the web",
            hint="name a file of rows, or list them",
        )


def ineffective(draft: Draft) -> Iterator[Problem]:
    """A setting that the action does not have is a warning."""
    for scope in draft.steps():
        action = next((key for key in ACTIONS if key in scope.data), None)
        keys: tuple[str, ...] = ()
        if action in {"search", "extract", "findall"}:
            keys = _TASK_ONLY
        if action in {"extract", "findall"}:
            keys += _WITHOUT_SOURCES
        if action == "query":
            keys += ("input_schema",)
        for key in keys:
            if key in scope.data and not _is_inherited(scope, key):
                yield scope.problem(
                    scope.key(key), f"{key} has no effect beside {action}",
                    hint="remove it", severity="warning",
                )  # fmt: skip
        for key in _JOB_ONLY if scope.where else ():
            if key in scope.data:
                yield scope.problem(
                    scope.key(key),
                    f"{key} has no effect in a step: it holds for the whole job",
                    hint="move it to the top level of the job",
                    severity="warning",
                )
        if "max_processor" in scope.data and draft.setting(scope, "processor") != "auto":
            yield scope.problem(
                scope.key("max_processor"),
                "max_processor has no effect without processor: auto",
                hint="write processor: auto, or remove it",
                severity="warning",
            )


def _is_inherited(scope: Scope, key: str) -> bool:
    """Return whether a setting comes from a file that the job extends, which serves others, too."""
    return scope.key(key).file not in ("", scope.source.shown)


def strong_enough(draft: Draft) -> Iterator[Problem]:
    """The API fills an `auto` output with the processors from pro upwards only."""
    for scope in draft.steps():
        output, processor = scope.data.get("output"), draft.setting(scope, "processor")
        small = isinstance(processor, str) and _SMALL.fullmatch(processor)
        if output == "auto" and small and draft.provider == "parallel":
            yield scope.problem(
                scope.value("output"),
                f"output: auto needs a processor from pro upwards, not {processor}",
                hint="write processor: pro, or name the fields you want",
                severity="warning",
            )


def durations(draft: Draft) -> Iterator[Problem]:
    """Durations and sums of money can be read, and make sense."""
    for scope in draft.scopes():
        retry = scope.data.get("retry")
        waits = retry if isinstance(retry, Mapping) else {}
        read: dict[str, timedelta] = {}
        for path, value in (
            (("cache",), scope.data.get("cache")),
            (("timeout",), scope.data.get("timeout")),
            (("retry", "backoff"), waits.get("backoff")),
            (("retry", "max_backoff"), waits.get("max_backoff")),
        ):
            duration = parse_duration(value) if isinstance(value, str) else None
            if duration is not None:
                read[path[-1]] = duration
            elif isinstance(value, str):
                yield scope.problem(
                    scope.value(*path),
                    f"{'.'.join(path)} cannot be '{value}'",
                    hint="a duration is a number and s, m, h or d, of at most ten years (3650d)",
                )
        if read.get("timeout") == timedelta(0):
            yield scope.problem(
                scope.value("timeout"),
                "a timeout of 0 leaves no time to answer",
                hint="write how long a call may take, such as 10m; without the key it is as usual",
            )
        if read.get("max_backoff", timedelta.max) < read.get("backoff", timedelta(0)):
            yield scope.problem(
                scope.value("retry", "max_backoff"),
                "max_backoff is shorter than backoff",
                hint="the longest wait cannot be shorter than the first",
            )
        yield from _money(scope)


def _money(scope: Scope) -> Iterator[Problem]:
    budget = scope.data.get("budget")
    is_sum = isinstance(budget, str | int | float) and not isinstance(budget, bool)
    if budget is not None and is_sum and parse_money(budget) is None:
        yield scope.problem(
            scope.value("budget"),
            f"budget cannot be '{budget}'",
            hint="a budget is an amount of US dollars, such as 5.00",
        )


def metadata(draft: Draft) -> Iterator[Problem]:
    """Metadata fit the API: short keys, values that are not too long."""
    for scope in draft.scopes():
        data = scope.data.get("metadata")
        for key, value in data.items() if isinstance(data, Mapping) else ():
            if len(key) > MAX_METADATA_KEY:
                yield scope.problem(
                    scope.key("metadata", key),
                    f"the metadata key '{key}' has {len(key)} characters; "
                    f"at most {MAX_METADATA_KEY} are allowed",
                    hint="shorten it",
                )
            if isinstance(value, str) and len(value) > MAX_METADATA_VALUE:
                yield scope.problem(
                    scope.value("metadata", key),
                    f"the metadata value of '{key}' has {len(value)} characters; "
                    f"at most {MAX_METADATA_VALUE} are allowed",
                    hint="shorten it",
                )


def step_ids(draft: Draft) -> Iterator[Problem]:
    """Ids of steps are unique, and `follows` names an earlier step."""
    seen: dict[str, int] = {}
    steps = [step for step in draft.steps() if step.where]
    places = {str(step.data.get("id")): step for step in steps}
    reads = cache(partial(steps_read, steps))
    ids = {id_of(step) for step in steps}
    for step in steps:
        name, follows = step.data.get("id"), step.data.get("follows")
        if isinstance(follows, str) and follows in seen:
            yield from _followed(step, follows, places[follows])
        elif isinstance(follows, str):
            message, hint = f"there is no step '{follows}'", _no_such(follows, seen)
            if follows in ids:
                message, hint = _unfollowed(id_of(step), follows, reads)
            yield step.problem(step.value("follows"), message, hint=hint)
        if isinstance(name, str) and name in seen:
            yield step.problem(
                step.value("id"),
                f"the step '{name}' is there twice",
                hint=f"line {seen[name]} has it already; ids are unique",
            )
        elif isinstance(name, str):
            seen[name] = step.value("id").line


def _no_such(follows: str, before: Iterable[str]) -> str | None:
    bare = follows.strip("{ }").removeprefix("steps.").split(".")[0]
    near = did_you_mean(follows, before, noun="steps before it") or "a step follows an earlier one"
    return f"write {bare}" if bare in before else near


def _unfollowed(
    name: str, follows: str, reads: Callable[[], Mapping[str, frozenset[str]]]
) -> tuple[str, str | None]:
    """Return message and hint for a step that follows one which does not run before it."""
    if follows == name:
        return "a step cannot follow itself", "a step follows an earlier one"
    if way := way_back(reads(), follows, name):
        return (
            f"the steps follow or read each other in a circle: {' → '.join([name, *way])}",
            "let one go without the other",
        )
    return f"step '{follows}' does not run before this one", "a step follows an earlier one"


def items(draft: Draft) -> Iterator[Problem]:
    """Items say where the rows are; the key of a row stands beside the items, or in them."""
    items = draft.job.data.get("items")
    if not isinstance(items, Mapping):
        return
    if not {"from", "findall"} & items.keys():
        # The schema cannot say so: a job that extends another may leave it to that.
        yield draft.job.problem(
            draft.job.value("items"),
            "the key 'from' is missing in items",
            hint="add from: and the path of a data file",
        )
    if {"from", "findall"} <= items.keys():
        yield draft.job.problem(
            draft.job.key("items", "findall"),
            "findall beside from: the rows come from one place",
            hint="remove one of them",
        )
    if "key" in items and "key" in draft.job.data:
        yield draft.job.problem(
            draft.job.key("items", "key"),
            "the key of a row is given twice: here and at the top level",
            hint="keep one of them",
        )


def _followed(step: Scope, name: str, followed: Scope) -> Iterator[Problem]:
    """A step follows one task, which has a research context."""
    action = next((key for key in ("search", "extract", "findall") if key in followed.data), None)
    if action is not None:
        yield step.problem(
            step.value("follows"),
            f"step '{name}' is a {action}, which has no research context to carry over",
            hint=f"follow a query, or read its answer: {{{{ steps.{name}.results }}}}",
        )
    elif "foreach" in followed.data:
        yield step.problem(
            step.value("follows"),
            f"step '{name}' is asked once for each entry of a list: which one is followed?",
            hint=f"read its answers instead: {{{{ steps.{name}.output }}}}",
        )


def provider(draft: Draft) -> Iterator[Problem]:
    """The provider is a built-in one, or an installed plugin."""
    holder = draft.holder(draft.job, "provider")
    name = None if holder is None else holder.data["provider"]
    if holder is None or not isinstance(name, str) or not name or name in BUILT_IN:
        return
    known = [*BUILT_IN, *plugin_names(PROVIDERS)]
    if name not in known:
        yield holder.problem(
            holder.value("provider"),
            f"there is no provider '{name}'",
            hint=did_you_mean(name, known, noun="providers"),
        )


def credentials(draft: Draft) -> Iterator[Problem]:
    """No key or password stands in a job file."""
    for source in draft.job.source.parts:
        for start, end, kind in secrets(source.text):
            yield source.problem(
                source.at(start, min(end - start, 40)),
                f"this looks like {kind}; job files are shared",
                hint="remove it, and revoke it where it came from: keys belong in the environment",
            )


RULES: tuple[Rule, ...] = (
    one_action,
    single_checks,
    searchable,
    findable,
    ineffective,
    strong_enough,
    durations,
    policies,
    check_domains,
    metadata,
    numbers,
    step_ids,
    items,
    provider,
    documents,
    credentials,
)


def rule_problems(draft: Draft) -> Iterator[Problem]:
    """Yield what every rule finds in a draft."""
    for rule in RULES:
        yield from rule(draft)

"""The rules of source policies: known names, and domains that are domains."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from runner.job.draft import Draft, Scope
from runner.job.spelling import did_you_mean
from runner.templating import is_template

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.paths import Ground

_MAX_DOMAINS = 200
_DOMAIN = re.compile(r"\.?(?:[\w-]{1,63}\.)*[^\W\d_][\w-]{0,62}")
_SCHEME = re.compile(r"^[a-z]{1,20}://")


def policies(draft: Draft) -> Iterator[Problem]:
    """A source policy's name is known, and its domains are domains (paths, for `local`)."""
    named = draft.project.policies
    for scope in draft.scopes():
        value = scope.data.get("source_policy")
        if isinstance(value, Mapping):
            inner = Scope(source=scope.source, where=(*scope.where, "source_policy"), data=value)
            yield from _policy(inner, draft)
        elif isinstance(value, str) and value and draft.project.is_known:
            if named is None or not isinstance(named.data.get(value), Mapping):
                names = [] if named is None else list(named.data)
                yield scope.problem(
                    scope.value("source_policy"),
                    f"there is no source policy '{value}'",
                    hint=did_you_mean(value, names, noun="policies in runner.yaml")
                    or "name it below source_policies: in runner.yaml",
                )
            else:
                place = (*named.where, value)
                inner = Scope(source=named.source, where=place, data=named.data[value])
                yield from _policy(inner, draft)


def check_domains(draft: Draft) -> Iterator[Problem]:
    """The domains of a check are domains (paths, for `local`), too."""
    for scope in draft.scopes():
        checks = scope.data.get("checks")
        for index, check in enumerate(checks if isinstance(checks, list) else ()):
            domains = check.get("domains") if isinstance(check, Mapping) else None
            for place, domain in enumerate(domains if isinstance(domains, list) else ()):
                fault = _domain(domain, draft) if isinstance(domain, str) and domain else None
                if fault is not None:
                    position = scope.value("checks", index, "domains", place)
                    yield scope.problem(position, fault[0], hint=fault[1])


def _policy(policy: Scope, draft: Draft) -> Iterator[Problem]:
    lists = {
        key: value
        for key in ("include_domains", "exclude_domains")
        if isinstance(value := policy.data.get(key), list)
    }
    for key, domains in lists.items():
        for index, domain in enumerate(domains):
            fault = _domain(domain, draft) if isinstance(domain, str) else None
            if fault is not None:
                yield policy.problem(policy.value(key, index), fault[0], hint=fault[1])
    count = sum(map(len, lists.values()))
    if count > _MAX_DOMAINS and not draft.is_local:
        yield policy.problem(
            policy.value(),
            f"the source policy has {count} domains; at most {_MAX_DOMAINS} are allowed",
            hint="keep the most important ones, or name whole endings such as .gov",
        )
    if all(lists.get(key) for key in ("include_domains", "exclude_domains")):
        yield policy.problem(
            policy.key("exclude_domains"),
            "exclude_domains has no effect beside include_domains, which wins",
            hint="remove one of them",
            severity="warning",
        )
    after = policy.data.get("after_date")
    if isinstance(after, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", after):
        try:
            date.fromisoformat(after)
        except ValueError:
            yield policy.problem(
                policy.value("after_date"), f"there is no day {after}", hint=_days(after)
            )


def _days(day: str) -> str:
    """Return a hint for a day that is none."""
    year, month, _ = map(int, day.split("-"))
    if not (1 <= month <= 12 and year):  # noqa: PLR2004 - the months of a year
        return "a day is written YYYY-MM-DD: the month is 01 to 12"
    return f"that month has {monthrange(year, month)[1]} days"


def _domain(domain: str, draft: Draft) -> tuple[str, str | None] | None:
    """Return message and hint for what is no domain (no path, for `local`), or None."""
    if is_template(domain):
        return "templates are not filled in here", "write the domain itself"
    if draft.is_local:
        return _not_a_path(domain, draft.ground)
    return _not_a_domain(domain) if draft.provider == "parallel" else None


def _not_a_path(text: str, ground: Ground) -> tuple[str, str | None] | None:
    if "://" not in text and ground.fault(text) is None:
        return None
    return (
        "for the local provider a domain is a folder or file of the project",
        "write its path relative to the job file, such as notes/finance",
    )


def _not_a_domain(text: str) -> tuple[str, str | None] | None:
    bare = _SCHEME.sub("", text.strip().lower()).split("/")[0]
    if bare.startswith("*."):
        # `.gov` stands for all of gov; `example.org` for itself and all below it.
        bare = bare[1:] if bare.count(".") == 1 else bare[2:]
    if bare != text.lower():
        bare = bare.removeprefix("www.")
        return "a domain has no scheme, path or *", f"write {bare}" if bare else None
    if "." not in text or not _DOMAIN.fullmatch(text):
        return "this is not a domain", "write it as example.org, or .org for all that end so"
    if bare.startswith("www."):
        return "a domain is written without www.", f"write {bare.removeprefix('www.')}"
    return None

"""The local provider: one index over the job's documents, asked in Parallel's own shapes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import NotAvailableError, UsageError
from runner.job.model import Kind, SourcePolicy
from runner.jsonvalue import JSON, digest
from runner.providers.base import Answer
from runner.providers.local.documents import SUFFIXES
from runner.providers.local.index import Index
from runner.providers.local.interaction import Interaction, read, written

if TYPE_CHECKING:
    from runner.providers.local.tasks import Asked, Told

METHOD = "3"
"""The edition of the answering rules; raised when they change, so that no old answer is reused."""

_UNREADABLE = (
    "The question that this one follows is not known to the local provider: "
    "it is answered by itself"
)

DEFAULT_RESULTS = 10
EXCERPT_CHARS = 1_500


class LocalProvider:
    """Answers search, extract and task calls from documents. See `open_local`."""

    name = "local"
    null_is_not_found = True
    runs = None
    findalls = None
    quotas: Mapping[str, int] = {}

    def __init__(self, index: Index, warnings: Sequence[str]) -> None:
        self._index = index
        self._warnings = tuple(warnings)
        self._editions: dict[bool, str] = {}
        # One thread: SQLite's file and Python's lock let no second one be of use.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="local")

    @property
    def warnings(self) -> Sequence[str]:
        """Files that could not be read, one sentence each."""
        return self._warnings

    @property
    def documents(self) -> Sequence[str]:
        """The paths of the documents, as citations name them."""
        return tuple(path for path, *_ in self._index.documents())

    def edition(self, body: Mapping[str, JSON]) -> str:
        """Return `local` and the state of the documents; dates count only where a policy asks."""
        policy = _policy(body)
        dated = policy is not None and policy.after_date is not None
        if dated not in self._editions:
            state = digest([METHOD, self._index.digest(dates=dated)])
            self._editions[dated] = f"local:{state}"
        return self._editions[dated]

    async def ask(self, kind: Kind, body: Mapping[str, JSON]) -> Answer:
        """Answer one request.

        Raises:
            NotAvailableError: the kind of request is not one the documents can answer.
        """
        answering: dict[Kind, Callable[[Mapping[str, JSON]], Answer]] = {
            "task": self._task,
            "search": self._search,
            "extract": self._extract,
        }
        if kind not in answering:
            raise NotAvailableError(
                f"The local provider does not answer '{kind}'", hint="Use provider: parallel"
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, answering[kind], body)

    async def close(self) -> None:
        """Close the index."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._index.close()

    def _task(self, body: Mapping[str, JSON]) -> Answer:
        policy = _policy(body)
        asked, earlier, warnings = self._asked(body, policy)
        answer = self._answer(asked, body["task_spec"]["output_schema"], policy)
        left = answer.left if earlier is None else _carried(earlier, answer.left)
        return Answer(
            output=answer.content,
            basis=answer.basis,
            warnings=(*warnings, *answer.warnings),
            run_id=f"trun_{digest(['local', self.edition(body), body])[:32]}",
            output_schema=answer.output_schema,
            interaction_id=written(left),
        )

    def _answer(
        self, asked: Asked, output: Mapping[str, JSON], policy: SourcePolicy | None
    ) -> Told:
        # Loaded where something is asked: a run that the cache answers asks nothing.
        if output["type"] == "json":
            from runner.providers.local.answers import answer_json

            return answer_json(
                asked=asked, schema=output["json_schema"], index=self._index, policy=policy
            )
        from runner.providers.local.brief import write_auto, write_text

        if output["type"] == "text":
            description = output.get("description")
            return write_text(
                asked=asked, description=description, index=self._index, policy=policy
            )
        return write_auto(asked=asked, index=self._index, policy=policy)

    def _asked(
        self, body: Mapping[str, JSON], policy: SourcePolicy | None
    ) -> tuple[Asked, Interaction | None, Sequence[str]]:
        """Return what a task asks, the earlier question that says of what, and warnings."""
        from runner.providers.local.followups import follow_up
        from runner.providers.local.tasks import Asked

        stated = body["input"]
        given = stated if isinstance(stated, Mapping) else None
        asked = Asked(
            question=stated if isinstance(stated, str) else _as_question(stated), given=given
        )
        if (id_ := body.get("previous_interaction_id")) is None:
            return asked, None, ()
        earlier = read(str(id_))
        if earlier is None:
            return asked, None, (_UNREADABLE,)
        found = follow_up(asked, earlier, self._index, policy)
        return (asked, None, ()) if found is None else (found, earlier, ())

    def _search(self, body: Mapping[str, JSON]) -> Answer:
        settings = body.get("advanced_settings") or {}
        excerpts = settings.get("excerpt_settings") or {}
        found = self._index.search(
            body["search_queries"],
            body.get("objective"),
            max_results=settings.get("max_results") or DEFAULT_RESULTS,
            max_chars_total=body.get("max_chars_total"),
            max_chars_per_result=excerpts.get("max_chars_per_result") or EXCERPT_CHARS,
            policy=_policy(body),
        )
        results = [
            {
                "url": entry.document,
                "title": entry.title,
                "publish_date": entry.date,
                "excerpts": list(entry.excerpts),
            }
            for entry in found
        ]
        return Answer(output={"results": results})

    def _extract(self, body: Mapping[str, JSON]) -> Answer:
        settings = body.get("advanced_settings") or {}
        results: list[JSON] = []
        errors: list[JSON] = []
        for url in body["urls"]:
            known = self._index.document(url)
            if known is None:
                errors.append(
                    {
                        "url": url,
                        "error_type": "not_found",
                        "http_status_code": 404,
                        "content": "The job's documents hold no such file",
                    }
                )
                continue
            title, published, text = known
            result: dict[str, JSON] = {
                "url": url,
                "title": title,
                "publish_date": published,
                "excerpts": self._excerpts_of(url, body),
            }
            if settings.get("full_content"):
                result["full_content"] = text
            results.append(result)
        return Answer(output={"results": results, "errors": errors})

    def _excerpts_of(self, document: str, body: Mapping[str, JSON]) -> list[str]:
        queries = list(body.get("search_queries") or [])
        objective = body.get("objective")
        if not queries and not objective:
            return [passage.text for passage in self._index.passages(document)[:2]]
        found = self._index.search(
            queries,
            objective,
            max_results=1,
            max_chars_total=body.get("max_chars_total"),
            max_chars_per_result=EXCERPT_CHARS,
            policy=SourcePolicy(include_domains=(document,)),
        )
        return [excerpt for entry in found for excerpt in entry.excerpts]


def _carried(earlier: Interaction, left: Interaction) -> Interaction:
    """Return what a question that follows leaves: the subject stays, its documents come first."""
    documents = dict.fromkeys((*left.documents, *earlier.documents))
    return replace(earlier, documents=tuple(documents))


def open_local(folder: Path, root: Path, patterns: Sequence[str], database: Path) -> LocalProvider:
    """Return the provider over the documents that glob patterns name, its index brought up to date.

    Args:
        folder: The job file's folder; patterns are relative to it.
        root: No document outside this folder is read.
        patterns: Globs, files or folders (everything readable below).
        database: The index's file.

    Raises:
        UsageError: no readable document matches.
        StateError: the index cannot be used.
    """
    files = dict(_files(folder, root.resolve(), patterns))
    if not files:
        shown = ", ".join(patterns) or "(none)"
        raise UsageError(
            f"No document matches 'documents: {shown}' in {folder}",
            hint="Give a folder or a pattern such as notes/**/*.md, relative to the job file",
        )
    database.parent.mkdir(parents=True, exist_ok=True)
    index = Index.open(database)
    update = index.update(sorted(files.items()))
    if not index.documents():
        index.close()
        raise UsageError(
            f"None of the {len(files)} documents could be read",
            hint="; ".join(update.warnings[:3]) or None,
        )
    return LocalProvider(index, update.warnings)


def _files(folder: Path, root: Path, patterns: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Yield (path as shown, real path) of every document below the root."""
    inside: dict[Path, bool] = {}
    for pattern in patterns:
        for path in _matches(folder, pattern):
            shown = Path(os.path.relpath(path, folder))
            hidden = any(part.startswith(".") and part != ".." for part in shown.parts)
            if not hidden and path.is_file() and _is_inside(path, root, inside):
                yield shown.as_posix(), path


def _is_inside(path: Path, root: Path, known: dict[Path, bool]) -> bool:
    """Return whether a file, links followed, is below the root; folders are looked at once."""
    if path.is_symlink():
        return path.resolve().is_relative_to(root)
    parent = path.parent
    if parent not in known:
        known[parent] = parent.resolve().is_relative_to(root)
    return known[parent]


def _matches(folder: Path, pattern: str) -> Iterator[Path]:
    pattern = pattern.removeprefix("./").rstrip("/")
    named = folder / pattern
    if named.is_dir():
        for path in named.rglob("*"):
            if path.suffix.lower() in SUFFIXES:
                yield path
    elif named.is_file():
        yield named
    else:
        try:
            yield from folder.glob(pattern)
        except (ValueError, NotImplementedError, IndexError) as error:
            raise UsageError(
                f"'{pattern}' is no pattern for documents: {error}",
                hint="A pattern reads like notes/**/*.md, relative to the job file",
            ) from error


def _policy(body: Mapping[str, JSON]) -> SourcePolicy | None:
    stated = body.get("source_policy") or (body.get("advanced_settings") or {}).get("source_policy")
    if not stated:
        return None
    after = stated.get("after_date")
    return SourcePolicy(
        include_domains=tuple(stated.get("include_domains") or ()),
        exclude_domains=tuple(stated.get("exclude_domains") or ()),
        after_date=None if after is None else date.fromisoformat(after),
    )


def _as_question(given: Mapping[str, JSON]) -> str:
    """Return the words of a structured input, the way a person would type them."""
    return " ".join(str(value) for value in given.values() if isinstance(value, str | int | float))

"""The documents on disk, read once and kept searchable in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from runner.errors import StateError
from runner.job.model import SourcePolicy
from runner.providers.local.corpus import Fact, Hit, Passage
from runner.providers.local.database import (
    NotWritableError,
    as_state_error,
    discard,
    is_damage,
    open_database,
    open_memory,
)
from runner.providers.local.excerpts import MAX_CHARS_PER_RESULT, Found, allot
from runner.providers.local.policy import allowed
from runner.providers.local.ranking import (
    BODY_WEIGHT,
    HEADING_WEIGHT,
    NAMED,
    RERANKED,
    TITLE_WEIGHT,
    Question,
    ask,
    by_rank,
    combined,
    document_score,
    score,
)
from runner.providers.local.refresh import Update, refresh

_CANDIDATES: Final = f"""
SELECT passages.id, ordinal, heading, text, path, documents.title, found.score FROM (
    SELECT rowid, bm25(search, {TITLE_WEIGHT}, {HEADING_WEIGHT}, {BODY_WEIGHT}) AS score
    FROM search WHERE search MATCH ? %s ORDER BY score LIMIT ?
) AS found
JOIN passages ON passages.id = found.rowid JOIN documents ON documents.id = passages.document
"""  # noqa: S608 - constants only
# The plus keeps SQLite from looking up every row of the documents one by one.
_AMONG: Final = """
AND +rowid IN (SELECT id FROM passages WHERE document IN (SELECT value FROM json_each(?)))
"""


__all__ = ["Found", "Index", "Update", "allowed"]


class Index:
    """All documents of a job. Context: one SQLite file; one thread uses it at a time."""

    def __init__(self, connection: sqlite3.Connection, database: Path, warning: str | None) -> None:
        self._connection = connection
        self._database = database
        self._warning = warning
        self._version = -1
        self._frequencies: dict[str, int] = {}
        self._passages = 0
        self._chosen: dict[SourcePolicy, list[int]] = {}

    @classmethod
    def open(cls, database: Path) -> Self:
        """Open the index, created where there is none and built anew where it is damaged.

        Where the file cannot be written, the index lives in memory and its updates say so.

        Raises:
            StateError: another process keeps the file locked.
        """
        try:
            return cls(open_database(database), database, None)
        except NotWritableError as error:
            return cls(open_memory(), database, _in_memory(database, error))

    def update(self, files: Sequence[tuple[str, Path]]) -> Update:
        """Bring the index to the state of some files: all others are dropped from it.

        Only files whose size or time changed are read. Interrupted, the index stays as it was.

        Args:
            files: (path as shown in citations, real path) of every document.

        Raises:
            StateError: the index cannot be written.
        """
        try:
            try:
                return self._refreshed(files)
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._start_anew()
                elif isinstance(found := as_state_error(error, self._database), NotWritableError):
                    self._move_to_memory(found)
                else:
                    raise
                return self._refreshed(files)
        except sqlite3.Error as error:
            raise self._state_error(error) from error

    def _refreshed(self, files: Sequence[tuple[str, Path]]) -> Update:
        self._version = -1
        return refresh(self._connection, files, (self._warning,) if self._warning else ())

    def _start_anew(self) -> None:
        self._connection.close()
        discard(self._database)
        self._connection = open_database(self._database)

    def _move_to_memory(self, error: NotWritableError) -> None:
        self._connection.close()
        self._connection = open_memory()
        self._warning = _in_memory(self._database, error)

    def digest(self, *, dates: bool) -> str:
        """Return what changes whenever a document does: 64 hexadecimal digits.

        Args:
            dates: Whether the documents' dates count too.
        """
        state = sha256()
        with self._read() as connection:
            for path, content, stated, mtime_ns in connection.execute(
                "SELECT path, sha256, stated, mtime_ns FROM documents WHERE readable ORDER BY path"
            ):
                day = (stated or _day(mtime_ns)) if dates else ""
                state.update(f"{path}\0{content}\0{day}\n".encode("utf-8", "surrogatepass"))
        return state.hexdigest()

    def documents(self, policy: SourcePolicy | None = None) -> list[tuple[str, str, str | None]]:
        """Return (path, title, stated date) of every document that a policy allows, by path."""
        with self._read() as connection:
            return [
                (path, title, stated)
                for path, title, stated, mtime_ns in connection.execute(
                    "SELECT path, title, stated, mtime_ns FROM documents WHERE readable"
                    " ORDER BY path"
                )
                if policy is None or allowed(path, stated or _day(mtime_ns), policy)
            ]

    def document(self, path: str) -> tuple[str, str | None, str] | None:
        """Return (title, stated date, full text) of a document, or None where it is unknown."""
        with self._read() as connection:
            row: tuple[str, str | None, str] | None = connection.execute(
                "SELECT title, stated, text FROM documents JOIN texts ON document = id"
                " WHERE path = ? AND readable",
                (path,),
            ).fetchone()
        return row

    def passages(self, document: str) -> list[Passage]:
        """Return the passages of a document, in order; none where it is unknown."""
        with self._read() as connection:
            return [
                Passage(
                    id=id_, document=document, title=title, heading=heading, ordinal=at, text=text
                )
                for id_, title, heading, at, text in connection.execute(
                    "SELECT passages.id, title, heading, ordinal, text FROM passages"
                    " JOIN documents ON documents.id = document WHERE path = ? ORDER BY ordinal",
                    (document,),
                )
            ]

    def facts(self, documents: Collection[str] | None = None) -> list[Fact]:
        """Return the facts of some documents (None: of all), by path, in document order."""
        among = ""
        values: tuple[str, ...] = ()
        if documents is not None:
            among, values = "WHERE path IN (SELECT value FROM json_each(?))", (_json(documents),)
        with self._read() as connection:
            return [
                Fact(
                    document=path,
                    title=title,
                    entity=entity,
                    label=label,
                    value=value,
                    excerpt=excerpt,
                    section=section,
                )
                for path, title, entity, label, value, excerpt, section in connection.execute(
                    "SELECT path, title, entity, label, value, excerpt, section FROM facts"  # noqa: S608 - ours
                    f" JOIN documents ON documents.id = document {among}"
                    " ORDER BY path, facts.rowid",
                    values,
                )
            ]

    def search_passages(
        self,
        query: str,
        *,
        limit: int = RERANKED,
        policy: SourcePolicy | None = None,
        documents: Collection[str] | None = None,
    ) -> list[Hit]:
        """Return the passages that answer a query best, best first.

        Args:
            query: Words or a question, as the user wrote it.
            limit: Most passages to return.
            policy: Which documents may be used.
            documents: Only these paths; None: all.
        """
        with self._read():
            question = self._ask(query)
            return self._hits(question, limit, self._among(policy, documents)) if question else []

    def search(
        self,
        queries: Sequence[str],
        objective: str | None,
        *,
        max_results: int,
        max_chars_total: int | None,
        max_chars_per_result: int = MAX_CHARS_PER_RESULT,
        policy: SourcePolicy | None = None,
    ) -> list[Found]:
        """Return the documents that answer some queries best, with exact excerpts, best first.

        Args:
            queries: Several wordings of what is sought.
            objective: What is sought, in a sentence; used beside the queries.
            max_results: Most documents.
            max_chars_total: Most characters of excerpts in all; None: no limit.
            max_chars_per_result: Most characters of excerpts for one document, up to 1,500.
            policy: Which documents may be used.
        """
        texts = list(dict.fromkeys(text for text in (*queries, objective or "") if text.strip()))
        with self._read():
            whole = self._ask(" ".join(texts))
            if whole is None:
                return []
            among = self._among(policy, None)
            questions = [question for text in texts if (question := self._ask(text))]
            hits = combined([self._hits(question, RERANKED, among) for question in questions])
            stated = dict(
                self._connection.execute(
                    "SELECT path, stated FROM documents WHERE path IN"
                    " (SELECT value FROM json_each(?))",
                    (_json({hit.passage.document for hit in hits}),),
                )
            )
        by_document: dict[str, list[Hit]] = {}
        for hit in hits:
            by_document.setdefault(hit.passage.document, []).append(hit)
        ranked = sorted(by_document, key=lambda path: (-document_score(by_document[path]), path))
        shown = {path: by_document[path] for path in ranked[: max(max_results, 0)]}
        excerpts = allot(
            whole,
            shown,
            per_document=min(max_chars_per_result, MAX_CHARS_PER_RESULT),
            total=max_chars_total,
        )
        return [
            Found(
                document=path,
                title=found[0].passage.title,
                date=stated[path],
                excerpts=excerpts[path],
                score=document_score(found),
            )
            for path, found in shown.items()
        ]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _hits(self, question: Question, limit: int, among: list[int] | None) -> list[Hit]:
        filtered: tuple[str, ...] = () if among is None else (json.dumps(among),)
        statement = _CANDIDATES % ("" if among is None else _AMONG)
        # Documents that the question names are looked at even where their words are too common.
        wanted = ((question.match, max(limit, RERANKED)), (f"title : ({question.match})", NAMED))
        rows = {
            row[0]: row[1:]
            for match, most in reversed(wanted)
            for row in self._connection.execute(statement, (match, *filtered, most))
        }
        hits: list[Hit] = []
        for id_, (ordinal, heading, text, path, title, bm25) in rows.items():
            value, held = score(
                question, text=text, heading=heading, title=title, path=path, bm25=bm25
            )
            passage = Passage(
                id=id_, document=path, title=title, heading=heading, ordinal=ordinal, text=text
            )
            hits.append(Hit(passage=passage, score=value, coverage=held))
        return sorted(hits, key=by_rank)[:limit]

    def _ask(self, text: str) -> Question | None:
        return ask(text, self._passages, self._frequency)

    def _frequency(self, stem: str) -> int:
        found = self._frequencies.get(stem)
        if found is None:
            row = self._connection.execute(
                "SELECT doc FROM temp.vocabulary WHERE term = ?", (stem,)
            ).fetchone()
            found = self._frequencies[stem] = row[0] if row else 0
        return found

    def _among(
        self, policy: SourcePolicy | None, documents: Collection[str] | None
    ) -> list[int] | None:
        """Return the numbers of the documents to search, or None for all."""
        if policy is None and documents is None:
            return None
        if policy is not None and policy not in self._chosen:
            self._chosen[policy] = [
                id_
                for id_, path, stated, mtime_ns in self._connection.execute(
                    "SELECT id, path, stated, mtime_ns FROM documents ORDER BY id"
                )
                if allowed(path, stated or _day(mtime_ns), policy)
            ]
        if documents is None:
            return self._chosen[policy] if policy is not None else None
        named = [
            id_
            for (id_,) in self._connection.execute(
                "SELECT id FROM documents WHERE path IN (SELECT value FROM json_each(?))"
                " ORDER BY id",
                (_json(documents),),
            )
        ]
        return named if policy is None else sorted({*named} & {*self._chosen[policy]})

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        """Give the connection, with what is remembered of it forgotten when it has changed."""
        try:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._version = version
                self._frequencies.clear()
                self._chosen.clear()
                self._passages = self._connection.execute(
                    "SELECT count(*) FROM passages"
                ).fetchone()[0]
            yield self._connection
        except sqlite3.Error as error:
            raise self._state_error(error) from error

    def _state_error(self, error: sqlite3.Error) -> StateError:
        found = as_state_error(error, self._database)
        return (
            found
            if isinstance(found, StateError)
            else StateError(
                f"The document index {self._database} cannot be written: {error}",
                hint="Free some space or permit writing there, and run again",
            )
        )


def _in_memory(database: Path, error: NotWritableError) -> str:
    return (
        f"The document index {database} cannot be written ({error}); the documents are read again"
        " in every run"
    )


def _day(mtime_ns: int) -> str:
    return datetime.fromtimestamp(mtime_ns / 1e9, UTC).date().isoformat()


def _json(paths: Collection[str]) -> str:
    return json.dumps(sorted(paths))

"""Files to rows: reading what changed, dropping what is gone, in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from runner.frozen import frozen
from runner.providers.local.corpus import Document
from runner.providers.local.database import writing
from runner.providers.local.documents import UnreadableError, parse_document, read_bytes
from runner.providers.local.facts import extract_facts
from runner.providers.local.passages import full_text
from runner.providers.local.words import fold


@frozen
class Update:
    """What an update of the index did.

    Attributes:
        warnings: What could not be read, or not fully, one sentence each; repeated until mended.
    """

    added: int
    changed: int
    removed: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    mtime_ns: int


def refresh(
    connection: sqlite3.Connection, files: Sequence[tuple[str, Path]], warnings: Sequence[str]
) -> Update:
    """Bring the index to the state of the files; see `Index.update`."""
    present, missing = _stat(files)
    notes = [*warnings, *missing]
    known = _known(connection)
    if not _stale(known, present):
        return _done(connection, notes, 0, 0, 0)
    with writing(connection):
        # Another process may have done the work while this one waited for the lock.
        known = _known(connection)
        gone = [known[path].id for path in known.keys() - present.keys()]
        _delete(connection, gone)
        added = changed = 0
        for shown in sorted(present):
            file, old = present[shown], known.get(shown)
            if old and (old.size, old.mtime_ns) == (file.size, file.mtime_ns):
                continue
            try:
                data = read_bytes(file.path, shown)
            except UnreadableError as error:
                notes.append(_sentence(error))
                _delete(connection, [old.id] if old else [])
                continue
            digest = sha256(data).hexdigest()
            if old and old.sha256 == digest:
                connection.execute(
                    "UPDATE documents SET size = ?, mtime_ns = ? WHERE id = ?",
                    (file.size, file.mtime_ns, old.id),
                )
                continue
            _delete(connection, [old.id] if old else [])
            _insert(connection, shown, file, digest, data)
            added += old is None
            changed += old is not None
    return _done(connection, notes, added, changed, len(gone))


def _stat(files: Sequence[tuple[str, Path]]) -> tuple[dict[str, _File], list[str]]:
    present: dict[str, _File] = {}
    missing: list[str] = []
    for shown, path in files:
        try:
            found = path.stat()
        except OSError as error:
            missing.append(f"{shown} cannot be read: {error.strerror or error}")
            continue
        if _is_text(shown):
            present[shown] = _File(path, found.st_size, found.st_mtime_ns)
        else:
            missing.append(f"{shown!a} cannot be read: its name is not UTF-8")
    return present, missing


def _is_text(name: str) -> bool:
    """Return whether a name can be stored; a name of stray bytes cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _known(connection: sqlite3.Connection) -> dict[str, _Known]:
    return {
        path: _Known(*row)
        for path, *row in connection.execute(
            "SELECT path, id, size, mtime_ns, sha256 FROM documents"
        )
    }


def _stale(known: dict[str, _Known], present: dict[str, _File]) -> bool:
    return known.keys() != present.keys() or any(
        (old.size, old.mtime_ns) != (present[path].size, present[path].mtime_ns)
        for path, old in known.items()
    )


def _done(
    connection: sqlite3.Connection, notes: Iterable[str], added: int, changed: int, removed: int
) -> Update:
    stored = [
        note
        for (found,) in connection.execute(
            "SELECT warnings FROM documents WHERE warnings != '[]' ORDER BY path"
        )
        for note in json.loads(found)
    ]
    return Update(added=added, changed=changed, removed=removed, warnings=(*notes, *stored))


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Drop documents. A contentless FTS5 table must be told what it had indexed."""
    for id_ in ids:
        connection.executemany(
            "INSERT INTO search (search, rowid, title, heading, body)"
            " VALUES ('delete', ?, ?, ?, ?)",
            [
                (row, names, fold(heading), fold(text))
                for row, names, heading, text in connection.execute(
                    "SELECT passages.id, names, heading, text FROM passages"
                    " JOIN documents ON documents.id = document WHERE document = ?",
                    (id_,),
                ).fetchall()
            ],
        )
        for table, column in (
            ("passages", "document"),
            ("facts", "document"),
            ("texts", "document"),
            ("documents", "id"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (id_,))  # noqa: S608


def _insert(
    connection: sqlite3.Connection, shown: str, file: _File, digest: str, data: bytes
) -> None:
    try:
        document = parse_document(data, shown)
        warnings = [_full_stop(note) for note in document.warnings]
    except UnreadableError as error:
        document, warnings = None, [_sentence(error)]
    names = fold(f"{document.title} {_path_words(shown)}") if document else ""
    id_ = connection.execute(
        "INSERT INTO documents (path, size, mtime_ns, sha256, title, names, stated, readable,"
        " warnings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            shown,
            file.size,
            file.mtime_ns,
            digest,
            document.title if document else shown,
            names,
            document.date if document else None,
            document is not None,
            json.dumps(warnings, ensure_ascii=False),
        ),
    ).lastrowid
    if document is not None and id_ is not None:
        _insert_content(connection, id_, names, document)


def _insert_content(
    connection: sqlite3.Connection, id_: int, names: str, document: Document
) -> None:
    text, slices = full_text(document)
    connection.execute("INSERT INTO texts (document, text) VALUES (?, ?)", (id_, text))
    (first,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM passages").fetchone()
    rows = [
        (first + at, id_, at, cut.heading, text[cut.start : cut.end])
        for at, cut in enumerate(slices)
    ]
    connection.executemany(
        "INSERT INTO passages (id, document, ordinal, heading, text) VALUES (?, ?, ?, ?, ?)", rows
    )
    connection.executemany(
        "INSERT INTO search (rowid, title, heading, body) VALUES (?, ?, ?, ?)",
        [(row, names, fold(heading), fold(body)) for row, _, _, heading, body in rows],
    )
    connection.executemany(
        "INSERT INTO facts (document, entity, label, value, excerpt, section)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (id_, fact.entity, fact.label, fact.value, fact.excerpt, fact.section)
            for fact in extract_facts(document)
        ],
    )


def _path_words(shown: str) -> str:
    folder, _, name = shown.rpartition("/")
    return f"{folder} {name.rsplit('.', 1)[0]}"


def _sentence(error: UnreadableError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _full_stop(note: str) -> str:
    return note.rstrip(".")

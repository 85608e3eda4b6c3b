"""The index's SQLite file: its schema, opening it, mending it, and waiting for other writers."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runner.errors import StateError

FORMAT: Final = 1
"""Raised with every change of the schema or of what is stored; older files are built anew."""

_LOCK_SECONDS = 300.0
_POLL_SECONDS = 0.1
_SCHEMA = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, title TEXT NOT NULL, names TEXT NOT NULL,
    stated TEXT, readable INTEGER NOT NULL, warnings TEXT NOT NULL
) STRICT;
CREATE TABLE texts (document INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    heading TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX passages_of ON passages (document, ordinal);
CREATE TABLE facts (
    document INTEGER NOT NULL, entity TEXT NOT NULL, label TEXT NOT NULL, value TEXT NOT NULL,
    excerpt TEXT NOT NULL, section TEXT NOT NULL
) STRICT;
CREATE INDEX facts_of ON facts (document);
CREATE VIRTUAL TABLE search USING fts5 (
    title, heading, body, content='',
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
);
""".replace(" STRICT", "")
_DROP = """
DROP TABLE IF EXISTS documents; DROP TABLE IF EXISTS texts; DROP TABLE IF EXISTS passages;
DROP TABLE IF EXISTS facts; DROP TABLE IF EXISTS search;
"""

"""Files made to break a reader: each ends within seconds, and the document beside it answers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from runner.providers.local.provider import open_local

SECONDS = 20
"""Each takes a second or two; the limit is for slow machines."""

FILES = {
    "wide.csv": ",".join(f"c{n}" for n in range(100_000))
    + "\n"
    + ",".join(map(str, range(100_000))),
    "line.txt": "word " * 500_000,
    "word.txt": "x" * 3_000_000,
    "deep.html": "<div>" * 50_000 + "text" + "</div>" * 50_000,
    "tables.html": "<table><tr><td>" * 3_000 + "text",
    "list.md": "\n".join("  " * n + "- item" for n in range(1_500)),
    "quotes.md": ">" * 20_000 + " text",
    "brackets.md": "[" * 20_000 + "a" + "]" * 20_000,
    "emphasis.md": "*a " * 30_000,
    "labels.txt": "\n".join(f"Label {n}: value {n}" for n in range(20_000)),
    "dots.txt": ". " * 300_000,
    "commas.txt": "The products are " + "a, " * 100_000,
    "columns.md": "|a" * 20_000 + "\n" + "|-" * 20_000 + "\n" + "|1" * 20_000,
}


@pytest.mark.parametrize("name", FILES)
def test_it_ends_soon_and_the_others_answer(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    (tmp_path / "acme.md").write_text("# Acme\n\nFounded: 1949\n", encoding="utf-8")
    started = time.monotonic()
    provider = open_local(tmp_path, tmp_path, ["."], tmp_path / ".index.db")
    schema = {
        "type": "object",
        "properties": {
            "founded": {"type": "integer"},
            "products": {"type": "array"},
            "ceo": {"type": "string"},
        },
    }
    spec = {"output_schema": {"type": "json", "json_schema": schema}}
    for question, founded in (
        ("Facts about Acme", 1949),
        (f"Facts about {name.split('.', maxsplit=1)[0]}", None),
    ):
        body = {"input": question, "processor": "core", "task_spec": spec}
        answer = asyncio.run(provider.ask("task", body))
        assert answer.output["founded"] == founded
    asyncio.run(provider.ask("search", {"search_queries": ["text value word products"]}))
    asyncio.run(provider.close())
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nul.md", b"a\x00b\x00"),
        ("nul.csv", b"\x00" * 100),
        ("image.txt", b"\x89PNG\r\n\x1a\n\x00\x00"),
        ("x.pdf", b"no pdf"),
    ],
)
def test_what_is_no_text_is_a_warning(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "acme.md").write_text("# Acme\n", encoding="utf-8")
    provider = open_local(tmp_path, tmp_path, ["."], tmp_path / ".index.db")
    assert any(name in warning for warning in provider.warnings)
    asyncio.run(provider.close())


@pytest.mark.parametrize("suffix", ["md", "html", "txt", "csv"])
def test_invalid_encodings_are_read_and_named(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").write_bytes(b"Acme makes caf\xe9s \x81\n" * 3)
    provider = open_local(tmp_path, tmp_path, ["."], tmp_path / ".index.db")
    results = asyncio.run(provider.ask("search", {"search_queries": ["Acme makes"]})).output[
        "results"
    ]
    assert [hit["url"] for hit in results] == [f"a.{suffix}"]
    assert any("Windows-1252" in warning for warning in provider.warnings)
    asyncio.run(provider.close())


def test_a_schema_s_pattern_does_not_take_long_on_any_document(tmp_path: Path) -> None:
    text = f"# Acme\n\nCode: {'a' * 60}!\n\nFounded: 1949\n"
    (tmp_path / "acme.md").write_text(text, encoding="utf-8")
    provider = open_local(tmp_path, tmp_path, ["."], tmp_path / ".index.db")
    fields = {"code": {"type": "string", "pattern": "^(a+)+$"}, "founded": {"type": "integer"}}
    schema = {"type": "object", "properties": fields}
    spec = {"output_schema": {"type": "json", "json_schema": schema}}
    body = {"input": "Facts about Acme", "processor": "core", "task_spec": spec}
    started = time.process_time()
    answer = asyncio.run(provider.ask("task", body))
    asyncio.run(provider.close())
    assert answer.output == {"code": None, "founded": 1949}
    assert time.process_time() - started < SECONDS

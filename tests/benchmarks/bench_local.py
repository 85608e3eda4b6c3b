"""How fast the local provider is: on the sample documents, and on generated ones.

Run as `python tests/benchmarks/bench_local.py`. Machines are noisy, so that every time is also
given as a ratio to a floor measured in the same run: reading the files' bytes, a bare FTS5 query.
"""

import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from runner.providers.local.provider import LocalProvider, open_local

SAMPLES = Path(__file__).parents[2] / "jobs" / "documents"
SIZES = (1_000, 10_000)
QUESTIONS = (
    "headquarters of Nintendo",
    "Which company makes EUV lithography machines?",
    "market share of electric bicycles in Germany",
    "efficiency of perovskite solar cells",
    "competitors of Spotify",
    "When is dense retrieval better than BM25?",
)
SUBJECTS = ("Nintendo", "Siemens", "ASML", "IKEA", "Nokia", "Spotify")
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "founded_year": {"type": "integer"},
    "headquarters": {"type": "string"},
    "employees": {"type": "integer"},
    "key_products": {"type": "array", "items": {"type": "string"}},
    "ceo": {"type": "string"},
}


def seconds_of(work: Callable[[], object], times: int = 1) -> float:
    """Return the least time that some work took."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def search_body(question: str) -> Mapping[str, Any]:
    return {"search_queries": [question], "objective": question}


def task_body(subject: str) -> Mapping[str, Any]:
    schema = {"type": "object", "properties": FIELDS}
    return {
        "input": f"Key facts about {subject}",
        "processor": "core",
        "task_spec": {"output_schema": {"type": "json", "json_schema": schema}},
    }


def rate(provider: LocalProvider, kind: Any, bodies: Sequence[Mapping[str, Any]]) -> float:
    """Return calls a second, each body asked once before to fill the caches of words."""

    async def ask_all() -> None:
        for body in bodies:
            await provider.ask(kind, body)

    asyncio.run(ask_all())
    return len(bodies) / seconds_of(lambda: asyncio.run(ask_all()), 5)


def measure_samples(work: Path) -> None:
    provider = open_local(SAMPLES, SAMPLES, ["."], work / "samples.db")
    searches = rate(provider, "search", [search_body(question) for question in QUESTIONS])
    answers = rate(provider, "task", [task_body(subject) for subject in SUBJECTS])
    briefs = rate(
        provider,
        "task",
        [
            {
                "input": f"Analysis of {subject} including financials, strategy and market position",
                "processor": "core",
                "task_spec": {"output_schema": {"type": "text"}},
            }
            for subject in SUBJECTS
        ],
    )
    asyncio.run(provider.close())
    print(f"{'sample documents: searches':44} {searches:8.0f} a second")
    print(f"{'  answers of five fields':44} {answers:8.0f} a second")
    print(f"{'  text reports':44} {briefs:8.0f} a second")


def write_documents(folder: Path, count: int) -> None:
    chance = random.Random(count)
    words = [
        "".join(chance.choices("aeioulnrstkmdp", k=chance.randint(3, 9))) for _ in range(8_000)
    ]
    for number in range(count):
        paragraphs = (" ".join(chance.choices(words, k=90)).capitalize() + "." for _ in range(4))
        name = f"{chance.choice(words)}{number}".capitalize()
        (folder / f"{name}.md").write_text(
            f"# {name}\n\nFounded: {chance.randint(1850, 2020)}\n\n" + "\n\n".join(paragraphs),
            encoding="utf-8",
        )


def read_all(folder: Path) -> int:
    return sum(len(path.read_bytes()) for path in folder.iterdir())


def bare_search(connection: sqlite3.Connection, statement: str, match: str) -> list[Any]:
    return connection.execute(statement, (match,)).fetchall()


def search(provider: LocalProvider, question: str) -> object:
    return asyncio.run(provider.ask("search", search_body(question)))


def bare_query(folder: Path, questions: Sequence[str]) -> float:
    """Return the median time of a bare FTS5 query over the same texts."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5(body, tokenize='porter')")
    connection.executemany(
        "INSERT INTO texts VALUES (?)",
        ((path.read_text(encoding="utf-8"),) for path in folder.iterdir()),
    )
    found = []
    for question in questions:
        match = " OR ".join(f'"{word}"' for word in question.split())
        statement = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 10"
        found.append(seconds_of(partial(bare_search, connection, statement, match)))
    connection.close()
    return statistics.median(found)


def measure_generated(count: int, work: Path) -> None:
    folder = work / f"documents{count}"
    folder.mkdir()
    write_documents(folder, count)
    database = work / f"{count}.db"

    def opened() -> LocalProvider:
        return open_local(folder, folder, ["."], database)

    floor = seconds_of(lambda: read_all(folder), 3)
    build = seconds_of(lambda: asyncio.run(opened().close()))
    unchanged = seconds_of(lambda: asyncio.run(opened().close()), 3)
    some = sorted(folder.iterdir())
    some[0].write_text("# Other\n\nFounded: 1900\n", encoding="utf-8")
    changed = seconds_of(lambda: asyncio.run(opened().close()))
    names = random.Random(1).sample(some[1:], 40)
    questions = [" ".join(path.read_text(encoding="utf-8").split()[20:26]) for path in names]
    provider = opened()
    searches = [seconds_of(partial(search, provider, question)) for question in questions]
    asyncio.run(provider.close())
    median, bare = statistics.median(searches), bare_query(folder, questions)
    print(f"{count:,} documents, {read_all(folder) / 1e6:.1f} MB")
    for name, value, base in (
        ("build the index", build, floor),
        ("update, nothing changed", unchanged, floor),
        ("update, one file changed", changed, floor),
    ):
        ratio = f"{value / base:7.1f} x reading the files ({1000 * base:.0f} ms)"
        print(f"  {name:42} {1000 * value:8.1f} ms {ratio}")
    ratio = f"{median / bare:7.1f} x a bare FTS5 query ({1000 * bare:.2f} ms)"
    print(f"  {'median search':42} {1000 * median:8.1f} ms {ratio}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        measure_samples(work)
        for count in SIZES:
            measure_generated(count, work)


if __name__ == "__main__":
    main()

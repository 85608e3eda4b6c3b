"""How good the local provider's answers are, on question sets kept outside this repository.

Run as `python tests/benchmarks/bench_local_quality.py FOLDER`, where FOLDER holds

- `questions.json`: articles of SQuAD 1.1, the answers of a question as a list of texts;
- `packages/{raw,html,prose,readme}/`: one document per software package in each folder, and
  `packages/truth.json`: what is right for each (see `FIELDS`; `license`, `author` and `homepage`
  list all values that are right).

Everything goes the way a job's calls go: `open_local`, then `ask` with the API's request bodies.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import string
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.job.model import Kind
from runner.providers.local.provider import LocalProvider, open_local

ANSWER_NAMES = (
    {"answer": {"type": "string"}},
    {"answer": {"type": "string", "description": "The answer to the question, in a few words"}},
    {"short_answer": {"type": ["string", "null"]}},
    {"result": {"type": "string", "description": "Short answer"}},
)
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "summary": {"type": "string", "description": "One-line summary of what the package does"},
    "license": {"type": "string", "description": "License of the package"},
    "requires_python": {
        "type": "string",
        "description": "Range of supported Python versions, e.g. >=3.8",
    },
    "author": {"type": "string", "description": "Author or maintainer"},
    "homepage": {"type": "string", "description": "URL of the project's home page"},
    "version": {"type": "string", "description": "Current version"},
    "required_dependencies": {
        "type": "integer",
        "description": "Number of required (not optional) dependencies",
    },
    "supports_python_3_11": {"type": "boolean", "description": "Whether Python 3.11 is supported"},
    "keywords": {"type": "array", "items": {"type": "string"}, "description": "Keywords or tags"},
}
BARE = {
    name: {key: value for key, value in part.items() if key != "description"}
    for name, part in FIELDS.items()
}
PACKAGE_WORDINGS = (
    ("Facts about the Python package {}", FIELDS),
    ("Key metadata of {}", FIELDS),
    ("What is known about the {} library? Give its license, author and version.", BARE),
)
FOLDS = 4


def open_folder(folder: Path, database: Path) -> LocalProvider:
    return open_local(folder, folder, ["."], database)


def ask(provider: LocalProvider, kind: Kind, body: Mapping[str, Any]) -> Any:
    return asyncio.run(provider.ask(kind, body))


def search(provider: LocalProvider, question: str, **settings: Any) -> Any:
    body = {"search_queries": [question], "objective": question, **settings}
    return ask(provider, "search", body).output["results"]


def query(
    provider: LocalProvider, question: str, properties: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return the output of a task, and the confidence of each field."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    answer = ask(
        provider,
        "task",
        {
            "input": question,
            "processor": "core",
            "task_spec": {"output_schema": {"type": "json", "json_schema": schema}},
        },
    )
    return answer.output, {entry["field"]: entry["confidence"] for entry in answer.basis}


def normal(text: str) -> str:
    """Return a text as SQuAD compares it: lower case, no punctuation, no articles."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", text).split())


def f1(got: str, expected: str) -> float:
    left, right = normal(got).split(), normal(expected).split()
    same = sum((Counter(left) & Counter(right)).values())
    return 2 * same / (len(left) + len(right)) if same else 0.0


def best(measure: Callable[[str, str], float], got: str, expected: Sequence[str]) -> float:
    return max(measure(got, one) for one in expected)


def exact(got: str, expected: str) -> float:
    return float(normal(got) == normal(expected))


def percent(values: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(values):5.1f} %" if values else "    - "


def row(name: str, *figures: str) -> None:
    print(f"{name:52} {'  '.join(figures)}")


def write_paragraphs(folder: Path, articles: Sequence[Mapping[str, Any]]) -> None:
    for article in articles:
        title = re.sub(r"[^\w-]+", "_", article["title"])
        for at, paragraph in enumerate(article["paragraphs"]):
            path = folder / f"{title}-{at:03}.md"
            heading = article["title"].replace("_", " ")
            path.write_text(f"# {heading}\n\n{paragraph['context']}\n", encoding="utf-8")


def questions_of(article: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (file, question, right answers) for every question of an article."""
    title = re.sub(r"[^\w-]+", "_", article["title"])
    for at, paragraph in enumerate(article["paragraphs"]):
        for asked in paragraph["qas"]:
            right = list(dict.fromkeys(asked["answers"]))
            yield f"{title}-{at:03}.md", asked["question"], right


def measure_search(articles: Sequence[Mapping[str, Any]], sample: int, work: Path) -> None:
    folder = work / "paragraphs"
    folder.mkdir()
    write_paragraphs(folder, articles)
    provider = open_folder(folder, work / "paragraphs.db")
    asked = [entry for article in articles for entry in questions_of(article)]
    asked = random.Random(1).sample(asked, min(sample, len(asked)))
    first, five, inside, seconds = [], [], [], []
    for file, question, right in asked:
        started = time.perf_counter()
        found = search(provider, question)
        seconds.append(time.perf_counter() - started)
        urls = [entry["url"] for entry in found]
        first.append(urls[:1] == [file])
        five.append(file in urls[:5])
        short = search(provider, question, max_chars_total=1500)
        shown = "\n".join(excerpt for entry in short for excerpt in entry["excerpts"])
        assert len(shown) <= 1500 + len(shown.split("\n"))
        inside.append(any(answer in shown for answer in right))
    count = sum(len(article["paragraphs"]) for article in articles)
    row(f"search, {count:,} paragraphs: right one first", percent(first))
    row("  right one among the first 5", percent(five))
    row("  answer inside excerpts of 1,500 characters in all", percent(inside))
    row("  median search", f"{1000 * statistics.median(seconds):5.1f} ms")
    for properties in ANSWER_NAMES:
        measure_query(provider, asked, properties)
    asyncio.run(provider.close())


def measure_query(
    provider: LocalProvider,
    asked: Sequence[tuple[str, str, list[str]]],
    properties: Mapping[str, Any],
) -> None:
    name, part = next(iter(properties.items()))
    exacts, scores, answered, seconds = [], [], [], []
    for _, question, right in asked:
        started = time.perf_counter()
        got = query(provider, question, properties)[0][name] or ""
        seconds.append(time.perf_counter() - started)
        answered.append(bool(got))
        exacts.append(best(exact, got, right))
        scores.append(best(f1, got, right))
    row(
        f"query, {name}: {part.get('description', 'string')}"[:52],
        f"EM {percent(exacts)}",
        f"F1 {percent(scores)}",
        f"answered {percent(answered)}",
        f"{1000 * statistics.median(seconds):.0f} ms",
    )


def measure_whole(articles: Sequence[Mapping[str, Any]], sample: int, work: Path) -> None:
    """Measure with whole articles as documents: is the answer in the right one's excerpts?"""
    folder = work / "articles"
    folder.mkdir()
    for article in articles:
        title = re.sub(r"[^\w-]+", "_", article["title"])
        text = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        (folder / f"{title}.txt").write_text(text, encoding="utf-8")
    provider = open_folder(folder, work / "articles.db")
    asked = [entry for article in articles for entry in questions_of(article)]
    inside = []
    for file, question, right in random.Random(2).sample(asked, min(sample, len(asked))):
        name = re.sub(r"-\d+\.md$", ".txt", file)
        found = search(provider, question)
        shown = [
            excerpt for entry in found if entry["url"] == name for excerpt in entry["excerpts"]
        ]
        inside.append(any(answer in excerpt for answer in right for excerpt in shown))
    row("search, whole articles: answer inside the right excerpts", percent(inside))
    asyncio.run(provider.close())


def measure_absent(articles: Sequence[Mapping[str, Any]], sample: int, work: Path) -> None:
    """Measure how often something is answered where no document treats the topic."""
    answered = []
    for fold in range(FOLDS):
        folder = work / f"absent{fold}"
        folder.mkdir()
        write_paragraphs(folder, [a for at, a in enumerate(articles) if at % FOLDS != fold])
        provider = open_folder(folder, work / f"absent{fold}.db")
        gone = [q for at, a in enumerate(articles) if at % FOLDS == fold for q in questions_of(a)]
        for _, question, _ in random.Random(3).sample(gone, min(sample // FOLDS, len(gone))):
            answered.append(bool(query(provider, question, ANSWER_NAMES[0])[0]["answer"]))
        asyncio.run(provider.close())
    row("query, topic absent: answered", percent(answered))


def right_value(name: str, got: Any, truth: Any) -> float:
    """Return 1 or 0 for a package's field; for keywords the share of the two lists in common."""
    if name == "keywords":
        left, right = {normal(k) for k in got or []}, {normal(k) for k in truth}
        return 2 * len(left & right) / (len(left) + len(right)) if left or right else 1.0
    if not isinstance(truth, list):
        truth = [truth]
    if isinstance(got, str):
        shown = normal(got.rstrip("/"))
        return float(any(isinstance(t, str) and normal(t.rstrip("/")) == shown for t in truth))
    return float(got in truth and not (isinstance(got, bool) ^ isinstance(truth[0], bool)))


def measure_packages(folder: Path, work: Path, *, verbose: bool) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    for kind in ("raw", "html", "prose"):
        provider = open_folder(folder / kind, work / f"packages-{kind}.db")
        for wording, fields in PACKAGE_WORDINGS:
            marks: dict[str, list[float]] = {name: [] for name in fields}
            sure: list[float] = []
            for package, facts in truth.items():
                output, confidence = query(provider, wording.format(package), fields)
                for name in fields:
                    if facts[name] == "ambiguous":
                        continue
                    mark = right_value(name, output[name], facts[name])
                    marks[name].append(mark)
                    if confidence[name] == "high":
                        sure.append(float(mark > 0))
                    if verbose and mark < 1:
                        print("   ", kind, package, name, confidence[name], repr(output[name])[:80])
                        print("        right:", repr(facts[name])[:80])
            mean = [statistics.fmean(values) for values in marks.values()]
            row(f"packages, {kind}: {wording}"[:52], percent(mean), f"high: {percent(sure)}")
            row("", *(f"{n[:9]} {100 * statistics.fmean(v):.0f}" for n, v in marks.items()))
        asyncio.run(provider.close())
    measure_readme(folder / "readme", truth, work, verbose=verbose)


def measure_readme(folder: Path, truth: Mapping[str, Any], work: Path, *, verbose: bool) -> None:
    """Measure with documents that state few of the facts: what is given must be right."""
    provider = open_folder(folder, work / "packages-readme.db")
    given: dict[str, list[float]] = {"high": [], "medium": [], "low": []}
    for package, facts in truth.items():
        output, confidence = query(provider, PACKAGE_WORDINGS[0][0].format(package), FIELDS)
        for name in FIELDS:
            if output[name] in (None, []) or facts[name] == "ambiguous":
                continue
            mark = float(right_value(name, output[name], facts[name]) > 0)
            given[confidence[name]].append(mark)
            if verbose and not mark:
                print("    readme", package, name, confidence[name], repr(output[name])[:90])
    counts = [f"{level}: {percent(marks)} of {len(marks)}" for level, marks in given.items()]
    row("packages, readme: values given that are right", *counts)
    asyncio.run(provider.close())


def measure_speed(folder: Path, articles: Sequence[Mapping[str, Any]], work: Path) -> None:
    pages = sorted((folder / "packages" / "html").iterdir())
    size = sum(path.stat().st_size for path in pages)
    started = time.perf_counter()
    provider = open_folder(folder / "packages" / "html", work / "speed.db")
    row("HTML indexed", f"{size / 1e6 / (time.perf_counter() - started):5.2f} MB/s")
    asyncio.run(provider.close())
    big = work / "big"
    big.mkdir()
    for copy in range(16):
        for article in articles:
            name = re.sub(r"[^\w-]+", "_", article["title"])
            texts = [paragraph["context"] for paragraph in article["paragraphs"]]
            random.Random(copy).shuffle(texts)
            (big / f"{name}-{copy}.txt").write_text("\n\n".join(texts), encoding="utf-8")
    asyncio.run(open_folder(big, work / "big.db").close())
    changed = next(iter(sorted(big.iterdir())))
    changed.write_text(changed.read_text(encoding="utf-8") + "\n\nOne more.", encoding="utf-8")
    started = time.perf_counter()
    provider = open_folder(big, work / "big.db")
    row("one changed file of 384", f"{1000 * (time.perf_counter() - started):5.1f} ms")
    asked = [question for article in articles for _, question, _ in questions_of(article)]
    seconds = []
    for question in random.Random(5).sample(asked, 60):
        started = time.perf_counter()
        search(provider, question)
        seconds.append(time.perf_counter() - started)
    row("median search, about 16,000 passages", f"{1000 * statistics.median(seconds):5.1f} ms")
    asyncio.run(provider.close())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", type=int, default=600, help="questions of each measurement")
    parser.add_argument("--verbose", action="store_true", help="show each wrong field")
    parser.add_argument("--only", choices=("search", "whole", "absent", "packages", "speed"))
    given = parser.parse_args()
    articles = json.loads((given.folder / "questions.json").read_text(encoding="utf-8"))["data"]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if given.only in (None, "search"):
            measure_search(articles, given.sample, work)
        if given.only in (None, "whole"):
            measure_whole(articles, given.sample, work)
        if given.only in (None, "absent"):
            measure_absent(articles, given.sample, work)
        if given.only in (None, "packages"):
            measure_packages(given.folder / "packages", work, verbose=given.verbose)
        if given.only in (None, "speed"):
            measure_speed(given.folder, articles, work)


if __name__ == "__main__":
    main()

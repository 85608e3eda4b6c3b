from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.providers.local.index import Found, Index
from runner.providers.local.ranking import ask
from runner.providers.local.words import content_words, fold, stem, words

TOPICS = ["anvil", "rocket", "feather", "harbour", "violin", "glacier", "lantern", "orchard"]


@contextmanager
def build(root: Path, texts: dict[str, str]) -> Iterator[Index]:
    files = []
    for name, text in texts.items():
        path = root / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        files.append((name, path))
    with closing(Index.open(root / "index.sqlite")) as index:
        index.update(files)
        yield index


def search(index: Index, *queries: str, total: int | None = None, most: int = 10) -> list[Found]:
    return index.search(list(queries), None, max_results=most, max_chars_total=total)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Eight documents of 40 paragraphs, one about each topic."""
    draw = random.Random(7)
    texts = {}
    for topic in TOPICS:
        others = [other for other in TOPICS if other != topic]
        paragraphs = [
            f"Paragraph {n} tells of the {topic} of year {1900 + n}. "
            + " ".join(
                f"It stands beside the {draw.choice(others)} near town {draw.randrange(99)}."
                for _ in range(12)
            )
            for n in range(40)
        ]
        texts[f"{topic}.md"] = f"# The {topic}\n\n" + "\n\n".join(paragraphs)
    with build(tmp_path_factory.mktemp("library"), texts) as index:
        yield index


class TestWords:
    def test_stems_are_those_of_sqlite(self) -> None:
        """An idf is looked up by a stem that SQLite made."""
        found = [
            "relational", "caresses", "ponies", "agreed", "hopping", "falling", "sky", "happy", "rationalize",
            "hopeful", "electricity", "adjustment", "probate", "controlling", "was", "a", "national",
            "generalizations", "oscillators", "triplicate", "engineering", "founded", "licence", "yearly",
        ]  # fmt: skip
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize='porter unicode61')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
        connection.executemany("INSERT INTO t VALUES (?)", [(word,) for word in found])
        known = dict(connection.execute("SELECT doc, term FROM v").fetchall())
        connection.close()
        assert [stem(word) for word in found] == [known[at] for at in range(1, len(found) + 1)]

    def test_accents_and_case_do_not_matter(self) -> None:
        assert words("Café ZÜRICH Straße") == ["cafe", "zurich", "strasse"]

    def test_scripts_without_spaces_become_pairs(self) -> None:
        assert words("東京都 is big") == ["東京", "京都", "is", "big"]

    def test_a_text_of_stopwords_keeps_them(self) -> None:
        assert content_words("to be or not to be") == ["to", "be", "or", "not", "to", "be"]
        assert content_words("who was the king") == ["king"]

    @given(st.text())
    def test_folding_again_changes_no_word(self, text: str) -> None:
        assert words(fold(text)) == words(text)


class TestQueries:
    @pytest.mark.parametrize(
        "query", ["", " ", '"', "C++?", "e-mail", "a AND", "title:x", "* ^ ( NEAR", "\0", "\ud800", "-", "'"]
    )  # fmt: skip
    def test_no_text_breaks_a_search(self, library: Index, query: str) -> None:
        assert isinstance(library.search_passages(query), list)
        assert isinstance(search(library, query), list)

    @settings(max_examples=100, deadline=None)
    @given(query=st.text(max_size=60))
    def test_any_text_is_a_query(self, library: Index, query: str) -> None:
        for hit in library.search_passages(query):
            assert 0 <= hit.coverage <= 1.0001

    def test_a_query_without_words_finds_nothing(self, library: Index) -> None:
        assert library.search_passages("?!") == []
        assert search(library) == []

    def test_words_of_every_passage_are_looked_up_only_where_nothing_else_is(self) -> None:
        counts = {"year": 5000, "anvil": 3}
        some = ask("year of the anvil", 10_000, lambda word: counts.get(word, 0))
        alone = ask("the year", 10_000, lambda word: counts.get(word, 0))
        assert some is not None
        assert alone is not None
        assert (some.words, alone.words) == (("anvil",), ("year",))


class TestRanking:
    def test_the_passage_that_states_it_comes_first(self, library: Index) -> None:
        first = library.search_passages("Which paragraph tells of the violin of year 1907?")[0]
        assert first.passage.text.startswith("Paragraph 7 tells of the violin of year 1907.")
        assert first.passage.document == "violin.md"

    def test_scores_fall_and_limits_hold(self, library: Index) -> None:
        hits = library.search_passages("violin near town 12", limit=7)
        assert len(hits) == 7
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    def test_coverage_tells_a_known_topic_from_an_unknown_one(self, library: Index) -> None:
        known = library.search_passages("the glacier of year 1911")[0].coverage
        unknown = max(h.coverage for h in library.search_passages("salary of the harbour pilot in Quito"))  # fmt: skip
        assert known > 0.9
        assert unknown < 0.5

    def test_a_named_document_beats_rare_words_elsewhere(self, tmp_path: Path) -> None:
        texts = {
            f"{name}.md": f"{name} is made for {topic}s. Its licence is free. "
            + "Its licence was chosen with care. " * (0 if name == "eggs" else 9)
            for name, topic in zip(["spam", "eggs", "toast", "bacon"], TOPICS, strict=False)
        }
        texts["toast.md"] += "The licence of toast resembles the licence of eggs."
        with build(tmp_path, texts) as index:
            assert search(index, "licence of eggs")[0].document == "eggs.md"

    def test_equal_documents_are_ordered_by_path(self, tmp_path: Path) -> None:
        texts = {f"{name}/same.txt": "The anvil is heavy." for name in "dbac"}
        with build(tmp_path, texts) as index:
            assert [found.document[0] for found in search(index, "anvil")] == list("abcd")

    def test_scripts_without_spaces_are_found(self, tmp_path: Path) -> None:
        texts = {"a.md": "東京都は日本の首都です。", "b.md": "大阪は大きい都市です。", "c.md": "กรุงเทพเป็นเมืองหลวง"}  # fmt: skip
        with build(tmp_path, texts) as index:
            assert search(index, "日本の首都")[0].document == "a.md"
            assert search(index, "大阪")[0].document == "b.md"
            assert search(index, "เมืองหลวง")[0].document == "c.md"

    def test_several_queries_find_what_each_of_them_means(self, library: Index) -> None:
        found = library.search(
            ["violin of year 1907", "glacier of year 1911"], "history", max_results=2, max_chars_total=None
        )  # fmt: skip
        assert {entry.document for entry in found} == {"violin.md", "glacier.md"}

    def test_an_objective_alone_is_enough(self, library: Index) -> None:
        found = library.search([], "Find the lantern", max_results=3, max_chars_total=None)
        assert found[0].document == "lantern.md"


class TestExcerpts:
    def test_they_are_exact_and_in_document_order(self, library: Index) -> None:
        for entry in search(library, "violin beside the anvil in year 1907"):
            known = library.document(entry.document)
            assert known is not None
            places = [known[2].find(excerpt) for excerpt in entry.excerpts]
            assert places
            assert min(places) >= 0
            assert places == sorted(places)

    @pytest.mark.parametrize("total", [None, 20_000, 1500, 700, 100, 10, 1, 0])
    def test_limits_are_never_passed(self, library: Index, total: int | None) -> None:
        found = search(library, "violin beside the anvil in year 1907", total=total, most=5)
        lengths = [sum(map(len, entry.excerpts)) for entry in found]
        assert len(found) == 5
        assert max(lengths) <= 1500
        assert total is None or sum(lengths) <= total

    def test_each_result_keeps_an_excerpt_and_the_best_most(self, library: Index) -> None:
        found = search(library, "violin of year 1907", total=1500, most=5)
        lengths = [sum(map(len, entry.excerpts)) for entry in found]
        assert min(lengths) > 0
        assert lengths[0] > 500
        assert any("violin of year 1907" in excerpt for excerpt in found[0].excerpts)

    def test_a_long_document_gives_several_passages(self, library: Index) -> None:
        (found,) = search(library, "violin", most=1)
        assert len(found.excerpts) >= 2
        assert sum(map(len, found.excerpts)) > 1000

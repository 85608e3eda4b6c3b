from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from runner.job.model import SourcePolicy
from runner.providers.local.index import Index, Update, allowed

TEXTS = {
    "notes/acme.md": "---\ndate: 2024-05-01\n---\n# Acme\n\nAcme was founded in 1990 in Paris.\n",
    "notes/bolt.txt": "Bolt makes screws in Oslo.\n",
    "data/firms.csv": "Company,City\nAcme,Paris\nBolt,Oslo\n",
}


class Folder:
    """A folder of documents and an index beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "documents"
        self.database = root / "state" / "index.sqlite"
        for path, text in TEXTS.items():
            self.write(path, text)

    def write(self, path: str, text: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def files(self) -> list[tuple[str, Path]]:
        return [
            (path.relative_to(self.root).as_posix(), path)
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        ]

    def update(self) -> Update:
        index = Index.open(self.database)
        try:
            return index.update(self.files())
        finally:
            index.close()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def index(folder: Folder) -> Iterator[Index]:
    with closing(Index.open(folder.database)) as opened:
        opened.update(folder.files())
        yield opened


def paths(index: Index, query: str, **options: object) -> list[str]:
    return [hit.passage.document for hit in index.search_passages(query, **options)]  # type: ignore[arg-type]


class TestUpdate:
    def test_only_what_changed_is_counted(self, folder: Folder, index: Index) -> None:
        assert index.update(folder.files()) == Update(added=0, changed=0, removed=0, warnings=())
        folder.write("notes/bolt.txt", "Bolt makes nuts in Bergen.\n")
        folder.write("notes/new.md", "Corvid sells feathers.\n")
        (folder.root / "data/firms.csv").unlink()
        assert index.update(folder.files()) == Update(added=1, changed=1, removed=1, warnings=())
        assert paths(index, "Bergen") == ["notes/bolt.txt"]
        assert paths(index, "feathers") == ["notes/new.md"]
        assert paths(index, "screws") == []

    def test_an_updated_index_answers_as_a_new_one_does(self, folder: Folder, index: Index) -> None:
        folder.write("notes/bolt.txt", "Bolt, of Bergen, bought Acme of Paris.\n")
        index.update(folder.files())
        with closing(Index.open(folder.database.with_name("fresh.sqlite"))) as fresh:
            fresh.update(folder.files())
            for query in ("Acme Paris", "who bought Acme?", "Bergen"):
                ours = [(h.passage.document, h.passage.text, h.score, h.coverage) for h in index.search_passages(query)]  # fmt: skip
                theirs = [(h.passage.document, h.passage.text, h.score, h.coverage) for h in fresh.search_passages(query)]  # fmt: skip
                assert ours == theirs
                assert ours
            assert index.digest(dates=True) == fresh.digest(dates=True)

    def test_a_touched_file_is_not_a_changed_one(self, folder: Folder, index: Index) -> None:
        before = index.digest(dates=False)
        os.utime(folder.root / "notes/bolt.txt", (1, 1))
        assert index.update(folder.files()).changed == 0
        assert index.digest(dates=False) == before

    def test_a_broken_file_is_a_warning_each_time_and_the_others_go_on(
        self, folder: Folder, index: Index
    ) -> None:
        folder.write("notes/broken.pdf", b"%PDF-1.4 nothing")
        first, second = index.update(folder.files()), index.update(folder.files())
        assert (first.added, second.added) == (1, 0)
        assert first.warnings == second.warnings
        assert "notes/broken.pdf is damaged" in first.warnings[0]
        assert [path for path, _, _ in index.documents()] == sorted(TEXTS)
        folder.write("notes/broken.pdf", b"")
        (folder.root / "notes/broken.pdf").unlink()
        assert index.update(folder.files()).warnings == ()

    def test_a_file_that_vanished_is_named(self, folder: Folder, index: Index) -> None:
        files = [*folder.files(), ("notes/gone.md", folder.root / "notes/gone.md")]
        assert index.update(files).warnings == ("notes/gone.md cannot be read: No such file or directory",)  # fmt: skip

    def test_a_name_that_is_no_text_is_named(self, folder: Folder, index: Index) -> None:
        files = [*folder.files(), ("notes/\udcff.md", folder.root / "notes/bolt.txt")]
        (warning,) = index.update(files).warnings
        assert "its name is not UTF-8" in warning
        warning.encode()

    def test_an_interrupted_update_leaves_the_index_as_it_was(
        self, folder: Folder, index: Index
    ) -> None:
        class Interrupting(type(Path())):  # type: ignore[misc]
            def read_bytes(self) -> bytes:
                raise KeyboardInterrupt

        before = index.digest(dates=True)
        folder.write("notes/aaa.md", "New words.\n")
        folder.write("notes/zzz.md", "Last words.\n")
        files = [
            (shown, Interrupting(path) if shown == "notes/zzz.md" else path)
            for shown, path in folder.files()
        ]
        with pytest.raises(KeyboardInterrupt):
            index.update(files)
        assert index.digest(dates=True) == before
        assert index.update(folder.files()).added == 2

    def test_two_processes_at_once_both_succeed(self, folder: Folder) -> None:
        for number in range(60):
            folder.write(f"many/{number}.md", f"# Part {number}\n\n" + "Words of all kinds. " * 50)
        program = (
            "import sys; from pathlib import Path; from runner.providers.local.index import Index\n"
            "root = Path(sys.argv[1])\n"
            "files = [(p.relative_to(root).as_posix(), p) for p in sorted(root.rglob('*.md'))]\n"
            "index = Index.open(Path(sys.argv[2])); index.update(files)\n"
            "print(len(index.documents()))"
        )
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", program, str(folder.root), str(folder.database)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        assert [run.communicate(timeout=60) for run in runs] == [("61\n", ""), ("61\n", "")]


class TestOpen:
    @pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\0" + b"\xff" * 5000])
    def test_a_damaged_file_is_built_anew(self, folder: Folder, content: bytes) -> None:
        folder.database.parent.mkdir()
        folder.database.write_bytes(content)
        assert folder.update() == Update(added=3, changed=0, removed=0, warnings=())

    def test_damage_found_while_updating_is_mended(self, folder: Folder) -> None:
        folder.update()
        size = folder.database.stat().st_size
        with folder.database.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        folder.write("notes/bolt.txt", "Changed.\n")
        assert folder.update().added == 3

    def test_another_format_is_built_anew(self, folder: Folder) -> None:
        folder.update()
        with closing(sqlite3.connect(folder.database)) as connection, connection:
            connection.execute("PRAGMA user_version = 999")
        connection.close()
        assert folder.update().added == 3

    def test_an_index_that_cannot_be_written_lives_in_memory(self, folder: Folder) -> None:
        folder.database.mkdir(parents=True)
        with closing(Index.open(folder.database)) as index:
            update = index.update(folder.files())
            assert "cannot be written" in update.warnings[0]
            assert paths(index, "screws") == ["notes/bolt.txt"]
            assert index.update(folder.files()).warnings == update.warnings

    def test_it_may_be_used_from_another_thread(self, index: Index) -> None:
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.extend(paths(index, "screws")))
        thread.start()
        thread.join()
        assert found == ["notes/bolt.txt"]


class TestContent:
    def test_documents_have_title_and_stated_date(self, index: Index) -> None:
        assert index.documents() == [
            ("data/firms.csv", "firms", None),
            ("notes/acme.md", "Acme", "2024-05-01"),
            ("notes/bolt.txt", "bolt", None),
        ]

    def test_passages_stand_in_the_full_text(self, index: Index) -> None:
        for path in TEXTS:
            found = index.document(path)
            assert found is not None
            passages = index.passages(path)
            assert [passage.ordinal for passage in passages] == list(range(len(passages)))
            assert passages
            assert all(passage.text in found[2] for passage in passages)

    def test_unknown_documents_are_none(self, index: Index) -> None:
        assert index.document("nowhere.md") is None
        assert index.passages("nowhere.md") == []
        assert index.facts(["nowhere.md"]) == []

    def test_facts_belong_to_their_documents(self, index: Index) -> None:
        facts = index.facts(["data/firms.csv"])
        assert ("Bolt", "City", "Oslo") in {(f.entity, f.label, f.value) for f in facts}
        assert {fact.document for fact in facts} == {"data/firms.csv"}
        assert len(index.facts()) > len(facts)

    def test_the_digest_changes_with_content_and_on_request_with_dates(
        self, folder: Folder, index: Index
    ) -> None:
        plain, dated = index.digest(dates=False), index.digest(dates=True)
        os.utime(folder.root / "notes/bolt.txt", (86_400, 86_400))
        index.update(folder.files())
        assert index.digest(dates=False) == plain
        assert index.digest(dates=True) != dated
        folder.write("notes/bolt.txt", "Other.\n")
        index.update(folder.files())
        assert index.digest(dates=False) != plain


class TestPolicy:
    @pytest.mark.parametrize("place", ["notes", "./notes", "notes/", "notes/acme.md", "."])
    def test_a_domain_is_a_file_or_all_below_a_folder(self, place: str) -> None:
        assert allowed("notes/acme.md", "2024-01-01", SourcePolicy(include_domains=(place,)))
        assert not allowed("notes/acme.md", "2024-01-01", SourcePolicy(exclude_domains=(place,)))

    @pytest.mark.parametrize("place", ["note", "acme.md", "notes/acme", "data"])
    def test_other_places_are_not(self, place: str) -> None:
        assert not allowed("notes/acme.md", "2024-01-01", SourcePolicy(include_domains=(place,)))
        assert allowed("notes/acme.md", "2024-01-01", SourcePolicy(exclude_domains=(place,)))

    def test_include_wins_over_exclude(self) -> None:
        policy = SourcePolicy(include_domains=("notes",), exclude_domains=("notes/acme.md",))
        assert allowed("notes/acme.md", "2024-01-01", policy)

    def test_after_date_takes_the_stated_date_else_the_files(
        self, folder: Folder, index: Index
    ) -> None:
        os.utime(folder.root / "notes/bolt.txt", (0, 0))
        index.update(folder.files())
        policy = SourcePolicy(after_date=date(2024, 5, 1))
        assert [path for path, _, _ in index.documents(policy)] == [
            "data/firms.csv",
            "notes/acme.md",
        ]
        later = SourcePolicy(after_date=date(2024, 5, 2))
        assert [path for path, _, _ in index.documents(later)] == ["data/firms.csv"]

    def test_searches_obey_policy_and_named_documents(self, index: Index) -> None:
        notes = SourcePolicy(include_domains=("notes",))
        assert paths(index, "Paris", policy=notes) == ["notes/acme.md"]
        assert paths(index, "Paris", documents=["data/firms.csv"]) == ["data/firms.csv"]
        assert paths(index, "Paris", documents=["data/firms.csv"], policy=notes) == []
        found = index.search(["Paris"], None, max_results=5, max_chars_total=None, policy=notes)
        assert [entry.document for entry in found] == ["notes/acme.md"]

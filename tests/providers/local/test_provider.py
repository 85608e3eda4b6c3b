"""The provider as the executor sees it: opened over a folder, asked with the API's bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import NotAvailableError, UsageError
from runner.providers.base import Answer
from runner.providers.local.provider import LocalProvider, open_local

NOTES = {
    "acme.md": "---\ntitle: Acme\ndate: 2024-05-01\n---\n\n# Acme\n\nAcme makes anvils. It was founded in 1949 by"
    " Wile Coyote.\n\nHeadquarters: Tucson, Arizona\nEmployees: 1,200\n",
    "finance/umbrella.txt": "Umbrella\n\nFounded: 1968\n\nUmbrella sells umbrellas and medicines in Raccoon City.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in NOTES.items():
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


Opening = Callable[..., LocalProvider]


@pytest.fixture
def opening(folder: Path) -> Iterator[Opening]:
    opened: list[LocalProvider] = []

    def open_notes(*patterns: str, name: str = "index.db") -> LocalProvider:
        opened.append(open_local(folder, folder, patterns or ("notes",), folder / "state" / name))
        return opened[-1]

    yield open_notes
    for provider in opened:
        asyncio.run(provider.close())


def ask(provider: LocalProvider, kind: Any, body: Mapping[str, Any]) -> Answer:
    return asyncio.run(provider.ask(kind, body))


def task(provider: LocalProvider, asked: Any, output: Mapping[str, Any], **more: Any) -> Answer:
    spec = {"output_schema": output}
    return ask(provider, "task", {"input": asked, "processor": "core", "task_spec": spec, **more})


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "json", "json_schema": {"type": "object", "properties": properties}}


class TestOpening:
    @pytest.mark.parametrize(
        ("patterns", "found"),
        [
            (["notes"], {"notes/acme.md", "notes/finance/umbrella.txt"}),
            (
                ["notes/**/*.md", "./notes/finance/"],
                {"notes/acme.md", "notes/finance/umbrella.txt"},
            ),
            (["notes/*"], {"notes/acme.md"}),
            (["notes/acme.md"], {"notes/acme.md"}),
        ],
    )
    def test_folders_files_and_patterns(
        self, opening: Opening, patterns: list[str], found: set[str]
    ) -> None:
        results = ask(opening(*patterns), "search", {"search_queries": ["Acme Umbrella"]}).output[
            "results"
        ]
        assert {hit["url"] for hit in results} == found

    def test_nothing_outside_the_root_and_nothing_hidden_is_read(
        self, folder: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        outside = tmp_path_factory.mktemp("outside") / "secret.md"
        outside.write_text("secret password", encoding="utf-8")
        (folder / "notes" / "link.md").symlink_to(outside)
        (folder / "notes" / ".hidden.md").write_text("secret", encoding="utf-8")
        provider = open_local(folder, folder, ["notes"], folder / "i.db")
        assert ask(provider, "search", {"search_queries": ["secret password"]}).output == {
            "results": []
        }
        asyncio.run(provider.close())

    @pytest.mark.parametrize("patterns", [["nothing/*.md"], ["missing"], []])
    def test_no_document_is_said_with_the_pattern(self, folder: Path, patterns: list[str]) -> None:
        with pytest.raises(UsageError) as caught:
            open_local(folder, folder, patterns, folder / "i.db")
        assert all(pattern in caught.value.message for pattern in patterns)

    @pytest.mark.parametrize("pattern", ["/absolute/*.md", "notes/**.md/**x"])
    def test_a_pattern_that_is_none_is_said(self, folder: Path, pattern: str) -> None:
        with pytest.raises(UsageError):
            open_local(folder, folder, [pattern], folder / "i.db")

    def test_documents_none_of_which_can_be_read_are_an_error(self, folder: Path) -> None:
        (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
        with pytest.raises(UsageError) as caught:
            open_local(folder, folder, ["broken.pdf"], folder / "i.db")
        assert "broken.pdf" in str(caught.value.hint)

    def test_a_broken_document_is_a_warning_and_the_others_answer(
        self, folder: Path, opening: Opening
    ) -> None:
        (folder / "notes" / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
        provider = opening()
        assert [warning for warning in provider.warnings if "broken.pdf" in warning]
        answer = task(provider, "Facts about Acme", schema(employees={"type": "integer"}))
        assert answer.output == {"employees": 1200}

    def test_the_edition_changes_with_the_documents_and_with_dates_only_where_they_count(
        self, folder: Path, opening: Opening
    ) -> None:
        dated = {"source_policy": {"after_date": "2020-01-01"}}
        first = opening()
        same = opening(name="other.db")
        assert first.edition({}) == same.edition({})
        assert first.edition({}) != first.edition(dated)
        (folder / "notes" / "acme.md").write_text("# Acme\n\nGone.\n", encoding="utf-8")
        assert opening(name="third.db").edition({}) != first.edition({})


class TestSearching:
    def test_results_have_the_apis_shape(self, opening: Opening) -> None:
        results = ask(
            opening(), "search", {"search_queries": ["anvils"], "objective": "who makes anvils"}
        ).output["results"]
        assert results[0]["url"] == "notes/acme.md"
        assert (results[0]["title"], results[0]["publish_date"]) == ("Acme", "2024-05-01")
        assert "Acme makes anvils." in results[0]["excerpts"][0]

    def test_settings_limit_results_and_characters(self, opening: Opening) -> None:
        body = {
            "search_queries": ["Acme Umbrella founded"],
            "advanced_settings": {
                "max_results": 1,
                "excerpt_settings": {"max_chars_per_result": 60},
            },
        }
        results = ask(opening(), "search", body).output["results"]
        assert len(results) == 1
        assert sum(map(len, results[0]["excerpts"])) <= 60

    @pytest.mark.parametrize(
        ("policy", "found"),
        [
            ({"include_domains": ["notes/finance"]}, {"notes/finance/umbrella.txt"}),
            ({"exclude_domains": ["notes/finance"]}, {"notes/acme.md"}),
            ({"include_domains": ["notes/acme.md"], "after_date": "2024-05-01"}, {"notes/acme.md"}),
            ({"include_domains": ["notes/acme.md"], "after_date": "2024-05-02"}, set()),
        ],
    )
    def test_a_policy_holds_wherever_the_body_states_it(
        self, opening: Opening, policy: Mapping[str, Any], found: set[str]
    ) -> None:
        provider = opening()
        for more in ({"source_policy": policy}, {"advanced_settings": {"source_policy": policy}}):
            results = ask(provider, "search", {"search_queries": ["Acme Umbrella"], **more}).output[
                "results"
            ]
            assert {hit["url"] for hit in results} == found

    @pytest.mark.parametrize(
        "text",
        [
            "C++?",
            "e-mail",
            '"',
            "''",
            "NEAR(a b)",
            "a AND OR NOT b",
            "*",
            "title:x",
            "\x00",
            "日本語",
            "ไทย",
            "🎉",
        ],
    )
    def test_no_question_breaks_it(self, opening: Opening, text: str) -> None:
        provider = opening()
        ask(provider, "search", {"search_queries": [text], "objective": text})
        answer = task(provider, text, schema(answer={"type": "string"}))
        assert set(answer.output) == {"answer"}

    @given(question=st.text(max_size=80))
    @settings(max_examples=60, deadline=None)
    def test_any_text_is_a_question(self, library: LocalProvider, question: str) -> None:
        answer = task(
            library, question, schema(answer={"type": "string"}, founded={"type": "integer"})
        )
        assert json.loads(json.dumps(answer.output)) == answer.output


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProvider]:
    folder = tmp_path_factory.mktemp("library")
    for name, text in NOTES.items():
        (folder / name.rpartition("/")[2]).write_text(text, encoding="utf-8")
    provider = open_local(folder, folder, ["."], folder / ".index.db")
    yield provider
    asyncio.run(provider.close())


class TestExtracting:
    def test_known_documents_give_excerpts_and_unknown_ones_an_error(
        self, opening: Opening
    ) -> None:
        provider = opening()
        output = ask(provider, "extract", {"urls": ["notes/acme.md", "gone.md"]}).output
        assert output["results"][0]["title"] == "Acme"
        assert "full_content" not in output["results"][0]
        assert output["errors"][0]["url"] == "gone.md"
        assert output["errors"][0]["http_status_code"] == 404

    def test_an_objective_chooses_the_excerpts_and_the_whole_text_comes_on_request(
        self, opening: Opening
    ) -> None:
        body = {
            "urls": ["notes/acme.md"],
            "objective": "employees",
            "advanced_settings": {"full_content": True},
        }
        (result,) = ask(opening(), "extract", body).output["results"]
        assert any("1,200" in excerpt for excerpt in result["excerpts"])
        assert "Acme makes anvils." in result["full_content"]

    def test_other_kinds_are_refused(self, opening: Opening) -> None:
        with pytest.raises(NotAvailableError):
            ask(opening(), "findall", {})


class TestTasks:
    def test_the_same_question_gets_the_same_answer_whatever_the_order_of_files(
        self, opening: Opening
    ) -> None:
        fields = schema(
            founded={"type": "integer"}, summary={"type": "string"}, staff={"type": "integer"}
        )
        answers = [
            task(opening(*patterns, name=name), "Facts about Acme", fields)
            for name, patterns in (
                ("a.db", ("notes/finance", "notes/acme.md")),
                ("b.db", ("notes/acme.md", "notes/finance")),
            )
        ]
        assert answers[0] == answers[1]

    def test_a_structured_input_names_the_subject(self, opening: Opening) -> None:
        answer = task(
            opening(), {"company": "Umbrella", "topic": "Acme"}, schema(founded={"type": "integer"})
        )
        assert answer.output == {"founded": 1968}

    def test_text_is_a_report_with_numbered_sources(self, opening: Opening) -> None:
        answer = task(
            opening(), "Describe Acme including:\n- founding\n- mining rights", {"type": "text"}
        )
        assert answer.output.startswith("# Acme")
        assert "## Founding" in answer.output
        assert "founded in 1949" in answer.output
        assert "notes/acme.md" in answer.output
        assert "No confident match" in answer.output
        assert answer.warnings

    def test_text_on_an_unknown_subject_says_so(self, opening: Opening) -> None:
        answer = task(opening(), "Quantum chromodynamics lattice", {"type": "text"})
        assert "no confident match" in answer.output
        assert answer.basis[0]["citations"] == []

    def test_auto_brings_its_schema_and_keeps_it(self, opening: Opening) -> None:
        import jsonschema  # noqa: PLC0415

        for question in ("What is known about Acme?", "Quantum chromodynamics lattice"):
            answer = task(opening(), question, {"type": "auto"})
            assert answer.output_schema is not None
            jsonschema.validate(answer.output, dict(answer.output_schema))

    def test_a_policy_holds_for_tasks(self, opening: Opening) -> None:
        answer = task(
            opening(),
            "Facts about Acme",
            schema(founded={"type": "integer"}),
            source_policy={"include_domains": ["notes/finance"]},
        )
        assert answer.output == {"founded": None}
        assert answer.basis[0]["citations"] == []

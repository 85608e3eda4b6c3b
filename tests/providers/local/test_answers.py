"""Values from documents: right ones, none that are made up, and where they come from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from runner.providers.local.provider import LocalProvider, open_local

Asking = Callable[..., tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]]

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
TEXTS = {"type": "array", "items": {"type": "string"}}


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    """Ask a question of some documents; give the content, and the basis of each field."""
    opened: list[LocalProvider] = []

    def ask_documents(documents: Mapping[str, str], question: Any, **fields: Any) -> Any:
        for name, text in documents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        provider = open_local(tmp_path, tmp_path, ["."], tmp_path / ".index.db")
        opened.append(provider)
        output = {"type": "json", "json_schema": {"type": "object", "properties": fields}}
        body = {"input": question, "processor": "core", "task_spec": {"output_schema": output}}
        answer = asyncio.run(provider.ask("task", body))
        return answer.output, {entry["field"]: entry for entry in answer.basis}

    yield ask_documents
    for provider in opened:
        asyncio.run(provider.close())


def sources(entry: Mapping[str, Any]) -> list[str]:
    return [citation["url"] for citation in entry["citations"]]


class TestLabels:
    @pytest.mark.parametrize(
        ("name", "part", "line", "value"),
        [
            ("founded_year", INTEGER, "Established: 3 May 1949", 1949),
            ("foundingYear", INTEGER, "Year of foundation: 1949", 1949),
            ("head_office", TEXT, "Headquarters: Oslo, Norway", "Oslo, Norway"),
            ("hq", {**TEXT, "description": "Where the company is based"}, "HQ: Oslo", "Oslo"),
            ("staff", INTEGER, "Number of employees: about 1,200 (end of 2024)", 1200),
            ("licence", TEXT, "License: MIT", "MIT"),
            ("website", TEXT, "Homepage: https://acme.example/", "https://acme.example/"),
            ("listed", {"type": "boolean", "description": "Whether it is listed"}, "Listed: yes", True),
            ("size", {"enum": ["1-50", "51-500", "501+"]}, "Size: 60", "51-500"),
            ("opening_date", {**TEXT, "format": "date"}, "Opening date: 3 May 1949", "1949-05-03"),
            ("revenue", {**NUMBER, "description": "Revenue in million euros"}, "Revenue: 1.2 billion euros", 1200),
            ("revenue", {**TEXT, "description": "Revenue, e.g. 1.5 billion euros"}, "Net sales: 1.2 billion euros", "1.2 billion euros"),
            ("growth_rate", NUMBER, "Growth: 7 %", 7),
            ("market_share", {**NUMBER, "maximum": 1}, "Market share: 7 %", 0.07),
            ("key_products", TEXTS, "Products: anvils, rockets and magnets", ["anvils", "rockets", "magnets"]),
            ("ceo", {"anyOf": [{"type": "null"}, TEXT]}, "Chief executive: Jane Doe", "Jane Doe"),
            ("author", {**TEXT, "description": "Author or maintainer"}, "Maintainer: Jane Doe", "Jane Doe"),
        ],
    )  # fmt: skip
    def test_a_label_names_a_field(
        self, asking: Asking, name: str, part: Mapping[str, Any], line: str, value: object
    ) -> None:
        content, basis = asking(
            {"acme.md": f"# Acme\n\n{line}\n"}, "Facts about Acme", **{name: part}
        )
        assert content[name] == value
        assert sources(basis[name]) == ["acme.md"]
        assert line in basis[name]["citations"][0]["excerpts"][0]
        assert basis[name]["confidence"] == "high"

    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("license", "License-File: LICENSE.txt"),
            ("headquarters", "Former headquarters: Oslo"),
            ("license", "License: https://acme.example/LICENSE"),
            ("author", "Author: unknown"),
            ("author", "Author: https://acme.example"),
            ("version", "Version: none"),
        ],
    )
    def test_what_a_label_does_not_say_is_null(self, asking: Asking, name: str, line: str) -> None:
        content, basis = asking(
            {"acme.md": f"# Acme\n\n{line}\n"}, "Facts about Acme", **{name: TEXT}
        )
        assert content[name] is None
        assert (basis[name]["confidence"], basis[name]["citations"]) == ("low", [])

    def test_nested_objects_and_references(self, asking: Asking) -> None:
        office = {"type": "object", "properties": {"headquarters": TEXT, "employees": INTEGER}}
        content, basis = asking(
            {"acme.md": "# Acme\n\nHeadquarters: Oslo\nEmployees: 40\n"}, "Acme", office=office
        )
        assert content == {"office": {"headquarters": "Oslo", "employees": 40}}
        assert list(basis) == ["office"]
        assert "headquarters:" in basis["office"]["reasoning"]

    def test_statements_under_one_label_are_counted(self, asking: Asking) -> None:
        lines = "Requires-Dist: six\nRequires-Dist: attrs\nRequires-Dist: rich ; extra == 'x'\n"
        field = {**INTEGER, "description": "Number of required dependencies"}
        content, _ = asking(
            {"acme.txt": f"Name: acme\n{lines}"}, "Facts about acme", dependencies=field
        )
        assert content["dependencies"] == 2

    def test_a_version_follows_from_lists_and_ranges(self, asking: Asking) -> None:
        documents = {
            "a.txt": "Name: aaa\nRequires-Python: >=3.8, <3.11\n",
            "b.txt": "Name: bbb\nRequires-Python: >=3.8\n",
            "c.txt": "Name: ccc\nClassifier: Programming Language :: Python :: 3.11\n",
            "d.txt": "Name: ddd\nClassifier: Programming Language :: Python :: 3.9\n\nPython 3.5: ddd < 2.1\n",
            "e.txt": "Name: eee\nSummary: Tools\n",
        }  # fmt: skip
        field = {"type": "boolean", "description": "Whether Python 3.11 is supported"}
        found = {
            name: asking(
                documents, f"Facts about the package {3 * name}", supports_python_3_11=field
            )[0]
            for name in ("a", "b", "c", "d", "e")
        }
        values = {name: content["supports_python_3_11"] for name, content in found.items()}
        assert values == {"a": False, "b": True, "c": True, "d": False, "e": None}


class TestYears:
    TABLE = "# Acme\n\n| Million euros | 2022 | 2023 |\n|---|---|---|\n| Revenue | 40 | 50 |\n"

    @pytest.mark.parametrize(
        ("question", "value"),
        [
            ("Revenue of Acme", "50 million euros"),
            ("Revenue of Acme in 2022", "40 million euros"),
            ("Facts about Acme as of 2026", "50 million euros"),
            ("Revenue of Acme in 2019", None),
        ],
    )
    def test_the_year_asked_for_counts_and_else_the_latest(
        self, asking: Asking, question: str, value: str | None
    ) -> None:
        content, _ = asking({"acme.md": self.TABLE}, question, revenue=TEXT, name=TEXT)
        assert content["revenue"] == value

    def test_a_later_figure_replaces_an_earlier_one(self, asking: Asking) -> None:
        documents = {
            "acme.md": "# Acme\n\nEmployees: 320 (30 September 2023)\n",
            "list.csv": "Company,Employees,Employees as of\nAcme,312,September 2024\n",
        }
        content, basis = asking(documents, "Key facts about Acme", employees=INTEGER, name=TEXT)
        assert content["employees"] == 312
        assert sources(basis["employees"]) == ["list.csv"]


class TestSources:
    def test_sources_that_disagree_are_both_cited_and_named(self, asking: Asking) -> None:
        documents = {
            "acme.md": "# Acme\n\nFounded: 1949\n",
            "list.csv": "Company,Founded\nAcme,1950\nUmbrella,1968\n",
        }
        content, basis = asking(documents, "Key facts about Acme", founded=INTEGER, name=TEXT)
        assert content["founded"] in (1949, 1950)
        assert sorted(sources(basis["founded"])) == ["acme.md", "list.csv"]
        assert "disagree" in basis["founded"]["reasoning"]
        assert all(year in basis["founded"]["reasoning"] for year in ("1949", "1950"))
        assert basis["founded"]["confidence"] != "high"

    def test_sources_that_agree_are_both_cited(self, asking: Asking) -> None:
        documents = {
            "acme.md": "# Acme\n\nFounded: 1949\n",
            "list.csv": "Company,Founded\nAcme,1949\nUmbrella,1968\n",
        }
        content, basis = asking(documents, "Key facts about Acme", founded=INTEGER, name=TEXT)
        assert content["founded"] == 1949
        assert sorted(sources(basis["founded"])) == ["acme.md", "list.csv"]
        assert basis["founded"]["confidence"] == "high"

    def test_a_row_about_something_else_is_not_taken(self, asking: Asking) -> None:
        documents = {"list.csv": "Company,Founded\nUmbrella,1968\n"}
        content, basis = asking(documents, "Key facts about Acme", founded=INTEGER, name=TEXT)
        assert content == {"founded": None, "name": None}
        assert "No document is about 'Acme'" in basis["founded"]["reasoning"]

    def test_every_excerpt_stands_in_its_document(self, asking: Asking, tmp_path: Path) -> None:
        text = "# Acme\n\nAcme is based in Oslo, Norway. It employs about 40 people.\n\nFounded: 1949\n"
        _, basis = asking(
            {"acme.md": text}, "Acme", headquarters=TEXT, employees=INTEGER, founded=INTEGER
        )
        cited = [c for entry in basis.values() for c in entry["citations"]]
        assert len(cited) == 3
        assert all(e in (tmp_path / c["url"]).read_text() for c in cited for e in c["excerpts"])

    def test_a_document_named_with_its_year_is_about_the_name(self, asking: Asking) -> None:
        documents = {
            "acme.md": "# Acme Corporation\n\nAcme makes anvils.\n",
            "acme-fy2024.txt": "Sales revenues: 45 million euros\n",
        }
        content, basis = asking(documents, "Results of Acme", revenue=TEXT, name=TEXT)
        assert content["revenue"] == "45 million euros"
        assert sources(basis["revenue"]) == ["acme-fy2024.txt"]


class TestSentences:
    @pytest.mark.parametrize(
        ("name", "part", "sentence", "value"),
        [
            ("headquarters", TEXT, "Acme is headquartered in Kyoto, Japan, where its workshops stand.", "Kyoto, Japan"),
            ("headquarters", TEXT, "Its head office is in Oslo.", "Oslo"),
            ("employees", INTEGER, "Acme employs about 1,200 people in Texas.", 1200),
            ("employees", INTEGER, "The group had about 1,200 employees at the end of 2023.", 1200),
            ("founded_year", INTEGER, "It was founded in 1949 by two brothers.", 1949),
            ("founder", TEXT, "The brand was created in 1973 by the climber Yvon Chouinard.", "Yvon Chouinard"),
            ("ceo", TEXT, "Chief executive Jane Doe took over in 2020.", "Jane Doe"),
            ("ceo", TEXT, "Jane Doe, the chief executive of Acme, took over in 2020.", "Jane Doe"),
            ("license", TEXT, "Acme is released under the MIT license.", "MIT"),
            ("license", TEXT, "It is licensed under the terms of the MIT license.", "MIT"),
            ("competitors", TEXTS, "Competitors include Umbrella, Cyberdyne and many small shops.", ["Umbrella", "Cyberdyne"]),
            ("competitors", TEXTS, "Umbrella and Cyberdyne are its main competitors.", ["Umbrella", "Cyberdyne"]),
            ("key_products", TEXTS, "The most famous products are the Billy bookcase and the Poäng armchair.", ["Billy bookcase", "Poäng armchair"]),
            ("growth_rate", NUMBER, "Revenue fell by 37 percent in 2023.", -37),
            ("revenue", TEXT, "Revenue was 17.3 billion euros.", "17.3 billion euros"),
            ("version", TEXT, "The current version is 5.2.19.", "5.2.19"),
        ],
    )  # fmt: skip
    def test_a_sentence_states_a_field(
        self, asking: Asking, name: str, part: Mapping[str, Any], sentence: str, value: object
    ) -> None:
        text = f"# Acme\n\nSome words come first here. {sentence} And some follow.\n"
        content, basis = asking({"acme.md": text}, "Facts about Acme", **{name: part})
        assert content[name] == value
        assert basis[name]["confidence"] in ("high", "medium")
        assert any(
            sentence in excerpt for c in basis[name]["citations"] for excerpt in c["excerpts"]
        )

    @pytest.mark.parametrize(
        ("name", "part", "sentence"),
        [
            ("author", TEXT, "SQL Server is a database developed by Microsoft."),
            ("author", TEXT, "Acme is maintained by volunteers."),
            ("author", TEXT, "Jeff Knupp, author of Writing Idiomatic Python, likes it."),
            ("author", TEXT, "IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE."),
            ("version", TEXT, "This version is tested with Python 3.14."),
            ("keywords", TEXTS, "A custom keyword is a class."),
            ("key_products", TEXTS, "The name is made of his initials and those of Elmtaryd, the farm."),
            ("required_dependencies", INTEGER, "Fixed an issue with the h11 dependency update."),
        ],
    )  # fmt: skip
    def test_a_sentence_about_something_else_gives_nothing_sure(
        self, asking: Asking, name: str, part: Mapping[str, Any], sentence: str
    ) -> None:
        text = f"# Acme\n\nAcme is a tool for smiths. Some words stand here.\n\n{sentence}\n"
        content, basis = asking({"acme.md": text}, "Facts about Acme", **{name: part})
        assert content[name] in (None, []) or basis[name]["confidence"] == "low"

    @pytest.mark.parametrize(
        ("sentence", "value"),
        [
            ("Acme supports Linux on every machine.", True),
            ("Acme no longer supports Linux.", False),
            ("Does Acme support Linux?", None),
        ],
    )
    def test_yes_and_no(self, asking: Asking, sentence: str, value: bool | None) -> None:
        field = {"type": "boolean", "description": "Supports Linux"}
        content, _ = asking({"acme.md": f"# Acme\n\n{sentence}\n"}, "Acme", supports_linux=field)
        assert content["supports_linux"] is value

    def test_the_name_is_spelt_as_the_document_spells_it(self, asking: Asking) -> None:
        content, basis = asking(
            {"acme.txt": "Written in 2025.\n\nToday ACME is a franchise.\n"},
            "About acme",
            name=TEXT,
            x=TEXT,
        )
        assert content["name"] == "ACME"
        assert basis["name"]["confidence"] == "medium"

    def test_a_description_is_the_sentence_that_has_its_signs(self, asking: Asking) -> None:
        text = "# Acme\n\nAcme was founded long ago. Acme is the largest maker of anvils in the world.\n"
        content, _ = asking({"acme.md": text}, "Acme", market_position=TEXT, founded=INTEGER)
        assert content["market_position"] == "Acme is the largest maker of anvils in the world."

    def test_another_document_may_speak_of_the_subject(self, asking: Asking) -> None:
        documents = {
            "acme.md": "# Acme\n\nAcme makes anvils.\n",
            "rivals.md": "# Rivals\n\nAcme is based in Oslo, Norway. Umbrella is based in Rome, Italy.\n",
        }
        content, basis = asking(documents, "Acme", headquarters=TEXT, name=TEXT)
        assert content["headquarters"] == "Oslo, Norway"
        assert sources(basis["headquarters"]) == ["rivals.md"]


class TestTopics:
    PAPERS: ClassVar = {
        "one.md": "# One\n\nReading notes. Base editing changes one letter of the DNA.\n\n## Findings\n\n"
        "- Base editing works in yeast; it is precise.\n",
        "two.md": "# Two\n\nBase editing was tried in maize.\n\n## Findings\n\n- Base editing works in maize.\n",
        "other.md": "# Other\n\nGlaciers melt faster.\n\n## Findings\n\n- Ice is lost.\n",
    }  # fmt: skip

    def test_findings_come_from_all_documents_of_a_topic(self, asking: Asking) -> None:
        content, basis = asking(
            self.PAPERS,
            "What is base editing, and what are the findings on it?",
            summary=TEXT,
            key_findings=TEXTS,
        )
        assert set(content["key_findings"]) == {
            "Base editing works in yeast; it is precise.",
            "Base editing works in maize.",
        }
        assert sorted(sources(basis["key_findings"])) == ["one.md", "two.md"]
        assert basis["key_findings"]["confidence"] == "medium"
        assert "Base editing" in content["summary"]

    def test_an_unknown_topic_has_none(self, asking: Asking) -> None:
        content, _ = asking(
            self.PAPERS, "findings on superconducting magnets", key_findings=TEXTS, summary=TEXT
        )
        assert content == {"key_findings": [], "summary": None}


class TestOpenQuestions:
    TEXT: ClassVar = {
        "apollo.md": "# Apollo program\n\nThe Apollo program landed the first humans on the Moon in 1969. Neil"
        " Armstrong was the first person to walk on the Moon. Twelve astronauts walked on the Moon in all. The Saturn V"
        " rocket was built by Boeing because earlier rockets were too weak. A mission lasted about twelve days and cost"
        " $375 million, 80 percent of the budget of the agency.\n\nThe wars were fought between 1268 and 1273 in the"
        " valley. A department known as the Bureau of Lunar Affairs supervised the monks.\n",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("question", "answer"),
        [
            ("Who was the first person to walk on the Moon?", "Neil Armstrong"),
            ("In which year did humans first land on the Moon?", "1969"),
            ("How many astronauts walked on the Moon?", "Twelve"),
            ("Which company built the Saturn V rocket?", "Boeing"),
            ("By whom was the Saturn V rocket built?", "Boeing"),
            ("What department supervised the monks?", "Bureau of Lunar Affairs"),
            ("When were the wars in the valley fought?", "1268 and 1273"),
            ("How much did a mission cost?", "$375 million"),
            ("What percentage of the budget of the agency did a mission cost?", "80 percent"),
        ],
    )
    @pytest.mark.parametrize("name", ["answer", "short_answer", "result"])
    def test_the_answer_is_taken_from_the_best_sentence(
        self, asking: Asking, question: str, answer: str, name: str
    ) -> None:
        content, basis = asking(self.TEXT, question, **{name: TEXT})
        assert content[name] == answer
        assert any(answer in e for c in basis[name]["citations"] for e in c["excerpts"])

    @pytest.mark.parametrize(
        "question",
        ["What do whales eat in winter?", "Who painted the Mona Lisa?", "Apollo program", ""],
    )
    def test_what_the_documents_do_not_treat_stays_unanswered(
        self, asking: Asking, question: str
    ) -> None:
        content, basis = asking(self.TEXT, question, answer=TEXT)
        assert content["answer"] is None
        assert basis["answer"]["citations"] == []

    def test_a_label_answers_a_plain_question(self, asking: Asking) -> None:
        documents = {"acme.md": "# Acme\n\nLicense: MIT\n\nAcme was created in 1949 by Jane Doe.\n"}
        assert asking(documents, "What is the license of Acme?", answer=TEXT)[0]["answer"] == "MIT"
        assert asking(documents, "Who founded Acme?", answer=TEXT)[0]["answer"] == "Jane Doe"


def test_a_schema_without_fields_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Acme\n")
    provider = open_local(tmp_path, tmp_path, ["."], tmp_path / ".i.db")
    output = {"type": "json", "json_schema": {"type": "object"}}
    body = {"input": "Acme", "processor": "core", "task_spec": {"output_schema": output}}
    answer = asyncio.run(provider.ask("task", body))
    assert (answer.output, list(answer.basis)) == ({}, [])
    assert answer.warnings
    asyncio.run(provider.close())

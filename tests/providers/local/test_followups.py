"""Questions that follow others: whose subject they have, and what an answer leaves for them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.providers.base import Answer
from runner.providers.local.interaction import (
    MAX_CHARS,
    MAX_DOCUMENTS,
    MAX_SUBJECT,
    PREFIX,
    Interaction,
    read,
    written,
)
from runner.providers.local.provider import LocalProvider, open_local

NOTES = {
    "acme.md": "# Acme\n\nFounder: Wile Coyote\nHeadquarters: Tucson, Arizona\nRevenue (2024): 7 million euros\n"
    "Chief executive: Ann Vil\n\nAcme makes anvils. Wile Coyote founded Acme in a desert.\n",
    "globex.md": "# Globex\n\nFounder: Hank Scorpio\nHeadquarters: Oslo, Norway\nRevenue (2024): 9 million euros\n"
    "Chief executive: Di Rector\n\nGlobex builds weather machines. Hank Scorpio founded Globex in a garage.\n",
}
TEXT = {"type": ["string", "null"]}

Asking = Callable[..., Answer]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Callable[[], LocalProvider]]:
    for name, text in NOTES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    opened: list[LocalProvider] = []

    def open_notes() -> LocalProvider:
        opened.append(
            open_local(tmp_path, tmp_path, ["*.md"], tmp_path / f"{len(opened)}" / "index.db")
        )
        return opened[-1]

    yield open_notes
    for provider in opened:
        asyncio.run(provider.close())


@pytest.fixture
def ask(opening: Callable[[], LocalProvider]) -> Asking:
    """Ask for some fields, or for a text where none is named; each time over a new index."""

    def asking(asked: Any, *fields: str, after: Answer | str | None = None, **more: Any) -> Answer:
        output: Mapping[str, Any] = {"type": "text"}
        if fields:
            shape = {"type": "object", "properties": dict.fromkeys(fields, TEXT)}
            output = {"type": "json", "json_schema": shape}
        body = {"input": asked, "processor": "core", "task_spec": {"output_schema": output}, **more}
        if after is not None:
            id_ = after.interaction_id if isinstance(after, Answer) else after
            body["previous_interaction_id"] = id_
        return asyncio.run(opening().ask("task", body))

    return asking


def cited(answer: Answer) -> set[str]:
    return {each["url"] for entry in answer.basis for each in entry["citations"]}


@pytest.mark.parametrize(
    ("question", "field", "value"),
    [
        ("And who founded it?", "founder", "Hank Scorpio"),
        ("And who founded it?", "answer", "Hank Scorpio"),
        ("What was its revenue in 2024?", "revenue", "9 million euros"),
        ("Where is the company's head office?", "headquarters", "Oslo, Norway"),
        ("And the CEO?", "answer", "Di Rector"),
        ({"question": "And who founded it?"}, "founder", "Hank Scorpio"),
        # A name of its own counts, in whichever way it is given.
        ("And who founded Acme?", "founder", "Wile Coyote"),
        ({"company": "Acme", "question": "Who founded it?"}, "founder", "Wile Coyote"),
        ("And who founded Initech?", "founder", None),
    ],
)
def test_a_question_without_a_subject_has_that_of_the_earlier_one(
    ask: Asking, question: Any, field: str, value: str | None
) -> None:
    first = ask("Key facts about Globex", "headquarters")
    second = ask(question, field, after=first)
    assert second.output == {field: value}
    assert second.warnings == (() if value else ("No document is about 'Initech'",))


@pytest.mark.parametrize(("company", "founder"), [("Acme", "Wile Coyote"), ("Globex", "Hank Scorpio")])  # fmt: skip
@pytest.mark.parametrize("fields", [("founder",), ("answer",), ()])
def test_the_same_words_ask_for_what_came_before(
    ask: Asking, company: str, founder: str, fields: tuple[str, ...]
) -> None:
    first = ask(f"Key facts about {company}", "headquarters")
    second = ask("And who founded it?", *fields, after=first)
    assert founder in str(second.output)
    assert cited(second) == {f"{company.lower()}.md"}


def test_follow_ups_of_follow_ups_carry_on_until_another_name(ask: Asking) -> None:
    answer = ask("Key facts about Globex", "headquarters")
    for field, value in [("founder", "Hank Scorpio"), ("ceo", "Di Rector")]:
        answer = ask(f"And the {field}?", field, after=answer)
        assert answer.output == {field: value}
    answer = ask("And the ceo of Acme?", "ceo", after=answer)
    answer = ask("And the founder?", "founder", after=answer)
    assert answer.output == {"founder": "Wile Coyote"}


def test_where_no_name_was_asked_for_the_cited_documents_say_what_is_meant(ask: Asking) -> None:
    first = ask("Who builds weather machines?", "answer")
    assert cited(first) == {"globex.md"}
    second = ask("Where is the head office?", "headquarters", after=first)
    assert (second.output, cited(second)) == ({"headquarters": "Oslo, Norway"}, {"globex.md"})
    third = ask("And the founder?", "founder", after=second)
    assert third.output == {"founder": "Hank Scorpio"}


def test_what_the_cited_documents_do_not_say_is_looked_for_in_the_others(ask: Asking) -> None:
    left = written(Interaction(subject="weather", documents=("globex.md", "gone.md")))
    second = ask("Who makes anvils?", "answer", after=left)
    assert cited(second) == {"acme.md"}


@pytest.mark.parametrize("output", [(), ("founder",)])
def test_a_policy_bars_what_the_earlier_answer_cites(ask: Asking, output: tuple[str, ...]) -> None:
    first = ask("Key facts about Globex")
    barred = ask(
        "And who founded it?", *output, after=first, source_policy={"exclude_domains": ["globex.md"]}
    )  # fmt: skip
    assert "Hank Scorpio" not in str(barred.output)


def test_a_text_names_the_subject_in_its_title(ask: Asking) -> None:
    first = ask("Key facts about Globex")
    assert str(ask("And who founded it?", after=first).output).startswith(
        "# And who founded Globex?"
    )
    later = ask("And the revenue in 2024?", after=first)
    assert str(later.output).startswith("# And the revenue in 2024 (Globex)?")


def test_the_same_question_leaves_the_same_in_any_process(ask: Asking) -> None:
    ids = {ask("Key facts about Globex", "headquarters").interaction_id for _ in range(3)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    "foreign",
    ["", "trun_9907962f83aa4d9d98fd7f4bf745d654", PREFIX, f"{PREFIX}!", "local9.WzEsIkEiXQ==",
     PREFIX + base64.urlsafe_b64encode(b"[" * 1_200).decode(), f"{PREFIX}{'A' * MAX_CHARS}", "\ud800"],
)  # fmt: skip
def test_what_no_answer_left_is_told_and_the_question_stands_alone(
    ask: Asking, foreign: str
) -> None:
    alone = ask("Who founded Acme?", "founder")
    answer = ask("Who founded Acme?", "founder", after=foreign)
    assert answer.output == alone.output
    (warning,) = answer.warnings
    assert "answered by itself" in warning


texts = st.text(st.characters(exclude_categories=[]), max_size=400)
interactions = st.builds(
    lambda subject, named, documents: Interaction(
        subject=subject, is_named=named, documents=tuple(documents)
    ),
    texts,
    st.booleans(),
    st.lists(texts, max_size=12),
)


@given(interactions)
def test_what_is_written_is_read_again_and_never_long(interaction: Interaction) -> None:
    text = written(interaction)
    assert len(text) <= MAX_CHARS
    assert text.isascii()
    found = read(text)
    assert found is not None
    assert written(found) == text
    assert found.is_named == interaction.is_named
    assert len(found.subject) == min(len(interaction.subject), MAX_SUBJECT)
    assert set(found.documents) <= set(interaction.documents)
    assert len(found.documents) <= MAX_DOCUMENTS


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.lists(st.from_regex(r"[a-zä/]{1,40}\.md", fullmatch=True), max_size=8))  # fmt: skip
def test_what_fits_is_read_as_it_was(subject: str, documents: list[str]) -> None:
    interaction = Interaction(subject=subject, is_named=True, documents=tuple(documents))
    assert read(written(interaction)) == interaction


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    texts
    | texts.map(lambda text: PREFIX + text)
    | st.binary().map(lambda packed: PREFIX + base64.urlsafe_b64encode(packed).decode())
    | json_values.map(
        lambda value: PREFIX + base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    )
)
def test_any_other_text_is_none_or_what_was_written(text: str) -> None:
    found = read(text)
    assert found is None or written(found) == text

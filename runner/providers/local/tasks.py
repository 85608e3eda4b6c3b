"""A task as the documents see it: what is asked, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.providers.local.interaction import Interaction


@frozen
class Asked:
    """What is to be answered.

    Attributes:
        question: In words, with the subject that it has from an earlier question.
        given: The structured input, if there is one, or the subject.
        documents: Those that the earlier answer cites, to be looked at first.
    """

    question: str
    given: Mapping[str, JSON] | None = None
    documents: tuple[str, ...] = ()


@frozen
class Told:
    """An answer and where it comes from.

    Attributes:
        content: Markdown text, or a dict that follows the schema.
        basis: The API's list of `{field, reasoning, citations, confidence}`.
        left: For the questions that follow.
        warnings: What the reader should know, one sentence each.
        output_schema: The JSON Schema of `content` where the provider chose it.
    """

    content: JSON
    basis: Sequence[Mapping[str, JSON]]
    left: Interaction
    warnings: Sequence[str] = ()
    output_schema: Mapping[str, JSON] | None = None

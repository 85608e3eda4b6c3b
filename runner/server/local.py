"""The local provider as the server's answers: the user's own documents, in the API's shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.jsonvalue import JSON
from runner.providers.base import Answer
from runner.providers.local.provider import LocalProvider, open_local
from runner.server.answers import Output
from runner.server.wire import warnings

INDEX = "index.sqlite"


class LocalAnswers:
    """Answers from documents; what a run is told depends on when it is asked, so it is kept."""

    is_repeatable = False

    def __init__(self, provider: LocalProvider) -> None:
        self._provider = provider
        self.sources: Sequence[str] = provider.documents

    async def task(self, body: Mapping[str, JSON], *, elements: bool) -> Output:
        """Answer a task run. The basis has one entry for each field, also of arrays."""
        del elements
        output = _output_schema(body)
        answer = await self._provider.ask(
            "task",
            {**body, "task_spec": {**(body.get("task_spec") or {}), "output_schema": output}},
        )
        return Output(
            output=_wire_output(answer, output["type"]),
            warnings=answer.warnings,
            left=answer.interaction_id,
        )

    async def search(self, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Answer a search."""
        answer = await self._provider.ask("search", body)
        return {
            **answer.output,
            "warnings": warnings(answer.warnings),
            "usage": [{"name": "sku_search", "count": 1}],
        }

    async def extract(self, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Answer an extract; a URL is a document's path below the folder."""
        answer = await self._provider.ask("extract", body)
        results = answer.output["results"]
        full = (body.get("advanced_settings") or {}).get("full_content")
        most = full.get("max_chars_per_result") if isinstance(full, Mapping) else None
        if most is not None:
            results = [{**each, "full_content": each["full_content"][:most]} for each in results]
        return {
            "results": results,
            "errors": answer.output["errors"],
            "warnings": warnings(answer.warnings),
            "usage": [{"name": "sku_extract", "count": len(body["urls"])}],
        }

    async def close(self) -> None:
        """Release the documents' index."""
        await self._provider.close()


def open_answers(documents: Path, state: Path) -> tuple[LocalAnswers, Sequence[str]]:
    """Return the answers of a folder's documents, and what could not be read.

    Raises:
        UsageError: there is no readable document.
        StateError: the index in the state folder cannot be used.
    """
    folder = documents.resolve()
    provider = open_local(folder, folder, (".",), state / INDEX)
    return LocalAnswers(provider), provider.warnings


def _output_schema(body: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Return the output schema in its long form; a bare string is a text schema."""
    given = (body.get("task_spec") or {}).get("output_schema", {"type": "auto"})
    if isinstance(given, str):
        return {"type": "text", "description": given}
    return given if "type" in given else {"type": "json", **given}


def _wire_output(answer: Answer, form: str) -> dict[str, JSON]:
    if form == "text":
        return {"type": "text", "content": answer.output, "basis": list(answer.basis)}
    output: dict[str, JSON] = {
        "type": "json",
        "content": answer.output,
        "basis": list(answer.basis),
    }
    if form == "auto":
        output["output_schema"] = answer.output_schema
    return output

"""A job as the rest of the program sees it: frozen, typed, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.frozen import frozen
from runner.jsonvalue import JSON

if TYPE_CHECKING:
    from runner.job.text.source import Source

Where: TypeAlias = tuple[str | int, ...]
"""The place of a value in the job file: keys and list indices from the root."""

Kind: TypeAlias = Literal["task", "search", "extract", "findall"]
"""What a provider can be asked."""


@frozen
class SourcePolicy:
    """Which sources may be used. For the local provider a domain is a folder or file path."""

    include_domains: tuple[str, ...] = ()
    exclude_domains: tuple[str, ...] = ()
    after_date: date | None = None


@frozen
class TextOutput:
    """The answer is markdown text."""

    description: str | None = None


@frozen
class AutoOutput:
    """The provider chooses the shape of the answer."""


@frozen
class JsonOutput:
    """The answer follows a JSON Schema (root `type: object`); `path` is the file it came from."""

    schema: Mapping[str, JSON]
    path: Path | None = None


Output: TypeAlias = TextOutput | AutoOutput | JsonOutput


@frozen
class Task:
    """`query` or `input`: research that ends in text or JSON. `input` holds templates.

    `processor` is None where nobody names one.
    """

    input: str | Mapping[str, JSON]
    input_schema: Mapping[str, JSON] | None = None
    processor: str | None = None
    max_processor: str | None = None
    fast: bool = False
    output: Output = field(default_factory=AutoOutput)

    @property
    def key(self) -> Literal["query", "input"]:
        """The key of the job file that says what is asked."""
        return "query" if isinstance(self.input, str) else "input"


@frozen
class Search:
    """`search`: ranked sources with excerpts.

    Texts are templates; `queries` may be one template that is a list.
    """

    objective: str | None = None
    queries: Sequence[str] | str = ()
    mode: str | None = None
    max_results: int | str | None = None
    max_chars: int | str | None = None


@frozen
class Extract:
    """`extract`: the content of given URLs. `urls` may be one template that is a list."""

    urls: Sequence[str] | str
    objective: str | None = None
    queries: Sequence[str] | str = ()
    full_content: bool = False
    max_chars: int | str | None = None


@frozen
class FindAll:
    """`findall`: every entity that matches conditions."""

    objective: str
    generator: str = "base"
    match_limit: int | str = 10
    entity_type: str | None = None
    match_conditions: tuple[Mapping[str, str], ...] = ()


Action: TypeAlias = Task | Search | Extract | FindAll


@frozen
class Retry:
    """How often and how patiently a failed request is asked again."""

    attempts: int = 5
    backoff: timedelta = timedelta(seconds=2)
    max_backoff: timedelta = timedelta(seconds=30)
    failed_runs: int = 0


@frozen
class Check:
    """What the answers of a step must fulfil.

    Attributes:
        kind: What it asks for.
        value: How much of it, or the template that must be true.
        fields: Only these are checked; () for all.
        warns: A failure is told and fails nothing.
        place: Where it stands, as `file:line:column`: shown path, and line and column from 1.
    """

    kind: Literal["min_confidence", "min_citations", "domains", "verified", "expect"]
    value: JSON
    fields: tuple[str, ...] = ()
    warns: bool = False
    place: tuple[str, int, int] = ("", 0, 0)


@frozen
class Step:
    """One action, asked for every row; a job without `steps` has one, with the id `main`.

    Attributes:
        where: The place of the mapping that holds the step's keys (`()` for the job itself).
        cache: How old an answer may be; None: always ask.
        timeout: Per call; None: twice the processor's documented latency.
    """

    id: str = "main"
    where: Where = ()
    action: Action
    foreach: str | None = None
    follows: str | None = None
    source_policy: SourcePolicy | None = None
    location: str | None = None
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    cache: timedelta | None = timedelta(hours=24)
    timeout: timedelta | None = None
    retry: Retry = field(default_factory=Retry)
    checks: tuple[Check, ...] = ()
    verify: bool = False
    webhook: str | None = None

    @property
    def kind(self) -> Kind:
        """What is asked of the provider."""
        match self.action:
            case Task():
                return "task"
            case Search():
                return "search"
            case Extract():
                return "extract"
            case FindAll():
                return "findall"

    @property
    def question(self) -> Where:
        """The place of what is asked: of `query`, `input`, `search`, `extract` or `findall`."""
        if isinstance(self.action, Task):
            return (*self.where, self.action.key)
        return (*self.where, self.kind)


@frozen
class Selection:
    """Which rows are taken: those for which `where` (a template) is true, the first `limit`."""

    where: str | None = None
    limit: int | None = None


@frozen
class InlineItems:
    """Rows written in the job file. A row that is a text becomes `{"value": text}`."""

    rows: tuple[Mapping[str, JSON], ...]


@frozen
class FileItems:
    """Rows in a file; the format follows the file's suffix."""

    path: Path
    format: Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx"]


@frozen
class FoundItems:
    """Rows that a FindAll run finds: one for each match. `step` asks for it, once for the job."""

    step: Step


Items: TypeAlias = InlineItems | FileItems | FoundItems


REPORT_TEMPLATES = ("table", "cards", "brief", "search", "research", "auto")
"""The names of the built-in templates; anything else is the path of one's own."""


@frozen
class Report:
    """Where the report goes and what renders it; `template` None: chosen by the kind of output."""

    path: Path
    template: str | None = None


@frozen
class Job:
    """A job file, read, checked and completed. All paths are absolute.

    Attributes:
        file: The job file.
        root: The project root: nothing outside it is read or written.
        documents: Glob patterns relative to the job file's folder.
        budget: The lowest of the job's and of runner.yaml's, in US dollars.
        prices: What runner.yaml puts in the place of list prices, by name.
        source: The text and positions of the job file, for messages about it.
        files: What the job is made from; documents and report templates are not among them.
    """

    file: Path
    root: Path
    name: str
    description: str | None = None
    provider: str = "parallel"
    documents: tuple[str, ...] = ()
    vars: Mapping[str, JSON] = field(default_factory=dict)
    items: Items | None = None
    selection: Selection = field(default_factory=Selection)
    key: str | None = None
    steps: tuple[Step, ...]
    concurrency: int = 50
    budget: Decimal | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    results: Path | None = None
    report: Report
    source: Source
    files: tuple[Path, ...] = ()

"""Report templates: the user's own and the built-in ones."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta

from runner.errors import TemplateError
from runner.templating.allowance import REPORT_WORK, allowance, spend
from runner.templating.faults import failure
from runner.templating.markdown import Markdown
from runner.templating.sandbox import Sandbox, prepared
from runner.templating.syntax import syntax_fault


class _ReportSandbox(Sandbox):
    """The sandbox for reports: what a macro or a block wrote is markdown already."""

    def call(self, context: jinja2.runtime.Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call, and mark what a template's own part wrote."""
        result = super().call(context, obj, *args, **kwargs)
        return Markdown(result) if isinstance(obj, _WRITERS) else result


_BUILT_IN = jinja2.PackageLoader("runner.report", "templates")
_WRITERS = (jinja2.runtime.Macro, jinja2.runtime.BlockReference, jinja2.runtime.LoopContext)


class ReportTemplates:
    """The report templates: the user's own folders first, then the built-in ones."""

    def __init__(self, environment: jinja2.Environment, filters: Iterable[str]) -> None:
        self._environment = environment
        self._filters = tuple(filters)

    def files(self, name: str) -> Iterator[Path]:
        """Yield the files of a template and of those it extends, includes or imports by name."""
        return (Path(file) for _, file in self._sources(name) if file is not None)

    def check(self, name: str) -> None:
        """Read a template and those it extends, includes or imports by name, and render nothing.

        Raises:
            TemplateError: there is none, or one of them cannot be read; names file and line.
        """
        self._template(name)
        for each, _ in self._sources(name):
            self._template(each)

    def _sources(self, name: str) -> Iterator[tuple[str, str | None]]:
        """Yield the names of a template and of those it reads that there are, with their files."""
        seen: set[str | None] = {None}
        names: list[str | None] = [name]
        while names:
            each = names.pop()
            if each in seen or each is None or self._environment.loader is None:
                continue
            seen.add(each)
            try:
                text, file, _ = self._environment.loader.get_source(self._environment, each)
            except (jinja2.TemplateError, UnicodeDecodeError, OSError):
                continue  # what is wrong with it is said where it is rendered
            yield each, file
            with contextlib.suppress(jinja2.TemplateError):
                names += jinja2.meta.find_referenced_templates(self._environment.parse(text))

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a template by its name.

        Raises:
            TemplateError: there is none, it cannot be read, or it fails; names file and line.
        """
        template = self._template(name)
        try:
            with allowance(REPORT_WORK):
                return template.render(**context)
        except TemplateError:
            raise
        except Exception as error:
            raise failure(error, file=template.filename or name) from error

    def _template(self, name: str) -> jinja2.Template:
        try:
            return self._environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            fault = syntax_fault(error, error.source, self._environment)
            fault.file = error.filename or error.name or name
            fault.hint = self._near_filter(error) or fault.hint
            raise fault from error
        except jinja2.TemplateNotFound as error:
            known = ", ".join(entry for entry in _BUILT_IN.list_templates() if entry[0] != "_")
            raise TemplateError(
                f"There is no report template '{error.name}'",
                hint=f"Built in are: {known}; or give a file beside the job",
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(
                f"The report template '{name}' cannot be read: {_reason(error)}",
                hint="A template is a text file in UTF-8",
            ) from error

    def _near_filter(self, error: jinja2.TemplateSyntaxError) -> str | None:
        """Return what to do about a filter that does not exist; None for any other fault."""
        match = re.match(r"No filter named '(.+)'", error.message or "")
        if match is None:
            return None
        near = difflib.get_close_matches(match[1], self._environment.filters, n=1)
        own = ", ".join(self._filters)
        return f"Did you mean '{near[0]}'?" if near else f"There are {own}, and those of Jinja"


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return (error.strerror or "the system says no").lower()


def report_environment(
    folders: Sequence[Path],
    *,
    filters: Mapping[str, Callable[..., Any]],
    finalize: Callable[[Any], Any] | None = None,
) -> ReportTemplates:
    """Return the report templates; `finalize` turns every printed value into safe text."""
    loader = jinja2.ChoiceLoader([*map(jinja2.FileSystemLoader, folders), _BUILT_IN])

    def printed(value: Any) -> Any:
        if type(value) is Markdown:  # most of what a report prints
            spend(len(value))
            return value
        text = value if finalize is None else finalize(value)
        spend(len(text) if isinstance(text, str) else 1)
        return text

    environment = prepared(
        _ReportSandbox(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            finalize=printed,
        )
    )
    environment.filters.update(filters)
    return ReportTemplates(environment, filters)

"""The one sandboxed Jinja2, for job files and for reports (the only import of jinja2).

Templates see only what they are given: no environment, no files, no Python internals. A name that
does not exist is an error, never an empty text; and no template, whoever wrote it, can take more
than a bounded amount of time and memory.
"""

from runner.templating.faults import TemplateError
from runner.templating.names import Reference, is_template, names_read, references
from runner.templating.rendering import render_value
from runner.templating.reports import Markdown, ReportTemplates, report_environment

__all__ = [
    "Markdown",
    "Reference",
    "ReportTemplates",
    "TemplateError",
    "is_template",
    "names_read",
    "references",
    "render_value",
    "report_environment",
]

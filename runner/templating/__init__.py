"""The one sandboxed Jinja2, for job files and for reports (the only import of jinja2).

Templates see only what they are given: no environment, no files, no Python internals. A name that
does not exist is an error, never an empty text; and no template, whoever wrote it, can take more
than a bounded amount of time and memory.
"""

from runner.templating.markdown import Markdown
from runner.templating.templates import (
    every_fault,
    is_plain,
    is_sole,
    is_template,
    names_read,
    references,
    render_value,
    understood,
)

__all__ = [
    "Markdown",
    "every_fault",
    "is_plain",
    "is_sole",
    "is_template",
    "names_read",
    "references",
    "render_value",
    "understood",
]

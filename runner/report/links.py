"""Links that a report may hold: http, https, and documents beside it."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import field
from pathlib import Path
from urllib.parse import quote

from runner.evidence.text import visible
from runner.frozen import frozen
from runner.report.escape import inline
from runner.templating import Markdown

_WEB = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_PLAIN_WEB = re.compile(r"https?://[A-Za-z0-9._~/?#@!$'+,;:=%-]+", re.IGNORECASE)
_SCHEME = re.compile(r"[^/]*:")
_SHOWN = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)


def web_url(url: str) -> str | None:
    """Return an http or https URL as a markdown link's target, or None for anything else."""
    if _PLAIN_WEB.fullmatch(url):
        return url
    url = visible(url).strip()
    if not _WEB.match(url):
        return None
    # Entities are decoded inside a link's target: an ampersand must stay one.
    return quote(url, safe="%/:?#@!$&'+,;=~-._", errors="replace").replace("&", "&amp;")


def document_path(path: str, base: str = "") -> str | None:
    """Return a document's relative path as a link's target, or None where it is no such path.

    `base` is the way from the report's folder to the folder that the path starts from.
    """
    path = path.strip()
    if not path or path[0] in "/#?" or "\\" in path or _SCHEME.match(path):
        return None
    if not path.isprintable() or ".." in path.split("/"):
        return None
    return quote(posixpath.normpath(posixpath.join(base, path)), safe="/-._~", errors="replace")


def address(url: str) -> str:
    """Return a URL as readers know it, without scheme and `www.`."""
    return _SHOWN.sub("", url, count=1)


def way_between(report_folder: Path, documents_folder: Path) -> str:
    """Return the relative way from the report's folder to the documents', with `/`."""
    try:
        way = os.path.relpath(documents_folder, report_folder)
    except ValueError:  # two drives: there is no way
        return ""
    return "" if way == "." else way.replace(os.sep, "/")


@frozen
class Links:
    """Makes the links of one report; `base` leads from its folder to the documents' folder."""

    base: str = ""
    _targets: dict[str, str | None] = field(default_factory=dict)
    _links: dict[tuple[str, str], Markdown] = field(default_factory=dict)

    def target(self, url: str) -> str | None:
        """Return what a link to `url` points to, or None where it must not be a link."""
        if url not in self._targets:
            self._targets[url] = web_url(url) or document_path(url, self.base)
        return self._targets[url]

    def link(self, text: str, url: str) -> Markdown:
        """Return a link, or the text alone (with the URL as text) where the URL is not one."""
        known = self._links.get((text, url))
        if known is None:
            known = self._links[text, url] = self._written(text, url)
        return known

    def _written(self, text: str, url: str) -> Markdown:
        target = self.target(url)
        shown = inline(text) or inline(address(url)) or "source"
        if target is None:
            return Markdown(f"{shown} ({inline(url)})" if text and url else shown)
        return Markdown(f"[{shown}]({target})")


def link_of(value: str) -> Markdown | None:
    """Return a value that is nothing but a web address as a link, or None."""
    if value[:4].lower() != "http" or " " in value:
        return None
    target = web_url(value)
    if target is None:
        return None
    return Markdown(f"[{inline(address(value)) or 'link'}]({target})")

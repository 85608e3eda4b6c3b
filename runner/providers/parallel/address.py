"""Where the API is asked and with which key, and what that means for its answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from runner.errors import KeyRefusedError, UsageError

DEFAULT_BASE_URL = "https://api.parallel.ai"


def check_base_url(base_url: str | None) -> str:
    """Return the address to ask, without a slash at its end.

    Raises:
        UsageError: it is no address.
    """
    url = (base_url or DEFAULT_BASE_URL).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"PARALLEL_BASE_URL is no address: '{url}'", hint=f"It reads like {DEFAULT_BASE_URL}"
        )
    return url


def check_key(key: str | None) -> str:
    """Return the key, if it can stand in a header.

    Raises:
        KeyRefusedError: it is missing, or holds what no header may.
    """
    if not key or not key.strip():
        raise KeyRefusedError(
            "There is no API key",
            hint="Set PARALLEL_API_KEY, or try the job on your documents: --provider local",
        )
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise KeyRefusedError(
            "PARALLEL_API_KEY holds characters that no key has", hint="Copy it again"
        )
    return key


def edition_of(base_url: str) -> str:
    """Return who answers: `parallel`, with the host where it is not the vendor's own.

    A test server's answers must never pass for the vendor's.
    """
    return "parallel" if base_url == DEFAULT_BASE_URL else f"parallel@{urlsplit(base_url).netloc}"

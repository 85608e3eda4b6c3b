"""Server-sent events, read from bytes as the HTML standard says; only data lines matter here."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

import orjson

from runner.jsonvalue import JSON

_BOM = b"\xef\xbb\xbf"


async def events(chunks: AsyncIterable[bytes]) -> AsyncIterator[JSON]:
    """Yield the JSON object of every complete event.

    Comments, keep-alives, `retry:` blocks and events that are no JSON object are passed over; an
    event that is cut before its blank line is not an event. Lines end with LF, CRLF or CR.
    """
    data: list[bytes] = []
    async for line in _lines(chunks):
        if not line:
            if data:
                event = _decoded(b"\n".join(data))
                data = []
                if event is not None:
                    yield event
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield complete lines without their ends."""
    rest = b""
    pieces: list[bytes] = []
    first = True
    async for chunk in chunks:
        if b"\n" not in chunk and b"\r" not in chunk:
            pieces.append(chunk)  # A long line in many chunks is joined once.
            continue
        text = b"".join((rest, *pieces, chunk))
        pieces = []
        if first:
            text, first = text.removeprefix(_BOM), False
        held = b""
        if text.endswith(b"\r"):
            # The LF of a CRLF may come with the next chunk.
            text, held = text[:-1], b"\r"
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, last = text.split(b"\n")
        rest = last + held
        for line in lines:
            yield line
    if rest.endswith(b"\r") and not any(pieces):
        yield rest[:-1]  # A CR at the very end is the end of a line, too.


def _decoded(data: bytes) -> JSON | None:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None

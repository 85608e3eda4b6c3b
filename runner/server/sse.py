"""Server-sent events: plain, or with everything the standard allows and few clients expect."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

import orjson

from runner.jsonvalue import JSON
from runner.server.wire import encode

KEEP_ALIVE = b": keep-alive\n\n"


def encode_event(event: Mapping[str, JSON]) -> bytes:
    """Return an event as its block of the stream."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), encode(event))


def encode_noisily(event: Mapping[str, JSON], chance: random.Random) -> bytes:
    """Encode the same event with comments, other line ends, and its data over several lines."""
    end = chance.choice(["\n", "\r\n"])
    data = json.dumps(
        orjson.loads(encode(event)),
        indent=chance.choice([None, 1]),
        ensure_ascii=chance.choice((False, True)),
    )
    space = chance.choice(["", " "])
    lines = [f"data:{space}{line}" for line in data.split("\n")]
    lines.insert(chance.choice([0, len(lines)]), f"event: {event['type']}")
    if chance.choice((False, True)):
        lines.insert(0, f"id: {chance.randrange(10**6)}")
    block = end.join(lines) + end * 2
    before = chance.choice(["", ": keep-alive", ":", "retry: 3000", "event: ping", "id: 7", "\n"])
    if before:
        block = before + end * 2 + block
    return block.encode()

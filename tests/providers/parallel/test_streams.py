"""Laws of event streams: however the bytes are cut, the same whole events come out."""

import asyncio
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.providers.parallel.streams import events


def read(chunks):
    async def given_chunks():
        for chunk in chunks:
            yield chunk

    async def collect():
        return [event async for event in events(given_chunks())]

    return asyncio.run(collect())


EVENTS = st.lists(st.dictionaries(st.text(max_size=5), st.text() | st.integers(0, 9)), max_size=5)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
NOISE = st.sampled_from(["", ": keep-alive{0}{0}", "retry: 3000{0}{0}", "event: x{0}id: 7{0}"])


@given(EVENTS, ENDS, NOISE, st.lists(st.integers(0, 400), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_are_cut(wanted, end, noise, cuts):
    text = "".join(
        f"{noise.format(end)}data: {json.dumps(event, ensure_ascii=False)}{end}{end}"
        for event in wanted
    ).encode()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    chunks = [text[a:b] for a, b in itertools.pairwise(places)]
    assert read(chunks) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b'data: {"a": 1}', []),
        (b'data: {"a": 1}\n', []),
        (b'data: {"a": 1}\n\n', [{"a": 1}]),
        (b'data: {"a": 1}\n\ndata: {"b"', [{"a": 1}]),
        (b'data: {"a":\ndata: 1}\n\n', [{"a": 1}]),
        (b'data:{"a": 1}\r\n\r\n', [{"a": 1}]),
        (b'\xef\xbb\xbfdata: {"a": 1}\n\n', [{"a": 1}]),
        (b"<html>no stream</html>\n\n", []),
        (b"data: [1]\n\ndata: garbage\n\n", []),
        ('data: {"a": "x\u2028y\x85z"}\n\n'.encode(), [{"a": "x\u2028y\x85z"}]),
        (b"\n\n\n\n", []),
    ],
)
def test_only_whole_events_that_are_json_objects_count(text, wanted):
    assert read([text]) == wanted
    assert read([bytes([byte]) for byte in text]) == wanted

"""Parallel's API on loopback, for tests: its wire format, its refusals, and every fault.

`WireServer` runs it in a thread, `WireProcess` (or `python -m tests.wire`) as a process. Both
keep a billing log of what was accepted and a log of requests. `expected_answer` computes what it
answers, `canonical` what it calls the same question.
"""

from tests.wire.answers import canonical, expected_answer
from tests.wire.faults import Fault, Faults
from tests.wire.process import WireProcess
from tests.wire.server import KEY, WireServer

__all__ = [
    "KEY",
    "Fault",
    "Faults",
    "WireProcess",
    "WireServer",
    "canonical",
    "expected_answer",
]

"""The server of `runner serve` on loopback, for tests: with drawn answers, and every fault.

`WireServer` runs it in a thread, `WireProcess` (or `python -m tests.wire`) as a process. Both
keep a billing log of what was accepted and a log of requests. `expected_answer` computes what it
answers, `canonical` what it calls the same question.
"""

from runner.server.faults import Fault, Faults
from runner.server.questions import canonical
from tests.wire.answers import expected_answer
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

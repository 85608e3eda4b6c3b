"""A report in parts: nothing is lost, nothing is moved, and only whole blocks are taken out."""

import time

from hypothesis import given
from hypothesis import strategies as st

from runner.report.parted import STANDS_FOR, cells_of, parted

LINES = [
    *("", "  ", "- a", "- **b**, c", "- # no", "  - deep", "1. x", "text", "```", "~~~", "***"),
    *("| a | b |", "| --- | ---: |", "| 1 \\| 2 | 3 |", "| 1 |", "| x\\\\| y | z |", STANDS_FOR),
]


@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_put_together_again_the_parts_are_the_report(lines):
    found = parted("\n".join(lines))
    whole = []
    for number, line in enumerate(found.rest.split("\n")):
        taken = found.tables.get(number) or found.lists.get(number)
        assert taken is None or line == STANDS_FOR
        whole += taken or [line]
    assert "\n".join(whole) == "\n".join(lines)
    assert all(len(set(map(len, map(cells_of, table)))) == 1 for table in found.tables.values())


def test_notes_are_taken_out_but_not_of_code():
    found = parted("a[^1]\n\n[^1]: x\n[^1]: again\n\n```\n[^2]: code\n```")
    assert found.notes == {"1": "x"}
    assert found.rest == "a[^1]\n\n\n```\n[^2]: code\n```"


def test_ten_times_as_many_lists_take_about_ten_times_as_long():
    def seconds(count):
        text = "- a\n- b\n\ntext\n\n| a |\n| --- |\n| 1 |\n\n" * count
        start = time.process_time()
        parted(text)
        return time.process_time() - start

    few = min(seconds(300) for _ in range(3))
    assert min(seconds(3_000) for _ in range(3)) < 40 * few

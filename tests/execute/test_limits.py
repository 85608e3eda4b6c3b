"""Laws of the pace: quotas hold over processes, and a 429 slows everyone down."""

import asyncio
from datetime import timedelta

import pytest

from runner.errors import AmbiguousError, ProviderError, RateLimitedError, UnreachableError
from runner.execute.limits import Pace, SharedWindows, backoff
from runner.job.model import Retry

RETRY = Retry(attempts=3, backoff=timedelta(seconds=2), max_backoff=timedelta(seconds=30))


class Time:
    """A clock that sleeping moves."""

    def __init__(self):
        self.now = 1_000.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def windows(tmp_path):
    shared = SharedWindows(tmp_path / "limits.sqlite")
    yield shared
    shared.close()


def pace(windows, time, quotas=None):
    return Pace(
        {"search": 10} if quotas is None else quotas,
        windows,
        now=time,
        sleep=time.sleep,
        chance=lambda: 0.0,
    )


def times(pace, time, count):
    async def go():
        passed = []
        for _ in range(count):
            await pace.turn("search")
            passed.append(time.now)
        return passed

    return asyncio.run(go())


def test_no_window_of_a_minute_holds_more_than_the_quota(windows):
    time = Time()
    passed = times(pace(windows, time), time, 35)
    assert all(later - earlier >= 60 for earlier, later in zip(passed, passed[10:], strict=False))
    assert passed[-1] - passed[0] < 60 * 3 + 1


def test_the_quota_holds_over_processes_that_share_a_state_directory(tmp_path):
    time = Time()
    first, second = (SharedWindows(tmp_path / "limits.sqlite") for _ in range(2))
    times(pace(first, time), time, 6)
    times(pace(second, time), time, 6)
    assert time.now >= 1_060
    first.close()
    second.close()


def test_a_kind_without_a_quota_is_free_to_go(windows):
    time = Time()
    times(pace(windows, time, quotas={}), time, 1_000)
    assert time.slept == []


def test_a_429_closes_the_gate_for_all_until_the_time_it_names(windows):
    time = Time()
    slowed = pace(windows, time, {"search": 600})
    times(slowed, time, 20)
    slowed.slow_down("search", 17.0)
    assert times(slowed, time, 1)[0] >= 1_017


def test_a_429_halves_the_pace_and_quiet_minutes_double_it_again(windows):
    time = Time()
    slowed = pace(windows, time, {"search": 600})
    times(slowed, time, 10)
    slowed.slow_down("search", 60.0)
    passed = times(slowed, time, 1_500)
    minutes = [sum(60 * m <= at - passed[0] < 60 * (m + 1) for at in passed) for m in range(2)]
    assert minutes == [600, 600]  # the quiet minute of the wait has doubled it already
    slowed.slow_down("search", 0.0)
    start = time.now
    assert sum(at < start + 59 for at in times(slowed, time, 900)) <= 300


def test_a_429_does_not_slow_below_what_went_through(windows):
    time = Time()
    slowed = pace(windows, time, {"search": 600})
    times(slowed, time, 500)
    slowed.slow_down("search", 0.0)
    assert slowed._allowed("search", 600, time.now) == 500


def failing(*faults):
    asked = []

    async def ask():
        asked.append(1)
        if len(asked) <= len(faults):
            raise faults[len(asked) - 1]
        return len(asked)

    return ask


def patiently(windows, ask, *, resend):
    time = Time()
    slow = pace(windows, time)
    return asyncio.run(slow.patiently("search", ask, RETRY, resend=resend)), time


def test_what_was_never_sent_is_sent_again_with_growing_pauses(windows):
    ask = failing(UnreachableError("a"), UnreachableError("b"))
    answer, time = patiently(windows, ask, resend=False)
    assert answer == 3
    assert time.slept == [1.0, 2.0]


@pytest.mark.parametrize(("resend", "asked"), [(True, 2), (False, 1)])
def test_a_lost_answer_is_asked_for_again_only_where_that_cannot_buy_twice(windows, resend, asked):
    ask = failing(AmbiguousError("lost"))
    if resend:
        assert patiently(windows, ask, resend=True)[0] == asked
    else:
        with pytest.raises(AmbiguousError):
            patiently(windows, ask, resend=False)


def test_a_429_does_not_use_up_the_attempts(windows):
    ask = failing(*[RateLimitedError("429", seconds=1.0)] * 20)
    assert patiently(windows, ask, resend=False)[0] == 21


def test_the_last_error_is_raised_when_the_attempts_are_used_up(windows):
    with pytest.raises(UnreachableError, match="third"):
        patiently(
            windows,
            failing(*[UnreachableError(n) for n in ("first", "second", "third")]),
            resend=True,
        )
    with pytest.raises(ProviderError):
        patiently(windows, failing(ProviderError("no")), resend=True)


def test_backoff_doubles_up_to_its_cap():
    assert [backoff(n, RETRY, lambda: 1.0) for n in range(1, 7)] == [2, 4, 8, 16, 30, 30]
    assert backoff(1, RETRY, lambda: 0.0) == 1
    assert backoff(10_000, RETRY, lambda: 1.0) == 30

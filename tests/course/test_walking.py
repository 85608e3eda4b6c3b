"""Each step begins when what it reads is there, and never waits for anything else."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from runner.course.walking import walk
from runner.execute.watching import Watcher
from runner.job.model import Step, Task
from runner.planning.waves import waves


@st.composite
def jobs(draw):
    """Steps, each of which reads some of those before it."""
    steps, read = [], {}
    for number in range(draw(st.integers(1, 7))):
        before = [step.id for step in steps]
        chosen = draw(st.sets(st.sampled_from(before))) if before else set()
        text = "".join(f"{{{{ steps.{id_}.output }}}}" for id_ in sorted(chosen))
        steps.append(Step(id=f"s{number}", action=Task(input=f"q {text}")))
        read[f"s{number}"] = chosen
    return steps, read


class Held:
    """Answers a step when told to."""

    def __init__(self, steps):
        self.gates = {step.id: asyncio.Event() for step in steps}
        self.asked = []

    async def ask(self, steps, calls):
        assert tuple(steps) == calls
        self.asked.extend(steps)

    async def answered(self, step):
        await self.gates[step].wait()


class Heard(Watcher):
    def __init__(self):
        self.under_way, self.over = set(), []

    def began(self, steps):
        self.under_way.update(steps)

    def ended(self, steps):
        self.under_way.difference_update(steps)
        self.over.extend(steps)


@given(jobs(), st.randoms())
def test_a_step_is_asked_as_soon_as_what_it_reads_is_there(job, chance):
    steps, read = job

    async def walked():
        executor, heard = Held(steps), Heard()

        async def calls(wave):
            return wave.ids

        walking = asyncio.create_task(walk(waves(steps), executor, calls, heard))
        while len(heard.over) < len(steps):
            for _ in range(10 * len(steps)):
                await asyncio.sleep(0)
            ready = {id_ for id_, needed in read.items() if needed <= set(heard.over)}
            assert set(executor.asked) == ready
            assert heard.under_way == ready - set(heard.over)
            executor.gates[chance.choice(sorted(heard.under_way))].set()
            for _ in range(10):
                await asyncio.sleep(0)
        await walking
        assert len(executor.asked) == len(steps)

    asyncio.run(walked())

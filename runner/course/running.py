"""The course of one run: survey, execute, verify, write, render."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from runner.course.gathering import source_of, with_rows
from runner.course.leaving import note_begun, note_finished
from runner.course.means import Means, open_means
from runner.course.options import Options
from runner.course.past import changes_since
from runner.course.progress import Counting, Progress
from runner.course.results import write_results
from runner.course.stages import Calls, calls_of, state_for
from runner.course.summary import Summary
from runner.course.verifying import Reader
from runner.course.voice import Voice
from runner.course.walking import ask_alone, walk
from runner.course.words import plural
from runner.evidence.verifying import Verdicts, verdict_records, weigh
from runner.execute.asked import asked, remember
from runner.execute.earlier import Results
from runner.execute.executor import Executor, executing
from runner.execute.inputs import inputs_of, write_inputs
from runner.execute.kept import Answers, keep_run, write_verdicts
from runner.execute.ledger import Ledger
from runner.execute.outcomes import Outcome
from runner.execute.spools import Spools
from runner.execute.standing import Standings
from runner.execute.state import State, staged, write_whole
from runner.execute.stored import StoredOutcomes
from runner.execute.survey import Survey, Surveyor
from runner.execute.tally import Tally
from runner.execute.terms import Terms
from runner.execute.watching import End, Watcher, Watchers
from runner.job.diagnostics import Problem
from runner.job.durations import lowest
from runner.job.model import Job, Step
from runner.planning.calls import Call
from runner.planning.distinct import Distinct
from runner.planning.processors import PROCESSORS
from runner.planning.time import SECONDS
from runner.planning.waves import Wave, waves
from runner.report.render import digest_for, files_of, render_report

if TYPE_CHECKING:
    from runner.report.junit import Suite

MOST_TOLD = 10
"""So many rows without a good answer are told one by one."""

INSTANT_SECONDS = 120.0
"""How long a call without a processor may take, where the job does not say."""


class Course:
    """One run of one job; `go` is its story."""

    def __init__(
        self,
        job: Job,
        run: str,
        options: Options,
        *,
        watcher: Watcher,
        voice: Voice,
        suite: Suite | None = None,
    ) -> None:
        self._job = job
        self._run = run
        self._options = options
        self._watcher = watcher
        self._voice = voice
        self._started = time.monotonic()
        self._suite = suite
        if suite is not None:
            suite.expect(step.id for step in job.steps)
        self._bad: dict[str, list[Problem]] = {step.id: [] for step in job.steps}
        self._tally = Tally()
        self._date = datetime.now(tz=UTC).date().isoformat()
        self._digest = digest_for(job, date=self._date)
        self._answers = Answers()
        self._verdicts: Verdicts | None = None
        self._budget = lowest(job.budget, options.max_cost)
        self._steps = {step.id: step for step in job.steps}
        self._waves = waves(job.steps)
        self._calls = 0
        self._met = Distinct()
        self._begun = False
        self._inputs = inputs_of(job, files_of(job), options.inputs)

    async def go(self) -> Summary:
        """Open what the run works with, run, and close it again.

        Raises:
            RunnerError: the job's data, the state directory or the provider is at fault.
            CancelledError: the run was asked to stop; what was bought is in the ledger.
        """
        job, options = self._job, self._options
        async with open_means(
            job,
            state_for(job),
            allow_outside=options.allow_outside,
            voice=self._voice,
            listener=self._watcher.exchanged,
        ) as means:
            return await self._told(means)

    async def _told(self, means: Means) -> Summary:
        """Survey, execute and write; the ledger hears how it went."""
        ledger, provider = means.ledger, means.provider
        status: End = "stopped"
        rows = 0
        try:
            source = source_of(self._job)
            if source is not None:
                await self._gathered(source, means)
            job = self._job
            first = self._waves[0].steps
            calls = calls_of(job, first, provider.edition, self._options.limit)
            # Every template is rendered, and the price is known, before the first call is asked.
            found = await self._affordable(job, first, calls, means)
            rows = found.rows
            self._begin(means)
            await self._executed(calls, means)
            cost = await self._verified(means)
            remember(means.state.asked(job.name), asked(job, provider.edition({})))
            summary = self._written(means.state, cost, provider.warnings)
            status = summary.status
            inputs = replace(self._inputs, status=status)
            write_inputs(means.state.inputs(job.name), inputs)
            if not self._tally.statuses["pending"]:
                note_finished(means.state, job, self._run, self._options)
        except asyncio.CancelledError:
            status = "interrupted"
            running = self._calls - self._tally.settled
            if provider.runs is not None and running:
                said = f"{plural(running, 'call')} not answered yet"
                self._voice.say(f"{said}; what was bought is picked up by the next run")
            raise
        finally:
            if self._begun:
                ledger.finish(status, {**self._tally.counts(), "rows": rows})
                self._watcher.committed(ledger.cost())
            self._watcher.over(status)
        return summary

    def _begin(self, means: Means) -> None:
        """Tell the ledger of the run, once: from now on it may buy."""
        if self._begun:
            return
        self._begun = True
        means.state.inputs(self._job.name).unlink(missing_ok=True)
        means.ledger.start(self._run, self._job.name)
        note_begun(means.state, self._job, self._run, self._options, means.provider)

    async def _gathered(self, source: Job, means: Means) -> None:
        """Have the job's rows found; from now on it has them.

        Raises:
            RunnerError: they are not found, or not yet.
        """
        steps = {step.id: step for step in source.steps}
        calls = calls_of(source, source.steps, means.provider.edition, None)
        await self._affordable(source, source.steps, calls, means)
        self._begin(means)
        outcomes: list[Outcome] = []
        watcher = Watchers([Counting(self._tally), self._watcher])
        async with self._executing(steps, means, watcher, outcomes.append) as executor:
            await ask_alone(executor, source.steps[0].id, calls, watcher)
        self._job = with_rows(self._job, outcomes[0])
        self._digest = digest_for(self._job, date=self._date)

    async def _affordable(
        self, job: Job, steps: Sequence[Step], calls: Iterable[Call], means: Means
    ) -> Survey:
        """Count the calls of steps that are about to be asked.

        Raises:
            BudgetError: there is no room for them, and nobody who says to buy what fits.
        """
        found = await self._surveyed(job, steps, calls, means)
        if found.fits is not None and self._options.buy and not self._options.offline:
            self._voice.allow(found, self._budget)
        return found

    async def _surveyed(
        self, job: Job, steps: Sequence[Step], calls: Iterable[Call], means: Means
    ) -> Survey:
        """Count the calls of steps that begin together, and say so."""
        known = {step.id: step for step in steps}
        standings = Standings(
            means.cache,
            None if means.provider.runs is None else means.ledger,
            known,
            refresh=self._options.refresh,
        )
        surveyor = Surveyor(standings, known, budget=self._budget, met=self._met)
        for _ in surveyor.counting(calls):
            await asyncio.sleep(0)
        found = surveyor.found
        self._calls += found.total.calls
        self._voice.planned(job, found)
        return found

    async def _executed(self, first: Calls, means: Means) -> None:
        """Ask every step, and write each outcome to the state directory as it comes.

        `first` are the calls of the first wave.
        """
        job, place = self._job, means.state.outcomes(self._job.name)
        with (
            self._voice.progress(job.name, self._calls) as show,
            staged(place) as file,
            Spools([wave.ids for wave in self._waves], file, place, self._answers) as spools,
        ):
            progress = Progress(
                name=job.name,
                calls=self._calls,
                tally=self._tally,
                record=partial(self._count, means.ledger),
                show=show,
                cost=means.ledger.cost,
                say=self._voice.say,
            )
            watcher = Watchers([progress, self._watcher])
            results = Results(job.steps)

            def take(outcome: Outcome) -> None:
                self._take(outcome)
                results.note(outcome)
                spools.add(outcome)

            async def calls(wave: Wave) -> Calls:
                if not wave.after:
                    return first
                found = await self._later(wave, means, results, spools)
                progress.calls = self._calls
                return found

            async with self._executing(self._steps, means, watcher, take) as executor:
                await walk(self._waves, executor, calls, watcher)
            spools.join()

    def _count(self, ledger: Ledger, counts: Mapping[str, int]) -> None:
        """Tell the ledger, and those who watch the money, how far the run is."""
        ledger.count(counts)
        self._watcher.committed(ledger.cost())

    async def _later(self, wave: Wave, means: Means, results: Results, spools: Spools) -> Calls:
        """Return the calls of a wave that reads what earlier steps left."""
        calls = calls_of(
            self._job,
            wave.steps,
            means.provider.edition,
            self._options.limit,
            lambda: results.before(spools.file, wave.after),
        )
        await self._surveyed(self._job, wave.steps, calls, means)
        for id_ in wave.ids:
            self._digest.checks.read(id_, results.before(spools.file, wave.after))
        return calls

    def _executing(
        self,
        steps: Mapping[str, Step],
        means: Means,
        watcher: Watcher,
        take: Callable[[Outcome], None],
    ) -> AbstractAsyncContextManager[Executor]:
        job, options = self._job, self._options
        terms = Terms(
            steps=steps,
            concurrency=job.concurrency,
            refresh=options.refresh,
            offline=options.offline,
            budget=self._budget,
            wait=options.wait,
            buy=options.buy,
            timeout=lambda call: _timeout(steps[call.step], call),
            name=lambda call: call.key if len(steps) == 1 else f"{call.key}, {call.step}",
            place=lambda call: _place(job, steps[call.step]),
        )
        return executing(
            terms,
            cache=means.cache,
            provider=means.provider,
            take=take,
            ledger=means.ledger,
            pace=means.pace,
            watcher=watcher,
        )

    @property
    def _has_all(self) -> bool:
        """Whether all that can be had is there: what was only submitted is not."""
        return self._options.wait or not self._tally.statuses["pending"]

    def _take(self, outcome: Outcome) -> None:
        self._tally.add(outcome)
        judged = self._digest.add(outcome)
        if self._suite is not None:
            self._suite.add(outcome, judged)
        bad = self._bad[outcome.step]
        if outcome.status in ("failed", "invalid") and len(bad) < MOST_TOLD:
            source, question = self._job.source, self._steps[outcome.step].question
            said = f"{outcome.key}: {outcome.error}"
            bad.append(source.problem(source.key(question), said))

    def _stored(self, state: State) -> StoredOutcomes:
        return StoredOutcomes(file=state.outcomes(self._job.name), count=self._tally.rows)

    async def _verified(self, means: Means) -> Decimal:
        """Read the pages that answers cite, where the job asks for it; return what the run cost."""
        steps = [step for step in self._job.steps if step.verify]
        if steps and self._tally.has_answers and self._has_all:
            outcomes = StoredOutcomes(
                file=means.state.outcomes(self._job.name), count=self._tally.rows
            )
            reader = Reader(
                job=self._job,
                means=means,
                budget=self._budget,
                refresh=self._options.refresh,
                offline=self._options.offline,
                watcher=self._watcher,
            )
            self._verdicts = await reader.verdicts(outcomes, steps)
            self._digest.verify(weigh(outcomes, self._verdicts, [step.id for step in steps]))
        return means.ledger.cost()

    def _written(self, state: State, cost: Decimal, warnings: Sequence[str]) -> Summary:
        """Write what the run leaves; the report is rendered before the first file changes."""
        job, tally = self._job, self._tally
        for judged in self._digest.checks.judged:
            if self._suite is not None and judged.check.kind == "verified":
                self._suite.judge(
                    f"{job.name}.{judged.step.id}", "verified", judged, judged.failures
                )
        # What was only submitted has no answer to show: an earlier report stays.
        kept = not self._has_all
        if not kept:
            run = keep_run(state, job.name, self._run, str(self._answers))
            if self._verdicts is not None:
                write_verdicts(run, verdict_records(self._verdicts))
            changes = changes_since(state, job.name, run)
            report = render_report(job, self._digest, warnings=warnings, changes=changes)
            if job.results is not None:
                outcomes = self._stored(state)
                write_results(job, job.results, outcomes)
            write_whole(job.report.path, [report])
        return Summary(
            job=job.name,
            run=self._run,
            calls=self._calls,
            tally=tally,
            cost_usd=cost,
            stopped_by_budget=tally.unaffordable > 0
            and self._options.buy
            and not self._options.offline,
            report=None if kept else job.report.path,
            results=None if kept else job.results,
            seconds=time.monotonic() - self._started,
            checks=self._digest.checks,
            bad=tuple(chain.from_iterable(self._bad.values()))[:MOST_TOLD],
        )


def _timeout(step: Step, call: Call) -> float:
    """Return how long a call is waited for: the job's word, or twice the documented latency."""
    if step.timeout is not None:
        return step.timeout.total_seconds()
    if call.kind == "findall":
        return 2 * SECONDS["findall"][1]
    processor = PROCESSORS.get(str(call.body.get("processor")))
    return INSTANT_SECONDS if processor is None else 2 * processor.latency[1].total_seconds()


def _place(job: Job, step: Step) -> str:
    """Return where a step's question stands in the job file, as `file:line`."""
    return f"{job.source.shown}:{job.source.key(step.question).line}"

"""Reading cited pages again, each once, through the provider: what `verify` asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from runner.course.means import Means
from runner.course.walking import ask_alone
from runner.evidence.basis import results_of
from runner.evidence.verifying import Claims, Verdict, Verdicts
from runner.execute.executor import executing
from runner.execute.outcomes import Outcome
from runner.execute.terms import Terms
from runner.execute.watching import Watcher
from runner.frozen import frozen
from runner.job.model import Extract, Job, Step
from runner.jsonvalue import JSON
from runner.planning.calls import Call, fingerprint
from runner.planning.prices import price, prices_of

STEP = "verify"
"""What the calls that read pages are called."""

SECONDS = 120.0
"""How long a page is waited for."""


@frozen
class Reader:
    """Reads cited pages for a job: from the cache, or else through its provider, paid once."""

    job: Job
    means: Means
    budget: Decimal | None = None
    refresh: bool = False
    offline: bool = False
    watcher: Watcher | None = None

    def _calls(self, pages: Iterable[str]) -> Iterator[Call]:
        prices = prices_of(self.job)
        for row, url in enumerate(pages):
            body: dict[str, JSON] = {"urls": [url], "advanced_settings": {"full_content": True}}
            yield Call(
                row=row,
                step=STEP,
                kind="extract",
                key=url,
                item={},
                body=body,
                fingerprint=fingerprint(self.means.provider.edition(body), "extract", body),
                price_usd=price(self.job.provider, "extract", body, prices)[1],
            )

    async def verdicts(self, outcomes: Iterable[Outcome], steps: Sequence[Step]) -> Verdicts:
        """Return what becomes of each excerpt that the outcomes of some steps cite.

        Raises:
            StateError: the state directory cannot be used.
            RunnerError: the provider cannot be used at all.
        """
        names = {step.id for step in steps}
        claims = Claims()
        for outcome in outcomes:
            if outcome.step in names:
                claims.add(outcome)
        found: dict[tuple[str, str], Verdict] = {}
        if not claims.pages:
            return found
        watcher = self.watcher or Watcher()

        def take(page: Outcome) -> None:
            unread: Verdict = "not checked" if page.status == "skipped" else "unreachable"
            found.update(claims.judge(page.key, _content(page), unread))

        async with executing(
            self._terms(steps),
            cache=self.means.cache,
            provider=self.means.provider,
            take=take,
            ledger=self.means.ledger,
            pace=self.means.pace,
            watcher=watcher,
        ) as executor:
            await ask_alone(executor, STEP, self._calls(claims.pages), watcher)
        return found

    def _terms(self, steps: Sequence[Step]) -> Terms:
        ages = [step.cache for step in steps]
        # As fresh as the most demanding of the steps wants its answers.
        age = None if None in ages else min((a for a in ages if a is not None), default=None)
        step = Step(
            id=STEP,
            action=Extract(urls=(), full_content=True),
            cache=age,
            retry=steps[0].retry,
            timeout=timedelta(seconds=SECONDS),
        )
        return Terms(
            steps={STEP: step},
            concurrency=self.job.concurrency,
            refresh=self.refresh,
            offline=self.offline,
            budget=self.budget,
        )


def _content(page: Outcome) -> str | None:
    """Return all of a page's text, None where it was not read."""
    for result in results_of(page.output):
        content = result.get("full_content")
        if isinstance(content, str) and content:
            return content
    return None

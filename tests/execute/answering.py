"""Calls asked together by themselves, without a job."""

from runner.execute.executor import executing


async def outcomes_of(calls, terms, **means):
    """Return the outcomes of the calls of steps that begin together, step after step."""
    outcomes = []
    async with executing(terms, take=outcomes.append, **means) as executor:
        await executor.ask(terms.steps, calls)
        for step in terms.steps:
            await executor.answered(step)
    return outcomes

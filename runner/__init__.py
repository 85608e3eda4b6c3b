"""runner: YAML job files become cited research reports.

In short:

    job = runner.load_job(Path("jobs/companies.yaml"))
    print(runner.plan(job).cost_usd)
    run = runner.run(job, max_cost="5.00")
    for outcome in run.outcomes:
        print(outcome.key, outcome.status, outcome.output)
    print(runner.render(job))
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.api import (
        Answer,
        Failure,
        Job,
        Judged,
        Outcome,
        Plan,
        Run,
        RunOptions,
        arun,
        load_job,
        plan,
        render,
        run,
    )
    from runner.errors import (
        BudgetError,
        KeyRefusedError,
        ProviderError,
        RunnerError,
        StateError,
        StillRunningError,
        TemplateError,
        UsageError,
    )
    from runner.job.diagnostics import JobProblemsError, Problem

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "BudgetError",
    "Failure",
    "Job",
    "JobProblemsError",
    "Judged",
    "KeyRefusedError",
    "Outcome",
    "Plan",
    "Problem",
    "ProviderError",
    "Run",
    "RunOptions",
    "RunnerError",
    "StateError",
    "StillRunningError",
    "TemplateError",
    "UsageError",
    "__version__",
    "arun",
    "load_job",
    "plan",
    "render",
    "run",
]

if not TYPE_CHECKING:
    # What is not asked for is not loaded: the command line must start at once.
    _ROOMS = {
        "runner.errors": (
            "BudgetError",
            "KeyRefusedError",
            "ProviderError",
            "RunnerError",
            "StateError",
            "StillRunningError",
            "TemplateError",
            "UsageError",
        ),
        "runner.job.diagnostics": ("JobProblemsError", "Problem"),
        "runner.providers.base": ("Answer",),
    }

    def __getattr__(name: str) -> object:
        """Load what is asked for."""
        if name not in __all__:
            raise AttributeError(f"module 'runner' has no attribute '{name}'")
        rooms = (room for room, names in _ROOMS.items() if name in names)
        return getattr(import_module(next(rooms, "runner.api")), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

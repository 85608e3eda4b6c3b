"""Providers of other distributions: what they need not say is filled in, and their faults told.

The least that a plugin has is `ask`:

    async def ask(self, kind, body): ...

`kind` is `task`, `search`, `extract` or `findall`, and `body` the request as the Parallel API takes
it. It returns an `Answer`, or raises `ProviderError`. It may also have

- `prices`: of the class, what it charges in US dollars by the names of the price list (`core`,
  `search`, `extract_url`, ...); what is not named is free. The budget holds for it.
- `edition(body)`: what else decides the answer, such as the version of its data; when it changes,
  stored answers are no longer used.
- `quotas`: requests a minute, by kind; `warnings`: what the reader should know;
  `null_is_not_found`; `runs` and `findalls` for what is bought now and answered later; `close()`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.errors import ProviderError, RunnerError, UsageError
from runner.frozen import frozen
from runner.job.draft import BUILT_IN
from runner.job.model import Kind
from runner.job.spelling import did_you_mean
from runner.jsonvalue import JSON
from runner.plugins import PROVIDERS, PluginError, described, load_plugin, plugin_names, words
from runner.providers.base import Answer, FindAlls, Runs


@frozen
class Opening:
    """What a provider is opened with.

    Attributes:
        folder: The job file's folder, which its paths are relative to.
        root: Nothing outside it may be read.
        documents: The job's `documents`.
        state: A folder for the provider's own files, kept from run to run; it may not be there yet.
    """

    folder: Path
    root: Path
    documents: tuple[str, ...]
    state: Path


def open_plugin(name: str, opening: Opening) -> Plugin:
    """Return the provider of that name, opened.

    Raises:
        UsageError: none is installed.
        PluginError: it cannot be loaded or opened.
    """
    try:
        factory = load_plugin(PROVIDERS, name)
    except KeyError as error:
        known = [*BUILT_IN, *plugin_names(PROVIDERS)]
        raise UsageError(
            f"There is no provider '{name}'", hint=did_you_mean(name, known, noun="providers")
        ) from error
    try:
        return Plugin(name, factory(opening))
    except RunnerError:
        raise
    except Exception as error:
        raise PluginError(
            f"The provider {described(PROVIDERS, name)} cannot be opened: {words(error)}"
        ) from error


class Plugin:
    """A provider that an entry point names."""

    def __init__(self, name: str, its: Any) -> None:
        self.name = name
        self._its = its
        self._who = described(PROVIDERS, name)
        if not callable(getattr(its, "ask", None)):
            raise PluginError(f"The provider {self._who} has no method ask(kind, body)")
        self.null_is_not_found = bool(getattr(its, "null_is_not_found", False))

    @property
    def warnings(self) -> Sequence[str]:
        """What the reader should know before the first call."""
        return tuple(getattr(self._its, "warnings", ()))

    @property
    def runs(self) -> Runs | None:
        """How tasks are bought in groups; None where `ask` answers them at once."""
        return getattr(self._its, "runs", None)

    @property
    def findalls(self) -> FindAlls | None:
        """How FindAll runs are bought; None where `ask` answers them at once, or there are none."""
        return getattr(self._its, "findalls", None)

    @property
    def quotas(self) -> Mapping[str, int]:
        """Requests a minute that it takes, by kind of call."""
        return dict(getattr(self._its, "quotas", {}))

    def edition(self, body: Mapping[str, JSON]) -> str:
        """Return the provider's name, and what it says of the state of what it answers from."""
        own = getattr(self._its, "edition", None)
        if own is None:
            return f"{self.name}:"
        try:
            return f"{self.name}:{own(body)}"
        except RunnerError:
            raise
        except Exception as error:
            raise PluginError(f"The provider {self._who} failed: {words(error)}") from error

    async def ask(self, kind: Kind, body: Mapping[str, JSON]) -> Answer:
        """Answer one request.

        Raises:
            ProviderError: it says that it cannot, or fails.
        """
        try:
            answer = self._its.ask(kind, body)
            if inspect.isawaitable(answer):
                answer = await answer
        except (RunnerError, TimeoutError):
            raise
        except Exception as error:
            raise ProviderError(f"The provider {self._who} failed: {words(error)}") from error
        if not isinstance(answer, Answer):
            said = type(answer).__name__
            raise ProviderError(f"The provider {self._who} returned {said}, which is no Answer")
        return answer

    async def close(self) -> None:
        """Let it release what it holds; a fault of that is nobody's loss."""
        closing = getattr(self._its, "close", None)
        if closing is None:
            return
        try:
            closed = closing()
            if inspect.isawaitable(closed):
                await closed
        except Exception:  # noqa: BLE001 - everything is answered and stored by then
            return

"""What other distributions add: providers and filters, found by their entry points when named.

An entry point of the group `runner.providers` names a callable that takes an `Opening` (see
`runner.providers.plugins`) and returns a provider; one of `runner.filters` names a function that
templates call. Nothing is looked up before a job names something that is not built in.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from runner.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PROVIDERS: Final = "runner.providers"
FILTERS: Final = "runner.filters"


class PluginError(UsageError):
    """A plugin cannot be used; the message names its distribution and its entry point."""


@functools.cache
def _found(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow to import

    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=group):
        found.setdefault(each.name, each)  # the first on Python's path, as with modules
    return found


def plugin_names(group: str) -> tuple[str, ...]:
    """Return what is installed of a group, sorted."""
    return tuple(sorted(_found(group)))


def described(group: str, name: str) -> str:
    """Return where a plugin comes from, for messages: its distribution and its entry point."""
    entry = _found(group)[name]
    dist = entry.dist
    home = "" if dist is None else f"{dist.name} {dist.version}, "
    return f"'{name}' ({home}entry point {entry.value})"


@functools.cache
def load_plugin(group: str, name: str) -> Any:
    """Return what an entry point names.

    Raises:
        KeyError: none of that name is installed.
        PluginError: it cannot be imported.
    """
    entry = _found(group)[name]
    try:
        return entry.load()
    except Exception as error:
        raise PluginError(
            f"The plugin {described(group, name)} cannot be loaded: {words(error)}",
            hint="Install it again, or ask whoever wrote it",
        ) from error


def words(error: BaseException) -> str:
    """Return what a plugin's error says, on one line, after its kind."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__

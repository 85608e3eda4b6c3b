"""The commands and their options, as markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from runner.frozen import frozen
from runner.reference.pages import anchor, table

SHARED = "Options that many commands take"
"""The heading under which they are told once."""

_MANY = 3


@frozen
class Option:
    """One option: its names with what they take, and what it does."""

    names: str
    does: str

    @property
    def name(self) -> str:
        """The longest name alone, such as `--limit`."""
        return max((part.split(" ")[0] for part in self.names.split(", ")), key=len)


@frozen
class Command:
    """One command: how it is typed, what it does, and its options."""

    name: str
    usage: str
    help: str
    options: tuple[Option, ...]


def describe_command(name: str, named: frozenset[str], commands: Sequence[Command]) -> str:
    """Return the section of a command and those below it; of `*`, of those not named."""
    shared = _shared(commands)
    wanted = [
        each
        for each in commands
        if (each.name.split(" ")[0] not in named if name == "*" else _is_of(each, name))
    ]
    sections = [_section(each, shared) for each in wanted]
    is_rest = name == "*" and sections
    return "\n\n".join(["## Other commands", *sections] if is_rest else sections)


def describe_shared(commands: Sequence[Command]) -> str:
    """Return the options that many commands take."""
    return _options(sorted(_shared(commands), key=lambda option: option.name))


def describe_overview(commands: Sequence[Command]) -> str:
    """Return every command with what it does, in a line each."""
    rows = [
        (f"[`runner {each.name}`](#{anchor(f'runner {each.name}')})", _summary(each.help))
        for each in commands
    ]
    return table(("Command", "Does"), rows)


def _is_of(command: Command, name: str) -> bool:
    return command.name == name or command.name.startswith(f"{name} ")


def _shared(commands: Iterable[Command]) -> set[Option]:
    count = Counter(option for command in commands for option in command.options)
    return {option for option, times in count.items() if times >= _MANY}


def _section(command: Command, shared: set[Option]) -> str:
    own = [option for option in command.options if option not in shared]
    others = [f"`{option.name}`" for option in command.options if option in shared]
    parts = [f"### `runner {command.name}`", f"```sh\n{command.usage}\n```", command.help]
    if own:
        parts.append(_options(own))
    if others:
        also = "It also takes" if own else "It takes"
        parts.append(f"{also} {', '.join(others)}: see [{SHARED.lower()}](#{anchor(SHARED)}).")
    return "\n\n".join(parts)


def _options(options: Iterable[Option]) -> str:
    return table(("Option", "Does"), [(f"`{each.names}`", each.does) for each in options])


def _summary(text: str) -> str:
    return text.partition("\n\n")[0].replace("\n", " ")

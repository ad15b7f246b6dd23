# SPDX-License-Identifier: GPL-2.0-or-later
"""The register of scenarios.

A scenario is a function of one argument, the Lab; its name is its own with dashes, its docstring tells the
story in a line. It fails by raising. It may leave anything behind: devices, dead nodes, partitions.
"""
import functools
from dataclasses import dataclass
from typing import Callable

from .cluster import DEFAULT_DISKS, DEFAULT_TOKEN_MS, Lab
from .effort import Effort, Rounds

DEFAULT_NODES = 3


@dataclass(frozen=True)
class Needs:
    """What a lab must be like. Scenarios with equal needs share one booted lab."""
    nodes: int | None                           # None: as many as --nodes says
    disks: tuple[tuple[str, str], ...]          # name, size
    memory: str
    corosync: bool
    token_ms: int
    modules: tuple[str, ...]                    # beyond the default ones
    debian: bool                                # whole Debian systems: see debian.py


@dataclass
class Scenario:
    name: str
    function: Callable[..., None]
    story: str
    needs: Needs
    timeout_s: float                            # besides that of its rounds
    rounds: Rounds
    default: bool                               # whether it runs when no scenario is named
    tags: tuple[str, ...]

    @property
    def summary(self) -> str:
        return self.story.strip().split("\n")[0]

    def runs_by_default(self, effort: Effort) -> bool:
        return self.default and (effort.full or self.rounds.default > 0 or self.rounds.full == 0)

    def time_limit_s(self, effort: Effort) -> float:
        return self.timeout_s + self.rounds.timeout_s * self.rounds.count(effort)

    def run(self, lab: Lab, effort: Effort) -> None:
        count = self.rounds.count(effort)
        self.function(lab, **({"rounds": count} if count else {}))


REGISTER: dict[str, Scenario] = {}


def make_needs(nodes: int | None = None, disks: dict[str, str] | None = None, memory: str = "256M",
               corosync: bool = True, token_ms: int = DEFAULT_TOKEN_MS, modules: tuple[str, ...] = (),
               debian: bool = False) -> Needs:
    return Needs(nodes, tuple((disks or DEFAULT_DISKS).items()), memory, corosync, token_ms, tuple(modules), debian)


def scenario(*, timeout: float = 120, default: bool = True, tags: tuple[str, ...] = (),
             variants: dict[str, dict] | None = None, rounds: Rounds = Rounds(), **needs):
    """Registers a scenario. `timeout` (s) does not count the boot; `needs` are those of make_needs.

    With `rounds` the function has an argument of that name: how often it is to repeat its failure.

    Each of `variants` becomes a scenario of its own: the key ends its name, the value is passed to the function.
    """
    def register(function: Callable[..., None]) -> Callable[..., None]:
        for suffix, arguments in (variants or {"": {}}).items():
            name = "-".join(filter(None, [function.__name__.replace("_", "-"), suffix]))
            if name in REGISTER:
                raise ValueError(f"two scenarios are called {name}")
            REGISTER[name] = Scenario(name, functools.partial(function, **arguments), function.__doc__ or "",
                                      make_needs(**needs), timeout, rounds, default, tuple(tags))
        return function

    return register

# SPDX-License-Identifier: GPL-2.0-or-later
"""How often a scenario repeats its failure: few times in each check, often enough to be counted in a full one."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """What this run was asked for."""
    full: bool = False
    rounds: int | None = None       # that many, whatever a scenario's own numbers are


@dataclass(frozen=True)
class Rounds:
    """A scenario's own numbers. Without rounds (full is 0) it is called without the argument."""
    default: int = 0                # 0: by default it does not run
    full: int = 0
    timeout_s: float = 0            # of each round

    def count(self, effort: Effort) -> int:
        if not self.full:
            return 0
        return effort.rounds or (self.full if effort.full else max(1, self.default))

    def words(self) -> tuple[str, ...]:
        """For a list of scenarios."""
        return (f"{self.default} rounds, {self.full} in full",) if self.full else ()

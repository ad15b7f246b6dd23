# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenarios one after the other, each in a lab that fits, and says how each went."""
import code
import contextlib
import dataclasses
import os
import signal
import time
import traceback
import zlib
from typing import Iterator, Sequence

from .cluster import DEFAULT_MODULES, Lab
from .effort import Effort
from .debian import tree
from .errors import LabTimeout
from .patience import limit, slowness
from .rundir import RunDir
from .scenario import DEFAULT_NODES, Needs, Scenario, make_needs


class Runner:
    def __init__(self, rundir: RunDir, build: str, nodes: int = DEFAULT_NODES,
                 effort: Effort = Effort(), minutes: float | None = None, turn: str = "") -> None:
        """After so many minutes no further scenario begins; with which one it begins `turn` decides, any word."""
        self.rundir = rundir
        self.build = build
        self.nodes = nodes
        self.effort = effort
        self.turn = turn
        self.ends = time.monotonic() + 60 * minutes if minutes else None
        self.lab: Lab | None = None
        self.lab_needs: Needs | None = None
        self.passed = 0
        self.failed = 0
        self.left_out: list[str] = []

    def run(self, scenarios: Sequence[Scenario], repeat: int = 1) -> bool:
        """True when all passed."""
        if slowness() > 1:
            print(f"slow machine: limits that find what hangs are {slowness():.1f} times as long", flush=True)
        try:
            for number, scenario in enumerate(self._order(scenarios) * repeat, 1):
                if self.ends and time.monotonic() > self.ends:
                    self.left_out.append(scenario.name)
                else:
                    self._run_one(number, scenario)
        finally:
            self._close_lab()
        if self.left_out:
            print(f"not run, out of time: {len(self.left_out)}: {' '.join(self.left_out)}", flush=True)
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return self.failed == 0

    def shell(self) -> None:
        """A Python prompt with `lab`, booted."""
        try:
            code.interact("lab.nodes, lab[1].run(...), lab.partition([1], [2, 3]), ...; end it with Ctrl-D",
                          local={"lab": self._lab_for(make_needs())}, exitmsg="")
        finally:
            self._close_lab()

    def _order(self, scenarios: Sequence[Scenario]) -> list[Scenario]:
        """Those that can share a lab side by side, else as registered; begun somewhere, and once round."""
        seen = list(dict.fromkeys(self._resolve(scenario.needs) for scenario in scenarios))
        ordered = sorted(scenarios, key=lambda scenario: seen.index(self._resolve(scenario.needs)))
        begin = zlib.crc32(self.turn.encode()) % len(ordered)
        return ordered[begin:] + ordered[:begin]

    def _resolve(self, needs: Needs) -> Needs:
        return dataclasses.replace(needs, nodes=needs.nodes or self.nodes)

    def _run_one(self, number: int, scenario: Scenario) -> None:
        started = time.monotonic()
        try:
            lab = self._lab_for(scenario.needs)
            prepared_s = time.monotonic() - started
            started = time.monotonic()
            with alarm(limit(scenario.time_limit_s(self.effort))):
                scenario.run(lab, self.effort)
                lab.finish()
        except Exception:
            self.failed += 1
            taken_s = time.monotonic() - started
            place = self._save_failure(number, scenario)
            print(f"FAIL {number}  {scenario.name} ({taken_s:.1f} s) {place}", flush=True)
        else:
            self.passed += 1
            print(f"ok {number}  {scenario.name} ({time.monotonic() - started:.1f} s, "
                  f"lab ready in {prepared_s:.1f} s)", flush=True)

    def _lab_for(self, needs: Needs) -> Lab:
        needs = self._resolve(needs)
        if self.lab is not None and self.lab_needs == needs:
            return self.lab.reset()
        self._close_lab()
        self.lab_needs = needs
        self.lab = Lab(self.rundir, needs.nodes, dict(needs.disks), needs.memory, needs.corosync,
                       needs.token_ms, DEFAULT_MODULES + needs.modules, self.build, tree() if needs.debian else "")
        return self.lab.boot()

    def _close_lab(self) -> None:
        if self.lab is not None:
            self.lab.close()
            self.lab = None

    def _save_failure(self, number: int, scenario: Scenario) -> str:
        """Keeps all that explains the failure, and gives the lab up: nothing of it is to be trusted."""
        trace = traceback.format_exc()
        place = self.rundir.file(f"{number}-{scenario.name}")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "failure"), "w", encoding="utf-8") as file:
            file.write(trace)
        print("".join(f"     # {line}\n" for line in trace.rstrip().split("\n")[-12:]), end="")
        if self.lab is not None:
            self.lab.save_state(place)
            self._close_lab()
            for name in os.listdir(self.rundir.path):
                if name.endswith(".log") or name.startswith("core."):
                    os.rename(self.rundir.file(name), os.path.join(place, name))
        return place


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises LabTimeout in the body when it takes longer."""
    def ring(_number, _frame):
        raise LabTimeout(f"the scenario took longer than {seconds:g} s")

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)

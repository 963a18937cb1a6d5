"""The harnesses' commands, from a checkout: ``python tests/robustness --help``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):  # run as a folder: its modules are found as the package "robustness"
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections.abc import Sequence

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from napari_alnt.errors import AlntError
from robustness import readme, results
from robustness.harnesses import HARNESSES
from robustness.result import Result
from robustness.running import Run

PROG = "python tests/robustness"
Flag = FlagCreatePairsOff[bool]


@dataclass(frozen=True)
class Options:
    """Run a harness and write its counts, or 'readme' to write the table of README.md anew."""

    name: Positional[str]
    """Name of a harness, or 'readme'."""
    count: int | None = None
    """Attempts; by default as many as a full run has."""
    seed: int = 0
    """Seed of the attempts."""
    first: int | None = None
    """Index of the first attempt, to repeat one; its counts are shown and not written."""
    jobs: int = 1
    """Processes side by side."""
    resume: Flag = False
    """Take up the run that was begun with the same seed."""
    out: Path = results.FOLDER
    """Folder of the results."""

    def __call__(self) -> int:
        """Run; 1 if anything has failed."""
        if self.name == "readme":
            say("README.md has a new table." if readme.write() else "README.md is up to date.")
            return 0
        run = self._run()
        done = run.make(run.earlier() if self.resume else Result(), say)
        for one in done.first:
            say(f"{one.kind}: {one.text}")
            say(f"    {PROG} {self.name} --seed {one.seed} --first {one.index} --count 1")
        counts = {**done.failures, **done.counted}
        parts = ", ".join(f"{value} {name}" for name, value in counts.items())
        say(f"{self.name}: {done.tried} tried; {parts}.")
        return 1 if done.failed else 0

    def _run(self) -> Run:
        if self.name not in HARNESSES:
            known = ", ".join((*HARNESSES, "readme"))
            raise AlntError(f"There is no harness '{self.name}'; there are {known}.")
        count = HARNESSES[self.name].count if self.count is None else self.count
        path = self.out / f"{self.name}.json" if self.first is None else None
        return Run(self.name, count, self.seed, self.first or 0, self.jobs, path)


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns 0 if nothing has failed, 1 otherwise; exits with 2 where there is no such option.
    """
    try:
        return tyro.cli(Options, prog=PROG, args=arguments)()
    except AlntError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

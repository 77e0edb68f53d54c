"""`LocalProcesses`: work in processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from latentpress import processes
from latentpress.jobs.executor import Executor, Item, Result
from latentpress.processes import Lost

__all__ = ["LocalProcesses"]

_TRIES = 2


class LocalProcesses(Executor):
    """``jobs`` spawned processes; None: one a core. As `latentpress.processes.each`, with two tries for each item."""

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or processes.usable_cores()

    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[tuple[Item, Result | Lost], None, None]:
        """See `Executor.each`."""
        return processes.each(function, items, self.jobs, tries=_TRIES)

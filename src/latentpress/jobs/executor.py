"""`Executor`: where work items are done - here, in processes of this machine, on a cluster - behind one call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from latentpress.processes import Lost

__all__ = ["Executor", "InProcess"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class Executor(ABC):
    """Does work items, a bounded number at a time."""

    @abstractmethod
    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[tuple[Item, Result | Lost], None, None]:
        """Call ``function`` with each item; gives (item, result) as they finish, in any order.

        Items are taken from the iterable only as fast as they are worked on. Function, items and results must pickle.
        The function must not raise, and must bear being called twice with one item: a worker that dies costs its items
        a second try, elsewhere, and an item that is not done then either comes back with `Lost`.

        Closing the generator cancels: what is under way is given up, nothing more is begun.

        Raises LatentPressError if there is nobody to work.
        """


class InProcess(Executor):
    """One item after another in this process: for stores that no other process sees (``memory://``)."""

    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[tuple[Item, Result | Lost], None, None]:
        """See `Executor.each`."""
        for item in items:
            yield item, function(item)

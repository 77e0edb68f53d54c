"""How far long work is: who does it tells, who started it may listen, and nobody between them passes anything on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["listening", "part", "steps"]

T = TypeVar("T")

# Who listens, and the part (from, to) of the whole work, 0..1, that is being done. Threads of a pool have none: their
# work is told by those who wait for it.
_under_way: ContextVar[tuple[Callable[[float], None], float, float] | None] = ContextVar("_under_way", default=None)


@contextlib.contextmanager
def listening(hear: Callable[[float], None]) -> Iterator[None]:
    """Call ``hear`` with the share of the work in the block that is done, 0..1, whenever a step of it is."""
    before = _under_way.get()
    _under_way.set((hear, 0.0, 1.0))
    try:
        yield
    finally:
        _under_way.set(before)


@contextlib.contextmanager
def part(first: float, last: float) -> Iterator[None]:
    """The block is the part from ``first`` to ``last``, 0..1, of the work under way; it may have parts of its own."""
    work = _under_way.get()
    if work is None:
        yield
        return
    hear, start, end = work
    _under_way.set((hear, start + first * (end - start), start + last * (end - start)))
    try:
        yield
        hear(start + last * (end - start))
    finally:
        _under_way.set(work)


def steps(items: Iterable[T], count: int) -> Iterator[T]:
    """The items, ``count`` at most, each of them an equal part of the work under way. Costs next to nothing when nobody
    listens.
    """
    if _under_way.get() is None:
        yield from items
        return
    for number, item in enumerate(items):
        with part(number / count, (number + 1) / count):
            yield item

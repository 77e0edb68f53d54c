"""Work on several parts of a picture at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from latentpress.progress import steps

__all__ = ["each"]

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """``work`` on each item, in order; on so many threads when there is more than one item."""
    items = list(items)
    workers = min(workers, len(items))
    if workers <= 1:
        return [work(item) for item in steps(items, len(items))]
    with ThreadPoolExecutor(workers) as pool:
        return list(steps(pool.map(work, items), len(items)))

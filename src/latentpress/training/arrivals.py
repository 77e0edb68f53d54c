"""Pictures that arrive while a run goes on: loaded beside it, and taken up between two steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from latentpress.training.system import Samples

__all__ = ["Arrivals"]

_EVERY = 10.0  # seconds between two looks


class Arrivals:
    """``find`` says which files are there now, ``load`` makes samples of them. ``known``: those that the run began
    with; what has come since, while these were read, is news.
    """

    def __init__(
        self,
        find: Callable[[], Sequence[Path]],
        load: Callable[[Sequence[Path]], Samples],
        known: Iterable[str | Path],
    ) -> None:
        self._find, self._load = find, load
        self._known = set(map(Path, known))
        self._pool = ThreadPoolExecutor(1)
        self._coming: Future[Samples | None] | None = None
        self._looked = time.monotonic()

    def take(self) -> Samples | None:
        """All samples, if there are more than before and they are loaded; waits for nothing."""
        if self._coming is None:
            if time.monotonic() - self._looked >= _EVERY:
                self._coming = self._pool.submit(self._look)
            return None
        if not self._coming.done():
            return None
        found, self._coming, self._looked = self._coming.result(), None, time.monotonic()
        return found

    def _look(self) -> Samples | None:
        files = self._find()
        if set(files) <= self._known:
            return None
        self._known |= set(files)
        return self._load(files)

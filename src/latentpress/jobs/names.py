"""What the results of a folder are called."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from pathlib import PurePosixPath

__all__ = ["output_names"]


def output_names(names: Iterable[str], ending: str) -> dict[str, str]:
    """Name of each file's result: the same place in the tree, with ``ending`` in place of its own.

    names: relative to the folder, with ``/``, each once. ending: with its dot. Where two files would share a result,
    each of them keeps its ending: ``a.png`` and ``a.jpg`` become ``a.png.lpx`` and ``a.jpg.lpx``. Names that differ
    in small and capital letters only count as shared, as many file systems have it so. A name that ends with
    ``ending`` when its own is off gets no second one: ``a.png.lpx`` is restored as ``a.png``.
    """
    results = {name: _joined(str(PurePosixPath(name).with_suffix("")), ending) for name in names}
    while True:
        counts = collections.Counter(result.casefold() for result in results.values())
        shared = [n for n, result in results.items() if counts[result.casefold()] > 1 and result != n + ending]
        if not shared:
            return results
        results.update((name, name + ending) for name in shared)


def _joined(stem: str, ending: str) -> str:
    return stem if stem.lower().endswith(ending) else stem + ending

"""Model packages as functions on arrays: networks that are loaded when they are first run, sizes, integer tables."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from latentpress import engine
from latentpress.codecs.rates import last_rate, mix_of, nearest_anchor
from latentpress.engine import Network
from latentpress.engine.graph import Graph
from latentpress.engine.strips import Strips, in_strips
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.memory import limited
from latentpress.models import ModelPackage, find_model

__all__ = ["PackageModel", "RatedModel", "Running", "StandIn", "Watcher", "package_of", "watched"]

Float = NDArray[np.float32]
Watcher = Callable[[str, Mapping[str, NDArray[Any]], Mapping[str, NDArray[Any]]], None]
"""Gets the name of a network that ran, what went in and what came out."""

_watchers: list[Watcher] = []


@dataclass(frozen=True)
class Running:
    """How networks run. engine: ``onnx`` or ``torch``; threads: None for one a core; dtype: ``float32``, or ``float64``
    with torch; at_once: for pictures in tiles, how many networks run at a time and share the threads, while other tiles
    are between two networks. Those in strips have all threads.
    """

    engine: str = "onnx"
    threads: int | None = None
    dtype: str = "float32"
    at_once: int | None = None

    def load(self, graph: bytes | Graph, in_strips: bool = False, keep_memory: bool = True) -> Network:
        """A network that runs so. keep_memory: see `latentpress.engine.load`."""
        threads = self.threads
        if self.at_once and self.engine == "onnx" and not in_strips:
            threads = max(1, (threads or os.cpu_count() or 1) // self.at_once)
        return engine.load(graph, self.engine, threads, dtype=self.dtype, keep_memory=keep_memory)


@dataclass(frozen=True)
class StandIn:
    """A package with networks that take the place of a model's own of the same names. more: further inputs of theirs,
    numbers by name. What its card says of sizes counts before what the model's own says.
    """

    package: ModelPackage
    more: tuple[tuple[str, float], ...] = ()

    def __contains__(self, network: str) -> bool:
        return f"{network}.onnx" in self.package.files


def package_of(codec: str, name: str | None, id: bytes) -> ModelPackage:
    """The package that a file names by its id: the codec's own, of the ``name`` of `find_model`, which need not be
    installed, or one that is. Raises UnsupportedError if there is none.
    """
    if name is not None:
        own = find_model(codec, name=name)
        if own.id == id:
            return own
    return find_model(codec, id=id)


class PackageModel:
    """The networks and tables of a package. A system derives from it, says in `read` what it needs of the package, and
    has a method for each network.

    instead: where some of its networks come from, if not from the package.

    Raises CorruptFileError for a package that does not have what `read` asks for.
    """

    def __init__(self, package: ModelPackage, running: Running | None = None, instead: StandIn | None = None) -> None:
        self.package, self.running = package, running or Running()
        self._instead = instead
        self._usual = type(self).open(package, running) if instead else None  # whose other networks are shared
        self._networks: dict[str, Future[Network]] = {}
        self._lock = threading.Lock()
        self.turn: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()  # of a network that runs
        if self.running.at_once:
            self.turn = self._usual.turn if self._usual else threading.Semaphore(self.running.at_once)
        try:
            self.read(package.config | (instead.package.config if instead else {}), package.tables)
        except (KeyError, ValueError, TypeError, IndexError, InvalidInputError) as error:
            raise CorruptFileError(
                f"model package {package.folder} does not fit its codec, {package.codec}: {error}"
            ) from error

    @classmethod
    def open(cls, package: ModelPackage, running: Running | None = None, instead: StandIn | None = None) -> Self:
        """The model of a package, shared by all of the process that run it in the same way."""
        return cast(Self, _opened(cls, package, running or Running(), instead))  # type: ignore[arg-type]  # a class is hashable

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take sizes and integer tables out of the package. What is missing or does not fit may raise KeyError,
        ValueError, TypeError, IndexError or InvalidInputError.
        """

    def run(self, network: str, /, **arrays: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The outputs of a network, by name: floats in float32, octets as they are."""
        if self._instead and self._usual:
            if network not in self._instead:
                return self._usual.run(network, **arrays)
            arrays |= {name: np.array([number], np.float32) for name, number in self._instead.more}
        loading, new = self._loading(network)
        if new:
            self._fill({network: loading})
        ready = loading.result()
        with self.turn:
            found = ready(**arrays)
        results = {
            name: value if value.dtype == np.uint8 else value.astype(np.float32, copy=False)
            for name, value in found.items()
        }
        for watcher in _watchers:
            watcher(network, arrays, results)
        return results

    def prepare(self, *networks: str) -> None:
        """Begin to load networks beside what goes on until they are run: a first picture waits less for them. One call
        loads its networks one after the other, and beside those of other calls.
        """
        # torch itself is imported with the first network; a thread that memory does not suffice for may never start
        if self.running.engine != "onnx" or limited():
            return
        if self._instead and self._usual:
            self._usual.prepare(*(name for name in networks if name not in self._instead))
            networks = tuple(name for name in networks if name in self._instead)
        found = {name: self._loading(name) for name in networks}
        mine = {name: loading for name, (loading, new) in found.items() if new}
        if mine:
            threading.Thread(target=self._fill, args=(mine,)).start()

    def _loading(self, network: str) -> tuple[Future[Network], bool]:
        """The network as it will be, and whether it is for the caller to `_fill` it in."""
        with self._lock:
            found = self._networks.get(network)
            loading = found or self._networks.setdefault(network, Future())
            return loading, found is None

    def _fill(self, empty: Mapping[str, Future[Network]]) -> None:
        for name, loading in empty.items():
            try:
                loading.set_result(self._load(name))
            except Exception as error:
                with self._lock:
                    del self._networks[name]  # memory may suffice next time
                loading.set_exception(error)

    def in_strips(self, network: str, **fixed: Float) -> tuple[Strips, Network] | None:
        """A network that works in strips, some of its inputs fixed; None if it has layers that do not."""
        instead = self._instead if self._instead and network in self._instead else None
        more = {name: np.array([number], np.float32) for name, number in instead.more} if instead else {}
        try:
            strips = in_strips((instead or self).package.network(network), fixed | more)
        except UnsupportedError:
            return None
        return strips, self.running.load(strips.graph, in_strips=True)

    def _load(self, network: str) -> Network:
        source = self._instead.package if self._instead else self.package
        # windows of large pictures are larger than all else
        keep = self.running.at_once is None or network not in ("analysis", "synthesis")
        return self.running.load(self.graph(source, network), keep_memory=keep)

    def graph(self, source: ModelPackage, network: str) -> bytes | Graph:
        """The graph of a network as it runs: that of the package, or another one that gives the same."""
        return source.network(network)


class RatedModel(PackageModel):
    """A model for every rate of a range: what depends on the rate has values at ``anchors``, ``steps`` apart."""

    anchors: int
    steps: int

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the rates out of the package."""
        self.anchors, self.steps = int(config["anchors"]), int(config["steps_per_anchor"])
        if min(self.anchors, self.steps) < 1:
            raise ValueError(f"{self.anchors} anchors of rate, {self.steps} steps apart")

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""
        return last_rate(self.anchors, self.steps)

    def mix(self, rate: int) -> Float:
        """Interpolation weights (1, anchors) of a rate index, in whole steps: an input of the networks."""
        return mix_of(rate, self.anchors, self.steps)

    def nearest_anchor(self, rate: int) -> int:
        """The anchor whose tables a rate index takes."""
        return nearest_anchor(rate, self.anchors, self.steps)


@contextlib.contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Tell ``watcher`` of every network of a package that runs meanwhile, in whatever thread."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@functools.lru_cache(maxsize=8)
def _opened(cls: type[PackageModel], package: ModelPackage, running: Running, instead: StandIn | None) -> PackageModel:
    return cls(package, running, instead)

"""The hyperprior's model package as functions on arrays, and the probability tables that go with them."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress import engine
from latentpress.codecs.rates import last_rate, mix_of, nearest_anchor
from latentpress.codecs.scales import tables_of
from latentpress.engine import Network
from latentpress.entropy import ProbabilityTables
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.models import ModelPackage

__all__ = ["ANALYSIS", "ENCODER", "HyperpriorModel", "Parameters", "context_name", "network_names", "open_model"]

Float = NDArray[np.float32]

ANALYSIS = "analysis"
"""Name of the network that only the encoder uses and that decides nothing but which latents are coded."""

ENCODER = "hyperprior-encoder"
"""What the card of a package calls itself that holds another analysis for a model: its config has the model's id as
``model``, and as ``tune`` what the analysis was trained for.
"""


def context_name(number: int) -> str:
    """Name of the context network of pass ``number`` (2, 3 or 4; the first pass has none)."""
    return "context" if number == 2 else f"context_{number}"


def network_names(passes: int) -> tuple[str, ...]:
    """The graphs of a package. The entropy path is hyper_synthesis and contexts: integers, exact in every engine."""
    contexts = (context_name(number) for number in range(2, passes + 1))
    return (ANALYSIS, "hyper_analysis", "hyper_synthesis", *contexts, "synthesis")


@dataclass(frozen=True)
class Parameters:
    """What a pass is coded with, each (M, h, w): ``mean`` a multiple of 1/16 quantisation step; ``index`` a scale
    index, a multiple of 1/16 that is rounded and clamped to name a probability table.
    """

    mean: Float
    index: Float

    def tables(self, count: int) -> NDArray[np.uint8]:
        """The probability table of each symbol (M, h, w), out of ``count``."""
        return tables_of(self.index, count)

    def plus(self, other: Parameters) -> Parameters:
        """Sum of both predictions. Multiples of 1/16 below 2^19: exact in float32."""
        return Parameters(self.mean + other.mean, self.index + other.index)


class HyperpriorModel:
    """Networks and tables of one package on one engine. Networks are made at first use and kept.

    ``stride`` (16): pixels a latent; ``hyper_stride`` (4): latents a hyper latent. ``passes``: 2 or 4 in which latents
    are coded. ``margin``: latents beyond which a transform sees nothing. ``last_rate``: the largest rate index.
    ``encoder``: a package whose analysis is used in place of the model's own.
    """

    stride = 16
    hyper_stride = 4

    def __init__(
        self,
        package: ModelPackage,
        engine_name: str,
        threads: int | None,
        dtype: str,
        keep_memory: bool = True,
        encoder: ModelPackage | None = None,
    ) -> None:
        self.package = package
        self._encoder = encoder or package
        self._load = functools.partial(
            engine.load, engine=engine_name, threads=threads, dtype=dtype, keep_memory=keep_memory
        )
        self._networks: dict[str, Network] = {}
        self._lock = threading.Lock()
        try:
            self.latents = int(package.config["latents"])
            self.hyper_latents = int(package.config["hyper_latents"])
            self.passes = int(package.config.get("passes", 2))
            if self.passes not in (2, 4):
                raise ValueError(f"latents in {self.passes} passes")
            self.margin = int(package.config.get("margin", 5))
            self.anchors = int(package.config["anchors"])
            self.steps = int(package.config["steps_per_anchor"])
            arrays = package.tables
            self.tables = ProbabilityTables(arrays["counts"], arrays["radius"])
            hyper_radius = arrays["hyper_radius"].reshape(self.anchors, self.hyper_latents)
            self._hyper = list(zip(hyper_radius, _cut(arrays["hyper_counts"], hyper_radius), strict=True))
        except (KeyError, ValueError, TypeError, InvalidInputError) as error:
            raise CorruptFileError(f"model package {package.folder} does not describe a hyperprior: {error}") from error

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""
        return last_rate(self.anchors, self.steps)

    def mix(self, rate: int) -> Float:
        """Interpolation weights (1, anchors) of a rate index, in whole steps: the networks' second input."""
        return mix_of(rate, self.anchors, self.steps)

    def hyper_tables(self, rate: int) -> ProbabilityTables:
        """One table a hyper latent channel, of the anchor nearest to the rate."""
        radius, counts = self._hyper[nearest_anchor(rate, self.anchors, self.steps)]
        return _tables(counts.tobytes(), radius.tobytes())

    def analysis(self, pixels: Float, mix: Float) -> Float:
        """(1, 3, 16h, 16w) grey levels to latents (1, M, h, w) in quantisation steps."""
        return self._run(ANALYSIS, x=pixels, mix=mix)["latents"]

    def hyper_analysis(self, latents: Float) -> Float:
        """Latents, sides multiples of 4, to hyper latents (1, Z, h/4, w/4) before rounding."""
        return self._run("hyper_analysis", latents=latents)["hyper"]

    def hyper_synthesis(self, hyper: Float, mix: Float, height: int, width: int) -> tuple[Float, Parameters]:
        """Hyper latents to features (1, F, height, width) and the parameters of the first pass."""
        out = self._run("hyper_synthesis", hyper=hyper, mix=mix)
        out = {name: np.ascontiguousarray(value[:, :, :height, :width]) for name, value in out.items()}
        return out["features"], Parameters(out["mean"][0], out["index"][0])

    def context(self, number: int, features: Float, values: Float) -> Parameters:
        """Features and the values of the passes before ``number`` (M, h, w), zero elsewhere, to corrections of the
        parameters.
        """
        out = self._run(context_name(number), features=features, values=values[None])
        return Parameters(out["mean"][0], out["index"][0])

    def synthesis(self, values: Float, mix: Float) -> Float:
        """Values (M, h, w) in quantisation steps to grey levels (1, 3, 16h, 16w)."""
        return self._run("synthesis", values=values[None], mix=mix)["pixels"]

    def _run(self, name: str, **arrays: Float) -> dict[str, Float]:
        with self._lock:
            if name not in self._networks:
                source = self._encoder if name == ANALYSIS else self.package
                self._networks[name] = self._load(source.network(name))
        return {key: value.astype(np.float32, copy=False) for key, value in self._networks[name](**arrays).items()}


def _cut(counts: NDArray[Any], radius: NDArray[Any]) -> list[NDArray[Any]]:
    """The counts of each anchor's tables, which follow one another; ``radius`` is (anchors, Z)."""
    sizes = np.where(radius == 0, 1, 2 * radius.astype(np.int64) + 2)
    ends = np.cumsum(sizes.sum(axis=1))
    return np.split(counts, ends[:-1])


@functools.lru_cache(maxsize=32)
def _tables(counts: bytes, radius: bytes) -> ProbabilityTables:
    return ProbabilityTables(np.frombuffer(counts, np.uint32), np.frombuffer(radius, np.uint16))


@functools.lru_cache(maxsize=4)
def open_model(
    package: ModelPackage,
    engine_name: str,
    threads: int | None,
    dtype: str,
    keep_memory: bool = True,
    encoder: ModelPackage | None = None,
) -> HyperpriorModel:
    """The model of a package, shared by all codecs of the process that ask for the same engine and threads."""
    return HyperpriorModel(package, engine_name, threads, dtype, keep_memory, encoder)

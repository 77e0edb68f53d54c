"""The model package of `importance-map` as functions on arrays, and the probability tables that go with it."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress import engine
from latentpress.codecs.rates import last_rate, mix_of, nearest_anchor
from latentpress.engine import Network
from latentpress.entropy import TOTAL, ProbabilityTables
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.models import ModelPackage

__all__ = ["NETWORKS", "BitTables", "ImportanceModel", "MagnitudeBits", "open_model"]

NETWORKS = ("analysis", "importance", "estimate", "context", "synthesis")
"""The graphs of a package. Of these the context is made of integers, exact in every engine."""

Float = NDArray[np.float32]
Chances = NDArray[np.uint32]


@dataclass(frozen=True)
class BitTables:
    """Chances of 65536 that a bit is 1, all uint32 in 1..65535. See `bitplanes` for the classes.

    significance (classes, levels), sign (levels,), refinement (classes, levels).
    """

    significance: Chances
    sign: Chances
    refinement: Chances

    def __post_init__(self) -> None:
        for table, dimensions in ((self.significance, 2), (self.sign, 1), (self.refinement, 2)):
            if table.ndim != dimensions or not 1 <= int(table.min()) <= int(table.max()) < TOTAL:
                raise ValueError("a table of chances has the wrong shape or holds what is no chance")


class MagnitudeBits:
    """Estimated bits of a magnitude by its scale index, in the form that `Rounding` reads: (64, levels) numbers."""

    def __init__(self, table: NDArray[np.float32]) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def bits(self, symbols: NDArray[np.integer[Any]], indices: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Bits of each magnitude."""
        found: NDArray[np.float64] = self._table[indices, np.minimum(np.abs(symbols), self._table.shape[1] - 1)].astype(
            np.float64
        )
        return found


class ImportanceModel:
    """Networks and tables of one package on one engine. Networks are made at first use and kept.

    ``stride`` (16): pixels a feature-map sample. ``latents`` M: feature maps, the first ``pyramid`` of them through a
    wavelet; ``signed``: how many have predicted signs; ``margin``: latents beyond which a transform sees nothing;
    ``last_rate``: the largest rate index.
    """

    stride = 16

    def __init__(
        self, package: ModelPackage, engine_name: str, threads: int | None, dtype: str, keep_memory: bool = True
    ) -> None:
        self.package = package
        self._load = functools.partial(
            engine.load, engine=engine_name, threads=threads, dtype=dtype, keep_memory=keep_memory
        )
        self._networks: dict[str, Network] = {}
        self._lock = threading.Lock()
        try:
            sizes = {name: int(package.config[name]) for name in ("latents", "pyramid", "signed", "margin", "anchors")}
            self.latents, self.pyramid, self.signed = sizes["latents"], sizes["pyramid"], sizes["signed"]
            self.margin, self.anchors = sizes["margin"], sizes["anchors"]
            self.steps = int(package.config["steps_per_anchor"])
            arrays = package.tables
            self.bit_tables = BitTables(arrays["significance"], arrays["sign"], arrays["refinement"])
            self.map_tables = ProbabilityTables(arrays["map_counts"], arrays["map_radius"])
            self.top_tables = ProbabilityTables(arrays["top_counts"], arrays["top_radius"])
            self.tops = np.asarray(arrays["tops"], np.int32)
            if self.tops.shape[0] != self.anchors:
                raise ValueError("the usual top planes are not those of the anchors")
            self.magnitude_bits = MagnitudeBits(arrays["magnitude_bits"])
        except (KeyError, ValueError, TypeError, InvalidInputError) as error:
            raise CorruptFileError(
                f"model package {package.folder} does not describe an importance map: {error}"
            ) from error

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""
        return last_rate(self.anchors, self.steps)

    def mix(self, rate: int) -> Float:
        """Interpolation weights (1, anchors) of a rate index, in whole steps: the networks' second input."""
        return mix_of(rate, self.anchors, self.steps)

    def usual_tops(self, rate: int) -> NDArray[np.int32]:
        """The top plane that each group of feature maps usually has at a rate (groups,)."""
        tops: NDArray[np.int32] = self.tops[nearest_anchor(rate, self.anchors, self.steps)]
        return tops

    def analysis(self, pixels: Float, mix: Float) -> Float:
        """(1, 3, 16h, 16w) grey levels to feature maps (1, M, h, w) in quantisation steps."""
        return self._run("analysis", x=pixels, mix=mix)["latents"]

    def importance(self, latents: Float, mix: Float) -> Float:
        """Feature maps (M, h, w), the wavelet done, to the planes to drop (h, w), before rounding."""
        dropped: Float = self._run("importance", latents=latents[None], mix=mix)["dropped"][0, 0]
        return dropped

    def estimate(self, values: Float, dropped: NDArray[Any], mix: Float) -> Float:
        """Values (M, h, w) in nominal steps to the scale index of each. For the encoder alone."""
        given = dropped.astype(np.float32)[None, None]
        index: Float = self._run("estimate", values=values[None], dropped=given, mix=mix)["index"][0]
        return index

    def context(self, mix: Float, **known: Float) -> tuple[Float, Float]:
        """Logits of significance (M, h, w) and of a positive sign (signed, h, w), from what is known."""
        out = self._run("context", **{name: value[None] for name, value in known.items()}, mix=mix)
        return out["logit"][0], out["sign"][0]

    def synthesis(self, values: Float, mix: Float) -> Float:
        """Values (M, h, w) in nominal steps, the wavelet undone, to grey levels (1, 3, 16h, 16w)."""
        return self._run("synthesis", values=values[None], mix=mix)["pixels"]

    def _run(self, name: str, **arrays: Float) -> dict[str, Float]:
        with self._lock:
            if name not in self._networks:
                self._networks[name] = self._load(self.package.network(name))
        return {key: value.astype(np.float32, copy=False) for key, value in self._networks[name](**arrays).items()}


@functools.lru_cache(maxsize=4)
def open_model(
    package: ModelPackage, engine_name: str, threads: int | None, dtype: str, keep_memory: bool = True
) -> ImportanceModel:
    """The model of a package, shared by all codecs of the process that ask for the same engine and threads."""
    return ImportanceModel(package, engine_name, threads, dtype, keep_memory)

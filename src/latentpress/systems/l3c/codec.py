"""`L3cCodec`: lossless coding by learned coarser forms of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.mixed import MixedCodec, MixedModel, code_flat, code_pixels, mixtures_of
from latentpress.codecs.lossless.pyramid import between, unknown
from latentpress.codecs.mixtures import GRID, code_values
from latentpress.codecs.ports import Port
from latentpress.errors import CorruptFileError
from latentpress.systems.l3c.layout import LEARNED, LEVEL_BITS, LEVELS, MIDDLE, SCALES

__all__ = ["L3cCodec", "L3cModel"]

Whole = NDArray[np.int64]


class L3cModel(MixedModel):
    """The networks of a package: ``analysis`` and a ``predictor_s`` for each scale."""

    multiple: ClassVar[int] = 2**SCALES

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the number of components out of the package."""
        self._components = int(config["components"])

    def code(self, port: Port, samples: Whole | None, shape: tuple[int, int], max_error: int) -> Whole:
        """The coarsest form, of which nothing is known, then finer ones by what their predictor says of them."""
        learned: list[Whole | None] = [None] * (SCALES - 1)
        if samples is not None:
            found = self.run("analysis", x=samples[None].astype(np.float32))
            learned = [found[f"learned_{s}"][0].astype(np.int64) for s in range(SCALES - 1)]
        coarsest = None if samples is None else samples[:, :: 2**SCALES, :: 2**SCALES]
        colours = code_flat(port, coarsest, (3, shape[0] >> SCALES, shape[1] >> SCALES), 8)
        form, coarser = colours, dict[str, NDArray[np.float32]]()
        for s in range(SCALES - 1, -1, -1):
            found = self.run(f"predictor_{s}", **{f"form_{s}": form[None].astype(np.float32)}, **coarser)
            base, places = between(colours), unknown(*found["y"].shape[2:])
            wanted = None if samples is None else samples[:, :: 2**s, :: 2**s]
            bound = 0 if s else max_error
            colours = code_pixels(port, wanted, found["y"], self._components, base, bound, places)
            if s:
                form = np.concatenate([colours, self._learned(port, learned[s - 1], found["z"])])
                coarser = {f"coarser_{s - 1}": found["features"]}
        return colours

    def _learned(self, port: Port, wanted: Whole | None, outputs: NDArray[np.float32]) -> Whole:
        mixtures, _ = mixtures_of(outputs, LEARNED, self._components)
        mixtures[1] += GRID * MIDDLE
        flat = mixtures.transpose(0, 2, 1, 3, 4).reshape(3, self._components, -1)
        found = code_values(port, None if wanted is None else wanted.ravel(), flat, 0, 1, LEVEL_BITS, "learned")
        if found.size and int(found.max()) >= LEVELS:
            raise CorruptFileError("the picture's data are damaged: a level that there is not")
        return found.reshape(LEARNED, *outputs.shape[2:])


class L3cCodec(MixedCodec):
    """Lossless codec after L3C: three coarser forms of the picture, each of which says what the next finer is like.

    The arguments are those of `MlpLosslessCodec`. Gray, deep pictures and mosaics go by prediction that adapts, without
    networks. threads: of each network, too.
    """

    id: ClassVar[str] = "l3c"
    model_class = L3cModel

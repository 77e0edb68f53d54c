"""`L3cCodec`: lossless coding by learned coarser forms of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.mixed import MixedCodec, MixedModel, code_pixels, mixtures_of
from latentpress.codecs.mixtures import GRID, code_values
from latentpress.codecs.ports import Port
from latentpress.errors import CorruptFileError
from latentpress.systems.l3c.layout import CHANNELS, LEVEL_BITS, LEVELS, SCALES

__all__ = ["L3cCodec", "L3cModel"]

Whole = NDArray[np.int64]

_EVEN = np.array([0, GRID * 16, GRID * 8], np.int64)  # a mixture that is nearly flat over all levels


class L3cModel(MixedModel):
    """The networks of a package: ``analysis`` and a ``predictor_s`` for each scale."""

    multiple: ClassVar[int] = 2**SCALES

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the number of components out of the package."""
        self._components = int(config["components"])

    def code(self, port: Port, samples: Whole | None, shape: tuple[int, int], max_error: int) -> Whole:
        """The coarsest form, each of which nothing is known, then finer ones by what their predictor says of them."""
        forms: list[Whole | None] = [None] * SCALES
        if samples is not None:
            found = self.run("analysis", x=samples[None].astype(np.float32))
            forms = [found[f"form_{s}"][0].astype(np.int64) for s in range(SCALES)]
        coarsest = (CHANNELS, *(side >> SCALES for side in shape))
        mixture = np.broadcast_to(_EVEN[:, None, None], (3, 1, int(np.prod(coarsest))))
        form = self._form(port, forms[-1], mixture, coarsest)
        coarser: dict[str, NDArray[np.float32]] = {}
        for s in range(SCALES - 1, -1, -1):
            found = self.run(f"predictor_{s}", **{f"form_{s}": form[None].astype(np.float32)}, **coarser)
            coarser = {f"coarser_{s - 1}": found["features"]}
            if s == 0:
                return code_pixels(
                    port, samples, found["y"], self._components, np.full((3, *shape), 128, np.int64), max_error
                )
            mixtures, _ = mixtures_of(found["y"], CHANNELS, self._components)
            flat = mixtures.transpose(0, 2, 1, 3, 4).reshape(3, self._components, -1)
            form = self._form(port, forms[s - 1], flat, (CHANNELS, *found["y"].shape[2:]))
        raise AssertionError("the finest scale is the picture")

    def _form(self, port: Port, wanted: Whole | None, mixtures: Whole, shape: tuple[int, ...]) -> Whole:
        flat = None if wanted is None else wanted.ravel()
        form = code_values(port, flat, mixtures, 0, 1, LEVEL_BITS, "forms").reshape(shape)
        if form.size and int(form.max()) >= LEVELS:
            raise CorruptFileError("the picture's data are damaged: a level that there is not")
        return form


class L3cCodec(MixedCodec):
    """Lossless codec after L3C: three coarser forms of the picture, each of which says what the next finer is like.

    The arguments are those of `MlpLosslessCodec`. Gray, deep pictures and mosaics go by prediction that adapts, without
    networks. threads: of each network, too.
    """

    id: ClassVar[str] = "l3c"
    model_class = L3cModel

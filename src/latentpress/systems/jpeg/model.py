"""The trained numbers of the codec, as its package holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.models import PackageModel
from latentpress.systems.jpeg.features import LAST_GROUP
from latentpress.systems.jpeg.grid import LEVELS
from latentpress.systems.jpeg.network import Network
from latentpress.systems.jpeg.predictor import Predictor

__all__ = ["KINDS", "JpegModel"]

KINDS = 3
"""Of components: luma, first chroma, second chroma; the networks know only luma and chroma."""


class JpegModel(PackageModel):
    """Whole numbers all. chances: (odd,) of 65536, of a logit in 64ths, from the least on. top: networks for the last
    diagonal, of luma and of chroma. networks: for each of the two, by group of coefficients. predictors: by kind and
    level.
    """

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the tables out of the package."""
        groups = range(LAST_GROUP + 1)
        self.chances = tables["chances"].astype(np.uint32)
        self.top = [_network(tables, f"top{kind}") for kind in range(2)]
        self.networks = [[_network(tables, f"net{kind}_{group}") for group in groups] for kind in range(2)]
        self.predictors = [[_predictor(tables, f"guess{kind}_{n}") for n in range(LEVELS)] for kind in range(KINDS)]


def _network(tables: Mapping[str, NDArray[Any]], name: str) -> Network:
    return Network(*(tables[f"{name}.{part}"].astype(np.float32) for part in ("first", "bias", "second", "offset")))


def _predictor(tables: Mapping[str, NDArray[Any]], name: str) -> Predictor:
    return Predictor(*(tables[f"{name}.{part}"].astype(np.float64) for part in ("near", "own", "first", "luma")))

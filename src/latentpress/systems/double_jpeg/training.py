"""Fit of the detector: for files of about one quality each, a linear support vector machine of the 324 features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latentpress.restoration.tables import standard_quantisation, standard_tables
from latentpress.systems.double_jpeg.features import FEATURES, transitions
from latentpress.systems.double_jpeg.layout import ANCHORS, REACH
from latentpress.training.data import Pictures, step_generator
from latentpress.training.restoration.data import jpeg_round_trip
from latentpress.training.schedule import Schedule, setting
from latentpress.training.system import Arrays, Graph, Player, Samples, Training
from latentpress.transforms import block_dct
from latentpress.transforms.colour import to_ycc

__all__ = ["DoubleJpegTraining", "luma_levels"]

_SMALLEST_STEP = 4  # qualities that the first compression is below the second, at least
_FOLDS = 5


@dataclass(frozen=True)
class Machine:
    """penalty: of an example on the wrong side (C). false_alarms: share of files compressed once that may be taken for
    files compressed twice; where the line lies is found by cross-validation.
    """

    penalty: float = setting(0.1, at_least=0)
    false_alarms: float = setting(0.01, at_least=0, at_most=1)


@dataclass(frozen=True)
class Examples(Schedule):
    """Of ``pictures`` pictures, spread over the data, a square of ``crop`` pixels is compressed once, and ``twice``
    times over, for each anchor, the first quality drawn from ``lowest`` up to 4 below the second.
    """

    pictures: int = setting(600, at_least=2)
    crop: int = setting(384, multiple_of=16)
    twice: int = setting(3, at_least=1)
    lowest: int = setting(30, at_least=1, at_most=36)

    @property
    def smallest(self) -> int:
        """A crop."""
        return self.crop


class DoubleJpegTraining(Training):
    """Weights and thresholds are buffers of the network, found before the first step."""

    model_type: ClassVar[type[Any]] = Machine
    schedule_type: ClassVar[type[Schedule]] = Examples
    figures: ClassVar[tuple[str, ...]] = ()
    rounds: ClassVar[int] = 0
    table_pictures: ClassVar[int] = 1

    def network(self, samples: Samples | None) -> nn.Module:
        """Weights (anchors, 324) and offsets: a file was compressed twice where its score is positive."""
        weights, offsets = np.zeros((len(ANCHORS), FEATURES)), np.zeros(len(ANCHORS))
        if samples is not None:
            chosen = samples[:: -(-len(samples) // self.schedule.pictures)]
            examples = [self._examples(picture, number) for number, picture in enumerate(chosen)]
            for index in range(len(ANCHORS)):
                features = np.concatenate([one[index] for one in examples])
                weights[index], offsets[index] = self._fit(features, 1 + self.schedule.twice)
        net = nn.Module()
        net.register_buffer("weights", torch.from_numpy(weights).float())
        net.register_buffer("offsets", torch.from_numpy(offsets).float())
        return net

    def _examples(self, picture: NDArray[np.uint8], number: int) -> list[NDArray[np.float32]]:
        """For each anchor (1 + twice, 324): of the picture compressed once, then twice."""
        rng, crop = step_generator(self.schedule.seed, number), self.schedule.crop
        top, left = (int(rng.integers(0, side - crop + 1)) for side in picture.shape[:2])
        original = np.ascontiguousarray(picture[top : top + crop, left : left + crop])
        found = []
        for anchor in ANCHORS:
            second = min(100, anchor + int(rng.integers(-REACH, REACH + 1)))
            firsts = rng.integers(self.schedule.lowest, second - _SMALLEST_STEP + 1, self.schedule.twice)
            before = [jpeg_round_trip(original, standard_quantisation(int(first))) for first in firsts]
            found.append(np.stack([transitions(luma_levels(pixels, second)) for pixels in (original, *before)]))
        return found

    def _fit(self, features: NDArray[np.float32], each: int) -> tuple[NDArray[np.float64], float]:
        """Weights and offset for features as they come, ``each`` rows for a picture of which the first is single."""
        from sklearn.model_selection import GroupKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import LinearSVC

        rows = np.arange(len(features))
        twice = rows % each > 0
        machine = make_pipeline(
            StandardScaler(),
            LinearSVC(C=self.model.penalty, class_weight="balanced", dual=False, random_state=self.schedule.seed),
        )
        folds = GroupKFold(min(_FOLDS, len(features) // each))
        scores = cross_val_predict(machine, features, twice, groups=rows // each, cv=folds, method="decision_function")
        line = float(np.quantile(scores[~twice], 1 - self.model.false_alarms))
        scaler, machine = machine.fit(features, twice)
        weights = machine.coef_[0] / scaler.scale_
        return weights, float(machine.intercept_[0] - weights @ scaler.mean_ - line)

    def players(self, net: nn.Module) -> Sequence[Player]:
        """Nobody: there is nothing left to learn."""
        return []

    def graphs(self, net: nn.Module) -> dict[str, Graph | bytes]:
        """None: the detector is a product with a vector."""
        return {}

    def tables(self, net: nn.Module, model: Any, sample: Pictures) -> Arrays:
        """``weights`` (anchors, 324) float16 and ``offsets`` (anchors,) float32."""
        found = {name: value.numpy() for name, value in net.named_buffers()}
        return {"weights": found["weights"].astype(np.float16), "offsets": found["offsets"]}


def luma_levels(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.int16]:
    """Quantised luma coefficients (rows, columns, 8, 8) that libjpeg would write for (H, W, 3), sides multiples of 8,
    but for its rounding of ties.
    """
    luma = np.rint(to_ycc(pixels)[0])
    return np.rint(block_dct(luma) / standard_tables(quality)[0].astype(np.float32)).astype(np.int16)

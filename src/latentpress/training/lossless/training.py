"""What trainings of lossless codecs share: samples of pixels that are made once and kept in the run's folder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentpress.atomic import atomic_output
from latentpress.training.data import Pictures, load_held_out, load_pictures
from latentpress.training.schedule import Schedule, setting
from latentpress.training.system import Arrays, Folders, Say, Training

__all__ = ["SAMPLES", "Kept", "LosslessSchedule", "LosslessTraining"]

SAMPLES = "samples.npz"
"""Name of the training samples inside a run's folder; they are kept, since making them takes minutes."""

_START_PICTURES = 5
_WHOLE = 10**6  # pixels a side: pictures of the tables are not cut
_PIECES = 16  # that held-out samples are looked at in


@dataclass(frozen=True)
class LosslessSchedule(Schedule):
    """Every step is on ``batch`` random pixels of every part of the network, out of ``per_picture`` that are kept of
    each picture.
    """

    batch: int = setting(4096, at_least=1)
    per_picture: int = setting(16000, at_least=1)
    learning_rate: float = setting(2e-3, at_least=0)
    decay_from: float = setting(0.2, at_least=0)
    hard_from: float = setting(0.5, at_least=0)
    validate_every: int = setting(1000, at_least=1)


@dataclass(frozen=True)
class Kept:
    """Samples of each part of a network, dataclasses of columns with a row a sample; and by the part's name what least
    squares start with.
    """

    parts: Sequence[Any]
    starts: Arrays

    def __len__(self) -> int:
        """Pixels of each part."""
        return int(self.parts[0].offset.size)


class LosslessTraining(Training):
    """Base of trainings on pixels as the codec's own walk sees them, a sample for each part of the network.

    The pictures should be lossless ones: what compression did to them would be learned. Walking over them comes first.
    """

    schedule_type: ClassVar[type[Schedule]] = LosslessSchedule
    recordable = True
    counted = "pixels"
    table_side = _WHOLE

    part_type: ClassVar[type[Any]]
    """Dataclass of the columns; one of them is ``offset``."""

    parts: ClassVar[tuple[str, ...]]
    """Names of the network's parts."""

    held_out_pixels: ClassVar[int] = 200_000
    """Of each part."""

    @abstractmethod
    def starts(self, pictures: Pictures) -> Arrays:
        """What least squares start with, by part."""

    @abstractmethod
    def collect(self, pictures: Pictures, starts: Arrays, per_picture: int, seed: int, say: Say) -> Sequence[Any]:
        """About ``per_picture`` random pixels of each picture, for every part."""

    def usual_starts(self, pictures: Pictures) -> Arrays:
        """`starts` of a few of the pictures."""
        return self.starts(pictures[:: -(-len(pictures) // _START_PICTURES)])

    def samples(self, data: Folders, folder: Path, say: Say) -> Kept:
        """Made at the start of a run."""
        path = folder / SAMPLES
        if not path.is_file():
            pictures = load_pictures(data, self.schedule.smallest)
            starts = self.usual_starts(pictures)
            parts = self.collect(pictures, starts, self.schedule.per_picture, self.schedule.seed, say)
            arrays = {f"start_{name}": start for name, start in starts.items()}
            for name, part in zip(self.parts, parts, strict=True):
                arrays |= {f"{column}_{name}": getattr(part, column) for column in self._columns()}
            with atomic_output(path) as stream:
                np.savez(stream, **arrays)  # type: ignore[arg-type]  # names are no options
        with np.load(path, allow_pickle=False) as kept:
            parts = [self.part_type(*(kept[f"{column}_{name}"] for column in self._columns())) for name in self.parts]
            return Kept(parts, {name: kept[f"start_{name}"] for name in self.parts})

    def held_out(self, valid: Folders, samples: Kept, say: Say) -> Kept:
        """Pixels of the pictures to validate on."""
        pictures = load_held_out(valid)
        parts = self.collect(pictures, samples.starts, self.held_out_pixels // len(pictures), 0, say)
        return Kept(parts, samples.starts)

    def draw(self, samples: Kept, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Rows of every part, column by column."""
        rows = -(-self.schedule.batch * len(samples.parts[0]) // len(samples))
        return tuple(column for part in samples.parts for column in self.rows(part, rng.integers(0, len(part), rows)))

    def rows(self, part: Any, chosen: NDArray[Any]) -> tuple[Tensor, ...]:
        """The columns of some samples."""
        return tuple(torch.from_numpy(getattr(part, column)[chosen]) for column in self._columns())

    def by_part(self, drawn: Sequence[Tensor]) -> Iterator[tuple[Tensor, ...]]:
        """What `draw` drew, as numbers on the device: the columns of each part."""
        count = len(self._columns())
        for start in range(0, len(drawn), count):
            yield tuple(column.to(self.device).float() for column in drawn[start : start + count])

    def pieces(self, part: Any) -> Iterator[tuple[Tensor, ...]]:
        """All columns of a part, some rows at a time."""
        for chosen in np.array_split(np.arange(len(part)), _PIECES):
            yield from self.by_part(self.rows(part, chosen))

    def _columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in fields(self.part_type))

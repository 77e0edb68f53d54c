"""What a weight may be held to while it learns: any numbers, numbers with zeros that stay, levels of a codebook."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.training.graphs import Indexed

__all__ = ["Form", "Free", "OnLevels", "Sparse"]


class Form(nn.Module):
    """A weight as a function of what learns: calling it gives the weight."""

    def paces(self, rate: float) -> list[dict[str, Any]]:
        """What learns, as groups of an optimiser, each at the rate at which the weight changes by ``rate`` a step."""
        return [{"params": list(self.parameters()), "lr": rate}]

    def indexed(self) -> Indexed | None:
        """The codebook that it lies on, if it does."""
        return None


class Free(Form):
    """Any numbers."""

    def __init__(self, weight: NDArray[np.float32]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(weight.copy()))

    def forward(self) -> Tensor:
        return self.weight


class Sparse(Free):
    """Numbers whose zeros stay zeros."""

    def __init__(self, weight: NDArray[np.float32]) -> None:
        super().__init__(weight)
        self.mask = torch.from_numpy((weight != 0).astype(np.float32))

    def forward(self) -> Tensor:
        return self.weight * self.mask


class OnLevels(Form):
    """Levels that learn, each for all weights that lie on it (Han et al. 2016, Deep Compression), but for a level 0;
    and so do the scales of the channels.
    """

    def __init__(self, book: Indexed) -> None:
        super().__init__()
        self._book = book
        self._index = torch.from_numpy(book.index.astype(np.int64))
        self.levels = nn.Parameter(torch.from_numpy(book.levels.copy()))
        self.scale = nn.Parameter(torch.from_numpy(book.scale.copy()))
        self._moves = torch.from_numpy((book.levels != 0).astype(np.float32))

    def forward(self) -> Tensor:
        return (self.levels * self._moves)[self._index] * self.scale

    def paces(self, rate: float) -> list[dict[str, Any]]:
        """See `Form.paces`; a level moves in units of the scale, a scale in units of the levels."""
        units = [one.detach().square().mean().sqrt().clamp_min(1e-12) for one in (self.scale, self.levels)]
        return [
            {"params": [one], "lr": rate / float(unit)}
            for one, unit in zip((self.levels, self.scale), units, strict=True)
        ]

    def indexed(self) -> Indexed:
        """The codebook, rounded to float16."""
        return Indexed.rounded(
            self._book.index, (self.levels * self._moves).detach().numpy(), self.scale.detach().numpy()
        )

"""Values that depend on the rate index: a table over a few anchor rates, interpolated linearly between them.

One network serves all rates (variable rate by gain vectors: Cui et al. 2021, "Asymmetric gained deep image
compression", arXiv 2003.02012). Everything in it that depends on the rate - gains, block modulation, offsets of the
scale index - is such a table, so a rate index is one small vector of interpolation weights that every table shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.codecs.rates import STEPS_PER_ANCHOR, last_rate
from latentpress.parts.quantise import round_half_up, straight_through

__all__ = ["FrozenRateTable", "IntegerRateTable", "RateRange", "RateTable", "mix_for_rates", "move_rates"]


@dataclass(frozen=True, kw_only=True)
class RateRange:
    """Rates of a network: ``anchors`` of its tables; ``lambda_low`` and ``lambda_high``: the trade-off (weight of the
    mean squared error in grey levels against bits a pixel) at the first and last rate. One anchor makes one rate.
    """

    anchors: int = 8
    lambda_low: float = 0.0008
    lambda_high: float = 0.4

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""
        return last_rate(self.anchors)

    def lambdas(self, rates: Tensor) -> Tensor:
        """Trade-off of each rate index (B,): geometric from ``lambda_low`` to ``lambda_high``."""
        ratio = self.lambda_high / self.lambda_low
        return self.lambda_low * ratio ** (rates.to(torch.float32) / max(1, self.last_rate))

    def steps(self) -> Tensor:
        """Best step of an orthonormal transform at each anchor (anchors, 1): lambda = 6 / (ln 2 * step^2 / 3)."""
        return torch.sqrt(24.0 / self.lambdas(torch.arange(self.anchors) * STEPS_PER_ANCHOR))[:, None]


def mix_for_rates(rates: Tensor, anchors: int) -> Tensor:
    """Interpolation weights of rate indices.

    ``rates``: integer tensor (B,), each in 0 .. 16 * (anchors - 1). Returns float (B, anchors): whole numbers of
    sixteenths that sum to 16 in each row, at most two of them non-zero.
    """
    position = rates.to(torch.float32)[:, None] / STEPS_PER_ANCHOR
    centres = torch.arange(anchors, dtype=torch.float32, device=rates.device)[None]
    return STEPS_PER_ANCHOR * (1 - (position - centres).abs()).clamp_min(0)


class RateTable(nn.Module):
    """A float vector a rate: ``forward(mix)`` gives (B, channels, 1, 1)."""

    def __init__(self, anchors: int, channels: int, initial: float | Tensor = 0.0) -> None:
        super().__init__()
        table = torch.zeros(anchors, channels)
        self.table = nn.Parameter(table + initial)

    def forward(self, mix: Tensor) -> Tensor:
        with torch.autocast(mix.device.type, enabled=False):
            return ((mix @ self.table) * (1.0 / STEPS_PER_ANCHOR))[:, :, None, None]


class IntegerRateTable(RateTable):
    """A rate table whose values live on the grid 1/2**bits once ``integer`` is set; interpolation stays on that grid.

    The exact value is floor(sum_k mix_k * T_k / 16 + 1/2) with integer T and mix: the same bits in every engine.
    """

    def __init__(self, anchors: int, channels: int, bits: int, initial: float | Tensor = 0.0) -> None:
        super().__init__(anchors, channels, initial)
        self.bits = bits
        self.integer = False

    def integer_table(self) -> Tensor:
        """The table in units of 1/2**bits, as whole numbers (anchors, channels)."""
        return round_half_up(self.table.detach() * 2.0**self.bits)

    def largest_sum(self) -> int:
        """Largest magnitude that an interpolation can reach, in units of the grid x 1/16."""
        return int(self.integer_table().abs().max().item()) * STEPS_PER_ANCHOR

    def frozen(self) -> nn.Module:
        """The same with its entries fixed, for a stored graph."""
        return FrozenRateTable(self)

    def forward(self, mix: Tensor) -> Tensor:
        value = super().forward(mix)
        if not self.integer:
            return value
        with torch.autocast(mix.device.type, enabled=False):
            sixteenths = mix @ self.integer_table()
        exact = (round_half_up(sixteenths * (1.0 / STEPS_PER_ANCHOR)) * 2.0**-self.bits)[:, :, None, None]
        return straight_through(value, exact)


class FrozenRateTable(nn.Module):
    """An integer rate table with its entries fixed."""

    def __init__(self, table: IntegerRateTable) -> None:
        super().__init__()
        self.table = nn.Parameter(table.integer_table(), requires_grad=False)
        self.unit = 2.0**-table.bits

    def forward(self, mix: Tensor) -> Tensor:
        value = round_half_up((mix @ self.table) * (1 / STEPS_PER_ANCHOR)) * self.unit
        return value[:, :, None, None]


@torch.no_grad()
def move_rates(net: nn.Module, rates: Sequence[float]) -> None:
    """Give each anchor of all tables of a network what another rate index has, in place: as interpolated, and beyond
    the first and last anchor as the line through the nearest two goes on.
    """
    position = torch.tensor(rates, dtype=torch.float64) / STEPS_PER_ANCHOR
    left = position.floor().clamp(0, len(rates) - 2).long()
    share = (position - left)[:, None]
    for module in net.modules():
        if isinstance(module, RateTable):
            table = module.table.double()
            module.table.copy_(table[left] * (1 - share) + table[left + 1] * share)

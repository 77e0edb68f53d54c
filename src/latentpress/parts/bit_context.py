"""The chances of binary codes by an integer network: the causal model of Toderici et al. 2017 (arXiv 1608.05148,
section 3.4, BinaryRNN), with halves of a checkerboard in place of raster order, so that a layer takes few calls.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, hidden_layer

__all__ = ["LOGITS", "BitContext"]

_BITS, _LIMIT = 3, 32
_HIGH = 255

LOGITS = 2 * _LIMIT
"""How many logits `BitContext.index` tells apart."""


class BitContext(nn.Module):
    """Codes of -1, 1, and 0 where they are not known yet (B, codes, h, w), what is known of their channels (B, 3 codes,
    h, w), multiples of 1/32 below 8, and the layer (B, layers, h, w), one in its place and zero elsewhere, to logits
    (B, codes, h, w). The codes are seen 7x7 around a place: who masks them decides what comes before what.
    """

    def __init__(self, codes: int, layers: int, features: int = 64) -> None:
        super().__init__()
        known = 3 * codes + layers
        self.near = IntegerConv2d(codes, features, 7, in_bits=0, in_high=1, out_bits=FEATURE_BITS)
        self.enter = hidden_layer(known, features)
        self.trunk = hidden_layer(2 * features, features)
        self.head = IntegerConv2d(
            features + known, codes, in_bits=FEATURE_BITS, in_high=_HIGH, out_bits=_BITS, out_low=-_LIMIT,
            out_high=_LIMIT - 1, zero=True,
        )  # fmt: skip

    def forward(self, codes: Tensor, known: Tensor, layer: Tensor) -> Tensor:
        seen = torch.cat([known, layer], dim=1)
        inner = self.trunk(torch.cat([self.near(codes), self.enter(seen)], dim=1))
        made: Tensor = self.head(torch.cat([inner, seen], dim=1))
        return made

    @staticmethod
    def index(logits: Tensor) -> Tensor:
        """Logits of the integer path as whole numbers from 0 to `LOGITS` - 1."""
        index: Tensor = (logits * 2**_BITS + _LIMIT).long()
        return index

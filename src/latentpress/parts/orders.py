"""Orders of coding (`codecs.orders`) on a device, for networks that are trained pass by pass."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from latentpress.codecs.orders import Order

__all__ = ["pass_numbers"]


@functools.lru_cache(maxsize=8)
def pass_numbers(order: Order, channels: int, height: int, width: int, device: torch.device) -> Tensor:
    """The pass, from 0, that codes each latent: (1, channels, height, width). Shared by all who ask: not to be
    written to. Kept, so that a recorded step finds it on its device.
    """
    return torch.from_numpy(order.numbers(channels, height, width)).to(device)[None]

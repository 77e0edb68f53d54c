"""Activations kept in fewer bytes between a training step's way forward and its way back, after JPEG-ACT (Evans, Liu
and Aamodt 2020).

What autograd saves of the values between layers goes through `torch.autograd.graph.saved_tensors_hooks`:

    float32 (B, C, H, W) -> 8-bit whole numbers in units of a scale for each channel -> 8x8 DCT -> divided by a table of
    steps, or shifted by powers of two near to them, and rounded -> the mean of a block in two bytes; of the other
    coefficients a bit each, and those that are not zero in a byte each (zero-value coding)

Of leaky rectifiers nothing but the sign is needed on the way back, which is kept as a bit. Weights are not touched; nor
are tensors that are small or no maps. Gradients are then not exact; those to a layer's weights are wrong by what its
inputs are wrong by, those that go back through layers without a factor that was saved are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from latentpress.transforms import dct_matrix

__all__ = ["ACTIVATIONS", "Saved", "compressed_activations"]

ACTIVATIONS = ("whole", "divided", "shifted")
"""How activations are kept: as they are; JPEG-ACT with a table of steps (DIV), or with powers of two (SH)."""

_BLOCK = 8
_PEAK = 127
_SMALL = 4096  # numbers of a tensor that is worth it
_FIRST_STEP, _SLOPE = 4.0, 0.25  # step of the lowest frequency, and how much more for each higher one


@dataclass
class Saved:
    """Bytes that steps saved for their way back. maps, kept: of what was compressed, before and after; what two layers
    save counts twice there. others: of what was not.
    """

    maps: int = 0
    kept: int = 0
    others: int = 0

    @property
    def ratio(self) -> float:
        """How much smaller the compressed ones are."""
        return self.maps / max(self.kept, 1)

    @property
    def all(self) -> int:
        """All bytes as they are kept."""
        return self.kept + self.others


class _Packed(NamedTuple):
    """A compressed map. means: of blocks, int16; mask: a bit a coefficient; values: the others that are not zero, int8;
    scale (C,); shape, kind.
    """

    means: Tensor
    mask: Tensor
    values: Tensor
    scale: Tensor
    shape: torch.Size
    kind: torch.dtype


@contextmanager
def compressed_activations(how: str, weights: Iterable[Tensor]) -> Iterator[Saved]:
    """Within it, what autograd saves is kept as ``how``, one of `ACTIVATIONS`, says; gives the bytes, which add up.
    weights: parameters of the network, which are kept as they are, in whatever shape layers see them.
    """
    counted, own = Saved(), {one.untyped_storage().data_ptr() for one in weights}
    known: set[int] = set()
    steps = None if how == "whole" else _steps(shifted=how == "shifted")

    def pack(one: Tensor) -> Any:
        if one.untyped_storage().data_ptr() in own or isinstance(one, torch.nn.Parameter):
            return one
        if steps is None or one.ndim != 4 or one.numel() < _SMALL or not one.is_floating_point():
            if one.data_ptr() not in known:  # two layers may keep one tensor
                counted.others += one.numel() * one.element_size()
            known.add(one.data_ptr())
            return one
        packed = _packed(one, steps.to(one.device))
        counted.maps += one.numel() * one.element_size()
        counted.kept += (
            2 * packed.means.numel() + packed.mask.numel() + packed.values.numel() + 4 * packed.scale.numel()
        )
        return packed

    def unpack(one: Any) -> Tensor:
        return _unpacked(one, steps.to(one.scale.device)) if steps is not None and isinstance(one, _Packed) else one

    with saved_tensors_hooks(pack, unpack), nullcontext() if steps is None else _OneBitRectifiers(counted):
        yield counted


def _steps(shifted: bool) -> Tensor:
    """Steps (8, 8) of the coefficients, in units of the 8-bit values; coarser towards high frequencies."""
    frequency = torch.arange(_BLOCK, dtype=torch.float32)
    steps = _FIRST_STEP + _SLOPE * (frequency[:, None] + frequency)
    return torch.exp2(torch.round(torch.log2(steps))) if shifted else steps


def _packed(maps: Tensor, steps: Tensor) -> _Packed:
    kind, maps = maps.dtype, maps.detach().float()
    scale = maps.abs().amax(dim=(0, 2, 3)).clamp_min(1e-12) / _PEAK
    whole = torch.round(maps / scale[:, None, None])
    height, width = maps.shape[2:]
    whole = F.pad(whole, (0, -width % _BLOCK, 0, -height % _BLOCK), mode="replicate")
    matrix = _matrix(maps)
    blocks = whole.view(*whole.shape[:2], whole.shape[2] // _BLOCK, _BLOCK, -1, _BLOCK).transpose(3, 4)
    found = torch.round(matrix @ blocks @ matrix.T / steps)
    means = found[..., 0, 0].to(torch.int16)
    found[..., 0, 0] = 0
    levels = found.clamp(-_PEAK, _PEAK).to(torch.int8).flatten()
    used = levels != 0
    bits = used.view(-1, 8).to(torch.uint8) << torch.arange(8, dtype=torch.uint8, device=maps.device)
    return _Packed(means, bits.sum(1, dtype=torch.uint8), levels[used], scale, maps.shape, kind)


def _unpacked(packed: _Packed, steps: Tensor) -> Tensor:
    used = _bits(packed.mask)
    levels = torch.zeros(used.numel(), device=used.device)
    levels[used] = packed.values.float()
    batch, channels, height, width = packed.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    matrix = _matrix(levels)
    found = levels.view(batch, channels, rows, columns, _BLOCK, _BLOCK)
    found[..., 0, 0] = packed.means.float()
    blocks = matrix.T @ (found * steps) @ matrix
    maps = blocks.transpose(3, 4).flatten(4, 5).flatten(2, 3)[:, :, :height, :width]
    return (maps * packed.scale[:, None, None]).to(packed.kind).contiguous()


def _bits(mask: Tensor) -> Tensor:
    found = mask[:, None] >> torch.arange(8, dtype=torch.uint8, device=mask.device) & 1
    return found.flatten().bool()


def _matrix(like: Tensor) -> Tensor:
    return torch.from_numpy(dct_matrix()).to(like.device, like.dtype)


class _Rectifier(torch.autograd.Function):
    """Leaky rectifier that keeps signs alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float, saved: Saved) -> Tensor:
        positive = F.pad((x > 0).flatten(), (0, -x.numel() % 8)).view(-1, 8).to(torch.uint8)
        ctx.mask = (positive << torch.arange(8, dtype=torch.uint8, device=x.device)).sum(1, dtype=torch.uint8)
        ctx.slope, ctx.shape = slope, x.shape
        saved.maps += x.numel() * x.element_size()
        saved.kept += ctx.mask.numel()
        return F.leaky_relu(x, slope)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        positive = _bits(ctx.mask)[: gradient.numel()].view(ctx.shape)
        return torch.where(positive, gradient, gradient * ctx.slope), None, None


class _OneBitRectifiers(TorchFunctionMode):
    """Runs `_Rectifier` where a rectifier of torch is called on a large tensor."""

    def __init__(self, saved: Saved) -> None:
        super().__init__()
        self._saved = saved

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (F.leaky_relu, F.relu, torch.relu) and args[0].numel() >= _SMALL:
            slope = 0.0 if func is not F.leaky_relu else (*args[1:], kwargs.get("negative_slope", 0.01))[0]
            return _Rectifier.apply(args[0], slope, self._saved)  # type: ignore[no-untyped-call]  # torch's own
        return func(*args, **kwargs)

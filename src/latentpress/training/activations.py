"""Activations kept in fewer bytes between a training step's way forward and its way back, after JPEG-ACT (Evans, Liu
and Aamodt 2020).

What autograd saves of the values between layers goes through `torch.autograd.graph.saved_tensors_hooks`:

    float32 (B, C, H, W) -> 8-bit whole numbers in units of a scale for each channel -> 8x8 DCT -> divided by a table of
    steps, or shifted by powers of two near to them, and rounded -> the mean of a block in two bytes; of the other
    coefficients a bit each, and those that are not zero in a byte each (zero-value coding)

That is done to the inputs of convolutions and to the factors of products: what goes back is linear in them, so that
errors of small steps stay small, and do not add up to one direction. Of rectifiers, clamps and magnitudes nothing but
the side is needed on the way back, which is kept in bits and exact. What other functions save (exponentials and
quotients of likelihoods, the error that is squared) stays as it is: a little noise in there drew gradients of all
layers a third of their length to one side. So do weights, and tensors that are small or no maps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
_FIRST_STEP, _SLOPE = 6.0, 0.5  # step of the lowest frequency, and how much more for each higher one


@dataclass
class Saved:
    """Bytes that steps saved for their way back. maps, kept: of what was compressed or kept in bits, before and after;
    what two layers save counts twice there. others: of what was not.
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
    functions = None if how == "whole" else _Functions(counted)
    steps = _steps(shifted=how == "shifted")

    def pack(one: Tensor) -> Any:
        if one.untyped_storage().data_ptr() in own or isinstance(one, torch.nn.Parameter):
            return one
        if functions is None or one.shape not in functions.maps or not _worth(one):
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
        return _unpacked(one, steps.to(one.scale.device)) if isinstance(one, _Packed) else one

    with saved_tensors_hooks(pack, unpack), functions or nullcontext():
        yield counted


def _worth(one: Tensor) -> bool:
    """Whether a tensor is a map of whole blocks."""
    return one.ndim == 4 and one.numel() >= _SMALL and min(one.shape[2:]) >= _BLOCK and one.is_floating_point()


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
    return _Packed(means, _in_bits(used), levels[used], scale, maps.shape, kind)


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


class _Sided(torch.autograd.Function):
    """A function whose slope at x has few values: ``slopes`` where the sides are true, else ``otherwise``. Keeps the
    sides alone, a bit each.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, made: Tensor, sides: Sequence[Tensor], slopes: Sequence[float], otherwise: float
    ) -> Tensor:
        ctx.sides, ctx.slopes, ctx.otherwise = [_in_bits(one) for one in sides], slopes, otherwise
        return made

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        found = gradient * ctx.otherwise
        for side, slope in zip(ctx.sides, ctx.slopes, strict=True):
            here = _bits(side)[: gradient.numel()].view(gradient.shape)
            found = torch.where(here, gradient * slope, found)
        return found, None, None, None, None


def _in_bits(mask: Tensor) -> Tensor:
    """A byte for each eight of a mask; `_bits` takes them apart."""
    eights = F.pad(mask.flatten(), (0, -mask.numel() % 8)).view(-1, 8).to(torch.uint8)
    return (eights << torch.arange(8, dtype=torch.uint8, device=mask.device)).sum(1, dtype=torch.uint8)


class _Functions(TorchFunctionMode):
    """Runs `_Sided` in place of torch's functions with sides, on large tensors. ``maps``: shapes of the maps that the
    function which runs is linear in.
    """

    def __init__(self, saved: Saved) -> None:
        super().__init__()
        self.maps: Sequence[torch.Size] = ()
        self._saved = saved

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _SIDED and args[0].numel() >= _SMALL and args[0].requires_grad:
            found = _SIDED[func](*args, **kwargs)
            if found is not None:
                return self._sided(func, args, kwargs, *found)
        if func in _LINEAR:
            self.maps = [one.shape for one in args[: _LINEAR[func]] if isinstance(one, Tensor)]
        try:
            return func(*args, **kwargs)
        finally:
            self.maps = ()

    def _sided(self, func: Any, args: Any, kwargs: Any, *found: Any) -> Tensor:
        x = args[0]
        with torch.no_grad():
            made = func(*args, **kwargs)
        self._saved.maps += x.numel() * x.element_size()
        self._saved.kept += len(found[0]) * -(-x.numel() // 8)
        sided: Tensor = _Sided.apply(x, made, *found)  # type: ignore[no-untyped-call]  # torch's own
        return sided


def _of_clamp(x: Tensor, low: Any = None, high: Any = None, **named: Any) -> Any:
    low, high = named.get("min", low), named.get("max", high)
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return None
    inside = torch.ones_like(x, dtype=torch.bool) if low is None else x >= low
    return [inside if high is None else inside & (x <= high)], [1.0], 0.0


def _of_leaky(x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return [x > 0], [1.0], negative_slope


def _of_relu(x: Tensor, inplace: bool = False) -> Any:
    return [x > 0], [1.0], 0.0


def _of_abs(x: Tensor) -> Any:
    return [x > 0, x < 0], [1.0, -1.0], 0.0


_SIDED: dict[Any, Callable[..., Any]] = {
    F.leaky_relu: _of_leaky, F.relu: _of_relu, torch.relu: _of_relu,
    torch.clamp: _of_clamp, Tensor.clamp: _of_clamp,
    Tensor.clamp_min: _of_clamp, Tensor.clamp_max: lambda x, high: _of_clamp(x, None, high),
    torch.abs: _of_abs, Tensor.abs: _of_abs,
}  # fmt: skip
"""Functions with sides, to sides, slopes and the other slope."""

_LINEAR = {F.conv2d: 1, F.conv_transpose2d: 1, torch.mul: 2, Tensor.mul: 2, Tensor.__mul__: 2, Tensor.__rmul__: 2}
"""Functions whose gradients are linear in what they save, to how many of their arguments may be maps."""

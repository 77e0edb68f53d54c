"""What a step's networks are trained for: the code length of stretches of pixels, low frequencies before high ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.codecs.lossless.features import CLIP, UNIT
from latentpress.parts.lossless import CORRECTION_BITS, SPREAD_BITS
from latentpress.systems.lc_fdnet.frequencies import BESIDE
from latentpress.systems.lc_fdnet.net import StepNet
from latentpress.training.lossless.objective import code_length, step_in_pixels

__all__ = ["Stretches", "stretch_bits"]

_REACH = max(map(abs, BESIDE))
_KNOWN = 128.0
_CORRECTION = 2.0 ** (CORRECTION_BITS - 4)  # outputs in the units of the second network's inputs
_SPREAD = 2.0**SPREAD_BITS


@dataclass(frozen=True)
class Stretches:
    """A batch of `StepSamples` as float tensors; about: in octaves."""

    inputs: Tensor
    offset: Tensor
    prediction: Tensor
    scale: Tensor
    about: Tensor


def stretch_bits(net: StepNet, x: Stretches) -> tuple[Tensor, Tensor, Tensor]:
    """Bits of the pixels of stretches (S, 32) as they are coded, and as if all were of low frequency; and the mask of
    low frequencies. Two pixels at either end do not know their neighbours and should be left out of a loss.
    """
    shape = x.offset.shape
    correction, spread = (out.reshape(shape) for out in net.low(x.inputs.flatten(0, 1)))
    alone = code_length(correction, spread, x.offset, x.prediction, x.scale)
    mask = net.threshold.mask(torch.log2(x.scale) + spread.detach(), x.about)

    error = x.offset - step_in_pixels(correction.detach(), x.prediction, x.scale)
    wide_error, wide_known = (F.pad(part, (_REACH, _REACH)) for part in (error * mask, mask))
    starts = [_REACH + dx for dx in BESIDE]
    beside = torch.stack([wide_error[:, k : k + shape[1]] for k in starts], dim=2) * (UNIT / x.scale[:, :, None])
    known = torch.stack([wide_known[:, k : k + shape[1]] for k in starts], dim=2) * _KNOWN
    outputs = torch.stack([correction.detach() * _CORRECTION, spread.detach() * _SPREAD], dim=2)
    inputs = torch.cat([x.inputs, outputs.clamp(-CLIP, CLIP), beside.clamp(-CLIP, CLIP), known], dim=2)
    further, wider = (out.reshape(shape) for out in net.high(inputs.flatten(0, 1)))
    later = code_length(correction + further, spread + wider, x.offset, x.prediction, x.scale)
    return mask * alone + (1 - mask) * later, alone, mask

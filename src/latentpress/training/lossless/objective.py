"""What the networks are trained for: code length, or small errors with contexts that tell how small."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.parts.lossless import CORRECTION_BITS

__all__ = ["OBJECTIVES", "code_length", "error_and_context", "step_in_pixels"]

_NORMAL = 16 * 512  # 1/16 normalised units times the activity in 1/16 pixel value, to 1/16 pixel value
_WIDE, _SHARE = 3.0, 0.1  # second logistic of the mixture: how much wider, and its weight
_SMALLEST = -5.0  # log2 of the smallest scale, in pixel values


def code_length(correction: Tensor, spread: Tensor, offset: Tensor, prediction: Tensor, scale: Tensor) -> Tensor:
    """Bits of each pixel (N,) under a mixture of two discretised logistic distributions with one mean.

    correction, spread: a `PlaneNet`'s outputs. offset, prediction, scale: as in `PlaneSamples`. Logistic distributions
    have the heavy tails of prediction errors; the second one adds to them. The codec itself counts instead.
    """
    error, width = _error_and_width(correction, spread, offset, prediction, scale)
    narrow = _log_mass(error, width * 0.6) + math.log(1 - _SHARE)
    wide = _log_mass(error, width * (0.6 * _WIDE)) + math.log(_SHARE)
    return torch.logaddexp(narrow, wide) / -math.log(2.0)


def error_and_context(correction: Tensor, spread: Tensor, offset: Tensor, prediction: Tensor, scale: Tensor) -> Tensor:
    """The two losses of Rhee et al. 2020 for each pixel (N,), added, in pixel values: the magnitude of the error, and
    how far the context, which the spread gives, is from it. Arguments as in `code_length`.
    """
    error, context = _error_and_width(correction, spread, offset, prediction, scale)
    return error + (context - error).abs()


OBJECTIVES = {"code-length": code_length, "l1": error_and_context}
"""What a recipe may name."""


def step_in_pixels(correction: Tensor, prediction: Tensor, scale: Tensor) -> Tensor:
    """What is added to the base prediction, in 1/16 pixel value; the arguments as in `code_length`."""
    return (prediction + correction * 2.0**CORRECTION_BITS) * scale / _NORMAL


def _error_and_width(
    correction: Tensor, spread: Tensor, offset: Tensor, prediction: Tensor, scale: Tensor
) -> tuple[Tensor, Tensor]:
    """Magnitude of the error and the scale that is expected of it, in pixel values."""
    error = (offset - step_in_pixels(correction, prediction, scale)).abs() / 16.0
    return error, torch.exp2((torch.log2(scale) - 4.0 - 3.0 + spread).clamp_min(_SMALLEST))


def _log_mass(error: Tensor, width: Tensor) -> Tensor:
    """Logarithm of a logistic distribution's mass on the pixel value that is ``error`` away from its mean."""
    upper, lower = (0.5 - error) / width, (-0.5 - error) / width
    return F.logsigmoid(upper) + F.logsigmoid(-lower) + torch.log(-torch.expm1(-1.0 / width))

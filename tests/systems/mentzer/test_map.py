"""The importance map: network and codec mean the same by it, and flat places have few channels."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from latentpress.codecs import get_codec
from latentpress.codecs.ports import Pricing
from latentpress.errors import UnsupportedError
from latentpress.models import find_model
from latentpress.systems.mentzer.layout import IMPORTANCES, kept_channels


def test_training_masks_the_channels_that_the_codec_leaves_out() -> None:
    pytest.importorskip("torch")
    import torch

    from latentpress.systems.mentzer.training import _mask

    importance = torch.arange(IMPORTANCES + 1).float()[None, None, None].requires_grad_()
    mask = _mask(importance, 64)
    assert mask.sum(dim=1).flatten().tolist() == [kept_channels(one, 64) for one in range(IMPORTANCES + 1)]
    mask.sum().backward()
    assert importance.grad is not None
    assert importance.grad[..., 1:-1].min() > 0


def test_flat_places_have_fewer_channels_than_busy_ones() -> None:
    try:
        find_model("mentzer", name="mentzer-2")
    except UnsupportedError:
        if importlib.util.find_spec("latentpress_zoo"):
            raise
        pytest.skip("the package mentzer-2 is not installed")
    model = get_codec("mentzer", model="mentzer-2", threads=1).model
    busy = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    both = np.concatenate([np.full_like(busy, 120), busy], axis=1)
    symbols, importance = model.code_picture(Pricing(), both, 40).integers
    flat = importance[:, :6]
    assert flat.mean() < 0.7 * importance[:, 10:].mean()
    kept = np.arange(model.latents)[:, None, None] < importance * model.latents // IMPORTANCES
    assert not symbols[~kept].any()
    assert symbols[kept].any()

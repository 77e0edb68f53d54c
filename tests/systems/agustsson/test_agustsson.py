"""Few codes of five levels: what they cost, what is kept, what the codec learns from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentpress.codecs import get_codec
from latentpress.codecs.base import Region
from latentpress.codecs.roi import Roi
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.systems.agustsson.codec import AgustssonCodec
from latentpress.systems.agustsson.layout import REACH, codes_at


@pytest.fixture(scope="module")
def codec() -> AgustssonCodec:
    found = get_codec("agustsson", threads=1)
    assert isinstance(found, AgustssonCodec)
    return found


def test_a_file_costs_less_than_its_codes_at_most(codec: AgustssonCodec, photograph: Image) -> None:
    height, width = photograph.pixels.shape[:2]
    blocks = -(-height // 16) * -(-width // 16)
    sizes = []
    for quality in (0, 50, 100):
        data = codec.encode(photograph, quality)
        header, _, decoding = codec.opened(data)
        count = codes_at(header.rate, codec.model.steps)
        levels = decoding.tile(0).exact[0]
        assert np.abs(levels).max() <= REACH
        assert not levels[count:].any()
        assert len(levels[:count].nonzero()[0]) > blocks // 4  # the codes say something
        assert 8 * len(data) < math.log2(2 * REACH + 1) * count * blocks + 8 * 64
        sizes.append(len(data))
    assert (codes_at(0, 16), codes_at(16, 16), codes_at(32, 16)) == (2, 4, 8)
    assert sizes == sorted(sizes)


def test_only_what_is_of_interest_is_coded(codec: AgustssonCodec, photograph: Image) -> None:
    height, width = photograph.pixels.shape[:2]
    roi = Roi.of(width, height, [Region(0, 0, width // 2, height)])
    whole, data = codec.encode(photograph, 100), codec.encode(photograph, 100, roi=roi)
    assert len(data) < 0.8 * len(whole)
    levels = codec.opened(data)[2].tile(0).exact[0]
    middle = -(-(width // 2) // 16)
    assert not levels[:, :, middle:].any()
    assert np.array_equal(levels[:, :, :middle], codec.opened(whole)[2].tile(0).exact[0][:, :, :middle])
    assert codec.encode(photograph, 100, roi=Roi.of(width, height)) == whole  # nothing is of interest: all is kept


def test_critics_and_levels() -> None:
    torch = pytest.importorskip("torch")
    from latentpress.parts.block_transforms import random_basis
    from latentpress.parts.critics import feature_distance, frozen
    from latentpress.systems.agustsson.net import AgustssonNet, AgustssonSizes

    with pytest.raises(InvalidInputError, match=r"model\.latents is 4"):
        AgustssonSizes(latents=8, anchors=2)
    net = AgustssonNet(AgustssonSizes(narrow=8, wide=8, narrow_depth=1, wide_depth=1, critic=4), random_basis(8, 0))
    x, mix, kept = 255 * torch.rand(1, 3, 64, 64), torch.tensor([[0.0, 0.0, 16.0]]), torch.ones(1, 8, 4, 4)
    kept[..., 2:] = 0
    picture, codes = net(x, mix, kept)
    assert set(codes.detach().unique().tolist()) <= {-2.0, -1.0, 0.0, 1.0, 2.0}
    assert not codes[..., 2:].any()
    with frozen(net.critic):
        seen, of_x = net.critic(picture, codes.detach()), net.critic(x, codes.detach())
        feature_distance(of_x, seen).backward()
    assert [len(one) for one in seen] == [4, 4]
    assert seen[1][-1].shape == (1, 1, 4, 4)  # of half the size
    assert all(one.grad is None for one in net.critic.parameters())
    assert net.analysis.head.weight.grad.abs().max() > 0
    assert feature_distance(of_x, of_x) == 0

"""Layers of the entropy models: masks, whole-number attention and division."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import torch

from latentpress.codecs.ports import Pricing, read, write
from latentpress.codecs.scales import LOG_STEP, SMALLEST_SCALE
from latentpress.parts.integer import set_integer
from latentpress.systems.entropy_models.coding import MixtureCoder
from latentpress.systems.entropy_models.masks import MASKS, SEGMENTS, passes_of, tokens
from latentpress.systems.entropy_models.nets.attention import Attention
from latentpress.systems.entropy_models.nets.base import Predicted, Sizes, _mass
from latentpress.systems.entropy_models.nets.cube import ChannelPredictor, MaskedConv3d
from latentpress.systems.entropy_models.nets.hybrid import HybridAttention
from latentpress.systems.entropy_models.nets.hyper import HyperNet, SparseGdn


@pytest.mark.parametrize("kind", sorted(MASKS))
def test_masks_see_only_what_is_coded_before(kind: str) -> None:
    mask, size = MASKS[kind], (5, 4, 6)
    numbers = mask.order.numbers(*size)
    for offsets, own in ((mask.first, False), (mask.hidden, True)):
        for place in np.ndindex(size):
            for offset in offsets:
                there = tuple(np.add(place, offset))
                if all(0 <= at < side for at, side in zip(there, size, strict=True)):
                    assert numbers[there] < numbers[place] + own  # hidden layers of a pass are done before the next one


def test_a_masked_convolution_is_its_point_wise_form() -> None:
    offsets = MASKS["ccn"].first
    torch.manual_seed(0)
    layer = MaskedConv3d(2, 3, offsets, out_low=-255)
    x = torch.randint(0, 255, (1, 2, 5, 4, 6)) / 32
    set_integer(layer, True)
    with torch.no_grad():
        whole = layer(x)
        padded = torch.nn.functional.pad(x, (2, 2, 2, 2, 2, 2))
        near = torch.stack(
            [padded[:, :, 2 + c : 7 + c, 2 + row : 6 + row, 2 + col : 8 + col] for c, row, col in offsets], 2
        ).reshape(1, 2 * len(offsets), -1, 1)
        assert torch.equal(layer.frozen()(near).reshape(whole.shape), whole)


def test_linear_means_are_what_the_walk_sums() -> None:
    offsets = MASKS["ccn"].own
    torch.manual_seed(0)
    predictor = ChannelPredictor(3, offsets)
    predictor.weight.data = 0.3 * torch.randn(3, len(offsets))
    set_integer(predictor, True)
    x = torch.randint(-900, 900, (1, 3, 5, 6)).float()
    with torch.no_grad():
        means = predictor(x)[0].numpy()
    padded, weights = np.pad(x[0].numpy().astype(int), ((0, 0), (2, 2), (2, 2))), predictor.whole().detach().numpy()
    for channel, row, column in np.ndindex(3, 5, 6):
        near = [padded[channel, 2 + row + down, 2 + column + right] for _, down, right in offsets]
        assert means[channel, row, column] == (int(weights[channel] @ near) + 8 >> 4) / 16


def test_means_begin_as_averages_of_the_largest_channels() -> None:
    sizes = Sizes(kind="mean-scale", latents=8, anchors=2, hyper_latents=4, features=8)
    net = HyperNet(sizes, torch.tensor([[30.0, 20, 40, 10, 5, 5, 5, 5]] * 2))
    latents = torch.randint(-3, 4, (1, 8, 8, 8)).float()
    latents[0, [0, 2]] += 20
    with torch.no_grad():
        hyper = torch.floor(net.hyper_analysis(latents) + 0.5)
        means = net.hyper_synthesis(hyper, torch.tensor([[16.0, 0]]))[1]
    average = torch.nn.functional.avg_pool2d(latents, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
    unit = 1 / net.hyper_analysis.get_parameter("linear.weight")[:3].flatten(1).sum(dim=1)  # what a hyper latent counts
    for hyper_latent, channel in enumerate((2, 0, 1)):
        assert (means[0, channel] - average[0, channel]).abs().max() <= unit[hyper_latent] / 2 + 0.1


@pytest.mark.parametrize("kind", ["contextformer-spatial", "contextformer-channel"])
def test_attention_sees_only_earlier_tokens(kind: str) -> None:
    height, width, reach = 3, 5, 2
    waves = np.arange(width) + (reach + 1) * np.arange(height)[:, None]
    order = {one: number for number, one in enumerate(passes_of(kind, int(waves.max()) + 1))}
    for segment in range(SEGMENTS):
        seen = tokens(kind, segment, reach)
        assert len(set(seen)) == len(seen)
        for row, column in np.ndindex(height, width):
            for other, down, right in seen:
                if 0 <= row + down < height and 0 <= column + right < width:
                    there = order[other, int(waves[row + down, column + right])]
                    assert there < order[segment, int(waves[row, column])]


def test_attention_is_whole_numbers_within_its_bound() -> None:
    torch.manual_seed(0)
    attention = Attention(8, 6)
    set_integer(attention, True)
    keys, values = torch.randint(-127, 128, (2, 1, 32 * 6, 7, 1)) / 32
    features = torch.randint(0, 256, (1, 8, 7, 1)) / 32
    with torch.no_grad():
        single = attention(features, keys, values)
        double = attention.double()(features.double(), keys.double(), values.double())
    assert torch.equal(single.double(), double)
    assert torch.equal(32 * single, torch.round(32 * single))
    assert attention.largest_sum() < 2**24


def test_gates_are_whole_numbers_and_begin_open() -> None:
    torch.manual_seed(0)
    layer, x = HybridAttention(16), torch.randint(0, 256, (1, 16, 9, 7)) / 32
    with torch.no_grad():
        assert torch.equal(layer(x), x)
        for gate in (layer.channels, layer.places):
            gate.weight.normal_(std=0.1)
        set_integer(layer, True)
        single, double = layer(x), layer.double()(x.double())
        gates = layer.channels(layer.squeeze(seen := layer.look(x.double()).clamp_min(0))), layer.places(seen)
    assert torch.equal(single.double(), double)
    product = (32 * x).long() * (16 * gates[0]).long() * (16 * gates[1]).long()
    assert torch.equal((32 * single).long(), ((product + 128) // 256).clamp_max(255))
    assert 0 < float((single > x).double().mean()) < 1


def test_division_is_whole_numbers() -> None:
    torch.manual_seed(0)
    layer = SparseGdn(6)
    layer.pool.weight.data = layer.pool.weight.data.abs() * 3
    set_integer(layer, True)
    x = torch.randint(-255, 256, (1, 6, 20, 20)) / 32
    with torch.no_grad():
        divisor = layer.pool(x.abs())
        found = layer(x)
    exact = torch.floor((2 * 32 * (32 * x).long() + (32 * divisor).long()) / (2 * (32 * divisor).long()).double())
    assert torch.equal(32 * found.double(), exact)
    assert divisor.max() > 1


@pytest.mark.parametrize("dead_zone", [0, 1])
def test_mixtures_cost_what_they_should(dead_zone: int) -> None:
    rng = np.random.default_rng(0)
    count = 400
    mean = (np.floor(rng.normal(0, 6, (3, count)) * 8) / 8).astype(np.float32)
    index = rng.integers(8, 50, (3, count)).astype(np.float32)
    weight = rng.integers(-3, 4, (3, count)).astype(np.float32)  # whole: where both exponentials agree
    one = rng.integers(3, size=count), np.arange(count)
    scale = SMALLEST_SCALE * np.exp((index[one] - 0.5) * LOG_STEP)
    real = mean[one] + scale * rng.logistic(size=count)
    wanted = (np.sign(real) * np.floor(np.abs(real) + 0.5 - dead_zone / 8)).astype(np.int32)
    wanted[:3] = 0, 1023, -1023
    coder, port = MixtureCoder({"mass": _mass()}, dead_zone), Pricing()

    class Whole:
        def __init__(self, symbols: NDArray[np.int32]) -> None:
            self.symbols = symbols

        def check(self, number: int) -> bytes:
            return b"abcd"

    stream = write(lambda one: Whole(coder(one, wanted, mean, index, weight)))
    assert np.array_equal(read(stream, lambda one: Whole(coder(one, None, mean, index, weight))).symbols, wanted)
    coder(port, wanted[3:], mean[:, 3:], index[:, 3:], weight[:, 3:])
    tensors = (torch.from_numpy(one[None, :, None, None, 3:]) for one in (mean, index, weight))
    symbols = torch.from_numpy(wanted[None, None, None, 3:].astype(np.float32))
    ideal = Predicted(*tensors, dead_zone=dead_zone / 8).bits(symbols)
    assert port.total == pytest.approx(float(ideal.sum()), rel=0.01)

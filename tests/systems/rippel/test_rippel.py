"""Codes in bit planes, and the code length that training makes small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentpress.codecs import get_codec, ports
from latentpress.codecs.ports import Pricing, write
from latentpress.image import read
from latentpress.systems.rippel.codec import RippelCodec
from latentpress.systems.rippel.layout import LARGEST, PLANES, SIZES, context

EXAMPLE = Path(__file__).parents[3] / "examples" / "macaws.png"


@pytest.fixture(scope="module")
def codec() -> RippelCodec:
    found = get_codec("rippel", threads=1)
    assert isinstance(found, RippelCodec)
    return found


def test_codes_of_every_size_come_back(codec: RippelCodec) -> None:
    model, rng = codec.model, np.random.default_rng(5)
    latents = (rng.laplace(size=(model.latents, 5, 7)) * 12).astype(np.float32)
    latents[0, 0, 0], latents[1, 0, 0] = 400, -400
    wanted = np.clip(np.rint(latents), -LARGEST, LARGEST).astype(np.int32)

    def walk(latents: np.ndarray | None):  # type: ignore[no-untyped-def]
        return lambda port: model.code(port, 0, (5, 7), latents, None)  # type: ignore[arg-type]  # has no use for it

    stream = write(walk(latents))
    assert np.array_equal(ports.read(stream, walk(None)).integers[0], wanted)
    port = Pricing()
    walk(latents)(port)
    assert 8 * len(stream) == pytest.approx(port.total, rel=0.02, abs=80)


def test_contexts_see_what_is_known_alone() -> None:
    rng = np.random.default_rng(6)
    sizes = rng.integers(0, LARGEST + 1, (6, 5, 8)).astype(np.int32)
    for plane in range(PLANES):
        above = (sizes >> (plane + 1)) << (plane + 1)
        found = context(sizes, plane)
        assert np.array_equal(found, context(above, plane))
        assert 0 <= found.min() <= found.max() < SIZES
    assert not context(np.zeros((2, 3, 3), np.int32), 0).any()


def test_adapting_costs_no_more_than_contexts_save(codec: RippelCodec) -> None:
    """Of a photograph, the planes cost what codes do by the statistics of each channel, which nobody has told."""
    model, port = codec.model, Pricing()
    codes = model.code_picture(port, read(EXAMPLE).pixels, model.last_rate).integers[0]
    chances = [np.unique(channel, return_counts=True)[1] / channel.size for channel in codes]
    entropy = -sum(float((one * np.log2(one)).sum()) for one in chances) * codes[0].size
    assert port.total < 1.02 * entropy


def test_code_length_likes_small_and_like_codes() -> None:
    torch = pytest.importorskip("torch")
    from latentpress.systems.rippel.training import code_length

    flat, rough = torch.full((1, 2, 4, 4), 3.0), torch.tensor([[3.0, -3.0], [-3.0, 3.0]]).repeat(1, 2, 2, 2)
    assert code_length(torch.zeros(1, 2, 4, 4)).tolist() == [0.0]
    assert code_length(flat).item() == pytest.approx(64.0)  # log2(1 + 3) each, no differences
    assert code_length(rough) > 1.5 * code_length(flat)
    single = torch.zeros(1, 1, 4, 4)
    single[0, 0, 1, 1] = 1
    assert code_length(single).item() == pytest.approx(1 + 8 / 4)  # itself, and four neighbours from both sides

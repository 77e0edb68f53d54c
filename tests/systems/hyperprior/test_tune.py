"""Encoders made for another aim: the same model reads their files."""

from __future__ import annotations

import pytest

import latentpress
from latentpress import container, metrics
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.systems.hyperprior.codec import HyperpriorCodec


def test_ms_ssim_is_better_at_no_larger_size(codec: HyperpriorCodec, photograph: Image) -> None:
    """Not a benchmark: an encoder that does its work is far from the line."""
    pytest.importorskip("scipy")
    usual = codec.encode(photograph, 50)
    tuned = latentpress.compress(photograph, tune="ms-ssim", size=len(usual))
    assert len(tuned) <= len(usual)
    assert container.read_header(tuned).model == container.read_header(usual).model
    plain, other = (codec.decode(data).pixels for data in (usual, tuned))
    dissimilarity = [1 - metrics.ms_ssim(photograph.pixels, pixels) for pixels in (plain, other)]
    assert dissimilarity[1] < 0.95 * dissimilarity[0]
    assert metrics.psnr(photograph.pixels, other) < metrics.psnr(photograph.pixels, plain)


def test_size_rises_with_quality(photograph: Image) -> None:
    tuned = HyperpriorCodec(threads=1, tune="ms-ssim")
    sizes = [len(tuned.encode(photograph, quality)) for quality in (0, 20, 40, 60, 80, 100)]
    assert sizes == sorted(set(sizes))


def test_every_engine_reads_the_same_values(photograph: Image) -> None:
    crop = Image(photograph.pixels[:80, :96].copy())
    data = HyperpriorCodec(threads=1, tune="ms-ssim").encode(crop, 60)
    ways = (("onnx", "float32"), ("torch", "float32"), ("torch", "float64"))
    assert len({HyperpriorCodec(engine=engine, dtype=dtype).exact(data) for engine, dtype in ways}) == 1


def test_unknown_aim_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="tune must be one of mse, ms-ssim"):
        HyperpriorCodec(tune="vmaf")


def test_search_has_its_own_aim() -> None:
    with pytest.raises(InvalidInputError, match="effort above 1 searches for squared error"):
        HyperpriorCodec(tune="ms-ssim", effort=2)


def test_model_without_such_an_encoder_says_so(photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    from latentpress.systems.hyperprior import codec as module

    monkeypatch.setattr(module, "installed_models", lambda codec: [])
    with pytest.raises(UnsupportedError, match="has no encoder for tune ms-ssim"):
        HyperpriorCodec(threads=1, tune="ms-ssim").encode(photograph, 50)

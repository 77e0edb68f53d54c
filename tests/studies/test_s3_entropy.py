"""The study of entropy models."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from latentpress.codecs import get_codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.studies import s3_entropy
from latentpress.studies.base import Request
from latentpress.systems.entropy_models import PACKAGES

if not importlib.util.find_spec("latentpress_zoo"):
    pytest.skip("its models are in the zoo", allow_module_level=True)
pytest.importorskip("torch")


def test_models_side_by_side(photograph: Image) -> None:
    pixels = photograph.pixels[:64, :96].copy()
    names = ("factorised", "mean-scale")
    codecs: dict[str, Any] = {kind: get_codec("entropy-models", model=PACKAGES[kind], threads=2) for kind in names}
    result = s3_entropy.study([pixels], codecs, (10, 90), Request())
    assert result.data["same_integers"]
    models = result.data["models"]
    assert models["mean-scale"]["over_mean_scale"] == 0
    for name in names:
        low, high = (8 * len(codecs[name].encode(Image(pixels), quality)) / (64 * 96) for quality in (10, 90))
        assert models[name]["bpp"] == [low, high]
    assert models["factorised"]["passes"] == 1
    assert len(result.tables[0].rows) == len(result.tables[1].rows) == 2
    assert result.data["psnr"][0] < result.data["psnr"][1]
    with pytest.raises(InvalidInputError, match="one --data"):
        s3_entropy.run(Request())

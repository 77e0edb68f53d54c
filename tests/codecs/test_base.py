"""What every codec gets from the interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentpress import Codec, InvalidInputError, get_codec
from latentpress.codecs import check_quality


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package in tests/plugin."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "plugin"))


def test_value_semantics() -> None:
    codec = get_codec("plain", threads=2)
    assert repr(codec) == "PlainCodec(threads=2)"
    assert codec == type(codec).from_config(codec.config())
    assert hash(codec) == hash(get_codec("plain", threads=2))
    assert codec != get_codec("plain", threads=3)
    assert codec != "PlainCodec(threads=2)"


def test_the_interface_cannot_be_instantiated() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Codec()  # type: ignore[abstract]
    assert Codec.lossless is False


@pytest.mark.parametrize("quality", [0, 100, 0.0, 49.5, np.float32(7), np.int64(3)])
def test_good_quality(quality: Any) -> None:
    assert check_quality(quality) == float(quality)


@pytest.mark.parametrize(
    "quality", [-1, 100.001, float("nan"), float("inf"), True, "50", None, 10**400, [50], b"50", np.array([1, 2])]
)
def test_bad_quality(quality: Any) -> None:
    with pytest.raises(InvalidInputError, match="quality must be a number from 0 to 100"):
        check_quality(quality)

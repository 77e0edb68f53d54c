"""The study of pictures under water, on one small picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")

from latentpress.errors import InvalidInputError
from latentpress.studies import Request, krishnaraj_2020, to_markdown


def test_networks_lose_to_the_wavelet_at_high_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = np.cumsum(np.cumsum(np.random.default_rng(4).normal(size=(96, 96, 3)), 0), 1)
    picture = np.clip(128 + 40 * walk / walk.std(), 0, 255).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "one.png")
    monkeypatch.setattr(krishnaraj_2020, "_QUALITIES", (5, 60, 100))
    result = krishnaraj_2020.run(Request([tmp_path]))
    psnr = result.data["psnr"]
    assert psnr["wavelet between networks"][-1] is None
    assert psnr["wavelet alone (spiht)"][-1] > 45
    assert "-" in result.tables[0].rows[0]
    assert "79.7 % saved" in to_markdown(result)
    with pytest.raises(InvalidInputError, match="takes one --data"):
        krishnaraj_2020.run(Request([tmp_path, tmp_path]))

"""Golden files of `importance-map`, and of a region of interest: the same integers for ever, pixels within a level."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import latentpress
from latentpress.systems.hyperprior.codec import HyperpriorCodec
from latentpress.systems.importance_map.codec import ImportanceCodec

HERE = Path(__file__).parent
GOLDEN: dict[str, dict[str, Any]] = json.loads((HERE / "importance.json").read_text(encoding="utf-8"))
OWN = sorted(name for name in GOLDEN if name.startswith("importance-map-"))


@pytest.mark.parametrize("name", OWN)
def test_coefficients_are_exact(name: str) -> None:
    data = (HERE / name).read_bytes()
    header, _, decoding = ImportanceCodec(threads=1).opened(data)
    found = decoding.tile(0)
    assert found.check(0).hex() == GOLDEN[name]["check"]
    assert found.exact[0].ravel().tolist() == GOLDEN[name]["dropped"]
    assert decoding.model.package.name == GOLDEN[name]["model"]
    assert [header.height, header.width, header.channels] == GOLDEN[name]["shape"]
    assert abs(latentpress.decompress(data).pixels.mean() - GOLDEN[name]["mean"]) <= 1


def test_a_region_of_interest_is_exact() -> None:
    name = "roi-rgb-63x65-q30.lpx"
    values = HyperpriorCodec(threads=1).opened((HERE / name).read_bytes())[2].tile(0)
    digest = hashlib.sha256(values.sixteenths.astype("<i4").tobytes()).hexdigest()
    assert digest == GOLDEN[name]["values_sha256"]


def test_index_names_every_file() -> None:
    assert {path.name for path in HERE.glob("importance-map-*.lpx")} == set(OWN)


def test_every_shipped_model_has_golden_files() -> None:
    cards = Path(latentpress.__file__).parent.glob("models/*/card.json")
    shipped = {path.parent.name for path in cards if json.loads(path.read_text())["codec"] == "importance-map"}
    assert shipped == {GOLDEN[name]["model"] for name in OWN}

"""The restoration benchmark: its PSNR-B, and the tables of the documentation, which are those of the JSON."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("live1_restore", ROOT / "benchmarks" / "live1_restore.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("common", None)
    return module


def test_psnr_b_punishes_blocks_alone(benchmark: ModuleType) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 5, (64, 80))
    blocks = np.kron(rng.normal(0, 5, (8, 10)), np.ones((8, 8)))
    smooth = np.full_like(noise, 128)
    assert benchmark.psnr_b(smooth + 5, smooth) == pytest.approx(benchmark.psnr(smooth + 5, smooth))
    assert benchmark.psnr_b(smooth + noise, smooth) > benchmark.psnr(smooth + noise, smooth) - 1
    assert benchmark.psnr_b(smooth + blocks, smooth) < benchmark.psnr(smooth + blocks, smooth) - 2


def test_the_documentation_shows_what_was_measured(benchmark: ModuleType) -> None:
    result = json.loads((ROOT / "benchmarks" / "results" / "live1_restore.json").read_text())
    assert benchmark.table(result) in (ROOT / "docs" / "restoration.md").read_text()

"""The list of metrics: complete, true to itself, and safe to call by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
import pytest

from latentpress.errors import InvalidInputError, MissingExtraError, UnsupportedError
from latentpress.metrics import METRICS, Metric, measure, psnr

EXTERNAL = {"ssimulacra2", "butteraugli", "vmaf"}
OWN = sorted(set(METRICS) - EXTERNAL)


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_described(name: str) -> None:
    metric = METRICS[name]
    assert metric.name == name
    low, high = metric.range
    assert low < high
    assert metric.source
    better = "higher is better" if metric.higher_is_better else "lower is better"
    assert better in (metric.function.__doc__ or "").replace("\n    ", " ")
    assert (name in EXTERNAL) == bool(metric.command or metric.package not in ("", "scipy"))


@pytest.mark.parametrize("name", METRICS)
def test_direction_and_range_are_kept(name: str, scene: Callable[..., np.ndarray]) -> None:
    metric = METRICS[name]
    if not metric.available:
        pytest.skip(f"{name} is not installed")
    a = scene(176, 192)
    mild, harsh = (a // step * step for step in (8, 64))
    same, near, far = (measure(a, b, [name])[name] for b in (a, mild, harsh))
    assert all(metric.range[0] <= value <= metric.range[1] for value in (same, near, far))
    if metric.higher_is_better:
        assert same > near > far
    else:
        assert same < near < far
    # Gray pictures, with and without an axis for the channel, are pictures too.
    assert measure(a[..., 0], mild[..., 0], [name]) == measure(a[..., :1], mild[..., :1], [name])


@pytest.mark.parametrize("name", [name for name in OWN if METRICS[name].unit != "levels^2" and name != "rmse"])
def test_sixteen_bits_read_as_eight(name: str, distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, a, b = distorted
    wide = measure(a.astype(np.uint16) * 257, b.astype(np.uint16) * 257, [name])[name]
    assert wide == pytest.approx(measure(a, b, [name])[name], abs=1e-9)


def test_measure(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, a, b = distorted
    assert measure(a, b, []) == {}
    result = measure(a, b, (name for name in ("psnr", "mse")))
    assert list(result) == ["psnr", "mse"]
    assert result["psnr"] == psnr(a, b)


def test_refusals(scene: Callable[..., np.ndarray]) -> None:
    a = scene(20, 20)
    with pytest.raises(InvalidInputError, match="no metric is called 'lpips'; there are mse, "):
        measure(a, a, ["psnr", "lpips"])
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        measure(a, a[:5], ["psnr"])
    for b in (a.astype(np.float32), a.astype(np.uint16)):
        with pytest.raises(UnsupportedError, match="uint8 or uint16"):
            measure(a, b, ["psnr"])


def test_a_wrong_formula_is_not_on_the_list() -> None:
    assert not [name for name in METRICS if "seed" in name]


def test_availability() -> None:
    def never(a: np.ndarray, b: np.ndarray) -> float:
        raise MissingExtraError("never", "bench")

    assert Metric("x", never, "", (0, 1), True, "").available
    assert not Metric("x", never, "", (0, 1), True, "", package="no_such_package").available
    assert not Metric("x", never, "", (0, 1), True, "", command="no-such-command").available
    assert METRICS["ssim"].available == (importlib.util.find_spec("scipy") is not None)

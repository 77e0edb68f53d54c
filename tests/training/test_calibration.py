"""A network's rates are moved to where its files have the bits that were aimed for."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.parts.rate_table import RateTable, mix_for_rates, move_rates
from latentpress.training import calibration

AIMS = {0: 0.09, 16: 0.18, 32: 0.36}


def table(*values: float) -> RateTable:
    return RateTable(len(values), 1, torch.tensor(values)[:, None])


def test_moved_rates_are_those_between_and_beyond() -> None:
    net = table(1.0, 3.0, 4.0)
    before = net(mix_for_rates(torch.tensor([8]), 3)).item()
    move_rates(net, [8.0, 16.0, 40.0])
    assert net.table.flatten().tolist() == [before, 3.0, 4.5]
    move_rates(net, [-8.0, 16.0, 32.0])
    assert net.table[0].item() == before - 0.5


@pytest.mark.parametrize(
    ("logs", "met"),
    [
        ((-2.6, -2.0, -1.15), True),  # a little below, as controllers leave it
        ((-2.2, -1.7, -0.8), True),  # above
        ((-9.0, -8.0, -7.0), False),  # out of reach
    ],
)
def test_files_get_the_bits_that_were_aimed_for(
    logs: tuple[float, ...], met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, built = table(*logs), list[Any]()

    def rates(package: list[float], rates: list[int], sample: object) -> np.ndarray:
        assert rates == list(AIMS)
        return np.exp(package)

    def build(net: torch.nn.Module) -> Any:
        assert isinstance(net, RateTable)
        built.append(net.table.flatten().tolist())
        with torch.no_grad():
            net.table.round_(decimals=3)  # packages are made of rounded weights
        return built[-1]

    monkeypatch.setattr(calibration, "rates_of_files", rates)
    package, facts = calibration.calibrate(net, AIMS, build, [np.zeros((8, 8, 3), np.uint8)], print)
    assert package == built[-1]
    assert [one["rate"] for one in facts["anchors"]] == list(AIMS)
    assert [one["aim_bpp"] for one in facts["anchors"]] == list(AIMS.values())
    places = [one["moved_to"] for one in facts["anchors"]]
    assert places == sorted(places)
    assert places[-1] <= 2 * STEPS_PER_ANCHOR + 9
    off = [abs(one["bpp"] / one["aim_bpp"] - 1) for one in facts["anchors"]]
    assert (max(off) < 0.02) == met
    assert facts["pictures"] == 1

"""Packages as models: shared within a process, refused where they do not fit; rates between anchors."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.models import Running, package_of
from latentpress.codecs.rates import STEPS_PER_ANCHOR, last_rate, mix_of, nearest_anchor
from latentpress.engine import Network
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.models import find_model


def test_a_model_is_shared_by_all_who_run_it_in_the_same_way() -> None:
    package = find_model("hyperprior")
    one = MeanScaleModel.open(package, Running(threads=1))
    assert one is MeanScaleModel.open(package, Running(threads=1))
    assert one is not MeanScaleModel.open(package, Running(threads=2))
    assert not MeanScaleModel(package)._networks  # nothing is loaded before it is run


def test_networks_load_beside_other_work_once_and_again_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    model, loads = MeanScaleModel(find_model("hyperprior"), Running(threads=1)), []
    load = model._load

    def failing_once(name: str) -> Network:
        loads.append((name, threading.current_thread()))
        if len(loads) == 1:
            raise MemoryError
        return load(name)

    monkeypatch.setattr(model, "_load", failing_once)
    latents = np.zeros((model.latents, 4, 4), np.float32)
    with pytest.raises(MemoryError):
        model.hyper_of(latents)
    model.prepare("hyper_analysis", "hyper_synthesis")
    model.prepare("hyper_analysis")
    model.first(model.hyper_of(latents), 0, 4, 4)
    assert [name for name, _ in loads] == ["hyper_analysis", "hyper_analysis", "hyper_synthesis"]
    assert loads[0][1] is threading.current_thread() is not loads[1][1]


def test_a_package_of_another_codec_is_refused() -> None:
    with pytest.raises(CorruptFileError, match="does not fit its codec, importance-map: 'hyper_latents'"):
        MeanScaleModel(find_model("importance-map"))


def test_the_package_that_a_file_names() -> None:
    installed = find_model("hyperprior")
    named, given = (package_of("hyperprior", one, installed.id) for one in (None, str(installed.folder)))
    assert (named.id, named.folder) == (given.id, given.folder)
    with pytest.raises(UnsupportedError, match="not installed"):
        package_of("hyperprior", str(installed.folder), b"\1" * 8)


def test_rates_between_anchors() -> None:
    anchors = 4
    mixes = np.concatenate([mix_of(rate, anchors) for rate in range(last_rate(anchors) + 1)])
    assert (mixes.sum(axis=1) == STEPS_PER_ANCHOR).all()
    assert ((mixes > 0).sum(axis=1) <= 2).all()
    assert np.array_equal(mixes @ np.arange(anchors) * 1.0, np.arange(last_rate(anchors) + 1))
    assert [nearest_anchor(rate, anchors) for rate in (0, 7, 8, 23, 24, 48)] == [0, 0, 1, 1, 2, 3]
    assert last_rate(1) == 0
    assert mix_of(0, 1).tolist() == [[STEPS_PER_ANCHOR]]

"""Training: a run learns, can be cut anywhere, and refuses what it cannot do."""

from __future__ import annotations

import csv
import os
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.training import runner
from latentpress.training.checkpoint import load_checkpoint, save_starting_point
from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import train
from latentpress.training.runner import BEST, CHECKPOINT, LOG, learning_rate
from latentpress.training.schedule import Schedule


def quiet(_: str) -> None:
    return


def test_loss_falls(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    longer = replace(tiny, schedule=replace(tiny.schedule, steps=120, validate_every=20, learning_rate=3e-3))
    train(longer, folder, run=tmp_path, valid=folder, threads=1, report=quiet)
    with (tmp_path / LOG).open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "valid"]
    losses = {}
    for row in rows:
        losses.setdefault(int(row["step"]), []).append(float(row["loss"]))
    means = {step: sum(v) / len(v) for step, v in sorted(losses.items())}
    assert means[120] < means[20] - 0.05
    best = load_checkpoint(tmp_path / BEST)
    assert best.step == min(means, key=means.__getitem__)
    assert best.history["best_loss"] == pytest.approx(min(means.values()), abs=1e-4)


def test_flat_pictures_are_refused(tiny: Plan, tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    Image.new("RGB", (96, 96), (90, 90, 90)).save(tmp_path / "flat" / "0.png")
    with pytest.raises(InvalidInputError, match="texture"):
        train(tiny, tmp_path / "flat", run=tmp_path / "run", threads=1, report=quiet)


def test_stop_request_saves_and_ends(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    endless = replace(tiny, schedule=replace(tiny.schedule, steps=10**6, validate_every=10**6))

    def stop_once_listened_to() -> None:
        while signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_once_listened_to).start()
    path = train(endless, folder, run=tmp_path, threads=1, report=quiet)
    assert load_checkpoint(path).step < 10**6
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_existing_run_is_not_overwritten(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    train(tiny, folder, run=tmp_path, threads=1, report=quiet, minutes=1e-7)
    with pytest.raises(InvalidInputError, match="--resume"):
        train(tiny, folder, run=tmp_path, threads=1, report=quiet)
    other = replace(tiny, model=replace(tiny.model, latents=32))
    with pytest.raises(InvalidInputError, match="sizes"):
        train(other, folder, run=tmp_path, threads=1, report=quiet, resume=True)


def test_damaged_checkpoint_is_named(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    path = train(tiny, folder, run=tmp_path, threads=1, report=quiet, minutes=1e-7)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CorruptFileError, match="checkpoint"):
        train(tiny, folder, run=tmp_path, threads=1, report=quiet, resume=True)


def test_a_starting_point_is_small_and_goes_on(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    full = train(tiny, folder, run=tmp_path / "full", threads=1, report=quiet, max_steps=5)
    (tmp_path / "next").mkdir()
    small = tmp_path / "next" / CHECKPOINT
    save_starting_point(full, small)
    assert small.stat().st_size < full.stat().st_size / 6
    a, b = load_checkpoint(full), load_checkpoint(small)
    assert all(torch.allclose(a.average[name], b.weights[name], atol=1e-3, rtol=1e-3) for name in a.average)
    train(tiny, folder, run=tmp_path / "next", threads=1, report=quiet, resume=True, max_steps=7)
    assert load_checkpoint(small).step == 7


def test_a_second_stage_starts_from_the_average_of_the_first(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    first = train(tiny, folder, run=tmp_path / "one", threads=1, report=quiet, max_steps=5)
    second = train(tiny, folder, run=tmp_path / "two", threads=1, report=quiet, start=first, minutes=1e-7)
    a, b = load_checkpoint(first), load_checkpoint(second)
    assert b.step == 0
    assert all(torch.equal(a.average[name], b.weights[name]) for name in a.average)
    assert [stage["steps"] for stage in b.history["stages"]] == [5]
    again = train(tiny, folder, run=tmp_path / "two", threads=1, report=quiet, start=first, resume=True, max_steps=3)
    assert load_checkpoint(again).step == 3  # a run that has begun goes on with its own checkpoint


def test_missing_pictures_and_recipe(tiny: Plan, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no folder"):
        train(tiny, tmp_path / "nowhere", run=tmp_path / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no readable picture"):
        train(tiny, tmp_path / "empty", run=tmp_path / "run2")
    with pytest.raises(InvalidInputError, match="there is no recipe"):
        load_plan("nothing.toml")


def test_shipped_recipe_loads_and_learning_rate_follows_it() -> None:
    schedule = load_plan("hyperprior").schedule
    assert learning_rate(schedule, 0) < learning_rate(schedule, schedule.warmup) == schedule.learning_rate
    assert learning_rate(schedule, schedule.steps - 1) < 1e-3 * schedule.learning_rate
    plain = Schedule(steps=100, warmup=0, decay_from=0.5)
    assert learning_rate(plain, 75) == pytest.approx(0.5 * plain.learning_rate)


@pytest.mark.parametrize(
    "change",
    [{"average": "plain"}, {"quantisation": "noise"}, {"quantisation": "soft-round"}],
    ids=lambda change: "-".join(change.values()),
)
def test_other_objectives_learn_too(tiny: Plan, folder: Path, tmp_path: Path, change: dict[str, str]) -> None:
    schedule = replace(tiny.schedule, steps=60, validate_every=20, learning_rate=3e-3)
    plan = replace(tiny, schedule=schedule, more={"objective": replace(tiny.objective, **change)})
    train(plan, folder, run=tmp_path, valid=folder, threads=1, report=quiet)
    with (tmp_path / LOG).open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "valid"]
    first, last = ([float(row["loss"]) for row in rows if row["step"] == step] for step in ("20", "60"))
    assert sum(last) < sum(first)


def test_random_start_is_worse_than_the_transform(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    losses = []
    for pictures in (0, 4):
        plan = replace(tiny, schedule=replace(tiny.schedule, steps=4, validate_every=4, klt_pictures=pictures))
        run = tmp_path / str(pictures)
        train(plan, folder, run=run, valid=folder, threads=1, report=quiet)
        losses.append(load_checkpoint(run / BEST).history["best_loss"])
    assert losses[0] > losses[1] + 1


def test_a_run_says_at_once_how_far_it_is_and_what_is_left(
    tiny: Plan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(runner, "_SAY_EVERY", 1e9)
    train(tiny, folder, run=tmp_path, threads=1, report=lines.append)
    found = [line for line in lines if line.startswith("step ")]
    assert len(found) == 1
    assert re.fullmatch(r"step 1/\d+  .* steps/s, \d+\.\d min left", found[0])

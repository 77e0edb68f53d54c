"""Pictures that arrive while a run goes on are learned from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")

from latentpress.training import arrivals, bare
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.pack import pack_training
from latentpress.training.plan import Plan
from latentpress.training.players import Playing
from latentpress.training.run import train

TINY = Path(__file__).parents[1] / "systems" / "tiny"


def test_a_run_takes_up_what_arrives(tiny: Plan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_EVERY", 0.0)
    files = sorted(folder.glob("*"))
    said: list[str] = []
    phases: list[object] = []
    play = Playing.play
    monkeypatch.setattr(Playing, "play", lambda self, *given: (phases.append(given[1]), play(self, *given))[1])
    # all but the first have come while the first was read: the run did not begin with them
    path = train(tiny, files[:1], run=tmp_path, threads=1, report=said.append, arrived=lambda: files)
    assert load_checkpoint(path).step == tiny.schedule.steps
    assert any(f"{len(files)} pictures now, 1 before" in line for line in said)
    whole = len(set(phases))
    phases.clear()
    train(tiny, files, run=tmp_path / "whole", threads=1, report=said.append)
    assert whole > len(set(phases))  # steps that are recorded are recorded anew


def test_only_whole_shards_have_arrived(folder: Path, tmp_path: Path) -> None:
    pack = pack_training(TINY / "hyperprior.toml", folder, tmp_path / "pack", crops=8, crop_size=96, shard_size=90_000)
    whole = bare._whole_shards(pack)
    assert len(whole) > 1
    away = Path(shutil.move(whole[0], tmp_path / "away"))
    assert bare._whole_shards(pack) == whole[1:]
    whole[0].write_bytes(away.read_bytes()[:-1])
    assert bare._whole_shards(pack) == whole[1:]
    whole[0].write_bytes(away.read_bytes())
    assert bare._whole_shards(pack) == whole

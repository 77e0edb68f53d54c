"""Control points: digests of the stages of decoding, by which two machines find where they part."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import latentpress
from latentpress import container
from latentpress.apps.cli import app
from latentpress.codecs import get_codec
from latentpress.codecs.ports import Points
from latentpress.container import STREAM

GOLDEN = Path(__file__).parents[1] / "golden"
FILE = GOLDEN / "hyperprior-3-rgb-63x65-q30.lpx"
STAGES = ["tables of hyper latents", "hyper latents", "tables of latents", "latents", "values", "pixels"]


@pytest.mark.parametrize(
    "name", ["hyperprior-3-rgb-63x65-q30", "toderici-1-rgb-63x65-q65", "importance-map-1-gray-7x13-q60"]
)
def test_engines_agree_on_every_stage_but_the_pixels(name: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    data = (GOLDEN / f"{name}.lpx").read_bytes()
    found = []
    for settings in ({"threads": 1}, {"engine": "torch"}):
        points = Points()
        get_codec(latentpress.inspect(data).codec, **settings).trace(data, points)
        found.append({stage: digest for stage, digest in points().items() if stage != "pixels"})
    assert found[0] == found[1]
    assert len(found[0]) >= 3


def test_stages_stand_in_the_order_of_the_work() -> None:
    info = latentpress.inspect(FILE.read_bytes(), verify=True)
    assert list(info.checkpoints) == STAGES
    assert info.problem == ""
    assert not latentpress.inspect(FILE.read_bytes()).checkpoints


@pytest.mark.parametrize(("stage", "status"), [(stage, 1) for stage in STAGES[:-1]] + [("pixels", 0), ("", 0)])
def test_the_first_difference_names_the_stage(stage: str, status: int, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    done = CliRunner().invoke(app, ["inspect", str(FILE), "--verify", "--json"])
    told = json.loads(done.stdout)
    differ = STAGES[STAGES.index(stage) :] if stage else []
    other.write_text(json.dumps({**told, "checkpoints": told["checkpoints"] | dict.fromkeys(differ, "0")}))
    done = CliRunner().invoke(app, ["inspect", str(FILE), "--against", str(other)])
    assert done.exit_code == status
    assert done.stderr.count("\n") == 1
    assert (f"from this stage on: {stage}" if status else "all stages agree") in done.stderr


def test_what_damage_leaves_is_shown(tmp_path: Path) -> None:
    header, chunks = container.read(FILE.read_bytes())
    damaged = tmp_path / "damaged.lpx"
    wrong = [replace(c, payload=b"\0" + c.payload[1:]) if c.kind == STREAM else c for c in chunks]  # of its checksum
    damaged.write_bytes(container.write(header, wrong))
    done = CliRunner().invoke(app, ["inspect", str(damaged), "--verify"])
    assert done.exit_code == 2
    assert "latents" in done.stdout
    assert "do not match their checksum" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"checkpoints": 3}'])
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    done = CliRunner().invoke(app, ["inspect", str(FILE), "--against", str(tmp_path / "a.json")])
    assert done.exit_code == 2
    assert "is not what latentpress inspect --verify --json writes" in done.stderr

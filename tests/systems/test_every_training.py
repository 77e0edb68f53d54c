"""What every training of the catalogue does, with its tiny recipe: a run, cut and gone on with, becomes a package."""

from __future__ import annotations

import csv
import importlib.util
import math
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from latentpress.catalogue import folder_of, system, systems
from latentpress.codecs import get_codec
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.complexity import macs_per_pixel
from latentpress.training.export import export
from latentpress.training.from_package import package_state
from latentpress.training.plan import load_plan, training_of
from latentpress.training.run import train
from latentpress.training.runner import LOG
from latentpress.training.system import Training

TINY = Path(__file__).parent / "tiny"
BEGUN = {
    "akyazi", "bai", "cas-cnn", "comcnn", "double-jpeg", "edge-gan", "entropy-models", "faces", "factorised",
    "filter-bank", "idcn", "kamisli", "l3c", "learned-lifting", "mentzer", "painter", "pca-blocks", "peixoto",
    "perceptron", "rc", "retina", "scale-hyperprior", "semantic", "table-unet", "tiled", "trimmed-jpeg", "vq",
}  # fmt: skip
"""Systems whose packages a run can begin with: all but those with weights that an export rounds or decomposes."""

TRAINED = [one.id for one in systems() if one.training]


def recipe_of(id: str) -> Path:
    """The tiny recipe of a system: here, or beside its declaration."""
    here = TINY / f"{id}.toml"
    return here if here.exists() else folder_of(id) / "tiny.toml"


def _train(id: str, photos: Path, run: Path, **options: object) -> Path:
    quiet = {"valid": photos, "threads": 1, "report": lambda line: None}
    return train(recipe_of(id), photos, run=run, **(quiet | options))


@pytest.fixture(scope="module", params=TRAINED)
def run(request: pytest.FixtureRequest, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a whole tiny run of each system. Only without the zoo may one lack a package to learn from."""
    try:
        return _train(request.param, photos, tmp_path_factory.mktemp(request.param))
    except UnsupportedError as error:
        if importlib.util.find_spec("latentpress_zoo"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def package(run: Path, photos: Path) -> ModelPackage:
    """Its model package; skipped for a system whose networks stay checkpoints."""
    try:
        return ModelPackage(export(run, run.parent / "package", name="tiny", data=photos))
    except UnsupportedError as error:
        pytest.skip(str(error))


def _rows(run: Path) -> list[dict[str, str]]:
    with (run.parent / LOG).open(newline="") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


def test_a_cut_run_is_the_uncut_one_bit_for_bit(run: Path, photos: Path, tmp_path: Path) -> None:
    whole = load_checkpoint(run)
    last = whole.recipe.schedule.steps
    for most in (1, last // 2 + 1, last):
        cut = _train(whole.recipe.codec, photos, tmp_path, resume=True, max_steps=most)
    again = load_checkpoint(cut)
    assert again.step == whole.step == last
    for group in ("weights", "average"):
        left, right = getattr(whole, group), getattr(again, group)
        assert left.keys() == right.keys()
        assert all(torch.equal(left[name], right[name]) for name in left)
    assert whole.moments.keys() == again.moments.keys()
    for name, moments in whole.moments.items():
        assert moments.keys() == again.moments[name].keys()
        assert all(torch.equal(moment, again.moments[name][kind]) for kind, moment in moments.items())
    assert _rows(run) == _rows(cut)
    with pytest.raises(InvalidInputError, match="exists already"):
        _train(whole.recipe.codec, photos, tmp_path)


def test_the_log_has_every_figure(run: Path) -> None:
    plan = load_checkpoint(run).recipe
    kind, rows = training_of(plan.codec), _rows(run)
    columns = (run.parent / LOG).read_text().splitlines()[0].split(",")
    assert {"step", "kind", kind.at, "loss", *kind.figures} <= set(columns)
    assert all(math.isfinite(float(row["loss"])) for row in rows)
    last, every = plan.schedule.steps, plan.schedule.validate_every
    validated = {*range(every, last, every), last} if kind.validate is not Training.validate else set()
    assert {int(row["step"]) for row in rows if row["kind"] == "valid"} == validated


def test_the_package_tells_how_it_came_about(run: Path, package: ModelPackage) -> None:
    state = load_checkpoint(run)
    id = state.recipe.codec
    assert package.codec == (system(id).packages or id)
    assert load_plan(recipe_of(id)).to_dict() == package.card["training"]["recipe"]
    assert package.card["training"]["steps"] == state.step
    aims = training_of(id)(state.recipe).aims()
    told = package.card["rates"]["anchors"] if aims else []
    assert {one["rate"]: one["aim_bpp"] for one in told} == {rate: round(aim, 4) for rate, aim in aims.items()}
    counted = macs_per_pixel(package)
    assert (counted["decoder"] > 0) == any(name.endswith(".onnx") for name in package.files)
    assert package.card["complexity"]["kmac_per_pixel"]["decoder"] == pytest.approx(counted["decoder"] / 1000, abs=1e-3)


def test_a_run_begins_with_the_package_or_says_why_not(run: Path, package: ModelPackage, photos: Path) -> None:
    plan = load_checkpoint(run).recipe
    training = training_of(plan.codec)(plan)
    samples = training.samples(photos, run.parent, lambda line: None)
    net = training.network(samples)
    begun, refusal = None, ""
    try:
        begun = package_state(package, training, net)
    except InvalidInputError as error:
        refusal = str(error)
    if begun:
        assert begun.average.keys() == load_checkpoint(run).average.keys()
    else:
        assert plan.codec not in BEGUN
        assert "no run can begin with tiny: training cannot take back" in refusal


def test_the_package_codes_in_every_engine(package: ModelPackage, photograph: Image) -> None:
    id = package.card["training"]["recipe"]["codec"]
    if not system(id).codec:
        return
    scene = Image(photograph.pixels[60:100, 100:156].copy())
    codec = get_codec(id, model=str(package.folder), threads=1)
    data = codec.encode(scene, 60)
    back = codec.decode(data)
    assert back == scene if codec.lossless else back.pixels.shape == scene.pixels.shape
    other = get_codec(id, model=str(package.folder), engine="torch", dtype="float64")
    assert other.exact(data) == codec.exact(data)

"""JPEG files made by Pillow from the test picture, and a small restorer with random weights."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

MACAWS = Path(__file__).parents[2] / "examples" / "macaws.png"


@pytest.fixture(scope="session")
def photo() -> NDArray[np.uint8]:
    """256 x 256 pixels of a photograph."""
    with Image.open(MACAWS) as picture:
        return np.asarray(picture.convert("RGB"))[96:352, 128:384].copy()


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """Factory: ``jpeg(pixels, quality=20, subsampling="4:2:0")`` gives a file's bytes; more goes to Pillow."""
    return make_jpeg


def make_jpeg(pixels: NDArray[np.uint8], quality: int = 20, subsampling: str = "4:2:0", **more: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=subsampling, **more)
    return stream.getvalue()


@pytest.fixture(scope="session")
def random_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a narrow CAS-CNN that changes every pixel."""
    torch = pytest.importorskip("torch")
    from latentpress.training.checkpoint import Checkpoint, network_state, save_checkpoint
    from latentpress.training.export import export
    from latentpress.training.plan import Plan, training_of

    folder = tmp_path_factory.mktemp("restorer")
    sizes = {"a": 4, "b": 4, "c": 4, "d": 4, "up_a": 4, "up_b": 4, "up_c": 4, "embedding": 4}
    recipe = Plan.from_dict({"codec": "cas-cnn", "model": sizes, "schedule": {"steps": 1}})
    torch.manual_seed(0)
    net = training_of("cas-cnn")(recipe).network(None)
    for head in net.heads:
        torch.nn.init.normal_(head.weight, std=0.05)
    for modulation in net.modulations:
        torch.nn.init.normal_(modulation.linear.weight, std=0.3)
    state = network_state(net)
    save_checkpoint(Checkpoint(recipe, 0, state, state, {}, {}), folder / "checkpoint.safetensors")
    (folder / "pictures").mkdir()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(folder / "pictures" / "0.png")
    return export(folder / "checkpoint.safetensors", folder / "random", name="random", data=folder / "pictures")

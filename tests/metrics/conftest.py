"""Pictures for the tests of metrics, made from integers alone: the same on every machine, so values can be pinned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
DISTORTIONS = ("noise", "blur", "contrast", "blocks", "tint")


def draw_scene(height: int, width: int, channels: int = 3) -> Picture:
    """Ramps, stripes, a disc and a textured corner, each with a colour of its own."""
    y, x = np.mgrid[0:height, 0:width]
    disc = (x - width // 3) ** 2 + (y - height // 2) ** 2 < (min(height, width) // 4) ** 2
    texture = (x * x * 7 + y * y * 13 + x * y * 5) % 61 * ((x > width // 2) & (y > height // 2))
    planes = []
    for c in range(channels):
        plane = (x * (90 - 20 * c)) // width + (y * (40 + 30 * c)) // height + 40
        plane = plane + (x // (9 + 3 * c) % 2) * (30 - 8 * c) + texture
        planes.append(np.where(disc, 210 - 60 * c, plane))
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


def spoil(picture: Picture, distortion: str) -> Picture:
    """The picture after one of DISTORTIONS."""
    p = picture.astype(np.int64)
    if distortion == "noise":
        p = p + np.random.default_rng(7).integers(-24, 25, p.shape)
    elif distortion == "blur":
        edge = np.pad(p, [(2, 2), (2, 2), (0, 0)], mode="edge")
        height, width = p.shape[:2]
        p = sum(edge[i : i + height, j : j + width] for i in range(5) for j in range(5)) // 25  # type: ignore[assignment]
    elif distortion == "contrast":
        p = (p - 128) * 5 // 8 + 128
    elif distortion == "blocks":
        p = p // 24 * 24 + (np.indices(p.shape[:2]).sum(axis=0) // 8 % 2 * 9)[..., None]
    elif distortion == "tint":
        p = p + np.array([18, 0, -25])[: p.shape[2]]
    return np.clip(p, 0, 255).astype(np.uint8)


@pytest.fixture
def one_thread() -> Iterator[Any]:
    """torch on one thread: more of them only wait for each other on pictures as small as these."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(before)


@pytest.fixture
def scene() -> Callable[..., Picture]:
    return draw_scene


@pytest.fixture(params=DISTORTIONS)
def distorted(request: pytest.FixtureRequest) -> tuple[str, Picture, Picture]:
    """(name of the distortion, picture of 168x200 in colour, the same distorted)."""
    picture = draw_scene(168, 200)
    return request.param, picture, spoil(picture, request.param)

"""Pictures of a street with boxes around what drives and walks there, drawn by chance: no set of such pictures can be
had without a download.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["CLASSES", "SIDE", "Scene", "street"]

CLASSES = ("car", "lorry", "person")
"""What a box can hold."""

SIDE = 128
"""Pixels of a scene's side: 8x8 units of a 4:2:0 file."""

_HORIZON = 40
_SHAPES = {0: (0.5, 0.24), 1: (0.62, 0.46), 2: (0.13, 0.34)}  # width and height at the front, of the side
_HIDDEN = 0.4  # share of a box that a nearer object may cover


@dataclass(frozen=True)
class Scene:
    """``pixels`` (128, 128, 3) uint8; ``boxes`` (N, 4) float32 left, top, right, bottom in pixels; ``labels`` (N,) of
    `CLASSES`.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]


def street(rng: np.random.Generator) -> Scene:
    """A scene with one to four objects, smaller the farther they are; the same for the same state of ``rng``."""
    picture = Image.new("RGB", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    _background(pen, rng)
    boxes: list[tuple[float, float, float, float]] = []
    labels: list[int] = []
    for depth in np.sort(rng.random(int(rng.integers(1, 5)))):  # from far to near
        kind = int(rng.choice(3, p=(0.45, 0.2, 0.35)))
        size = (0.3 + 0.5 * depth) * SIDE * float(rng.uniform(0.9, 1.1))
        width, height = (size * share for share in _SHAPES[kind])
        bottom = _HORIZON + 10 + depth * (SIDE - _HORIZON - 14)
        left = float(rng.uniform(1, SIDE - width - 1))
        box = (left, bottom - height, left + width, bottom)
        if box[1] < 1 or any(_covered(old, box) > _HIDDEN for old in boxes):
            continue
        (_car, _lorry, _person)[kind](pen, box, rng)
        boxes.append(box)
        labels.append(kind)
    light = float(rng.uniform(0.6, 1.1))
    noise = rng.normal(0, rng.uniform(1, 6), (SIDE, SIDE, 1))
    pixels = np.clip(np.rint(np.asarray(picture) * light + noise), 0, 255).astype(np.uint8)
    return Scene(pixels, np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))


def _covered(old: tuple[float, ...], new: tuple[float, ...]) -> float:
    """Share of the old box that the new one covers."""
    across, down = (max(0.0, min(old[i + 2], new[i + 2]) - max(old[i], new[i])) for i in (0, 1))
    return across * down / ((old[2] - old[0]) * (old[3] - old[1]))


def _colour(rng: np.random.Generator, low: int = 30, high: int = 230) -> tuple[int, int, int]:
    red, green, blue = rng.integers(low, high, 3).tolist()
    return red, green, blue


def _gray(rng: np.random.Generator, low: int, high: int) -> tuple[int, int, int]:
    value = int(rng.integers(low, high))
    return value, value, value


def _background(pen: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Sky, houses with windows, grass, a road with marks."""
    pen.rectangle((0, 0, SIDE, _HORIZON), fill=(int(rng.integers(120, 200)), int(rng.integers(160, 220)), 240))
    pen.rectangle((0, _HORIZON, SIDE, SIDE), fill=(60, int(rng.integers(90, 150)), 50))
    left = 0
    while left < SIDE:
        width, top, wall = int(rng.integers(14, 40)), int(rng.integers(8, 32)), _colour(rng, 90, 210)
        pen.rectangle((left, top, left + width, _HORIZON + 2), fill=wall)
        for x in range(left + 3, left + width - 4, 7):
            for y in range(top + 3, _HORIZON - 4, 8):
                pen.rectangle((x, y, x + 3, y + 4), fill=_gray(rng, 30, 90))
        left += width + int(rng.integers(0, 10))
    middle = int(rng.integers(40, 88))
    ways = [(middle - 14, _HORIZON), (middle + 14, _HORIZON), (SIDE + 30, SIDE), (-30, SIDE)]
    pen.polygon(ways, fill=_gray(rng, 70, 110))
    for step in range(6):
        near, far = (_HORIZON + (SIDE - _HORIZON) * ((step + part) / 6) ** 1.5 for part in (0.5, 0.0))
        pen.line((middle, far, middle, near), fill=(230, 230, 220), width=1 + step // 2)


def _car(pen: ImageDraw.ImageDraw, box: tuple[float, ...], rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    width, height, paint = right - left, bottom - top, _colour(rng)
    cabin = (left + 0.22 * width, left + 0.78 * width)
    middle = top + 0.45 * height
    roof = [(cabin[0] + 0.1 * width, top), (cabin[1] - 0.1 * width, top), (cabin[1], middle), (cabin[0], middle)]
    pen.polygon(roof, fill=_gray(rng, 20, 60), outline=paint)
    pen.rectangle((left, middle, right, bottom - 0.15 * height), fill=paint)
    for x in (left + 0.2 * width, right - 0.2 * width):
        pen.ellipse((x - 0.2 * height, bottom - 0.4 * height, x + 0.2 * height, bottom), fill=(15, 15, 15))
    pen.rectangle((right - 0.06 * width, middle + 0.08 * height, right, middle + 0.25 * height), fill=(250, 240, 160))


def _lorry(pen: ImageDraw.ImageDraw, box: tuple[float, ...], rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    wall = left + 0.7 * width
    pen.rectangle((left, top, wall, bottom - 0.15 * height), fill=_colour(rng, 120, 250))
    pen.rectangle((wall + 1, top + 0.3 * height, right, bottom - 0.15 * height), fill=_colour(rng))
    pen.rectangle((wall + 0.1 * width, top + 0.36 * height, right, top + 0.56 * height), fill=_gray(rng, 20, 60))
    for x in (left + 0.15 * width, left + 0.5 * width, right - 0.14 * width):
        pen.ellipse((x - 0.13 * height, bottom - 0.26 * height, x + 0.13 * height, bottom), fill=(15, 15, 15))


def _person(pen: ImageDraw.ImageDraw, box: tuple[float, ...], rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    middle, head, hip = (left + right) / 2, top + 0.2 * height, top + 0.55 * height
    trousers, skin = _colour(rng, 10, 120), int(rng.integers(80, 220))
    for side in (left + 0.15 * width, right - 0.15 * width):
        pen.line((middle, hip, side, bottom), fill=trousers, width=max(1, round(0.25 * width)))
    pen.rectangle((left + 0.1 * width, head, right - 0.1 * width, hip), fill=_colour(rng))
    radius = 0.1 * height
    pen.ellipse((middle - radius, top, middle + radius, head), fill=(skin, int(0.8 * skin), int(0.65 * skin)))
    pen.line((left, hip, left + 0.1 * width, head), fill=(skin, skin, skin), width=1)
    pen.line((right, hip, right - 0.1 * width, head), fill=(skin, skin, skin), width=1)

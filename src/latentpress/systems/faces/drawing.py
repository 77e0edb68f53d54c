"""Faces drawn by chance, with their landmarks: no set of photographs of people can be had without a download.

A head of about twenty numbers (widths, distances, turn, smile) is painted with skin, hair, light, cloth and noise that
are drawn too. What a codec gains on these says little of photographs: people have more degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from latentpress.systems.faces.layout import LANDMARKS

__all__ = ["SIDE", "Face", "face"]

SIDE = 256
"""Pixels of a drawn picture's side."""

Plane = NDArray[np.float32]
Points = NDArray[np.float64]
Colour = NDArray[np.float64]

_SKULL = 16  # points of the outline: 11 of the lower half from ear to ear, 5 of the upper


@dataclass(frozen=True)
class Face:
    """``pixels`` (256, 256, 3) uint8; ``landmarks`` (41, 2) float64, x and y as shares of the picture's sides."""

    pixels: NDArray[np.uint8]
    landmarks: Points


def face(rng: np.random.Generator) -> Face:
    """A face; the same for the same state of ``rng``."""
    head = _Head(rng)
    points = head.placed(head.points())
    return Face(_painted(head, points, rng), points / SIDE)


class _Head:
    """Sizes, in half widths of a usual head, and where it is in the picture."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.width, self.height = rng.uniform(0.92, 1.08), rng.uniform(1.2, 1.4)
        self._jaw = rng.uniform(0.55, 0.85)
        self._eyes, self._eye_level = rng.uniform(0.38, 0.46), rng.uniform(-0.16, -0.04)
        self._eye = rng.uniform(0.15, 0.2), rng.uniform(0.05, 0.09)
        self._brow, self._arch = rng.uniform(0.2, 0.3), rng.uniform(0.02, 0.09)
        self._nose, self._wings = rng.uniform(0.26, 0.4), rng.uniform(0.12, 0.19)
        self._lips, self._mouth = rng.uniform(0.05, 0.1), rng.uniform(0.24, 0.36)
        self._below, self._smile = rng.uniform(0.24, 0.34), rng.uniform(-0.03, 0.08)
        self._open = max(0.0, rng.uniform(-0.08, 0.1))
        self._turn, self._nod = rng.uniform(-0.16, 0.16), rng.uniform(-0.08, 0.08)
        angle, scale = rng.uniform(-0.12, 0.12), SIDE * rng.uniform(0.24, 0.29)
        self._turned = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        self._middle = SIDE * np.array([rng.uniform(0.46, 0.54), rng.uniform(0.48, 0.54)])

    def points(self) -> Points:
        """The landmarks: outline, eyebrows, eyes, nose, mouth."""
        low, high = np.linspace(0, np.pi, 11), np.linspace(np.pi, 2 * np.pi, 7)[1:-1]
        narrow = 1 - (1 - self._jaw) * np.sin(low) ** 4
        outline = [(-self.width * np.cos(t) * n, self.height * np.sin(t)) for t, n in zip(low, narrow, strict=True)]
        outline += [(-self.width * np.cos(t), 0.95 * self.height * np.sin(t)) for t in high]
        wide, tall = self._eye
        brows, eyes = [], []
        for side in (-1, 1):
            x, y = side * self._eyes, self._eye_level
            brows += [(x + a, y - self._brow - b) for a, b in ((-0.22, 0), (0, self._arch), (0.22, 0))]
            eyes += [(x - wide, y), (x, y - tall), (x + wide, y), (x, y + tall)]
        level = self._nose
        nose = [(0, self._eye_level + 0.05), (0, level), (-self._wings, level + 0.03), (self._wings, level + 0.03)]
        nose.append((0, level + 0.09))
        y, lifted = level + self._below, level + self._below - self._smile
        mouth = [(-self._mouth, lifted), (0, y - self._lips), (self._mouth, lifted), (0, y + self._lips + self._open)]
        mouth += [(0, y), (0, y + self._open)]
        inner = np.array([*brows, *eyes, *nose, *mouth])
        bulge = np.sqrt(np.clip(1 - (inner[:, 0] / self.width) ** 2 - (inner[:, 1] / self.height) ** 2, 0, 1))
        inner += bulge[:, None] * (self._turn, self._nod)
        points = np.concatenate([outline, inner])
        assert len(points) == LANDMARKS
        return points

    def placed(self, points: Points) -> Points:
        """Head to pixels."""
        placed: Points = points @ self._turned.T + self._middle
        return placed

    def back(self) -> tuple[Plane, Plane]:
        """x and y of each pixel, in half widths and half heights of the head."""
        grid = np.stack(np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5), axis=-1) - self._middle
        local = grid @ np.linalg.inv(self._turned).T
        return (local[..., 0] / self.width).astype(np.float32), (local[..., 1] / self.height).astype(np.float32)


class _Canvas:
    """A picture (256, 256, 3) that colours are laid on through soft masks."""

    def __init__(self, ground: Plane) -> None:
        self.pixels = ground

    def lay(self, colour: Colour | Plane, mask: Plane, much: float = 1.0) -> None:
        """Colour or colours where the mask is."""
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        weight, laid = (much * mask[part])[..., None], np.asarray(colour, np.float32)
        laid = laid[part] if laid.ndim == 3 else laid
        self.pixels[part] += weight * (laid - self.pixels[part])


def _painted(head: _Head, points: Points, rng: np.random.Generator) -> NDArray[np.uint8]:
    u, v = head.back()
    outline, brows, eyes, nose, mouth = np.split(points, np.cumsum((_SKULL, 6, 8, 5)))
    skin = np.array([rng.uniform(110, 235), 0.0, 0.0])
    skin[1:] = skin[0] * rng.uniform(0.72, 0.84), skin[0] * rng.uniform(0.52, 0.7)
    hair = rng.uniform(15, 170) * np.array([1.0, rng.uniform(0.7, 0.95), rng.uniform(0.4, 0.9)])
    canvas = _Canvas(_ground(rng))
    strands = _strands(rng, u)
    long = rng.uniform(0.2, 1.5)
    turn = np.linspace(0, 2 * np.pi, 24)
    down = 1.1 * head.height * np.sin(turn) + 0.4 * long * (np.sin(turn) > 0)
    behind = head.placed(np.stack([1.16 * head.width * np.cos(turn), down], axis=1))
    canvas.lay(hair * strands[..., None], _mask(behind, 3))
    _body(canvas, head, skin, rng)
    _skin(canvas, _mask(_smooth(outline), 1), skin, (u, v), rng)
    _nose(canvas, nose, skin)
    iris = rng.uniform(20, 130, 3)
    for number in (0, 1):
        _eye(canvas, eyes[4 * number : 4 * number + 4], skin, iris)
        canvas.lay(0.8 * hair, _line(brows[3 * number : 3 * number + 3], rng.uniform(5, 8), 1.2), 0.85)
    _mouth(canvas, mouth, skin, rng)
    line, part = rng.uniform(-0.75, -0.45), rng.uniform(-0.4, 0.4)
    fringe = line + 0.35 * np.abs(u - part) + 0.03 * (strands - 1)
    shown = np.clip((fringe - v) * 18, 0, 1) * _mask(behind, 2) * (np.abs(u) < 1.25)
    canvas.lay(hair * strands[..., None] * np.clip(1.2 + 0.3 * v, 0.6, 1.2)[..., None], shown.astype(np.float32))
    return _lit(canvas.pixels, (u, v), rng)


def _ground(rng: np.random.Generator) -> Plane:
    """A wall: a slope of colour and blurred stains."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    first, slope = rng.uniform(60, 220, 3), rng.uniform(-40, 40, (2, 3))
    ground = first + x[..., None] * slope[0] + y[..., None] * slope[1]
    stained: Plane = (ground + rng.uniform(0, 14) * _noise(rng, 18)[..., None]).astype(np.float32)
    return stained


def _body(canvas: _Canvas, head: _Head, skin: Colour, rng: np.random.Generator) -> None:
    """Neck and shoulders."""
    wide, top = rng.uniform(1.7, 2.2), head.height + rng.uniform(0.25, 0.4)
    neck = [(-0.5, 0.6), (0.5, 0.6), (0.55, 3), (-0.55, 3)]
    canvas.lay(0.78 * skin, _mask(head.placed(np.array(neck)), 3))
    shoulders = [(-wide, 4), (-wide, top + 0.5), (-0.6, top), (0, top + 0.35), (0.6, top), (wide, top + 0.5), (wide, 4)]
    canvas.lay(rng.uniform(20, 220, 3), _mask(head.placed(np.array(shoulders)), 2))


def _skin(canvas: _Canvas, mask: Plane, skin: Colour, where: tuple[Plane, Plane], rng: np.random.Generator) -> None:
    """Skin with unevenness, cheeks and freckles."""
    u, v = where
    tone = skin * (1 + rng.uniform(0.01, 0.05) * _noise(rng, 4) + 0.03 * _noise(rng, 16))[..., None]
    canvas.lay(tone.astype(np.float32), mask)
    cheeks = np.exp(-(((np.abs(u) - 0.5) / 0.25) ** 2) - ((v - 0.25) / 0.2) ** 2).astype(np.float32)
    canvas.lay(skin * (1.05, 0.75, 0.75), cheeks * mask, rng.uniform(0, 0.5))
    spots = (_noise(rng, 1) > rng.uniform(1.8, 4)).astype(np.float32) * mask * (np.abs(v - 0.1) < 0.3)
    canvas.lay(0.7 * skin, spots.astype(np.float32), 0.5)


def _nose(canvas: _Canvas, nose: Points, skin: Colour) -> None:
    bridge, tip, left, right, base = nose
    canvas.lay(1.12 * skin, _line(np.array([bridge, tip]), 5, 3), 0.7)
    canvas.lay(0.72 * skin, _line(_smooth(np.array([left, base, right]), closed=False), 3, 1.5), 0.8)
    for wing in (left, right):
        canvas.lay(0.4 * skin, _disc(0.6 * wing + 0.4 * base, 2.4, 1.2), 0.8)


def _eye(canvas: _Canvas, eye: Points, skin: Colour, iris: Colour) -> None:
    """White, iris and pupil, lids."""
    middle, radius = eye.mean(axis=0), 0.3 * float(np.linalg.norm(eye[2] - eye[0]))
    lids = _mask(_smooth(eye), 0.7)
    canvas.lay(0.7 * skin, _mask(_smooth(middle + 1.35 * (eye - middle)), 2), 0.6)
    canvas.lay(np.array([235.0, 232, 228]), lids)
    canvas.lay(iris, _disc(middle, radius, 0.7) * lids)
    canvas.lay(np.array([12.0, 10, 10]), _disc(middle, 0.45 * radius, 0.6) * lids)
    canvas.lay(np.array([250.0, 250, 250]), _disc(middle - 0.35 * radius, 1.3, 0.5) * lids)
    canvas.lay(0.25 * skin, _line(_smooth(eye[:3], closed=False), 2, 0.8), 0.9)


def _mouth(canvas: _Canvas, mouth: Points, skin: Colour, rng: np.random.Generator) -> None:
    left, top, right, bottom, above, below = mouth
    lips = skin * (1.0, rng.uniform(0.55, 0.75), rng.uniform(0.6, 0.8))
    canvas.lay(lips, _mask(_smooth(np.array([left, top, right, bottom])), 1.2))
    if np.linalg.norm(below - above) > 2:
        canvas.lay(np.array([60.0, 20, 25]), _mask(_smooth(np.array([left, above, right, below])), 0.8))
        canvas.lay(np.array([225.0, 220, 210]), _line(_smooth(np.array([left, above, right]), closed=False), 3, 1), 0.5)
    else:
        canvas.lay(0.4 * lips, _line(_smooth(np.array([left, above, right]), closed=False), 2, 0.8), 0.9)


def _lit(pixels: Plane, where: tuple[Plane, Plane], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Light from a side on a head that is about an ellipsoid; colour of the light; noise of a sensor."""
    u, v = where
    depth = np.sqrt(np.clip(1.3 - u**2 - v**2, 0.05, None))
    normal = np.stack([u, v, depth]) / np.sqrt(u**2 + v**2 + depth**2)
    light = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-0.7, 0.1), 1.0])
    shade = np.clip(np.tensordot(light / np.linalg.norm(light), normal, 1), 0, None)
    ambient = rng.uniform(0.45, 0.8)
    near = np.exp(-np.clip(u**2 + v**2 - 1, 0, None) * 1.5)  # the wall behind is lit evenly
    power = (ambient + (1 - ambient) * 1.25 * shade) * near + (1 - near) * 0.9
    tint = 1 + rng.uniform(-0.06, 0.06, 3)
    noise = rng.uniform(0.5, 3) * rng.standard_normal((SIDE, SIDE, 1), np.float32)
    noise = noise + np.float32(0.7) * rng.standard_normal((SIDE, SIDE, 3), np.float32)
    shown = pixels * power.astype(np.float32)[..., None] * tint.astype(np.float32) + noise
    pixels8: NDArray[np.uint8] = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
    return pixels8


def _strands(rng: np.random.Generator, u: Plane) -> Plane:
    """Brightness of hair, about 1: streaks along the head."""
    streaks = rng.normal(0, 1, 400)
    place = (u + 2) * 100 + 4 * _noise(rng, 12)
    bright: Plane = (1 + rng.uniform(0.05, 0.22) * np.interp(place, np.arange(400), streaks)).astype(np.float32)
    return bright


def _noise(rng: np.random.Generator, scale: float) -> Plane:
    """A random field of variance 1, smooth over ``scale`` pixels."""
    small = max(2, round(SIDE / scale))
    field = Image.fromarray(rng.normal(0, 1, (small, small)).astype(np.float32)).resize(
        (SIDE, SIDE), Image.Resampling.BICUBIC
    )
    return np.asarray(field, np.float32)


def _smooth(points: Points, closed: bool = True) -> Points:
    """A curve through the points (Catmull and Rom), eight steps from each to the next."""
    if closed:
        around = np.concatenate([points[-1:], points, points[:2]])
    else:
        around = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        pieces.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*pieces, points[-1:]])


def _mask(polygon: Points, blur: float) -> Plane:
    """1 inside, 0 outside, soft over ``blur`` pixels."""
    drawn = Image.new("L", (2 * SIDE, 2 * SIDE))
    ImageDraw.Draw(drawn).polygon([(float(x), float(y)) for x, y in 2 * polygon], fill=255)
    return _softened(drawn, blur)


def _line(points: Points, width: float, blur: float) -> Plane:
    drawn = Image.new("L", (2 * SIDE, 2 * SIDE))
    ends = [(float(x), float(y)) for x, y in 2 * points]
    ImageDraw.Draw(drawn).line(ends, fill=255, width=round(2 * width), joint="curve")
    return _softened(drawn, blur)


def _disc(middle: Points, radius: float, blur: float) -> Plane:
    drawn = Image.new("L", (2 * SIDE, 2 * SIDE))
    x, y = 2 * middle
    ImageDraw.Draw(drawn).ellipse((x - 2 * radius, y - 2 * radius, x + 2 * radius, y + 2 * radius), fill=255)
    return _softened(drawn, blur)


def _softened(drawn: Image.Image, blur: float) -> Plane:
    """A mask drawn at twice the size, soft over ``blur`` pixels. Only where something is drawn is there work to do."""
    around, (left, top, right, bottom) = int(4 * blur) + 1, drawn.getbbox() or (0, 0, 2, 2)
    box = max(0, left // 2 - around), max(0, top // 2 - around), right // 2 + around + 1, bottom // 2 + around + 1
    box = box[0], box[1], min(SIDE, box[2]), min(SIDE, box[3])
    soft = drawn.crop((2 * box[0], 2 * box[1], 2 * box[2], 2 * box[3])).reduce(2).filter(ImageFilter.GaussianBlur(blur))
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[box[1] : box[3], box[0] : box[2]] = np.asarray(soft, np.float32) / np.float32(255)
    return mask

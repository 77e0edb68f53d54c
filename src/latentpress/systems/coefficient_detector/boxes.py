"""Boxes of a single-shot detector (SSD, Liu et al. 2016): defaults, matching, and how good what was found is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["average_precisions", "default_boxes", "matched", "overlap", "picked", "placed"]

Boxes = NDArray[np.float32]

_MATCH = 0.5  # overlap that makes a default box answer for an object
_VARIANCES = np.array([0.1, 0.1, 0.2, 0.2], np.float32)


def default_boxes(side: int, grids: Sequence[int], shapes: Sequence[Sequence[tuple[float, float]]]) -> Boxes:
    """(N, 4) centre x, y, width, height in pixels: at each cell of each grid (cells a side) its shapes, shares of the
    picture's ``side``; cell by cell, row by row.
    """
    found = []
    for cells, forms in zip(grids, shapes, strict=True):
        centres = (np.arange(cells) + 0.5) * side / cells
        found += [(x, y, width * side, height * side) for y in centres for x in centres for width, height in forms]
    return np.array(found, np.float32)


def overlap(one: Boxes, other: Boxes) -> NDArray[np.float32]:
    """Intersection over union (N, M) of corner boxes (N, 4) and (M, 4)."""
    low, high = np.maximum(one[:, None, :2], other[None, :, :2]), np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    ratio: NDArray[np.float32] = both / (areas[0][:, None] + areas[1][None] - both)
    return ratio


def matched(defaults: Boxes, boxes: Boxes, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], Boxes]:
    """For each default box its class (0 nothing, 1 + label) and the offsets to its object, (N,) and (N, 4).

    A default box answers for the object that it overlaps by half; every object has at least its best one.
    """
    classes, offsets = np.zeros(len(defaults), np.int64), np.zeros((len(defaults), 4), np.float32)
    if not len(boxes):
        return classes, offsets
    ratio = overlap(_corners(defaults), boxes)
    ratio[ratio.argmax(axis=0), np.arange(len(boxes))] = 2
    best = ratio.argmax(axis=1)
    classes = np.where(ratio.max(axis=1) >= _MATCH, labels[best] + 1, 0)
    size = boxes[best, 2:] - boxes[best, :2]
    centre = (boxes[best, 2:] + boxes[best, :2]) / 2
    offsets[:, :2] = (centre - defaults[:, :2]) / defaults[:, 2:]
    offsets[:, 2:] = np.log(size / defaults[:, 2:])
    return classes, offsets / _VARIANCES


def placed(defaults: Boxes, offsets: Boxes) -> Boxes:
    """Corner boxes of offsets (..., N, 4): the way back of `matched`."""
    moved = offsets * _VARIANCES
    centre = defaults[:, :2] + moved[..., :2] * defaults[:, 2:]
    size = defaults[:, 2:] * np.exp(np.clip(moved[..., 2:], -4, 4))
    return _corners(np.concatenate([centre, size], axis=-1))


def picked(
    boxes: Boxes, scores: NDArray[np.float32], *, least: float = 0.05, most: float = 0.45, count: int = 50
) -> list[tuple[int, float, Boxes]]:
    """(label, score, box) of what is left of corner boxes (N, 4) with scores (N, classes): of those with a score of
    ``least``, best first, each that overlaps no better one of its class by more than ``most``; at most ``count``.
    """
    found: list[tuple[int, float, Boxes]] = []
    for label in range(scores.shape[1]):
        order = np.argsort(-scores[:, label], kind="stable")
        order = order[scores[order, label] >= least][: 4 * count]
        while len(order):
            first, order = order[0], order[1:]
            found.append((label, float(scores[first, label]), boxes[first]))
            order = order[overlap(boxes[first][None], boxes[order])[0] <= most]
    return sorted(found, key=lambda one: -one[1])[:count]


def average_precisions(
    found: Sequence[Sequence[tuple[int, float, Boxes]]],
    truth: Sequence[tuple[Boxes, NDArray[Any]]],
    classes: int,
    least: float = 0.5,
) -> list[float]:
    """Of each class, the area under precision over recall (PASCAL VOC of 2010 on): a detection is right if it overlaps
    an object of its class, that no better one has, by ``least``. Their mean is the mAP. nan for a class that no scene
    has.
    """
    areas = []
    for label in range(classes):
        objects = [boxes[labels == label] for boxes, labels in truth]
        total = sum(map(len, objects))
        claims = sorted(
            ((score, at, box) for at, one in enumerate(found) for kind, score, box in one if kind == label),
            key=lambda claim: -claim[0],
        )
        taken = [np.zeros(len(boxes), bool) for boxes in objects]
        right = np.zeros(len(claims))
        for rank, (_, at, box) in enumerate(claims):
            if len(objects[at]):
                ratio = overlap(box[None], objects[at])[0]
                best = int(ratio.argmax())
                if ratio[best] >= least and not taken[at][best]:
                    taken[at][best] = True
                    right[rank] = 1
        areas.append(_area(right, total))
    return areas


def _area(right: NDArray[np.float64], total: int) -> float:
    if not total:
        return float("nan")
    recall = np.concatenate([[0], np.cumsum(right) / total])
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * highest))


def _corners(boxes: Boxes) -> Boxes:
    half = boxes[..., 2:] / 2
    return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)

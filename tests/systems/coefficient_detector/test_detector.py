"""Boxes, scenes and loss of the detector on DCT blocks."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.systems.coefficient_detector.boxes import (
    average_precisions,
    default_boxes,
    matched,
    overlap,
    picked,
    placed,
)
from latentpress.systems.coefficient_detector.scenes import CLASSES, SIDE, street

A, B = np.array([0, 0, 10, 10], np.float32), np.array([20, 20, 30, 40], np.float32)


def test_overlap() -> None:
    one = np.stack([A, B])
    assert np.allclose(overlap(one, one), np.eye(2))
    assert overlap(A[None], np.array([[5, 0, 15, 10]], np.float32))[0, 0] == pytest.approx(50 / 150)


def test_matching_is_undone() -> None:
    defaults = default_boxes(64, (8, 4), [[(0.2, 0.2)], [(0.4, 0.3), (0.3, 0.4)]])
    assert defaults.shape == (64 + 32, 4)
    boxes, labels = np.array([[2, 3, 20, 14], [30, 30, 61, 58]], np.float32), np.array([2, 0])
    classes, offsets = matched(defaults, boxes, labels)
    assert set(classes) == {0, 1, 3}
    back = placed(defaults, offsets)
    for kind, box in ((3, boxes[0]), (1, boxes[1])):
        assert np.allclose(back[classes == kind], box, atol=1e-3)
    assert not matched(defaults, boxes[:0], labels[:0])[0].any()


def test_the_better_of_two_that_overlap_is_picked() -> None:
    boxes = np.stack([A, A + 1, B])
    scores = np.array([[0.6, 0.0], [0.9, 0.0], [0.01, 0.8]], np.float32)
    found = picked(boxes, scores)
    assert [(label, round(score, 2)) for label, score, _ in found] == [(0, 0.9), (1, 0.8)]


def test_average_precision_by_hand() -> None:
    truth = [(np.stack([A, B]), np.array([0, 0])), (A[None], np.array([1]))]
    found = [[(0, 0.9, A), (0, 0.8, A), (0, 0.7, B)], [(0, 0.95, B), (1, 0.5, A)]]
    # class 0 in order: wrong, right, wrong (already found), right: precision 1/2 at both recalls
    assert average_precisions(found, truth, 3)[:2] == [pytest.approx(0.5), pytest.approx(1.0)]
    assert np.isnan(average_precisions(found, truth, 3)[2])


def test_scenes_are_drawn_from_the_seed_and_their_boxes_hold_something() -> None:
    kinds = set()
    for seed in range(20):
        scene, same = street(np.random.default_rng(seed)), street(np.random.default_rng(seed))
        assert np.array_equal(scene.pixels, same.pixels)
        assert len(scene.boxes) == len(scene.labels) >= 1
        assert (scene.boxes >= 0).all()
        assert (scene.boxes <= SIDE).all()
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()
        kinds |= set(scene.labels.tolist())
    assert kinds == set(range(len(CLASSES)))


def test_both_fronts_learn() -> None:
    torch = pytest.importorskip("torch")
    from latentpress.systems.coefficient_detector.net import (
        DEFAULTS,
        BlockFront,
        Detector,
        PixelFront,
        detection_loss,
    )

    torch.manual_seed(0)
    scene = street(np.random.default_rng(1))
    classes, offsets = (torch.from_numpy(one)[None] for one in matched(DEFAULTS, scene.boxes, scene.labels))
    for front, shapes in ((PixelFront, [(1, 3, SIDE, SIDE)]), (BlockFront, [(1, 64, 16, 16), (1, 128, 8, 8)])):
        inputs = [torch.randn(shape) for shape in shapes]
        net = Detector(front())
        optimiser, losses = torch.optim.Adam(net.parameters(), 2e-3), []
        for _ in range(12):
            optimiser.zero_grad()
            loss = detection_loss(*net(*inputs), classes, offsets)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert losses[-1] < 0.7 * losses[0]

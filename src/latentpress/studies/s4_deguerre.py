"""Deguerre 2019: a single-shot detector on the DCT blocks of JPEG files against the same one on their pixels."""

from __future__ import annotations

import functools
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image as PillowImage
from torch import Tensor, nn

from latentpress.bench.coders.pillow import decode_pillow
from latentpress.bench.machine import machine, now, versions
from latentpress.codecs.jpeg import read_jpeg
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.learning import SEEDS, fit, one_thread, outputs, spread
from latentpress.systems.coefficient_detector.boxes import average_precisions, matched, picked, placed
from latentpress.systems.coefficient_detector.net import DEFAULTS, BlockFront, Detector, PixelFront, detection_loss
from latentpress.systems.coefficient_detector.scenes import CLASSES, Scene, street
from latentpress.training.jpeg_levels import as_blocks, as_planes, dequantised
from latentpress.transforms import inverse_block_dct

__all__ = ["FRONTS", "Outcome", "run", "study"]

FRONTS: dict[str, type[nn.Module]] = {"pixels": PixelFront, "DCT blocks": BlockFront}
"""What the detector reads, and its first layers."""

_QUALITY = 75
_SCENES, _TESTED = 600, 250
_STEPS, _BATCH = 400, 16
_PRINTED = {"speed": 2.0, "VOC mAP of SSD300 and of the DCT detector": (74.3, 47.8)}


@dataclass(frozen=True)
class Outcome:
    """A trained detector: average precision 0..1 of each class and their mean; processor seconds of training;
    milliseconds a picture of the network and of choosing boxes.
    """

    reads: str
    seed: int
    precisions: list[float]
    mean: float
    training: float
    network: float
    choosing: float


def run(request: Request) -> Result:
    """The study, on one thread."""
    with one_thread():
        return study(_SCENES, _TESTED, _STEPS, SEEDS, request.say)


def study(scenes: int, tested: int, steps: int, seeds: Sequence[int], say: Callable[[str], None]) -> Result:
    """Both detectors with every seed, which draws scenes and weights."""
    outcomes: list[Outcome] = []
    stages: dict[str, float] = {}
    for seed in seeds:
        rng = np.random.default_rng([seed, 4])
        drawn = [street(rng) for _ in range(scenes + tested)]
        files = [_saved(one) for one in drawn]
        goals = [matched(DEFAULTS, one.boxes, one.labels) for one in drawn[:scenes]]
        classes, offsets = (torch.from_numpy(np.stack(part)) for part in zip(*goals, strict=True))
        stages = stages or _stages(files[scenes:])
        for reads in FRONTS:
            inputs = _scaled(_inputs(files, reads), scenes)
            training, test = ([one[part] for one in inputs] for part in (slice(scenes), slice(scenes, None)))
            torch.manual_seed(seed)
            net = Detector(FRONTS[reads]())

            loss = functools.partial(_loss, net, training, classes, offsets)
            seconds = fit(net, loss, scenes, steps, batch=_BATCH, seed=seed)
            outcomes.append(_measured(net, reads, seed, seconds, test, drawn[scenes:]))
            say(f"seed {seed}, {reads}: mAP {100 * outcomes[-1].mean:.1f} %, {outcomes[-1].network:.1f} ms")
    return _result(outcomes, stages, (scenes, tested, steps), seeds)


def _loss(net: nn.Module, inputs: Sequence[Tensor], classes: Tensor, offsets: Tensor, chosen: Tensor) -> Tensor:
    scores, found = net(*(one[chosen] for one in inputs))
    return detection_loss(scores, found, classes[chosen], offsets[chosen])


def _measured(
    net: nn.Module, reads: str, seed: int, seconds: float, test: Sequence[Tensor], scenes: Sequence[Scene]
) -> Outcome:
    marks = [time.process_time()]
    scores = outputs(lambda *one: net(*one)[0].softmax(dim=2)[..., 1:], *test)
    marks.append(time.process_time())
    boxes = placed(DEFAULTS, outputs(lambda *one: net(*one)[1], *test).numpy())
    marks.append(time.process_time())
    found = [picked(one, score) for one, score in zip(boxes, scores.numpy(), strict=True)]
    marks.append(time.process_time())
    precisions = average_precisions(found, [(one.boxes, one.labels) for one in scenes], len(CLASSES))
    first, _, last = np.diff(marks) * 1e3 / len(scenes)
    return Outcome(reads, seed, precisions, float(np.nanmean(precisions)), seconds, float(first), float(last))


def _saved(scene: Scene) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(scene.pixels).save(buffer, "JPEG", quality=_QUALITY)  # 4:2:0
    return buffer.getvalue()


def _inputs(files: Sequence[bytes], reads: str) -> list[Tensor]:
    """What the front takes, of all files."""
    if reads == "pixels":
        pixels = np.stack([decode_pillow(one, "JPEG") for one in files])
        return [torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 128]
    opened = [dequantised(read_jpeg(one)) for one in files]
    luma = np.stack([as_blocks(as_planes(one[0])[None]) for one in opened])
    chroma = np.stack([as_blocks(np.stack([as_planes(part) for part in one[1:]])) for one in opened])
    return [torch.from_numpy(luma), torch.from_numpy(chroma)]


def _scaled(inputs: Sequence[Tensor], training: int) -> list[Tensor]:
    """Each channel over its root mean square in training."""
    scales = [one[:training].square().mean(dim=(0, 2, 3), keepdim=True).sqrt() for one in inputs]
    return [one / scale.clamp_min(1e-3) for one, scale in zip(inputs, scales, strict=True)]


def _stages(files: Sequence[bytes]) -> dict[str, float]:
    """Milliseconds a picture: of this package's NumPy to coefficients and on to samples, and of libjpeg to pixels."""
    marks = [time.process_time()]
    opened = [dequantised(read_jpeg(one)) for one in files]
    marks.append(time.process_time())
    for one in opened:
        for component in one:
            inverse_block_dct(component)
    marks.append(time.process_time())
    for data in files:
        decode_pillow(data, "JPEG")
    marks.append(time.process_time())
    each = np.diff(marks) * 1e3 / len(files)
    return dict(
        zip(("to coefficients, NumPy", "inverse DCT, NumPy", "to pixels, libjpeg"), map(float, each), strict=True)
    )


def _result(
    outcomes: Sequence[Outcome], stages: dict[str, float], counts: tuple[int, int, int], seeds: Sequence[int]
) -> Result:
    by_front = {reads: [one for one in outcomes if one.reads == reads] for reads in FRONTS}
    rows = [
        (
            reads,
            spread([100 * one.mean for one in found], 1),
            *(spread([100 * one.precisions[kind] for one in found], 1) for kind in range(len(CLASSES))),
            f"{np.mean([one.training for one in found]):.0f}",
            f"{np.mean([one.network for one in found]):.2f}",
            f"{np.mean([one.choosing for one in found]):.2f}",
        )
        for reads, found in by_front.items()
    ]
    pixels, blocks = (by_front[reads] for reads in FRONTS)
    ratio = float(np.mean([one.network for one in pixels]) / np.mean([one.network for one in blocks]))
    lost = spread([100 * (a.mean - b.mean) for a, b in zip(blocks, pixels, strict=True)], 1, sign=True)
    scenes, tested, steps = counts
    intro = [
        "Deguerre, Chatelain and Gasso 2019 let the detector SSD read the DCT blocks of a JPEG file: its first layers "
        "give way to one convolution. Kunwar and Alade 2023 report it as about twice as fast with promising detection. "
        f"Here a small SSD (default boxes of {len(DEFAULTS)}, two grids) is trained both ways on drawn street scenes "
        f"of 128x128 pixels with {', '.join(CLASSES)} in boxes, saved as 4:2:0 JPEG of quality {_QUALITY}: {scenes} to "
        f"train on, {tested} to test on, {steps} steps of Adam on {_BATCH} scenes, the same for both. Means over "
        f"{len(seeds)} seeds, which draw scenes and weights, with the standard deviation.",
        f"The network on blocks takes 1/{ratio:.1f} of the time of that on pixels; its mAP differs by {lost} points.",
    ]
    notes = [
        "mAP: mean over classes of the area under precision over recall at an overlap of 0.5 (PASCAL VOC of 2010 on).",
        "Its authors' figures on VOC are 74.3 % for SSD300 on pixels and 47.8 % on DCT blocks: the speed was paid "
        'for. "Promising" in the survey leaves that out.',
        "The speed comes from the smaller input of the first layers, not from what is left out of decompression. Times "
        f"of that, a picture, one thread: {', '.join(f'{k} {v:.2f} ms' for k, v in stages.items())}. Entropy decoding "
        "is needed either way, and in Python it costs more than libjpeg's whole decompression; end to end, blocks "
        "gain only with an entropy decoder as quick as libjpeg's.",
        "The front on pixels has two 3x3 convolutions at each of three resolutions with 8, 16 and 32 channels, which "
        "is an eighth of VGG's width. A wider front would make the ratio of times larger.",
        "Drawn scenes are far easier than photographs: few shapes, plain colours, no clutter before the objects.",
    ]
    data: dict[str, Any] = {
        "study": "s4-deguerre",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "printed": _PRINTED,
        "scenes": {"training": scenes, "test": tested, "quality": _QUALITY},
        "steps": steps,
        "outcomes": [asdict(one) for one in outcomes],
        "decompression_ms": stages,
        "speed_of_network": ratio,
    }
    columns = (
        "reads",
        "mAP, %",
        *(f"{kind}, %" for kind in CLASSES),
        "training, s",
        "network, ms",
        "choosing boxes, ms",
    )
    table = Table("Detection on test scenes; times of one thread, a picture", columns, rows)
    return Result("s4-deguerre", "Detection of objects on DCT blocks", intro, [table], notes, data)

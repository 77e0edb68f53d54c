"""Does pre-training as a deep Boltzmann machine help an autoencoder? The same network from several starts, with three
seeds.
"""

from __future__ import annotations

import csv
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.errors import InvalidInputError
from latentpress.metrics import bits_per_pixel, psnr
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.learning import SEEDS, one_thread, spread
from latentpress.studies.s1_table1 import jpeg_near
from latentpress.systems.dbm_autoencoder.net import PatchAutoencoder
from latentpress.systems.dbm_autoencoder.patch_codec import PatchCodec
from latentpress.systems.dbm_autoencoder.patches import Pixels, collect, luma_of
from latentpress.systems.dbm_autoencoder.training import PatchTraining, held_out_error
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.plan import Plan, load_plan
from latentpress.training.runner import CHECKPOINT, LOG, Limits, Runner

__all__ = ["STARTS", "Outcome", "Start", "run", "study"]

_LONGER = 2.25  # the pre-training takes about 1.25 times the time of the fine-tuning


@dataclass(frozen=True)
class Start:
    """What fine-tuning begins with: in words; the ``gain`` of random weights; whether the ``rbms`` and the whole
    ``machine`` are trained. ``length``: of the fine-tuning, over the recipe's."""

    words: str
    gain: float = 1.0
    rbms: bool = False
    machine: bool = False
    length: float = 1.0


STARTS: Mapping[str, Start] = {
    "random": Start("random weights after Glorot and Bengio 2010"),
    "random x 4": Start("the same, 4 times as large into logistic units, whose slope is 1/4", gain=4.0),
    "random x 4, longer": Start(
        "the same with as many more steps as take the time of the pre-training", gain=4.0, length=_LONGER
    ),
    "RBMs": Start("three RBMs trained one by one, composed and unrolled", rbms=True),
    "DBM": Start("the same, after joint training as a deep Boltzmann machine", rbms=True, machine=True),
}
"""By their names in the table."""

_SMALLEST = 64
_HELD_OUT_EVERY = 10  # of the training pictures
_HELD_OUT = 20_000  # patches
_COUNTED = 100  # training pictures that symbols are counted on
_MARKS = 4


@dataclass(frozen=True)
class Outcome:
    """One network: ``psnr``: by step, dB of held-out patches with rounded codes; ``bpp`` and ``test_psnr``: means over
    the test pictures of its coder's whole files; ``seconds``: of processor time, pre-training and fine-tuning."""

    start: str
    seed: int
    psnr: dict[int, float]
    bpp: float
    test_psnr: float
    pretraining_seconds: float
    fine_tuning_seconds: float

    @property
    def last(self) -> float:
        """PSNR of held-out patches at the end."""
        return self.psnr[max(self.psnr)]


def run(request: Request) -> Result:
    """The study with the recipe ``dbm-autoencoder``, on one thread."""
    assert request.test is not None
    plan = load_plan("dbm-autoencoder")
    with one_thread():
        pictures = load_pictures(list(request.data), _SMALLEST)
        tested = {name: luma_of(read_pixels(path)) for name, path in find_pictures(request.test).items()}
        return study(plan, pictures, tested, SEEDS, request.say)


def study(
    plan: Plan,
    pictures: Pictures,
    tested: Mapping[str, Pixels],
    seeds: Sequence[int],
    say: Callable[[str], None],
) -> Result:
    """Every start with every seed. Every tenth of the ``pictures`` is held out; ``tested``: luma planes by name."""
    if len(pictures) < _HELD_OUT_EVERY or not tested:
        raise InvalidInputError(f"dbm needs at least {_HELD_OUT_EVERY} pictures to train on, and one to measure on")
    held_out = pictures[::_HELD_OUT_EVERY]
    rest = [picture for number, picture in enumerate(pictures) if number % _HELD_OUT_EVERY]
    validation = collect(held_out, plan.model.patch, _HELD_OUT, 0)
    counted = [luma_of(picture) for picture in rest[:: max(1, len(rest) // _COUNTED)]]
    outcomes = []
    for seed in seeds:
        patches = collect(rest, plan.model.patch, plan.schedule.patches, seed)
        for start in STARTS:
            outcome = _outcome(_planned(plan, start, seed), start, patches, validation, counted, tested)
            say(f"seed {seed}, {start}: {outcome.last:.2f} dB, test {outcome.test_psnr:.2f} dB")
            outcomes.append(outcome)
    jpeg = _jpeg(tested, float(np.mean([outcome.bpp for outcome in outcomes])))
    return _result(plan, outcomes, jpeg, (len(rest), len(held_out), len(tested)))


def _planned(plan: Plan, start: str, seed: int) -> Plan:
    way, before = STARTS[start], plan.more["pretraining"]
    before = replace(before, rbm_steps=before.rbm_steps * way.rbms, dbm_steps=before.dbm_steps * way.machine)
    steps, every = round(plan.schedule.steps * way.length), max(1, plan.schedule.steps // _MARKS)
    schedule = replace(plan.schedule, seed=seed, start_gain=way.gain, steps=steps, validate_every=every)
    return replace(plan, schedule=schedule, more={"pretraining": before})


def _outcome(
    plan: Plan,
    start: str,
    patches: Pixels,
    validation: Pixels,
    counted: Sequence[Pixels],
    tested: Mapping[str, Pixels],
) -> Outcome:
    began = time.process_time()
    training = PatchTraining(plan)
    torch.manual_seed(plan.schedule.seed)
    net = training.network(patches)
    pretrained = time.process_time()
    first, _ = held_out_error(net, torch.from_numpy(validation).float())
    tuning = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        runner = Runner(training, net, patches)
        runner.run(run, validation, Limits(plan.schedule.steps), lambda _: None, checkpoint_seconds=math.inf)
        tuned = time.process_time()
        with (run / LOG).open(newline="", encoding="utf-8") as file:
            marks = {int(row["step"]): float(row["psnr"]) for row in csv.DictReader(file) if row["kind"] == "valid"}
        state = load_checkpoint(run / CHECKPOINT)
    best = PatchAutoencoder(plan.model)
    best.load_state_dict(state.average)
    bpp, quality = _test(PatchCodec(best, counted), tested)
    marks = {0: 10 * math.log10(255**2 / first)} | marks
    return Outcome(start, plan.schedule.seed, marks, bpp, quality, pretrained - began, tuned - tuning)


def _test(codec: PatchCodec, tested: Mapping[str, Pixels]) -> tuple[float, float]:
    """Mean rate of whole files, and mean PSNR of what they decode to."""
    rows = []
    for luma in tested.values():
        data = codec.encode(luma)
        rows.append((bits_per_pixel(len(data), luma.shape[1], luma.shape[0]), psnr(luma, codec.decode(data))))
    bpp, quality = np.mean(rows, axis=0)
    return float(bpp), float(quality)


def _jpeg(tested: Mapping[str, Pixels], bpp: float) -> tuple[float, float]:
    """The same of gray JPEGs with rates near ``bpp``."""
    from latentpress.bench.coders.pillow import decode_pillow

    rows = []
    for luma in tested.values():
        data, _ = jpeg_near(luma, bpp)
        rate = bits_per_pixel(len(data), luma.shape[1], luma.shape[0])
        rows.append((rate, psnr(luma, decode_pillow(data, "JPEG"))))
    mean_bpp, quality = np.mean(rows, axis=0)
    return float(mean_bpp), float(quality)


def _result(plan: Plan, outcomes: Sequence[Outcome], jpeg: tuple[float, float], counts: tuple[int, int, int]) -> Result:
    by_start = {start: [o for o in outcomes if o.start == start] for start in STARTS}
    marks = list(outcomes[0].psnr)
    seeds = len(by_start["random"])
    columns = ("start", *(f"PSNR after {step} steps, dB" for step in marks[:-1]), "at the end, dB")
    columns = (*columns, "test: bpp", "test: PSNR, dB")
    rows = [
        (
            start,
            *(spread([o.psnr[step] for o in found]) for step in marks[:-1]),
            spread([o.last for o in found]),
            spread([o.bpp for o in found], 3),
            spread([o.test_psnr for o in found]),
        )
        for start, found in by_start.items()
    ]
    rows.append(("gray JPEG, near that rate", *("" for _ in marks), f"{jpeg[0]:.3f}", f"{jpeg[1]:.2f}"))
    pairs = [("DBM", other) for other in STARTS if other != "DBM"] + [("random x 4", "random")]
    gains = []
    for one, other in pairs:
        last = [a.last - b.last for a, b in zip(by_start[one], by_start[other], strict=True)]
        test = [a.test_psnr - b.test_psnr for a, b in zip(by_start[one], by_start[other], strict=True)]
        gains.append((f"{one} over {other}", spread(last, sign=True), spread(test, sign=True)))
    times = [
        (
            start,
            f"{np.mean([o.pretraining_seconds for o in found]):.0f}",
            f"{np.mean([o.fine_tuning_seconds for o in found]):.0f}",
        )
        for start, found in by_start.items()
    ]
    model, before, schedule = plan.model, plan.more["pretraining"], plan.schedule
    sizes = " - ".join(str(size) for size in (model.pixels, *model.hidden))
    intro = [
        "Lee and Kim 2023 recommend to pre-train a deep autoencoder as a deep Boltzmann machine, and to fine-tune it "
        "by back-propagation. Here one autoencoder of "
        f"{model.patch}x{model.patch} luma patches, {sizes} units and back, begins in several ways: "
        + "; ".join(f"{start}: {way.words}" for start, way in STARTS.items())
        + f". Then follow {schedule.steps} steps of Adam ({round(_LONGER * schedule.steps)} where it says longer) on "
        f"{schedule.batch} patches, the same for all of a seed, with the quantiser's noise on the code.",
        f"Figures are means over {seeds} seeds with the standard deviation between seeds. PSNR after steps: of patches "
        f"from {counts[1]} held-out pictures ({counts[0]} others to train on), codes rounded to {model.levels} levels, "
        f"averaged weights. Test: luma of {counts[2]} pictures through whole files of a patch coder (means of patches "
        "and code units, range-coded with tables counted on training pictures).",
    ]
    notes = [
        "All starts have the same learning rate and steps; the pre-training comes on top of them: "
        f"{before.rbm_steps} updates of each of three RBMs and {before.dbm_steps} of the whole machine.",
        "A start from random weights is only as bad as its scale: logistic units halve and quarter what passes through "
        "them, and larger weights make up for it. The difference between the first two rows is that, and belongs to "
        "every comparison of pre-training with a random start.",
        "Rates are not equal: every network has the same number of code units and levels, and a better start uses more "
        "of them. Part of a difference in PSNR is paid for in bits.",
        "The paper writes DPM, DBP and DBM for the same machine. Its equation (4) has two hidden layers, its figure "
        "three; three are used here.",
        "The patch coder is here so that a rate can be stated. It is no match for JPEG, as the last row shows.",
        "The settings of the pre-training are the best of about ten that were tried on validation patches; of random "
        "starts two learning rates and one larger scale were tried. The contest is a little in favour of pre-training.",
    ]
    data: dict[str, Any] = {
        "study": "dbm",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "recipe": plan.to_dict(),
        "pictures": dict(zip(("training", "held_out", "test"), counts, strict=True)),
        "outcomes": [asdict(outcome) for outcome in outcomes],
        "jpeg": {"bpp": jpeg[0], "psnr": jpeg[1]},
    }
    tables = [
        Table("Held-out patches, and whole files of test pictures", columns, rows),
        Table(
            "Differences between starts of one seed, PSNR in dB",
            ("", "held-out patches, at the end", "test pictures"),
            gains,
        ),
        Table("Seconds of processor time, one thread, means", ("start", "pre-training", "fine-tuning"), times),
    ]
    return Result("dbm", "Pre-training an autoencoder as a deep Boltzmann machine", intro, tables, notes, data)

"""What a system adds to a training run and to the export of its network: one class of hooks, `Training`.

A system's ``training.py`` derives from `Training`, or from `latentpress.training.latent.LatentTraining` if it is a
lossy codec of latents at a variable rate, and its declaration names the class (``training="training:MyTraining"``). All
else is here once: `latentpress.training.run.train`, `latentpress.training.export.export`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.catalogue import system
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.parts.integer import set_integer
from latentpress.training.data import Pictures, load_held_out, load_pictures
from latentpress.training.plan import Plan
from latentpress.training.schedule import CropSchedule, Schedule
from latentpress.training.sources import CropSource, crop_source

if TYPE_CHECKING:
    from latentpress.models import ModelPackage
    from latentpress.training.checkpoint import Checkpoint

__all__ = ["Arrays", "Folders", "Graph", "Player", "Point", "Samples", "Say", "Training", "psnr_of"]

Arrays = dict[str, NDArray[Any]]
Folders = str | Path | Sequence[str | Path]
Samples = Any
"""What a training learns from: pictures, or what it makes of them. Has a length."""

Say = Callable[[str], None]
"""Gets a line of progress."""


@dataclass(frozen=True)
class Player:
    """Some of a network's parameters, and what they make small. A codec has one player, an adversarial system two; what
    a distilled one learns from is a network without a player.

    groups: parameters by the factor of the learning rate that they learn at; those that need no gradient are left out.
    loss: of what `Training.draw` gives, the total and the player's figures, a vector; the figures of all players, one
    after the other, are `Training.figures`. every: plays in each so-manieth step, from the first. matrices: parameters
    of point-wise convolutions among the groups that Muon may take (`Schedule.optimiser`).
    """

    name: str
    groups: Mapping[float, Sequence[nn.Parameter]]
    loss: Callable[..., tuple[Tensor, Tensor]]
    every: int = 1
    matrices: Sequence[nn.Parameter] = ()


@dataclass(frozen=True)
class Point:
    """Means over held-out samples. at: what they stand for, such as a rate index. loss: what weights are chosen by,
    a mean over the points, as small as can be. figures: by their names in `Training.figures`; the log has room for all.
    """

    at: Any
    loss: float
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A network of a package: a module with example inputs by name, in the order of its ``forward``, and the names of
    its outputs. Heights and widths may change, except of inputs that are ``fixed``.
    """

    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]
    fixed: Sequence[str] = ("mix",)


class Training(ABC):
    """Base of all trainings: draws crops of pictures and has one player, that of all parameters.

    plan: the checked recipe. device: where the network is. A subclass may raise InvalidInputError when it is made, for
    sections that do not go together.
    """

    model_type: ClassVar[type[Any]]
    """Dataclass of the recipe's section ``[model]``; see `latentpress.training.schedule.setting`."""

    schedule_type: ClassVar[type[Schedule]] = CropSchedule
    """Of the section ``[schedule]``."""

    sections: ClassVar[Mapping[str, type[Any]]] = {}
    """Dataclasses of further sections by name; ``objective`` is usual."""

    figures: ClassVar[tuple[str, ...]]
    """Columns of the log between loss and learning rate."""

    at: ClassVar[str] = "at"
    """Column of the log that says what a validation point stands for."""

    recordable: ClassVar[bool] = False
    """Whether the loss does the same device work in every step of a phase (`enter`), and waits for no result."""

    upright: ClassVar[bool] = False
    """Whether crops are mirrored left to right alone, and not turned."""

    counted: ClassVar[str] = "pictures"
    """What the samples are, for the card."""

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        self.plan, self.device = plan, device
        self.model, self.schedule, self.objective = plan.model, plan.schedule, plan.objective
        self._source: CropSource | None = None

    # What a run is made of.

    def samples(self, data: Folders, folder: Path, say: Say) -> Samples:
        """What to learn from. ``folder``: of the run, for what should be kept there. Default: all pictures."""
        return load_pictures(data, self.schedule.smallest)

    def held_out(self, valid: Folders, samples: Samples, say: Say) -> Samples:
        """What to validate on. Default: every third picture."""
        return load_held_out(valid)

    @abstractmethod
    def network(self, samples: Samples | None) -> nn.Module:
        """The network that a run begins with; without samples one whose weights a checkpoint replaces."""

    def adopt(self, other: Checkpoint, net: nn.Module) -> dict[str, Tensor]:
        """State of ``net`` that begins with the averaged weights of a run of other sizes or of another system.

        Raises InvalidInputError if nothing can be made of it, as here.
        """
        raise InvalidInputError(f"a {self.plan.codec} of these sizes cannot begin with that {other.recipe.codec}")

    def recover(self, net: nn.Module, package: ModelPackage) -> None:  # noqa: B027 - most systems have no need
        """Give ``net``, which has the weights of a package's graphs, what else of it the package holds."""

    def players(self, net: nn.Module) -> Sequence[Player]:
        """Who learns, in the order of play. Default: all parameters, from `loss`."""
        return [Player(self.plan.codec, {1.0: list(net.parameters())}, lambda *drawn: self.loss(net, *drawn))]

    # A step.

    def enter(self, net: nn.Module, step: int) -> Hashable:
        """Make the network ready for a step; what is returned changes where the work of a step does."""
        hard: bool = self.schedule.hard(step)
        set_integer(net, hard)
        return hard

    def draw(self, samples: Samples, rng: np.random.Generator) -> tuple[Any, ...]:
        """All that is random in a step, of which the losses are made. Default: crops, for `pixels`."""
        if self._source is None:
            self._source = crop_source(samples, self.device, self.upright)
        return (self._source.draw(self.schedule.batch, self.schedule.crop, rng),)

    def renew(self) -> None:
        """There are other samples from the next `draw` on."""
        self._source = None

    def pixels(self, drawn: Tensor) -> Tensor:
        """The crops that `draw` drew: (B, 3, H, W) float32 in grey levels 0..255."""
        assert self._source is not None
        return self._source.crops(drawn, self.schedule.crop)

    def loss(self, net: nn.Module, *drawn: Any) -> tuple[Tensor, Tensor]:
        """What the default player makes small, and its figures (1-D, no gradient) in the order of ``figures``."""
        raise NotImplementedError

    def validate(self, net: nn.Module, held_out: Samples) -> list[Point]:
        """Points of the network as it is, in the form that the codec runs in. Default: none, where all that is fitted
        is found before the first step.
        """
        return []

    # Export.

    rounds: ClassVar[int] = 1
    """How often tables are measured; more than once if they change what an encoder chooses."""

    table_pictures: ClassVar[int] = 24
    """Pictures that tables are measured on, at most."""

    table_side: ClassVar[int] = 512
    """Pictures are cut to this for the tables."""

    strides: ClassVar[Mapping[str, float]] = {"x": 1, "latents": 16, "values": 16}
    """Pixels of a picture's side for one of a graph's input, by name: what `complexity` is counted with."""

    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {"encoder": ("analysis",), "decoder": ("synthesis",)}
    """Graphs that run on one side only."""

    def aims(self) -> Mapping[int, float]:
        """Bits a pixel that files should have at the rate index of each anchor, for `calibration.calibrate`. Default:
        none.
        """
        return {}

    def compact(self, net: nn.Module, sample: Pictures) -> None:  # noqa: B027 - most systems have no need
        """Store weights in fewer bits, in place, where the system wants it. They come rounded to float16; what this
        makes of them is the model.
        """

    @property
    def package_codec(self) -> str:
        """The codec that packages name."""
        declared = system(self.plan.codec)
        return declared.packages or declared.id

    def graphs(self, net: nn.Module) -> dict[str, Graph | bytes]:
        """The networks of a package by name, or ONNX files as they are. ``net`` is frozen: its float weights are
        rounded to float16, its integer layers fixed.

        Raises UnsupportedError for a system without packages.
        """
        raise UnsupportedError(f"{self.plan.codec} makes no model package, because no codec runs it")

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """What a codec has to know of the network: the ``config`` of the card."""
        return {}

    def tables(self, net: nn.Module, model: Any, sample: Pictures) -> Arrays:
        """Integer tables of the package. First called with model None, for tables to start with, then `rounds` times
        with the model so far (`opened`), to measure ``sample``. Empty: the package has none.
        """
        return {}

    def opened(self, package: ModelPackage) -> Any:
        """A package as the system's codec opens it: its ``model_class``."""
        declared = system(self.plan.codec)
        return declared.load(declared.codec).model_class(package)

    def facts(self, net: nn.Module, sample: Pictures) -> dict[str, Any]:
        """What the card says besides: sections by name."""
        return {}

    def measured(self, package: ModelPackage, sample: Pictures) -> dict[str, Any]:
        """What the card says of the finished package: entries by name."""
        return {}


def psnr_of(error: Tensor) -> Tensor:
    """PSNR in dB of mean squared errors of grey levels; at most 138 dB."""
    return 10 * torch.log10(255.0**2 / error.clamp_min(1e-9))

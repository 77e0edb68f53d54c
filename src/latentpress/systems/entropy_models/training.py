"""Training and export of entropy models: the transforms are fixed, what is learned codes their latents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage
from latentpress.models.shelf import named_model
from latentpress.parts.integer import set_integer
from latentpress.parts.likelihood import initial_index
from latentpress.parts.rate_table import mix_for_rates
from latentpress.systems.entropy_models.nets import NETS, EntropyNet, Sizes
from latentpress.systems.entropy_models.samples import Latents, Maker
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures, load_held_out, load_pictures
from latentpress.training.plan import Plan
from latentpress.training.schedule import Schedule, setting
from latentpress.training.system import Arrays, Folders, Graph, Player, Point, Say, Training

__all__ = ["EntropySchedule", "EntropyTraining"]

_FASTER = 10.0
_INDICES = ("hyper_synthesis.scale_offset", "hyper_synthesis.hyper_scale", "base", "priors")
_KEPT = "latents.npz"


@dataclass(frozen=True)
class EntropySchedule(Schedule):
    """``crops`` of ``side`` pixels become latents before the first step; a step learns from squares of ``crop`` latents
    of them. ``frozen``: beginning of the names of what stays as it was trained before (`RunOptions.start`), such as
    ``hyper_analysis``; nothing if empty.
    """

    frozen: str = setting("")
    crops: int = setting(1000, at_least=1)
    side: int = setting(448, multiple_of=64)
    crop: int = setting(16, multiple_of=4)

    @property
    def smallest(self) -> int:
        """A crop of pixels."""
        return self.side


class EntropyTraining(Training):
    """Whole latents are coded as they are, so bits are exact and no noise stands in for rounding, but for that of hyper
    latents.
    """

    model_type = Sizes
    schedule_type: ClassVar[type[Schedule]] = EntropySchedule
    figures: ClassVar[tuple[str, ...]] = ("bpp", "side_bpp")
    at: ClassVar[str] = "rate"
    counted: ClassVar[str] = "crops"
    table_pictures: ClassVar[int] = 12
    strides: ClassVar[Mapping[str, float]] = {
        "hyper": 64,
        **dict.fromkeys(("latents", "features", "around", "keys", "values", "token"), 16),
        **dict.fromkeys(("near", "bias", "skip"), 16 / 96**0.5),  # of networks that run for each of 96 latents
    }
    one_sided: ClassVar[Mapping[str, tuple[str, ...]]] = {"encoder": ("hyper_analysis",), "decoder": ()}

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        super().__init__(plan, device)
        if plan.model.kind not in NETS:
            raise InvalidInputError(f"recipe: model.kind must be one of {', '.join(NETS)}, not {plan.model.kind!r}")
        if plan.model.dead_zone and NETS[plan.model.kind].components == 1:
            raise InvalidInputError(f"recipe: model.dead_zone is of mixtures, and {plan.model.kind} has none")
        self._hard = False

    @property
    def transforms(self) -> ModelPackage:
        """The package whose latents are coded."""
        return named_model(self.model.transforms)

    def samples(self, data: Folders, folder: Path, say: Say) -> Latents:
        """Latents of random crops, kept in the run's folder."""
        kept = folder / _KEPT
        if not kept.exists():
            pictures = load_pictures(data, self.schedule.smallest)
            self._maker().crops(pictures, self.schedule.crops, self.schedule.side, self.schedule.seed, say).save(kept)
        return Latents.load(kept)

    def held_out(self, valid: Folders, samples: Latents, say: Say) -> Latents:
        """Latents of every third picture."""
        return self._maker().of(load_held_out(valid))

    def _maker(self) -> Maker:
        return Maker(self.transforms, self.model.anchors, self.model.latents)

    def network(self, samples: Latents | None) -> EntropyNet:
        """One that begins with the scale of each channel."""
        c = self.model
        deviations = torch.ones(c.anchors, c.latents) if samples is None else samples.deviations(c.anchors)
        return NETS[c.kind](c, initial_index(deviations))

    def adopt(self, other: Checkpoint, net: nn.Module) -> dict[str, Tensor]:
        """The parts that both have, such as hyper networks."""
        state = net.state_dict()
        same = {
            name: value for name, value in other.average.items() if name in state and value.shape == state[name].shape
        }
        return state | same if same else super().adopt(other, net)

    def recover(self, net: Any, package: ModelPackage) -> None:
        """See `EntropyNet.recall`."""
        net.recall(package.tables)

    def players(self, net: nn.Module) -> Sequence[Player]:
        """One, for whom tables of scale indices, whose units are small, learn faster."""
        groups: dict[float, list[nn.Parameter]] = {1.0: [], _FASTER: []}
        frozen = self.schedule.frozen
        still = [one for name, one in net.named_parameters() if frozen and name.startswith(frozen)]
        if frozen and not still:
            raise InvalidInputError(f"recipe: schedule.frozen: nothing of {self.model.kind} begins with {frozen!r}")
        for parameter in still:
            parameter.requires_grad_(False)
        for name, parameter in net.named_parameters():
            groups[_FASTER if name.startswith(_INDICES) else 1.0].append(parameter)
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]

    def enter(self, net: nn.Module, step: int) -> bool:
        """Whether networks compute in integers in this step."""
        self._hard = bool(self.schedule.hard(step))
        set_integer(net, self._hard)
        return self._hard

    def draw(self, samples: Latents, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Whole latents, the mix of their rate, noise."""
        batch, side = self.schedule.batch, self.schedule.crop
        numbers, rates = samples.choose(batch, self.model.last_rate, rng)
        crops = []
        for number in numbers:
            values = samples.values[number]
            row, column = (int(rng.integers(length - side + 1)) for length in values.shape[1:])
            crops.append(values[:, row : row + side, column : column + side])
        noise = rng.random((batch, self.model.hyper_latents, side // 4, side // 4), np.float32)
        mix = mix_for_rates(torch.from_numpy(rates), self.model.anchors)
        values = samples.whole(torch.from_numpy(np.stack(crops).astype(np.float32)), mix)
        return values.to(self.device), mix, torch.from_numpy(noise)

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of the logarithm of bits a pixel: every rate counts the same."""
        values, mix, noise = drawn
        bits = net.bits(values, mix, noise, self._hard)
        pixels = 256 * values.shape[2] * values.shape[3]
        total = (bits.latents + bits.side) / pixels
        figures = torch.stack([total.mean(), bits.side.mean() / pixels])
        return torch.log2(total).mean() + net.penalty(), figures.detach()

    def validate(self, net: Any, held_out: Latents) -> list[Point]:
        """At each anchor, on the integer path."""
        set_integer(net, True)
        points = []
        for anchor in range(self.model.anchors):
            mix = mix_for_rates(torch.tensor([STEPS_PER_ANCHOR * anchor]), self.model.anchors)
            rows = []
            for picture in held_out.at(STEPS_PER_ANCHOR * anchor):
                values = torch.from_numpy(picture.astype(np.float32))[None]
                bits = net.bits(held_out.whole(values, mix), mix, None, True)
                rows.append([float(one) / (256 * values[0, 0].numel()) for one in (bits.latents, bits.side)])
            latents, side = np.mean(rows, axis=0)
            figures = {"bpp": float(latents + side), "side_bpp": float(side)}
            points.append(Point(STEPS_PER_ANCHOR * anchor, math.log2(latents + side), figures))
        return points

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """Those of the kind."""
        return dict(net.graphs())

    def sizes(self, net: Any) -> dict[str, Any]:
        """What the walks read, and whose transforms they are."""
        c, package = self.model, self.transforms
        named = {"codec": package.codec, "id": package.id.hex()}
        numbers = {"latents": c.latents, "anchors": c.anchors, "steps_per_anchor": STEPS_PER_ANCHOR}
        more = {
            "width": getattr(net, "width", 0),
            "hyper_latents": c.hyper_latents,
            "features": c.features,
            "reach": c.reach,
            "dead_zone": c.dead_zone,
            "means": c.kind != "scale",
        }
        return {"kind": c.kind, "margin": int(package.config["margin"]), "transforms": named, **numbers, **more}

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """Distributions as they were trained, corrected by what the codec codes at each anchor."""
        from latentpress.codecs.anchor_tables import pack_tables
        from latentpress.codecs.ports import Counting

        wanted = net.counts()
        for picture in sample if model else ():
            for anchor in range(self.model.anchors):
                port = Counting()
                model.code_picture(port, picture, anchor * STEPS_PER_ANCHOR)
                for one in wanted.values():
                    one.weights[anchor if len(one.weights) > 1 else 0] += port.counts[one.name]
        packed = dict(net.arrays())
        for prefix, one in wanted.items():
            arrays = pack_tables(one.weights.reshape(-1, one.weights.shape[-1]))
            packed |= {prefix + name: array for name, array in arrays.items()}
        return packed

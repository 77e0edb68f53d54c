"""Training of `painter`: a synthesis learns to show what the files of another model hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.catalogue import system
from latentpress.codecs.latent import LatentModel
from latentpress.codecs.models import Running, StandIn
from latentpress.codecs.painters import PAINTER
from latentpress.codecs.reach import reach_of
from latentpress.engine.torch_ import TorchNetwork
from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage, find_model
from latentpress.parts.critics import critic_loss, fooling_loss, frozen
from latentpress.parts.rate_table import mix_for_rates
from latentpress.parts.texture import texture_distance
from latentpress.systems.painter.lessons import Distillation, lesson
from latentpress.systems.painter.net import Blend, PainterNet, PainterSizes
from latentpress.systems.painter.samples import Painted, paint, paint_crops
from latentpress.training.data import Pictures, load_held_out, load_pictures
from latentpress.training.eight_bits import round_to_eight_bits
from latentpress.training.muon import point_wise
from latentpress.training.plan import Plan
from latentpress.training.schedule import CropSchedule, Schedule, setting
from latentpress.training.system import Folders, Graph, Player, Point, Say, Training, psnr_of

__all__ = ["PainterObjective", "PainterSchedule", "PainterTraining"]

_FLOOR = 0.5  # squared grey levels that are nobody's fault: rounding to 8 bits, and a little more
_COMPACT_SIDE = 256
_RATES = 5  # of validation


@dataclass(frozen=True)
class PainterSchedule(CropSchedule):
    """``crops``: how many are coded before the first step, of which all steps learn."""

    crop: int = setting(256, multiple_of=64)
    crops: int = setting(2400, at_least=1)


@dataclass(frozen=True)
class PainterObjective:
    """``of``: the codec whose default model it paints for; ``painter``: what decoders ask for it by.

    Made small: log2 of how much larger the squared error gets than that of the model's own synthesis, plus ``texture``
    * `texture_distance` + ``fooling`` * the critic's disbelief. ``target``: what the error is taken to, the ``own``
    synthesis' picture or the ``original``. ``towards_low``: above 1, more crops at low rates.
    """

    of: str = "hyperprior"
    painter: str = "preview"
    target: str = setting("own", choices=("own", "original"))
    texture: float = setting(0.0, at_least=0.0)
    fooling: float = setting(0.0, at_least=0.0)
    towards_low: float = setting(1.0, at_least=0.1)


@dataclass(frozen=True)
class _Sample:
    """A batch: pictures x and true, as of `Painted`; decoded values in steps; mix of the rates; own squared errors."""

    x: Tensor
    true: Tensor
    values: Tensor
    mix: Tensor
    errors: Tensor


class PainterTraining(Training):
    """A painter begins as the model's own synthesis, or if it is of another size with the linear half of that.

    What it should show is what the own synthesis shows. At equal loss that is better than the original: what no decoder
    can know, which is most of the original's difference, is noise to learn from.

    With teachers they have that loss, and the critic; the painter learns from what they show (`Distillation`).
    """

    model_type = PainterSizes
    schedule_type: ClassVar[type[Schedule]] = PainterSchedule
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": PainterObjective, "distillation": Distillation}
    figures: ClassVar[tuple[str, ...]] = ("psnr", "below", "texture", "disbelief")
    at: ClassVar[str] = "rate"
    counted: ClassVar[str] = "crops"
    table_pictures: ClassVar[int] = 12

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        super().__init__(plan, device)
        if bool(self.model.critic) != bool(self.objective.fooling):
            raise InvalidInputError("recipe: model.critic and objective.fooling go together")
        if self.model.teachers:
            if self.model.blends:
                raise InvalidInputError("recipe: model.blends goes with no teachers")
            names = ("lesson", "texture", *(f"teachers_{name}" for name in self.figures))
            self.figures = ("psnr", "below", *names)  # type: ignore[misc]  # of the painter, and of its teachers
        if self.model.critic:
            self.figures = (*self.figures, "critic")  # type: ignore[misc]  # of the last player

    @cached_property
    def painted(self) -> LatentModel:
        """The model whose values are painted. Raises InvalidInputError if the sizes are not its."""
        declared = system(self.objective.of)
        package = find_model(declared.id)
        model: LatentModel = declared.load(declared.codec).model_class(
            package, Running(threads=torch.get_num_threads())
        )
        if (model.latents, model.anchors) != (self.model.latents, self.model.anchors):
            raise InvalidInputError(
                f"recipe: {package.name} has {model.latents} latents and {model.anchors} anchors, "
                f"not {self.model.latents} and {self.model.anchors}"
            )
        return model

    def samples(self, data: Folders, folder: Any, say: Say) -> Sequence[Painted]:
        """Coded crops."""
        plan, aims = self.schedule, self.objective
        pictures = load_pictures(data, plan.crop)
        return paint_crops(self.painted, pictures, plan.crops, plan.crop, aims.towards_low, plan.seed, say)

    def held_out(self, valid: Folders, samples: Any, say: Say) -> Sequence[Painted]:
        """Pictures, each at one of five rates after the other."""
        last = self.painted.last_rate
        rates = [last * number // (_RATES - 1) for number in range(_RATES)]
        return [paint(self.painted, _whole(picture), rate) for picture in load_held_out(valid) for rate in rates]

    def network(self, samples: Any) -> PainterNet:
        """A painter that shows what it begins as."""
        net = PainterNet(self.model)
        if samples is None:
            return net
        own = dict(TorchNetwork(self.painted.package.network("synthesis")).constants)
        teachers: Any = net.teachers
        for one in (net.synthesis, *(teacher.synthesis for teacher in teachers)):
            fresh = one.state_dict()
            same = all(name in own and own[name].shape == value.shape for name, value in fresh.items())
            if self.model.blends and not same:
                raise InvalidInputError(f"recipe: to blend, the sizes must be those of {self.painted.package.name}")
            taken = {name: own[name] for name in fresh if same or name.startswith(("linear", "log_step", "normaliser"))}
            one.load_state_dict(fresh | taken)
            if net.base is not None:
                net.base.load_state_dict(taken)
        return net

    def players(self, net: Any) -> Sequence[Player]:
        """The synthesis, its teachers, and the critic if there is one."""
        teachers = [one.synthesis for one in net.teachers]
        adapters = [parameter for one in net.teachers for parameter in one.adapters.parameters()]
        players, how = [self._player("painter", [net.synthesis], self.loss, net, adapters)], Distillation(every=1)
        if teachers:
            how = self.plan.more["distillation"]
            players.append(self._player("teachers", teachers, self._teach, net, (), how.pace, how.every))
        if net.critic is not None:
            critic = {1.0: list(net.critic.parameters())}
            players.append(Player("critic", critic, lambda *drawn: self._judge(net), how.every))
        return players

    def _player(
        self, name: str, nets: Sequence[Any], loss: Any, whole: Any, more: Any = (), pace: float = 1.0, every: int = 1
    ) -> Player:
        """Of syntheses of the whole network, and of ``more`` parameters."""
        linear = [net.linear.weight for net in nets]
        rest = [one for net in nets for one in net.parameters() if one is not net.linear.weight]
        matrices = [one for net in nets for one in point_wise(net, without=linear)]
        groups = {pace: [*rest, *more], pace * self.schedule.linear_factor: linear}
        return Player(name, groups, lambda *drawn: loss(whole, *drawn), every, matrices)

    def draw(self, samples: Sequence[Painted], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Crops, what the own synthesis shows of them, values, rate indices, errors."""
        return _batch([samples[number] for number in rng.integers(len(samples), size=self.schedule.batch)])

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """See `PainterObjective`; figures: PSNR, dB below the own synthesis, texture distance, disbelief. With teachers
        see `Distillation`; figures: PSNR, dB below the own synthesis, the lesson, texture distance.
        """
        sample = self._sample(drawn)
        if not net.teachers:
            return self._aimed(net, [net.synthesis], sample)
        maps, total = self._maps(net.synthesis, sample), torch.zeros(())
        for teacher in net.teachers:
            with torch.no_grad():
                taught = self._maps(teacher.synthesis, sample)
            growth = _growth(maps[-1], taught[-1], sample.errors)
            total = total + lesson(maps, taught, teacher.adapters, growth, self.plan.more["distillation"]).mean()
        made = maps[-1].detach()
        psnr, below = psnr_of((made - sample.x).square().mean()), _growth(made, sample.true, sample.errors)
        texture = texture_distance(made, sample.x).mean()
        return total, torch.stack([psnr, _decibels(below.mean()), total.detach(), texture])

    def _teach(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of the teachers, who learn as a painter without any does."""
        return self._aimed(net, [teacher.synthesis for teacher in net.teachers], self._sample(drawn))

    def _aimed(self, net: Any, nets: Sequence[Any], sample: _Sample) -> tuple[Tensor, Tensor]:
        """Mean loss and figures of syntheses that learn from pictures and critic."""
        aims, losses, figures, shown = self.objective, [], [], []
        for one in nets:
            made = self._maps(one, sample)[-1]
            total = self._error(made, sample).mean()
            texture = disbelief = torch.zeros(())
            if aims.texture:
                texture = texture_distance(made, sample.x).mean()
                total = total + aims.texture * texture
            if net.critic is not None:
                with frozen(net.critic):
                    disbelief = fooling_loss(net.critic(made, sample.values))
                total = total + aims.fooling * disbelief
                shown.append((sample.x, made.detach(), sample.values))
            below = _growth(made.detach(), sample.true, sample.errors).mean()
            psnr = psnr_of((made.detach() - sample.x).square().mean())
            losses.append(total)
            figures.append(torch.stack([psnr, _decibels(below), texture.detach(), disbelief.detach()]))
        self._shown = shown
        return torch.stack(losses).mean(), torch.stack(figures).mean(0)

    def _sample(self, drawn: Sequence[Tensor]) -> _Sample:
        crops, true, values, rates, errors = drawn
        mix = mix_for_rates(rates, self.model.anchors)
        return _Sample(crops.float(), true.float(), values.float() / 16, mix, errors)

    def _maps(self, synthesis: Any, sample: _Sample) -> list[Tensor]:
        with torch.autocast(sample.x.device.type, torch.bfloat16, enabled=self.schedule.mixed_precision):
            return [one.float() for one in synthesis.maps(sample.values, sample.mix)]

    def _error(self, made: Tensor, sample: _Sample) -> Tensor:
        """log2 of the growth (B,) of squared error, or of the error to the original in units of the own synthesis'."""
        if self.objective.target == "own":
            return _growth(made, sample.true, sample.errors)
        return torch.log2((made - sample.x).square().mean(dim=(1, 2, 3)) / (sample.errors + _FLOOR))

    def validate(self, net: Any, held_out: Sequence[Painted]) -> list[Point]:
        """Points at five rates: PSNR of the 8-bit output, and how far it is below that of the own synthesis."""
        return [self._point(net, [one for one in held_out if one.rate == rate]) for rate in _in_order(held_out)]

    @torch.no_grad()
    def _point(self, net: Any, pictures: Sequence[Painted]) -> Point:
        rows = []
        for one in pictures:
            sample = self._sample(_batch([one]))
            made = net.synthesis(sample.values, sample.mix).round().clamp(0, 255)
            texture = float(texture_distance(made, sample.x)) if self.objective.texture else 0.0
            growth = float(self._error(made, sample))
            psnr = float(psnr_of((made - sample.x).square().mean()))
            below = float(psnr_of((sample.true - sample.x).square().mean())) - psnr
            rows.append([growth + self.objective.texture * texture, psnr, below, texture])
        loss, psnr, below, texture = np.mean(rows, axis=0).tolist()
        return Point(pictures[0].rate, loss, {"psnr": psnr, "below": below, "texture": texture})

    def _judge(self, net: Any) -> tuple[Tensor, Tensor]:
        """The critic's loss on what was last shown it."""
        losses = [critic_loss(net.critic(x, values), net.critic(made, values)) for x, made, values in self._shown]
        loss = torch.stack(losses).mean()
        return loss, loss.detach()[None]

    def compact(self, net: Any, sample: Pictures) -> None:
        """The dense layers in 8 bits, as in the models of `latentpress.training.mean_scale`; not of a blend, whose
        weights are sums.
        """
        if net.base is None:
            last = self.painted.last_rate
            runs = []
            for number, picture in enumerate(sample):
                rate = last - number * last // (2 * len(sample))  # errors show at the upper rates
                one = self._sample(_batch([paint(self.painted, _whole(picture[:_COMPACT_SIDE, :_COMPACT_SIDE]), rate)]))
                runs.append((one.values, one.mix))
            round_to_eight_bits(net.synthesis, runs, keep=("linear.weight", "head.weight"))

    @property
    def package_codec(self) -> str:
        """That of all painters."""
        return PAINTER

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The synthesis, or a blend."""
        values, mix = torch.zeros(1, self.model.latents, 8, 8), torch.zeros(1, self.model.anchors)
        if net.base is None:
            return {"synthesis": Graph(net.synthesis, {"values": values, "mix": mix}, ("pixels",))}
        inputs = {"values": values, "mix": mix, "look": torch.ones(1)}
        return {"synthesis": Graph(Blend(net.base, net.synthesis), inputs, ("pixels",), ("mix", "look"))}

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """Of which model it paints the values, and what it is asked for by."""
        return {
            "model": self.painted.package.id.hex(),
            "painter": self.objective.painter,
            "margin": self.model.margin,
            "blends": self.model.blends,
        }

    def measured(self, package: ModelPackage, sample: Pictures) -> dict[str, Any]:
        """``reach``: how far the synthesis looks, and the analysis of the model (`codecs.reach`)."""
        more = (("look", 1.0),) if self.model.blends else ()
        model = type(self.painted).open(self.painted.package, self.painted.running, StandIn(package, more))
        return {"reach": reach_of(model, sample)}

    def facts(self, net: Any, sample: Pictures) -> dict[str, Any]:
        """What it costs on the sample, at five rates."""
        last = self.painted.last_rate
        rates = [last * number // (_RATES - 1) for number in range(_RATES)]
        held_out = [paint(self.painted, _whole(picture), rate) for picture in sample for rate in rates]
        points = self.validate(net, held_out)
        found = {str(point.at): {name: round(v, 3) for name, v in point.figures.items()} for point in points}
        return {"check": {"pictures": len(sample), **found}}


def _growth(made: Tensor, true: Tensor, errors: Tensor) -> Tensor:
    """log2 of the growth of the squared error (B,), as far as a decoder is to blame for it."""
    return torch.log2(1 + (made - true).square().mean(dim=(1, 2, 3)) / (errors + _FLOOR))


def _decibels(growth: Tensor) -> Tensor:
    return growth * (10 * math.log10(2))


def _batch(samples: Sequence[Painted]) -> tuple[Tensor, ...]:
    """Samples of one size as tensors."""
    arrays = (np.stack([getattr(one, name) for one in samples]) for name in ("picture", "true", "values"))
    rates, errors = torch.tensor([one.rate for one in samples]), torch.tensor([one.error for one in samples])
    return (*map(torch.from_numpy, arrays), rates, errors)


def _whole(picture: Any) -> Any:
    """A picture cut to multiples of 16 pixels."""
    height, width = (side // 16 * 16 for side in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])


def _in_order(samples: Sequence[Painted]) -> list[int]:
    return sorted({one.rate for one in samples})

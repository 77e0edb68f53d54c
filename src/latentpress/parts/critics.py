"""Critics of adversarial training: networks that tell pictures from reconstructions, patch by patch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

__all__ = [
    "MultiscaleCritic", "PairCritic", "PatchCritic", "critic_loss", "feature_distance", "fooling_loss", "frozen",
    "square_critic_loss", "square_fooling_loss",
]  # fmt: skip


class _Patches(nn.Module):
    """Three layers that halve and a head, with spectral normalisation: logits of patches of 8x8 pixels."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        sizes = (inputs, width, 2 * width, 4 * width)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1))
            for before, after in itertools.pairwise(sizes)
        )
        self.head = spectral_norm(nn.Conv2d(sizes[-1], 1, 1))

    def judge(self, picture: Tensor, known: Tensor) -> list[Tensor]:
        """What each layer puts out, logits (B, 1, H / 8, W / 8) last, of grey levels 0..255 beside what is known of
        them, (B, n, H, W).
        """
        found = [torch.cat([picture / 127.5 - 1, known], dim=1)]
        for layer in self.layers:
            found.append(F.leaky_relu(layer(found[-1]), 0.2))
        return [*found[1:], self.head(found[-1])]


class PatchCritic(_Patches):
    """Whether each patch of a picture is an original, given what its file says of it.

    A conditional patch discriminator with spectral normalisation (Mentzer et al. 2020, arXiv:2006.09965; Isola et
    al. 2017, arXiv:1611.07004; Miyato et al. 2018, arXiv:1802.05957):

        picture (B, 3, H, W) ----------------------+
        values (B, latents, H/16, W/16) -> 1x1 -> x16 -> 4x4 /2 -> 4x4 /2 -> 4x4 /2 -> 1x1 -> logits (B, 1, H/8, W/8)

    The published critic has widths of 64 to 512 and a fourth layer.
    """

    def __init__(self, latents: int, width: int = 32, condition: int = 12) -> None:
        super().__init__(3 + condition, width)
        self.condition = nn.Conv2d(latents, condition, 1)

    def features(self, picture: Tensor, values: Tensor) -> list[Tensor]:
        """What each layer puts out, the logits last. ``picture``: grey levels 0..255, at any scale of the file's
        picture; ``values``: decoded latents in quantisation steps.
        """
        known = torch.tanh(self.condition(values))
        return self.judge(picture, F.interpolate(known, size=picture.shape[-2:], mode="nearest"))

    def forward(self, picture: Tensor, values: Tensor) -> Tensor:
        """The logits alone."""
        return self.features(picture, values)[-1]


class MultiscaleCritic(nn.Module):
    """Critics that look at a picture in full size, in half and so on (Wang et al. 2018, arXiv:1711.11585): small
    patches show texture, large ones shape.
    """

    def __init__(self, latents: int, width: int, scales: int = 2) -> None:
        super().__init__()
        self.critics = nn.ModuleList(PatchCritic(latents, width) for _ in range(scales))

    def forward(self, picture: Tensor, values: Tensor) -> list[list[Tensor]]:
        """`PatchCritic.features` at each scale."""
        found = []
        for critic in self.critics:
            found.append(critic.features(picture, values))  # type: ignore[operator]  # a PatchCritic
            picture = F.avg_pool2d(picture, 2)
        return found


class PairCritic(_Patches):
    """Whether each patch of a picture is an original, given the picture as it was before restoration."""

    def __init__(self, width: int = 32, planes: int = 3) -> None:
        super().__init__(2 * planes, width)

    def forward(self, picture: Tensor, given: Tensor) -> Tensor:
        """Both (B, planes, H, W) in grey levels 0..255."""
        return self.judge(picture, given / 127.5 - 1)[-1]


@contextmanager
def frozen(critic: nn.Module) -> Iterator[None]:
    """While an adversary plays: the critic's parameters get no gradient."""
    critic.requires_grad_(False)
    try:
        yield
    finally:
        critic.requires_grad_(True)


def critic_loss(of_originals: Tensor, of_reconstructions: Tensor) -> Tensor:
    """What a critic makes small: its logarithmic loss on both kinds of patches (Goodfellow et al. 2014)."""
    return F.softplus(-of_originals).mean() + F.softplus(of_reconstructions).mean()


def fooling_loss(of_reconstructions: Tensor) -> Tensor:
    """What its adversary makes small, in the form that does not saturate: -log of the critic's belief."""
    return F.softplus(-of_reconstructions).mean()


def square_critic_loss(of_originals: list[list[Tensor]], of_reconstructions: list[list[Tensor]]) -> Tensor:
    """Least squares in place of logarithms (Mao et al. 2017, arXiv:1611.04076), a mean over the scales."""
    terms = [
        (one[-1] - 1).square().mean() + other[-1].square().mean()
        for one, other in zip(of_originals, of_reconstructions, strict=True)
    ]
    return torch.stack(terms).mean()


def square_fooling_loss(of_reconstructions: list[list[Tensor]]) -> Tensor:
    """What the adversary makes small for `square_critic_loss`."""
    return torch.stack([(one[-1] - 1).square().mean() for one in of_reconstructions]).mean()


def feature_distance(of_originals: list[list[Tensor]], of_reconstructions: list[list[Tensor]]) -> Tensor:
    """Mean distance of what a critic's layers see of both, the logits left out; it moves the reconstructions alone."""
    terms = [
        (one.detach() - other).abs().mean() / one.detach().abs().mean()
        for ones, others in zip(of_originals, of_reconstructions, strict=True)
        for one, other in zip(ones[:-1], others[:-1], strict=True)
    ]
    return torch.stack(terms).mean()

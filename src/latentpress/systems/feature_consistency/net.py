"""A classifier in stages, with a block that maps features of a JPEG to those of its original, and the loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ConsistentClassifier", "consistency_loss"]


class ConsistentClassifier(nn.Module):
    """Pictures (B, channels, side, side) of about -1..1, and a quality 0..100 of each (B,), to scores (B, classes).

    mapping: whether the residual mapping block (Wan et al. 2020) corrects the features of the first stage: two
    convolutions that see the features and a plane of the JPEG quality, and add what they say. It is nothing at first.
    """

    def __init__(self, channels: int, side: int, classes: int, *, mapping: bool = False) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.second = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(32 * (side // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, classes))
        self.mapping: nn.Sequential | None = None
        if mapping:
            last = nn.Conv2d(16, 16, 3, padding=1)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]
            self.mapping = nn.Sequential(nn.Conv2d(17, 16, 3, padding=1), nn.ReLU(), last)

    def features(self, pictures: Tensor, quality: Tensor) -> list[Tensor]:
        """What the two stages give: (B, 16, side / 2, side / 2) and (B, 32, side / 4, side / 4)."""
        first = self.first(pictures)
        if self.mapping is not None:
            plane = (1 - quality / 100)[:, None, None, None].expand(-1, 1, *first.shape[2:])
            first = first + plane[:, :1] * self.mapping(torch.cat([first, plane], dim=1))
        return [first, self.second(first)]

    def forward(self, pictures: Tensor, quality: Tensor) -> Tensor:
        """Scores."""
        scores: Tensor = self.head(self.features(pictures, quality)[-1])
        return scores


def consistency_loss(
    net: ConsistentClassifier, originals: Tensor, coded: Tensor, quality: Tensor, labels: Tensor, weight: float
) -> Tensor:
    """Cross entropy of originals and their JPEGs, each a half, and ``weight`` times the squared distance of their
    features, over the mean square of the originals' (which are what the others should become: no gradient there).
    """
    clean = torch.full_like(quality, 100)
    of_originals, of_coded = net.features(originals, clean), net.features(coded, quality)
    scores = net.head(torch.cat([of_originals[-1], of_coded[-1]]))
    loss = nn.functional.cross_entropy(scores, labels.repeat(2))
    for one, other in zip(of_originals, of_coded, strict=True):
        wanted = one.detach()
        loss = loss + weight * (other - wanted).square().mean() / wanted.square().mean().clamp_min(1e-6)
    return loss

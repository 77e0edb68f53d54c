"""The classifier with consistent features and its loss."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from latentpress.systems.feature_consistency.net import ConsistentClassifier, consistency_loss


def test_mapping_is_nothing_at_first_and_for_originals() -> None:
    torch.manual_seed(0)
    net, pictures = ConsistentClassifier(3, 32, 5, mapping=True), torch.randn(4, 3, 32, 32)
    low, high = torch.full((4,), 10.0), torch.full((4,), 100.0)
    assert torch.equal(net(pictures, low), net(pictures, high))
    torch.nn.init.normal_(net.mapping[-1].weight)
    assert not torch.allclose(net(pictures, low), net(pictures, high))
    plain = ConsistentClassifier(3, 32, 5)
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("mapping")})
    assert torch.allclose(plain(pictures, low), net(pictures, high))


def test_the_loss_draws_coded_features_to_those_of_originals() -> None:
    torch.manual_seed(1)
    net, labels, quality = ConsistentClassifier(1, 32, 3), torch.tensor([0, 1]), torch.tensor([20.0, 40.0])
    originals = torch.randn(2, 1, 32, 32)
    equal = consistency_loss(net, originals, originals, quality, labels, 5.0)
    assert torch.allclose(equal, consistency_loss(net, originals, originals, quality, labels, 0.0))
    coded = originals + 0.3 * torch.randn_like(originals)
    assert consistency_loss(net, originals, coded, quality, labels, 5.0) > equal

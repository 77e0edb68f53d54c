"""The restoration networks: they start as the identity, see no further than they say, and know their transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from latentpress.parts.restorers import CONDITIONS, symmetric_  # noqa: E402
from latentpress.parts.table_unet import TableUnet, TableUnetConfig  # noqa: E402
from latentpress.restoration import tables  # noqa: E402
from latentpress.restoration.tables import describe, standard_quantisation  # noqa: E402
from latentpress.systems.cas_cnn.net import CasCnn, CasCnnConfig, UpConv  # noqa: E402
from latentpress.systems.edge_gan.net import EdgeGan, EdgeGanConfig  # noqa: E402
from latentpress.systems.idcn.net import Idcn, IdcnConfig  # noqa: E402
from latentpress.systems.residual_cnn.net import ResidualCnn, ResidualCnnConfig  # noqa: E402
from latentpress.transforms import block_dct  # noqa: E402

NARROW = {"a": 4, "b": 4, "c": 4, "d": 4, "up_a": 4, "up_b": 4, "up_c": 4, "embedding": 4}
NETWORKS = {
    "entrance-1": lambda: CasCnn(CasCnnConfig(entrance=1, **NARROW)),
    "entrance-2": lambda: CasCnn(CasCnnConfig(**NARROW)),
    "idcn": lambda: Idcn(IdcnConfig(channels=4, blocks=3, embedding=4)),
    "ar-cnn": lambda: ResidualCnn(ResidualCnnConfig("ar-cnn", 0.1)),
    "edge-gan": lambda: EdgeGan(EdgeGanConfig(4, 1, 4, 1, embedding=4, critic=4)),
    "l8": lambda: ResidualCnn(ResidualCnnConfig("l8", 0.1)).eval(),
    "dncnn": lambda: ResidualCnn(ResidualCnnConfig("dncnn", 0.1)).eval(),
    "table-unet": lambda: TableUnet(TableUnetConfig(4, 4, 4, 1, 1, 2, embedding=4)),
}


def values(net: Any, quality: int = 20) -> dict[str, Any]:
    described = describe([standard_quantisation(quality)])
    return {name: torch.from_numpy(described[name]).double() for name in net.inputs}


@pytest.fixture(params=NETWORKS)
def net(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    return NETWORKS[request.param]().double()


def stirred(net: Any) -> Any:
    """The network with random weights everywhere, none of them zero."""
    generator = torch.Generator().manual_seed(1)
    for parameter in net.parameters():
        parameter.data.add_(0.1 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype))
    return net


def test_a_new_network_changes_nothing(net: Any) -> None:
    side = 8 * net.config.multiple
    corrections = net.corrections(torch.randn(1, 3, side, side).double() * 50, **values(net))
    assert not any(correction.any() for correction in corrections)
    assert corrections[0].shape == (1, 3, side, side)


def test_the_margin_holds_all_that_a_pixel_depends_on(net: Any) -> None:
    stirred(net)
    multiple, margin = net.config.multiple, net.config.margin
    assert margin % multiple == 0
    side = 2 * margin + 4 * multiple
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(2)).double() * 50
    tile = slice(margin, side - margin)
    with torch.no_grad():
        before = net(x, **values(net))[..., tile, tile]
        far = margin - multiple  # the margin is rounded up: the last cells of it are still needed
        x[..., 0, :] += 1000
        assert torch.allclose(net(x, **values(net))[..., tile, tile], before, atol=1e-9)
        x[..., far:, :] += 7
        assert not torch.allclose(net(x, **values(net))[..., tile, tile], before, atol=1e-3)


def test_outputs_are_in_units_of_the_scale(net: Any) -> None:
    stirred(net)
    if isinstance(net, TableUnet):  # changes of coefficients, beside the outputs, are in quantisation steps
        for parameter in net.change.parameters():
            nn.init.zeros_(parameter)
    x = torch.zeros(1, 3, 8 * net.config.multiple, 8 * net.config.multiple).double()
    given = values(net, 60)
    with torch.no_grad():
        once = net(x, **given)
        twice = net(x, **(given | {"scale": given["scale"] * 2}))
    assert torch.allclose(twice[:, 1:], 2 * once[:, 1:])
    assert once.any()


def test_up_conv_is_a_transposed_convolution() -> None:
    torch.manual_seed(0)
    layer, plain = UpConv(3, 5), nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1)
    x = torch.randn(1, 3, 6, 7)
    with torch.no_grad():
        layer.conv.bias.zero_()
        # Output rows of parity p see the kernel's rows p and p + 2, of this input row and the one before.
        parts = layer.conv.weight.view(5, 2, 2, 3, 2, 2)  # (out, row parity, column parity, in, row, column)
        kernel = torch.empty(3, 5, 4, 4)
        for p in range(2):
            for q in range(2):
                for i in range(2):
                    for j in range(2):
                        kernel[:, :, p + 2 * i, q + 2 * j] = parts[:, p, q, :, 1 - i, 1 - j].T
        plain.weight.copy_(kernel)
        plain.bias.zero_()
        assert torch.allclose(layer(x), plain(x), atol=1e-5)


def test_coarse_outputs_are_of_half_the_size_each() -> None:
    net = CasCnn(CasCnnConfig(**NARROW)).double()
    corrections = net.corrections(
        torch.zeros(2, 3, 64, 96).double(), **{k: v.repeat(2, 1) for k, v in values(net).items()}
    )
    assert [tuple(c.shape[2:]) for c in corrections] == [(64, 96), (32, 48), (16, 24), (8, 12)]


def test_the_dual_domain_network_keeps_luma_in_its_intervals() -> None:
    torch.manual_seed(0)
    net = stirred(Idcn(IdcnConfig(channels=4, blocks=2, embedding=4)).double())
    net.last.weight.data.mul_(100)
    with torch.no_grad():
        correction = net(torch.randn(1, 3, 64, 64).double() * 50, **values(net))[0].numpy()
    steps = standard_quantisation(20).luma
    assert np.abs(block_dct(correction[0].astype(np.float32))).max(axis=(0, 1)) == pytest.approx(steps / 2, rel=1e-3)


def test_its_transforms_are_the_dct() -> None:
    torch.manual_seed(0)
    net = Idcn(IdcnConfig(channels=4, blocks=1)).double()  # of a float32 basis: exact to about 1e-6
    plane = torch.randn(1, 1, 16, 24).double()
    found = net.transforms.coefficients(plane)
    expected = block_dct(plane[0, 0].numpy().astype(np.float32))
    assert np.allclose(found[0].permute(1, 2, 0).reshape(2, 3, 8, 8).numpy(), expected, atol=1e-4)
    assert torch.allclose(net.transforms.plane(found), plane, atol=1e-5)
    three = torch.randn(1, 192, 2, 3).double()
    for c in range(3):
        assert torch.allclose(
            net.transforms.picture(three)[:, c : c + 1], net.transforms.plane(three[:, 64 * c :][:, :64]), atol=1e-5
        )
    picture = torch.randn(1, 3, 16, 24).double()
    assert torch.equal(net.transforms.fold(picture), F.pixel_unshuffle(picture, 2))


def test_symmetric_start() -> None:
    torch.manual_seed(0)
    net = CasCnn(CasCnnConfig())
    before = net.first[1].conv.weight.std().item()
    symmetric_(net)
    weight = net.first[1].conv.weight
    assert torch.allclose(weight, weight.flip(2), atol=1e-6)
    assert torch.allclose(weight, weight.flip(3), atol=1e-6)
    assert weight.std().item() == pytest.approx(before, rel=1e-4)
    assert not net.heads[0].weight.any()


def test_conditions_have_the_length_that_networks_expect() -> None:
    assert CONDITIONS == tables.CONDITIONS


def test_coefficients_change_by_half_a_step_at_most() -> None:
    net = stirred(NETWORKS["table-unet"]().double())
    nn.init.zeros_(net.last.weight)
    nn.init.zeros_(net.last.bias)
    net.change.weight.data.mul_(1000)
    given = values(net, 10)
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(3)).double() * 50
    with torch.no_grad():
        change = net.transforms.all_coefficients(net(x, **given)).view(3, 64, 4, 4)
    steps = given["tables"][0].view(2, 64)[[0, 1, 1]][:, :, None, None]
    assert (change.abs() <= 0.5 * steps + 1e-3).all()
    assert (change.abs() > 0.4 * steps).float().mean() > 0.5

"""`slim`: a package with smaller or quicker networks, made from another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.atomic import atomic_folder
from latentpress.codecs.painters import PAINTER
from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage, named_model
from latentpress.slimming.activity import energies, slopes
from latentpress.slimming.codebooks import bits_for, on_levels, without_small
from latentpress.slimming.coding import code_files
from latentpress.slimming.forms import Form, OnLevels, Sparse
from latentpress.slimming.low_rank import split_layers
from latentpress.slimming.recording import Call, float_networks, record, training_class
from latentpress.slimming.search import search_channels
from latentpress.slimming.structured import prune_channels
from latentpress.slimming.tuning import distance, tune
from latentpress.slimming.weights import StoredNetwork
from latentpress.training.complexity import count_macs, macs_per_pixel
from latentpress.training.data import load_pictures
from latentpress.training.packages import store
from latentpress.training.system import Folders, Say

__all__ = ["Wish", "slim"]

_HELD_BACK = 16  # in so many calls one is not learned from
_MANY = 512  # numbers of a weight that is worth a codebook


@dataclass(frozen=True)
class Wish:
    """What `slim` is to do, in this order; all of it by itself and together.

    networks: which, all float ones if empty. rank: split point-wise layers where that keeps this part of what they put
    out (`split_layers`). macs: multiply-accumulates that stay, as a part, by structured pruning in ``rounds`` rounds
    with fine-tuning after each; or with ``search`` by the best of so many width vectors, after half of the steps at
    drawn widths (`search_channels`). sparsity: part of the weights that become zero, and bits: of a weight on average,
    by codebooks, 0 for none. steps: of fine-tuning, in all, at ``rate``. crops: pictures of ``crop`` pixels that are
    coded first, to learn from. start: name or folder of a package that was slimmed out of this one before, whose
    networks are gone on with. coded: store Huffman codes (`latentpress.models.coded`). painter: write the networks as a
    painter of this name for the files of the package, instead of a package that has files of its own.
    """

    networks: Sequence[str] = ()
    rank: float = 1.0
    macs: float = 1.0
    rounds: int = 4
    search: int = 0
    sparsity: float = 0.0
    bits: float = 0.0
    steps: int = 0
    rate: float = 3e-3
    crops: int = 400
    crop: int = 192
    start: str = ""
    seed: int = 0
    coded: bool = False
    painter: str = ""

    @property
    def changes(self) -> bool:
        """Whether a weight becomes another; if not, only the form of a package is new, and the model is the same."""
        return min(self.rank, self.macs) < 1 or max(self.sparsity, self.bits, self.steps) > 0 or bool(self.start)

    def __post_init__(self) -> None:
        if not (0 < self.rank <= 1 and 0 < self.macs <= 1 and 0 <= self.sparsity < 1):
            raise InvalidInputError("rank and macs are parts above 0 and up to 1, sparsity is one from 0 and below 1")
        if self.search < 0 or (self.search and self.macs == 1):
            raise InvalidInputError("a search is for widths that meet macs below 1, among 1 or more of them")
        if self.bits and not 1 <= self.bits <= 8:
            raise InvalidInputError("codebooks take 1 to 8 bits a weight")
        if min(self.steps, self.rounds - 1, self.crops - 2 * _HELD_BACK) < 0 or self.crop < 64 or self.rate <= 0:
            raise InvalidInputError(f"slimming needs a round, {2 * _HELD_BACK} crops of 64 pixels and a rate above 0")


def slim(package: ModelPackage, out: str | Path, name: str, data: Folders | None, wish: Wish, say: Say) -> Path:
    """Write the package ``out``, which is called ``name``. data: folders of pictures, for what needs them.

    Exact networks stay as they are. Raises InvalidInputError for a wish that does not go together or cannot be met.
    """
    sides = float_networks(package)
    wanted = wish.networks or list(sides)
    if unknown := [one for one in wanted if one not in sides]:
        raise InvalidInputError(f"{package.name} has no float network {unknown[0]!r}; it has: {', '.join(sides)}")
    if wish.changes and not wanted:
        raise InvalidInputError(
            f"{package.name} has no network that runs on one side only; --coded is what can be done"
        )
    if wish.painter and list(wanted) != ["synthesis"]:
        raise InvalidInputError("a painter is a synthesis; name no other network")
    if data is None and (wish.macs < 1 or wish.steps):
        raise InvalidInputError("to prune channels or to fine-tune, pictures are needed: --data DIR")
    files, report = dict(package.files), {}
    with atomic_folder(out) as folder:
        calls: dict[str, list[Call]] = {}
        if data is not None and wish.changes:
            calls = record(package, load_pictures(data, wish.crop), wish.crops, wish.crop, wish.seed, wanted, say)
        for network in wanted if wish.changes else ():
            say(f"{network}:")
            files[f"{network}.onnx"], report[network] = _slimmed(package, network, calls.get(network, []), wish, say)
        _write(package, folder, name, files, report, wish)
    return Path(out)


def _slimmed(
    package: ModelPackage, name: str, calls: Sequence[Call], wish: Wish, say: Say
) -> tuple[bytes, dict[str, Any]]:
    """The network's graph as it is to be stored, and what became of it."""
    original, strides = StoredNetwork(package.network(name)), training_class(package).strides
    network = _begun(package, name, wish.start) if wish.start else original
    held_back, learned = calls[::_HELD_BACK], [one for number, one in enumerate(calls) if number % _HELD_BACK]
    before, report = count_macs(original.plain(), strides), dict[str, Any]()

    def tell(what: str) -> None:
        kept = f"{count_macs(network.plain(), strides) / before:.1%} of the arithmetic"
        away = f", {distance(network, held_back):.3f} dB from the original" if held_back else ""
        say(f"{what}: {kept}{away}")

    if wish.rank < 1:
        report["ranks"] = split_layers(network, wish.rank, learned, wish.seed)
        tell(f"{len(report['ranks'])} layers split")
    rounds = wish.rounds if wish.macs < 1 and not wish.search else 1
    later = wish.steps // 3 if wish.bits or wish.sparsity else 0  # steps that codebooks learn in
    for number in range(rounds):
        part = (wish.steps - later) // (2 * rounds)
        steps = part if number < rounds - 1 else wish.steps - later - (rounds - 1) * part
        if wish.search:
            steps = steps // 2
            report |= search_channels(
                network, learned, held_back, strides, wish.macs,
                rounds=wish.rounds, candidates=wish.search, steps=steps, rate=wish.rate, seed=wish.seed, say=say,
            )  # fmt: skip
            tell("widths found")
        elif wish.macs < 1:
            aim = wish.macs ** ((number + 1) / rounds) * before / count_macs(network.plain(), strides)
            prune_channels(network, learned, strides, min(aim, 1.0), wish.seed + number)
            tell(f"pruned, round {number + 1}")
        if wish.macs < 1 or wish.rank < 1 or not later:
            tune(network, learned, steps, rate=wish.rate, seed=wish.seed + number, say=say)
    forms = _forms(network, learned, wish)
    if forms:
        tell("codebooks and zeros")
        tune(network, learned, later, rate=wish.rate, seed=wish.seed + rounds, say=say, forms=forms)
        report["zeros"] = round(float(np.mean([(network.values[one] == 0).mean() for one in forms])), 4)
        if wish.bits:
            report["levels"] = {one: len(book.levels) for one, form in forms.items() if (book := form.indexed())}
    books = {one: book for one, form in forms.items() if (book := form.indexed())}
    stored = network.stored(books)
    if held_back:
        report["decibels_from_original"] = round(distance(StoredNetwork(stored), held_back), 4)
        say(f"{report['decibels_from_original']} dB from the original on calls that were not learned from")
    return stored, report


def _begun(package: ModelPackage, name: str, start: str) -> StoredNetwork:
    """The network of a slimmed package. Raises InvalidInputError if that was not made out of ``package``."""
    slimmed = named_model(start)
    if slimmed.card.get("slimming", {}).get("of") != package.name or f"{name}.onnx" not in slimmed.files:
        raise InvalidInputError(f"{slimmed.name} has no {name} that was slimmed out of {package.name}")
    return StoredNetwork(slimmed.network(name))


def _forms(network: StoredNetwork, calls: Sequence[Call], wish: Wish) -> dict[str, Form]:
    """What the weights are held to from now on; the network has them in that form."""
    if not (wish.bits or wish.sparsity):
        return {}
    axes = {name: axis for name, axis in network.matrices().items() if network.values[name].size >= _MANY}
    weights = {name: network.values[name] for name in axes}
    squares = {name: np.full(one.shape, 1 / max(float(np.square(one).mean()), 1e-12)) for name, one in weights.items()}
    if calls:
        found = list(slopes(network, calls, wish.seed))
        squares = {name: np.mean([np.square(one[name]) for one in found], 0) for name in axes}
    if not weights:
        return {}
    weights = without_small(weights, wish.sparsity, squares)
    network.values.update(weights)
    if not wish.bits:
        return {name: Sparse(one) for name, one in weights.items()}
    seen = energies(network, list(axes), calls, wish.seed) if calls else {}
    counts = bits_for(weights, axes, wish.bits, squares)
    books = {name: on_levels(one, counts[name], axes[name], seen.get(name)) for name, one in weights.items()}
    network.values.update({name: book.values for name, book in books.items()})
    return {name: OnLevels(book) for name, book in books.items()}


def _write(
    package: ModelPackage, folder: Path, name: str, files: dict[str, bytes], report: dict[str, Any], wish: Wish
) -> None:
    kept = ("format", "licence", "config", "training", "exactness")
    card: dict[str, Any] = {key: package.card[key] for key in kept if key in package.card}
    card |= {"name": name, "codec": package.codec, "sha256": ""}
    if wish.painter:
        files = {"synthesis.onnx": files["synthesis.onnx"]}
        card["codec"] = PAINTER
        card.pop("exactness", None)
        margin = package.config["margin"]
        card["config"] = {"model": package.id.hex(), "painter": wish.painter, "margin": margin, "blends": False}
    # a folder's path is of the machine that slimmed; the name of what it held is not
    start = named_model(wish.start).name if wish.start else ""
    wished = asdict(replace(wish, networks=list(report), start=start))
    card["slimming"] = {"of": package.name, "wish": wished, "networks": report}
    counted = macs_per_pixel(store(folder, card, files))
    coded = code_files(files) if wish.coded else files
    card["complexity"] = {
        "kmac_per_pixel": {key: round(value / 1000, 3) for key, value in counted.items()},
        "package_bytes": sum(map(len, coded.values())),
    }
    store(folder, card, files, coded)

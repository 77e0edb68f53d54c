"""How far the transforms of packages look (`latentpress.codecs.reach`), written into their cards.

    python benchmarks/reach.py --data DIR PACKAGE ...

Cards of new packages have it from `latentpress export`; this is for older ones. A package's id stays the same.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from common import pictures, read_rgb

from latentpress.catalogue import systems
from latentpress.codecs.latent import LatentCodec, LatentModel
from latentpress.codecs.models import Running, StandIn
from latentpress.codecs.painters import PAINTER
from latentpress.codecs.reach import reach_of
from latentpress.models import ModelPackage, find_model
from latentpress.models.package import CARD


def model_of(package: ModelPackage) -> LatentModel | None:
    """The package as its codec runs it, a painter with the model that it paints for; None without latents."""
    running = Running(threads=1)
    instead = None
    if package.codec == PAINTER:
        instead = StandIn(package, (("look", 1.0),) if package.config.get("blends") else ())
        package = find_model("hyperprior", id=bytes.fromhex(package.config["model"]))
    for one in systems():
        if one.codec and (one.packages or one.id) == package.codec:
            codec = one.load(one.codec)
            if issubclass(codec, LatentCodec) and issubclass(codec.model_class, LatentModel):
                model: LatentModel = codec.model_class(package, running, instead)
                return model
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("packages", type=Path, nargs="+")
    arguments = parser.parse_args()
    sample = [np.asarray(read_rgb(path)) for path in pictures(arguments.data)]
    for folder in arguments.packages:
        path = folder / CARD
        card = json.loads(path.read_text())
        card.pop("reach", None)
        path.write_text(json.dumps(card, indent=2) + "\n")
        package = ModelPackage(folder)
        model = model_of(package)
        if model is None or not model.margin:
            continue
        card["reach"] = reach_of(model, sample)
        path.write_text(json.dumps(card, indent=2) + "\n")
        print(f"{package.name}: margin {model.margin}, reach {card['reach']}")


if __name__ == "__main__":
    main()

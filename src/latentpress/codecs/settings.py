"""`Settings`: everything that `compress` takes beside the picture, as one value that is checked once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from latentpress._extras import needs_extra
from latentpress.codecs import registry
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.cutting import cut_to_target
from latentpress.codecs.drawn import smaller_without_loss
from latentpress.codecs.roi import Roi, RoiLike
from latentpress.codecs.targets import Bpp, FileSize, MsSsim, Psnr, Target, encode_to_target
from latentpress.container import read_header
from latentpress.contents import contents_of
from latentpress.errors import InvalidInputError, SettingError
from latentpress.image import ImageSource, as_image
from latentpress.models import absolute_name, find_model

__all__ = ["Settings"]

_USUAL_QUALITY = 50.0

_LOSSLESS = "mlp-lossless"  # the codec for what is lossless when none is named

_CHOSEN = {"lossless": _LOSSLESS, "max_error": _LOSSLESS, "progressive": "spiht"}  # by what is set, when none is named

_FILES = "jpeg"  # the codec that keeps files when none is named

_TARGETS: dict[str, type[Target]] = {"bpp": Bpp, "size": FileSize, "psnr": Psnr, "ms_ssim": MsSsim}

# What a codec's configuration says that its files do not depend on, or that is told in another way (the model's id).
_NOT_OF_THE_FILE = ("threads", "model")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to compress pictures: ``Settings(quality=30)(picture)`` gives a file. Every value is as in `compress`.

    At most one of quality (0..100), bpp (bits a pixel), size (bytes), psnr (dB) and ms_ssim (0..1). codec: an id,
    ``auto``, or a `Codec` as it is; with ``auto`` an obviously drawn picture whose lossless file is smaller gets that.
    lossless: every sample is kept; of a JPEG file the very bytes, unless ``pixels``. max_error: 0 (no loss) to 8 sample
    values. progressive: a file of layers, which may be cut off anywhere; a target is met by leaving layers out. more:
    the codec's own settings by name, such as effort, tune, mosaic, model, threads; None is none. `of` sorts them out.

    Raises InvalidInputError for values out of range, for what does not go together, and for a setting that the codec
    does not know or that would have to change a `Codec`; UnsupportedError if there is no such codec.
    """

    quality: float | None = None
    bpp: float | None = None
    size: float | None = None
    psnr: float | None = None
    ms_ssim: float | None = None
    codec: str | Codec = "auto"
    lossless: bool = False
    max_error: int | None = None
    pixels: bool = False
    progressive: bool = False
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)
    _keeper: str | Codec = field(default="", init=False, repr=False, compare=False)  # of files, if any are kept
    _free: bool = field(default=False, init=False, repr=False, compare=False)  # to keep drawings without loss
    _kind: str = field(default="", init=False, repr=False, compare=False)  # the setting that chose the codec

    @classmethod
    def of(cls, **given: Any) -> Self:
        """The settings of keywords of all kinds: those that are no fields belong to the codec. None is not given."""
        own = {one.name for one in fields(cls) if one.init} - {"more"}
        chosen = {name: value for name, value in given.items() if value is not None}
        more = {name: chosen.pop(name) for name in list(chosen) if name not in own}
        return cls(**chosen, more=more)

    def __post_init__(self) -> None:
        more = {name: value for name, value in self.more.items() if value is not None}
        if isinstance(more.get("model"), str | os.PathLike):
            more["model"] = absolute_name(more["model"])
        object.__setattr__(self, "more", more)
        if self.lossless and not self.pixels:
            usual = self.codec == "auto" and set(more) <= {"threads", "effort"}
            object.__setattr__(self, "_keeper", _FILES if usual else self.codec)
        if isinstance(self.codec, str) and self.codec == "auto":
            kinds = {
                "lossless": self.lossless,
                "max_error": self.max_error is not None,
                "progressive": self.progressive,
            }
            kind = next((name for name, wanted in kinds.items() if wanted), "")
            object.__setattr__(self, "_kind", kind)
            object.__setattr__(self, "_free", not kind and set(more) <= {"threads"})
            object.__setattr__(self, "codec", _CHOSEN.get(kind, "hyperprior"))
        goal = self.goal
        if len(goal) > 1:
            raise SettingError(f"give one of {', '.join(map(SettingError.name, goal))}, not {len(goal)} of them")
        if self.quality is not None:
            check_quality(self.quality)
        self.target  # noqa: B018 - checks its value
        self._check_kind()
        self._check_codec(self.coder())

    @property
    def goal(self) -> dict[str, float]:
        """What says how far to go, by its name; empty without any."""
        values = {name: getattr(self, name) for name in ("quality", *_TARGETS)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def target(self) -> Target | None:
        """The number to reach, None for a quality."""
        return next((_TARGETS[name](value) for name, value in self.goal.items() if name in _TARGETS), None)

    def coder(self, threads: int | None = None) -> Codec:
        """The codec with its settings. threads: for one that has this setting, if it is not among them."""
        if isinstance(self.codec, Codec):
            return self.codec
        bound = {} if self.max_error is None else {"max_error": self.max_error}
        return registry.shared_codec(self.codec, {**self.more, **bound}, threads)

    def reader(self, data: bytes, threads: int | None = None) -> Codec:
        """The codec for a file that these settings made: `coder`, which has its model at hand, or that of a drawing
        that was kept without loss. threads: as in `coder`.
        """
        coder, header = self.coder(threads), read_header(data)
        return coder if registry.codec_id(header) == coder.id else registry.codec_for(header, threads)

    def keeper(self, threads: int | None = None) -> Codec | None:
        """The codec that keeps files of some kind as they are (see `Codec.keeps`), None if their samples are coded.

        threads: as in `coder`.
        """
        if self._keeper == _FILES != self.codec:
            # there is one way to keep a file, and nothing to search
            own = {name: value for name, value in self.more.items() if name != "effort"}
            return registry.shared_codec(_FILES, own, threads)
        coder = self.coder(threads)
        return coder if self._keeper and coder.keeps else None

    def keep(self, data: bytes, threads: int | None = None, strip: bool = False) -> bytes | None:
        """The ``.lpx`` file that keeps a picture file down to its bytes; None if its samples are to be coded.

        Raises InvalidInputError for a damaged file, and with ``strip``, since metadata are a part of its bytes.
        """
        codec = self.keeper(threads)
        if codec is None or not data.startswith(codec.keeps):
            return None
        if strip:
            pixels = SettingError.name("pixels")
            raise SettingError(f"a file that is kept as it is keeps its metadata; to leave them out, give {pixels}")
        return codec.encode_file(data)

    def check(self) -> None:
        """Raise LatentPressError for what would fail with every picture: a model or an extra that is missing."""
        if self.ms_ssim is not None:
            with needs_extra("a target in MS-SSIM", "bench"):
                import scipy  # noqa: F401
        self.described()  # looks for the model

    def described(self) -> dict[str, Any]:
        """What the files depend on, JSON-able. A model of ours is told by its id: another one may get its name."""
        coder = self.coder()
        config, model = coder.config(), ""
        if "model" in coder.takes:
            ours = registry.is_built_in(coder.id)
            model = find_model(coder.id, name=config["model"]).id.hex() if ours else config["model"] or ""
        goal = {} if coder.lossless else self.goal or {"quality": _USUAL_QUALITY}
        own = {name: value for name, value in config.items() if name not in _NOT_OF_THE_FILE}
        keeper = self.keeper()
        files = (
            {}
            if keeper is None
            else {"files": [keeper.id, find_model(keeper.id, name=keeper.config()["model"]).id.hex()]}
        )
        return {"codec": coder.id, "model": model, **goal, **own, **files}

    def __call__(self, image: ImageSource, roi: RoiLike | None = None, threads: int | None = None) -> bytes:
        """Compress a picture; see `latentpress.compress`. threads: see `coder`."""
        coder = self.coder(threads)
        if roi is not None and not coder.regions:
            raise InvalidInputError(f"{coder.id} knows no regions of interest")
        given: Any = image
        if hasattr(given, "read") and self.keeper() is not None:
            image = given = contents_of(given)  # which can be read once only
        if isinstance(given, str | os.PathLike | bytes) and self.keeper() is not None:
            kept = self.keep(contents_of(given), threads)
            if kept is not None:
                return kept
        if self.lossless and not coder.lossless:
            raise InvalidInputError(f"{coder.id} keeps files of one kind without loss, and this is none")
        picture = as_image(image)
        interest = {} if roi is None else {"roi": Roi.like(roi, picture.width, picture.height)}
        target = self.target
        if target is None:
            data = coder.encode(picture, _USUAL_QUALITY if self.quality is None else self.quality, **interest)
        else:
            reach = cut_to_target if coder.graded else encode_to_target
            data = reach(coder, picture, target, **interest).data
        if self._free and roi is None:
            exact = registry.shared_codec(_LOSSLESS, self.more, threads)
            return smaller_without_loss(picture, data, exact) or data
        return data

    def _check_kind(self) -> None:
        """Raise SettingError for what does not go with the setting that chose the codec: nobody has named that."""
        taken = registry.codec_class(self.codec).takes if self._kind and isinstance(self.codec, str) else frozenset()
        against = [name for name in self.more if name not in taken and registry.codecs_with(name)]
        if self._kind in ("lossless", "max_error"):
            against += self.goal
            if self.progressive:
                against.append("progressive")
        if self._kind and against:
            raise SettingError(f"{SettingError.name(self._kind)} goes with no {SettingError.name(against[0])}")

    def _check_codec(self, coder: Codec) -> None:
        """Raise InvalidInputError for what the codec cannot do."""
        if isinstance(self.codec, Codec):
            given = [*self.more, *(["max_error"] if self.max_error is not None else [])]
            if given:
                raise SettingError(
                    f"{SettingError.name(given[0])} does not go with a codec that is made already; give it to get_codec"
                )
        if self.lossless and not coder.lossless and self.keeper() is None:
            raise SettingError(f"{SettingError.name('lossless')} coding is not what {coder.id} does")
        if self.lossless and coder.config().get("max_error"):
            raise SettingError(f"{SettingError.name('lossless')} goes with no {SettingError.name('max_error')}")
        if self.progressive and not coder.layered:
            raise SettingError(
                f"{coder.id} makes no files of layers: it goes with no {SettingError.name('progressive')}"
            )
        if (coder.lossless or self.lossless) and self.goal:
            raise SettingError(f"{coder.id} is lossless: it goes with no {SettingError.name(next(iter(self.goal)))}")

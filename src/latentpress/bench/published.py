"""Rate-distortion curves that others have published, to lay over our own: Kodak, RGB PSNR.

The figures are those of the result files of CompressAI (InterDigitalInc/CompressAI, ``results/image``), rounded to
five and four decimals, and for newer codecs those of their own repositories, to as many as are given there. Learned
codecs are trained for mean squared error and measured on decoded pictures of 8 bits, but for ELIC, whose figures
CompressAI took from the paper. They were computed on other machines with other code: good for an overlay, not to the
last tenth of a decibel.
"""

from __future__ import annotations

from dataclasses import dataclass

from latentpress.bench.results import PictureInfo

__all__ = ["PublishedCurve", "is_kodak", "published_curves"]


@dataclass(frozen=True)
class PublishedCurve:
    """A curve of means over the 24 Kodak pictures.

    name: of the codec. source: where the figures come from. points: (bits a pixel, RGB PSNR in dB), rising.
    """

    name: str
    source: str
    points: tuple[tuple[float, float], ...]


def published_curves() -> list[PublishedCurve]:
    """All of the curves: classical codecs first, then learned ones."""
    return [PublishedCurve(*curve) for curve in _CURVES]


def is_kodak(pictures: dict[str, PictureInfo]) -> bool:
    """Whether a data set is Kodak's, by its names (kodim01 to kodim24) and sizes."""
    names = {f"kodim{number:02}" for number in range(1, 25)}
    return set(pictures) == names and all(
        sorted((picture.width, picture.height)) == [512, 768] for picture in pictures.values()
    )


_COMPRESSAI = "InterDigitalInc/CompressAI, results/image"

_CURVES: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...] = (
    (
        "VVC (VTM)",
        f"{_COMPRESSAI}/kodak/vtm.json",
        (
            (0.04824, 26.1448), (0.1125, 28.493), (0.24582, 31.1999), (0.49055, 34.2615), (0.87481, 37.4198),
            (1.43085, 40.4244), (2.32461, 43.5058), (3.63261, 46.5918),
        ),
    ),
    (
        "HEVC (HM)",
        f"{_COMPRESSAI}/kodak/hm.json",
        (
            (0.05144, 25.4111), (0.12087, 27.7464), (0.26666, 30.4466), (0.52953, 33.5049), (0.95037, 36.7825),
            (1.5596, 39.9949), (2.47606, 43.088), (3.84556, 46.1432),
        ),
    ),
    (
        "BPG 4:4:4 (x265)",
        f"{_COMPRESSAI}/kodak/bpg_444_x265_ycbcr.json",
        (
            (0.06777, 26.1951), (0.16102, 28.6815), (0.35155, 31.5947), (0.6847, 34.8575), (1.19967, 38.2599),
            (1.92971, 41.4789), (3.05788, 44.7031), (4.70314, 47.6325),
        ),
    ),
    (
        "AV1 (libaom)",
        f"{_COMPRESSAI}/kodak/av1.json",
        (
            (0.05569, 25.5607), (0.10998, 27.5624), (0.16995, 29.0247), (0.2456, 30.4417), (0.35236, 31.9874),
            (0.49874, 33.6498), (0.68279, 35.3218), (0.90903, 36.9888), (1.16727, 38.5554), (1.41479, 39.8094),
            (1.80537, 41.4344), (2.60752, 43.9676),
        ),
    ),
    (
        "bmshj2018-hyperprior",
        f"{_COMPRESSAI}/8bit-decoded/kodak/compressai-bmshj2018-hyperprior_mse_ans_cuda.json",
        (
            (0.13129, 27.578), (0.20889, 29.1916), (0.31986, 30.9644), (0.47836, 32.8267), (0.66869, 34.5093),
            (0.93883, 36.7164), (1.25917, 38.5425), (1.66022, 40.4934),
        ),
    ),
    (
        "mbt2018-mean",
        f"{_COMPRESSAI}/8bit-decoded/kodak/compressai-mbt2018-mean_mse_ans_cuda.json",
        (
            (0.12392, 27.6958), (0.19798, 29.3535), (0.30724, 31.1211), (0.46061, 32.9388), (0.66167, 34.9499),
            (0.9144, 36.8831), (1.23421, 38.7944), (1.61909, 40.569),
        ),
    ),
    (
        "mbt2018",
        f"{_COMPRESSAI}/8bit-decoded/kodak/compressai-mbt2018_mse_ans_cuda.json",
        (
            (0.11053, 28.0845), (0.18697, 29.6399), (0.2877, 31.3539), (0.43234, 33.0736), (0.63877, 35.0747),
            (0.8853, 36.9603), (1.20036, 38.8895), (1.58734, 40.5744),
        ),
    ),
    (
        "cheng2020-anchor",
        f"{_COMPRESSAI}/8bit-decoded/kodak/compressai-cheng2020-anchor_mse_ans_cuda.json",
        (
            (0.11959, 28.5779), (0.1838, 29.963), (0.27095, 31.3344), (0.41738, 33.3773), (0.59447, 35.1),
            (0.80574, 36.6771),
        ),
    ),
    (
        "ELIC (paper)",
        f"{_COMPRESSAI}/kodak/paper-elic2022_mse.json",
        (
            (0.1235, 29.113), (0.1965, 30.698), (0.3337, 32.784), (0.4908, 34.577), (0.7041, 36.488),
            (0.8573, 37.624),
        ),
    ),
    (
        "HPCM-Base",
        "LIC-HPCM, README (Kodak)",
        ((0.121, 29.4), (0.176, 30.75), (0.273, 32.4), (0.413, 34.21), (0.59, 36.01), (0.821, 37.75)),
    ),
    (
        "Cool-Chic 5.0.1, mean of PSNRs",
        "Orange-OpenSource/Cool-Chic, results (Kodak)",
        ((0.084, 27.44), (0.219, 30.86), (0.482, 34.52), (0.759, 37.25), (1.357, 41.17)),
    ),
)  # fmt: skip

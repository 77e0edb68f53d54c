"""How closely the metrics of this package agree with independent implementations, on distorted pictures.

    python benchmarks/metrics_agreement.py --data DIR --out benchmarks/results/metrics_agreement.json

Each picture is distorted in four ways (JPEG, noise, blur, contrast), and each metric is computed here and by its
reference: scikit-image (MSE, PSNR, SSIM), pytorch-msssim (MS-SSIM), piq (FSIM, FSIMc), psnr-hvsm (PSNR-HVS,
PSNR-HVS-M). BD-rate and BD-PSNR are compared with bjontegaard on random curves. A reference that is not installed is
left out and named:

    pip install scikit-image bjontegaard pytorch-msssim psnr-hvsm && pip install --no-deps piq

Writes the largest difference of each metric, and ends with status 1 if one exceeds its tolerance.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import io
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from latentpress.metrics import METRICS, bd_psnr, bd_rate

Pixels = NDArray[np.uint8]
Reference = Callable[[Pixels, Pixels], float]

# metric: (package of the reference, largest difference that is agreement, why it is not smaller)
REFERENCES: dict[str, tuple[str, float, str]] = {
    "mse": ("scikit-image", 1e-9, "order of summation"),
    "psnr": ("scikit-image", 1e-9, "order of summation"),
    "ssim": ("scikit-image", 1e-9, "order of summation"),
    "ms-ssim": ("pytorch-msssim", 1e-5, "its window is rounded to float32"),
    "fsim": ("piq", 2e-5, "its median of an even count, its guard of divisions; it is given transposed pictures"),
    "fsimc": ("piq", 2e-4, "its four digits of YIQ (the authors have three) and its sign of products"),
    "psnr-hvs": ("psnr-hvsm", 1e-6, "order of summation"),
    "psnr-hvs-m": ("psnr-hvsm", 1e-6, "order of summation"),
}
BD_TOLERANCE = {"bd_rate": 0.01, "bd_psnr": 0.01}  # percentage points, dB
LUMA = np.array([0.299, 0.587, 0.114])


def distortions(picture: Image.Image, seed: int) -> dict[str, Pixels]:
    """The picture as JPEG of quality 20, with noise of sigma 10, blurred with sigma 1.5, with 3/4 of its contrast."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=20)
    with Image.open(stream) as jpeg:
        coded = np.asarray(jpeg.convert("RGB"))
    pixels = np.asarray(picture).astype(np.float64)
    noisy = pixels + np.random.default_rng(seed).normal(0, 10, pixels.shape)
    levels = {"noise": noisy, "contrast": 128 + 0.75 * (pixels - 128)}
    return {
        "jpeg": coded,
        "blur": np.asarray(picture.filter(ImageFilter.GaussianBlur(1.5))),
        **{name: np.clip(np.rint(values), 0, 255).astype(np.uint8) for name, values in levels.items()},
    }


def references() -> dict[str, Reference]:
    """The reference of each metric, by the metrics' names, as far as they are installed."""
    found: dict[str, Reference] = {}
    for load in (_scikit_image, _pytorch_msssim, _piq, _psnr_hvsm):
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):  # some chat while they load
                warnings.simplefilter("ignore")
                found |= load()
        except ImportError as error:
            print(f"left out: {error}")
    return found


def _scikit_image() -> dict[str, Reference]:
    metrics = importlib.import_module("skimage.metrics")
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return {
        "mse": metrics.mean_squared_error,
        "psnr": metrics.peak_signal_noise_ratio,
        "ssim": lambda a, b: metrics.structural_similarity(a, b, channel_axis=2, **options),
    }


def _pytorch_msssim() -> dict[str, Reference]:
    package = importlib.import_module("pytorch_msssim")
    return {"ms-ssim": lambda a, b: float(package.ms_ssim(_tensor(a), _tensor(b), data_range=255))}


def _piq() -> dict[str, Reference]:
    """piq numbers the two axes the other way round than the authors of FSIM, so it is given transposed pictures."""
    if importlib.util.find_spec("torchvision") is None:
        sys.modules.update(_stand_in())
    package = importlib.import_module("piq")

    def fsim(a: Pixels, b: Pixels, chroma: bool) -> float:
        x, y = (_tensor(p.transpose(1, 0, 2)) / 255 for p in (a, b))
        return float(package.fsim(x, y, chromatic=chroma))

    return {"fsim": lambda a, b: fsim(a, b, False), "fsimc": lambda a, b: fsim(a, b, True)}


def _psnr_hvsm() -> dict[str, Reference]:
    package = importlib.import_module("psnr_hvsm._psnr_hvsm")  # the compiled one

    def both(a: Pixels, b: Pixels) -> tuple[float, float]:
        height, width = (side // 8 * 8 for side in a.shape[:2])
        result: tuple[float, float] = package.psnr_hvs_hvsm(*(p[:height, :width] @ LUMA / 255 for p in (a, b)))
        return result

    return {"psnr-hvs": lambda a, b: both(a, b)[0], "psnr-hvs-m": lambda a, b: both(a, b)[1]}


def _tensor(picture: Pixels) -> Any:
    torch = importlib.import_module("torch")
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float64))


def _stand_in() -> dict[str, types.ModuleType]:
    """As much of torchvision, which piq imports for other metrics, as that import looks at."""
    whole, models, utils = (types.ModuleType(f"torchvision{name}") for name in ("", ".models", ".models.utils"))
    contents: dict[str, Any] = {f"Inception{letter}": type(f"Inception{letter}", (), {}) for letter in "ABCDE"}
    vars(models).update(vgg16=None, vgg19=None, inception=types.SimpleNamespace(**contents))
    vars(utils).update(load_state_dict_from_url=None)
    vars(whole).update(models=models, __spec__=importlib.machinery.ModuleSpec("torchvision", None))
    return {module.__name__: module for module in (whole, models, utils)}


def bd_differences(curves: int = 100) -> dict[str, dict[str, Any]]:
    """BD-rate and BD-PSNR beside bjontegaard's on random pairs of curves of 4 to 12 points."""
    try:
        package = importlib.import_module("bjontegaard")
    except ImportError as error:
        print(f"left out: {error}")
        return {}
    rng = np.random.default_rng(0)
    largest = {"bd_rate": 0.0, "bd_psnr": 0.0}
    for _ in range(curves):
        pair = []
        for _ in range(2):
            rates = np.sort(rng.uniform(0.05, 3, rng.integers(4, 13)))
            pair += [rates, 33 + 5 * np.log2(rates) + np.sort(rng.normal(0, 0.5, len(rates)))]
        own = {"bd_rate": bd_rate(*pair).percent, "bd_psnr": bd_psnr(*pair).change}
        for name, value in own.items():
            expected = float(
                getattr(package, name)(*pair, method="pchip", require_matching_points=False, min_overlap=0)
            )
            largest[name] = max(largest[name], abs(value - expected))
    return {
        name: {
            "reference": f"bjontegaard {importlib.metadata.version('bjontegaard')}",
            "largest_difference": value,
            "tolerance": BD_TOLERANCE[name],
            "agrees": value <= BD_TOLERANCE[name],
            "pairs_of_curves": curves,
        }
        for name, value in largest.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of lossless pictures, sides of 161 and more")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--count", type=int, default=24, help="how many pictures of it (default: %(default)s)")
    arguments = parser.parse_args()
    paths = pictures(arguments.data)[: arguments.count]
    theirs = references()
    rows = []
    for number, path in enumerate(paths, 1):
        picture = read_rgb(path)
        print(f"{number}/{len(paths)} {path.name}", flush=True)
        reference = np.asarray(picture)
        for distortion, distorted in distortions(picture, number).items():
            for name, function in theirs.items():
                own, other = METRICS[name].function(reference, distorted), float(function(reference, distorted))
                rows.append({"picture": path.name, "distortion": distortion, "metric": name, "own": own, "ref": other})
    summary: dict[str, dict[str, Any]] = {}
    for name in theirs:
        package, tolerance, reason = REFERENCES[name]
        largest = max(abs(row["own"] - row["ref"]) for row in rows if row["metric"] == name)
        summary[name] = {
            "reference": f"{package} {importlib.metadata.version(package)}",
            "largest_difference": largest,
            "tolerance": tolerance,
            "agrees": largest <= tolerance,
            "what_is_left": reason,
        }
    summary |= bd_differences()
    left_out = sorted({*REFERENCES, *BD_TOLERANCE} - set(summary))
    names = [path.name for path in paths]
    result = {**circumstances(), "pictures": names, "left_out": left_out, "summary": summary, "rows": rows}
    write_json(arguments.out, result)
    for name, entry in summary.items():
        verdict = f"{'agrees' if entry['agrees'] else 'DISAGREES'} with {entry['reference']}"
        print(f"{name:<11}{entry['largest_difference']:>9.1e} of {entry['tolerance']:.0e}  {verdict}")
    sys.exit(0 if all(entry["agrees"] for entry in summary.values()) else 1)


if __name__ == "__main__":
    main()

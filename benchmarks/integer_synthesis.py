"""The synthesis of the flagship model in 8-bit integers, after training: what it loses, and what it gains in time.

    python benchmarks/integer_synthesis.py --train DIR --valid DIR --out benchmarks/results/integer_synthesis.json

The stored graph is folded to plain float layers and quantised by ONNX Runtime's own tools: weights in 8 bits for each
output channel, activations in 8 bits with ranges from training pictures at several rates. The residual stream, the
depth-wise layers and the linear branch stay float. Measured on the validation pictures: PSNR of the reconstruction at
two qualities, from the same decoded latents; the float network with rounded activations says what other widths would
lose. Time is that of the processor on one thread, float and integer by turns.
Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from latentpress.codecs.ports import Pricing
from latentpress.codecs.rounding import rate_and_weight
from latentpress.metrics import psnr
from latentpress.systems.hyperprior.codec import HyperpriorCodec

Feed = dict[str, NDArray[Any]]

CALIBRATION = (0, 30, 60, 85, 100)  # qualities
JUDGED = (50, 100)
WIDTHS = (8, 9, 10, 12)  # bits


def crop(path: Path, side: int) -> NDArray[np.uint8]:
    pixels = np.asarray(read_rgb(path))
    return np.ascontiguousarray(pixels[:side, :side])


def feed(codec: HyperpriorCodec, pixels: NDArray[np.uint8], quality: float) -> Feed:
    """What the decoder hands to the synthesis for a picture."""
    model = codec.model
    rate, _ = rate_and_weight(quality, model.last_rate)
    return {"values": model.code_picture(Pricing(), pixels, rate).values[None], "mix": model.mix(rate)}


def session(path: Path, threads: int = 1) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def folded(graph: bytes, path: Path) -> None:
    """The graph with weights in float, without the arithmetic that unpacks them."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class Feeds(CalibrationDataReader):  # type: ignore[misc]  # untyped
    def __init__(self, feeds: list[Feed]) -> None:
        self._feeds: Iterator[Feed] = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


def layers(path: Path, places: tuple[str, ...]) -> list[str]:
    """Names of the 1x1 layers of these parts of the network, and of what stands between the two of a block."""
    nodes = onnx.load(path).graph.node
    return [
        node.name
        for node in nodes
        if any(f"/{place}/" in node.name for place in places)
        and ("expand" in node.name or "project" in node.name or node.op_type == "LeakyRelu")
    ]


def quantise(source: Path, target: Path, feeds: list[Feed], places: tuple[str, ...], method: CalibrationMethod) -> None:
    quantize_static(
        source,
        target,
        Feeds(feeds),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=layers(source, places),
        op_types_to_quantize=["Conv", "LeakyRelu"],
        calibrate_method=method,
        extra_options={"CalibPercentile": 99.999},
    )


def light(source: Path, target: Path) -> None:
    """The float network with the weights of the 1x1 layers of its blocks rounded to 8 bits for each output channel."""
    model = onnx.load(source)
    wanted = set(layers(source, ("wide", "narrow")))
    weights = {node.input[1] for node in model.graph.node if node.name in wanted and node.op_type == "Conv"}
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            value = onnx.numpy_helper.to_array(tensor)
            step = np.abs(value).max(axis=(1, 2, 3), keepdims=True) / 127
            rounded = (np.rint(value / step) * step).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(rounded, tensor.name))
    onnx.save(model, target)


def narrowed(source: Path, target: Path, feeds: list[Feed], bits: int) -> None:
    """The float network with the inputs of the 1x1 layers of its blocks rounded to so many bits between their extremes:
    what any 8-bit kernel loses at least, and what wider ones would.
    """
    model = onnx.load(source)
    wanted = set(layers(source, ("wide", "narrow")))
    inputs = [node.input[0] for node in model.graph.node if node.name in wanted and node.op_type == "Conv"]
    probed = onnx.load(source)
    probed.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in inputs)
    probe = target.with_suffix(".probe.onnx")
    onnx.save(probed, probe)
    one, extremes = session(probe), {name: [0.0, 0.0] for name in inputs}
    for taken in feeds:
        for name, value in zip(inputs, one.run(inputs, taken), strict=True):
            low, high = extremes[name]
            extremes[name] = [min(low, float(value.min())), max(high, float(value.max()))]
    nodes, graph = [], model.graph
    for node in graph.node:
        if node.name in wanted and node.op_type == "Conv":
            name = node.input[0]
            step = (extremes[name][1] - extremes[name][0]) / (2**bits - 1)
            zero = np.array(round(-extremes[name][0] / step), np.uint16)
            for part, value in (("step", np.float32(step)), ("zero", zero)):
                graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), f"{name}.{part}"))
            constants = [f"{name}.step", f"{name}.zero"]
            nodes.append(onnx.helper.make_node("QuantizeLinear", [name, *constants], [f"{name}.whole"]))
            nodes.append(onnx.helper.make_node("DequantizeLinear", [f"{name}.whole", *constants], [f"{name}.rounded"]))
            node.input[0] = f"{name}.rounded"
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    model.opset_import[0].version = 21  # whole numbers of 16 bits
    onnx.save(model, target)


def milliseconds(sessions: dict[str, ort.InferenceSession], inputs: Feed, repeats: int) -> dict[str, float]:
    """Median of the processor's time of each, by turns."""
    taken: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(repeats + 1):
        for name, one in sessions.items():
            start = time.process_time()
            one.run(None, inputs)
            taken[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def decibels(one: ort.InferenceSession, judged: list[tuple[NDArray[np.uint8], Feed]]) -> float:
    """Mean PSNR of the reconstructions."""
    found = []
    for pixels, inputs in judged:
        planes = one.run(["pixels"], inputs)[0][0]
        shown = np.clip(np.floor(planes + 0.5), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        found.append(psnr(pixels, shown))
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="folder of pictures that give the ranges")
    parser.add_argument("--valid", type=Path, required=True, help="folder of pictures to judge by")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--count", type=int, default=8, help="pictures of each folder")
    parser.add_argument("--spread", type=int, default=50, help="take every so many of the training pictures")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    codec = HyperpriorCodec(threads=1)
    taught = [crop(path, 256) for path in sorted(arguments.train.iterdir())[:: arguments.spread][: arguments.count]]
    feeds = [feed(codec, pixels, quality) for pixels in taught for quality in CALIBRATION]
    valid = [crop(path, 256) for path in pictures(arguments.valid)[: arguments.count]]
    judged = {quality: [(pixels, feed(codec, pixels, quality)) for pixels in valid] for quality in JUDGED}
    timed = {**feeds[0], "values": np.tile(feeds[0]["values"], (1, 1, 2, 3))}  # 768x512

    result: dict[str, Any] = {**circumstances(), "model": codec.model.package.name, "variants": {}}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        folded(codec.model.package.network("synthesis"), plain)
        sessions = {"float": session(plain)}
        for name, places, method in (
            ("all blocks, extremes", ("wide", "narrow"), CalibrationMethod.MinMax),
            ("all blocks, 99.999 %", ("wide", "narrow"), CalibrationMethod.Percentile),
            ("blocks at 1/16, extremes", ("wide",), CalibrationMethod.MinMax),
            ("blocks at 1/8, extremes", ("narrow",), CalibrationMethod.MinMax),
        ):
            path = Path(folder) / "integer.onnx"
            quantise(plain, path, feeds, places, method)
            sessions[name] = session(path)
        times: dict[str, float | None] = {**milliseconds(sessions, timed, arguments.repeats)}
        light(plain, Path(folder) / "light.onnx")
        sessions["float with weights of 8 bits"] = session(Path(folder) / "light.onnx")
        for bits in WIDTHS:
            path = Path(folder) / f"{bits}.onnx"
            narrowed(plain, path, feeds, bits)
            sessions[f"float with inputs of {bits} bits"] = session(path)
        for name, one in sessions.items():
            quality = {str(level): decibels(one, judged[level]) for level in JUDGED}
            result["variants"][name] = {"cpu_ms": times.get(name), "psnr": quality}
            print(
                f"{name:28} {times.get(name) or 0:6.1f} ms",
                *(f"q{level} {value:.3f} dB" for level, value in quality.items()),
            )
    write_json(arguments.out, result)


if __name__ == "__main__":
    main()

/** Networks in ONNX Runtime's WebAssembly, on one thread: more need headers that static hosts and files do not send. */
import * as ort from "onnxruntime-web/wasm";

/** `load(bytes of a graph)` gives a function of `{ name: [data, shape] }` that resolves to the like. */
export function networks(wasm) {
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return async (graph) => {
    const session = await ort.InferenceSession.create(graph, { graphOptimizationLevel: "all", executionProviders: ["wasm"] });
    return async (tensors) => {
      const feeds = Object.fromEntries(Object.entries(tensors).map(([name, [data, shape]]) => [name, new ort.Tensor("float32", data, shape)]));
      const results = await session.run(feeds);
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, [tensor.data, tensor.dims]]));
    };
  };
}

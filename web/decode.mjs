/**
 * Decodes .lpx files with the page's own code in Node.js:  node web/decode.mjs MODELS OUT FILE...
 * MODELS: folders of model packages, with commas between them. Writes OUT/NAME.png for each file and prints a line of JSON: its name, the SHA-256 of all
 * its integers (`Codec.exact` of the library), or the reason why it cannot be opened.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { Decoding, metadataOf, open } from "./src/decode.js";
import { LpxError } from "./src/errors.js";
import { Model } from "./src/model.js";
import { encodePng } from "./src/png.js";
import { networks } from "./src/runtime.js";

const [models, out, ...files] = process.argv.slice(2);
const load = networks(await readFile(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")));

const packages = new Map();
for (const shelf of models.split(",")) {
  for (const name of await readdir(shelf)) {
    const card = await readFile(join(shelf, name, "card.json"), "utf8").then(JSON.parse, () => null);
    if (card?.codec === "hyperprior") packages.set(card.sha256.slice(0, 16), { folder: join(shelf, name), config: card.config });
  }
}
const opened = new Map();

async function modelOf(id) {
  if (!packages.has(id)) throw new LpxError(`there is no model ${id}`);
  if (!opened.has(id)) {
    const { folder, config } = packages.get(id), parts = {};
    for (const name of await readdir(folder)) parts[name] = new Uint8Array(await readFile(join(folder, name)));
    opened.set(id, await Model.open({ config, files: parts }, load));
  }
  return opened.get(id);
}

await mkdir(out, { recursive: true });
for (const path of files) {
  const tiles = [];
  try {
    const file = open(new Uint8Array(await readFile(path)));
    const model = await modelOf(file.header.model);
    const decoding = new Decoding(model, file, (number, { hyper, values }, { top, left, bottom, right }) => {
      const size = [bottom - top, right - left];
      tiles[number] = [[hyper, [model.hyper, ...size.map((side) => Math.ceil(side / 4))]], [values, [model.latents, ...size]]];
    });
    const samples = await decoding.samples();
    await writeFile(join(out, `${basename(path, ".lpx")}.png`), await encodePng(samples, file.header, await metadataOf(file)));
    const digest = createHash("sha256");
    for (const [array, shape] of tiles.flat()) {
      digest.update(`('i', 4, (${shape.join(", ")}))`);
      digest.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    }
    console.log(JSON.stringify({ file: basename(path), exact: digest.digest("hex") }));
  } catch (error) {
    if (!(error instanceof LpxError)) throw error;
    console.log(JSON.stringify({ file: basename(path), error: error.message }));
  }
}

/** The decoder in a worker: the page stays alive while a picture is decoded. */
import { inflate } from "./bytes.js";
import { Decoding, metadataOf, open } from "./decode.js";
import { LpxError } from "./errors.js";
import { Model, checkPackage } from "./model.js";
import { encodePng } from "./png.js";
import { networks } from "./runtime.js";

const MOST = 2 ** 27; // bytes of an unpacked part
const unpack = (text) => inflate(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), MOST, "gzip");

let load = null;
const models = new Map();

/** What the page sends before it is needed: the runtime, and models by the id that files name them by. */
const PARTS = {
  async runtime(text) {
    load = networks((await unpack(text)).buffer);
  },
  async model({ card, files }) {
    checkPackage(card);
    const unpacked = {};
    for (const [name, text] of Object.entries(files)) unpacked[name] = await unpack(text);
    models.set(card.sha256.slice(0, 16), await Model.open({ config: card.config, files: unpacked }, load));
  },
};

async function decode({ bytes }, onprogress) {
  const start = performance.now(), file = open(bytes);
  const samples = await new Decoding(models.get(file.header.model), file).samples((share) => onprogress(0.9 * share));
  const seconds = (performance.now() - start) / 1000;
  return { png: await encodePng(samples, file.header, await metadataOf(file)), seconds };
}

let queue = Promise.resolve();
self.onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      if (data.part) return await PARTS[data.part](data.value);
      const { png, seconds } = await decode(data, (share) => self.postMessage({ id: data.id, share }));
      self.postMessage({ id: data.id, png, seconds }, [png.buffer]);
    } catch (error) {
      const reason = error instanceof LpxError ? error.message : `this browser could not decode it (${error.message ?? error})`;
      self.postMessage({ id: data.id, part: data.part, error: reason });
    }
    return undefined;
  });
};

/** A model package with hyper latents, and the exact walk over the latents of a tile (`codecs/mean_scale` of the library). */
import { crc32, little32 } from "./bytes.js";
import { LpxError, damaged } from "./errors.js";
import { readNpz } from "./npz.js";
import { SymbolReader, Tables } from "./symbols.js";

export const STRIDE = 16;
const HYPER_STRIDE = 4;
const HYPER_LIMIT = 63, RESIDUAL_LIMIT = 2 ** 13;
const MAP_LIMIT = 24;

// round(4096 * (120 / 0.045) ** (n / 62.5)) for n = -24..24: how much finer n steps of a map of interest are.
const FACTORS = [
  198, 225, 255, 289, 328, 372, 422, 479, 544, 617, 700, 794, 901, 1022, 1159, 1315, 1492, 1693, 1921, 2179, 2472, 2805, 3182, 3610,
  4096, 4647, 5272, 5981, 6786, 7699, 8735, 9910, 11243, 12756, 14472, 16418, 18627, 21133, 23976, 27201, 30861, 35013, 39723, 45067,
  51129, 58008, 65811, 74665, 84709,
];

export class Model {
  /** `files`: networks and tables by file name. `load`: a network's bytes to a function of tensors. */
  static async open({ config, files }, load) {
    const model = new Model();
    const tables = await readNpz(files["tables.npz"]);
    const { latents, margin = 5, hyper_latents: hyper, anchors, steps_per_anchor: steps, passes = 2 } = config;
    Object.assign(model, { latents, margin, hyper, anchors, steps, passes, files, load, networks: {} });
    model.tables = new Tables(tables.counts, tables.radius);
    let start = 0;
    model.hyperTables = Array.from({ length: anchors }, (_, anchor) => {
      const radius = tables.hyper_radius.subarray(anchor * hyper, (anchor + 1) * hyper);
      const size = radius.reduce((sum, r) => sum + (r ? 2 * r + 2 : 1), 0);
      start += size;
      return new Tables(tables.hyper_counts.subarray(start - size, start), radius);
    });
    return model;
  }

  get lastRate() {
    return (this.anchors - 1) * this.steps;
  }

  async run(network, tensors) {
    this.networks[network] ??= await this.load(this.files[`${network}.onnx`]);
    return this.networks[network](tensors);
  }

  mix(rate) {
    const weights = Float32Array.from({ length: this.anchors }, (_, i) => Math.max(this.steps - Math.abs(rate - this.steps * i), 0));
    return [weights, [1, this.anchors]];
  }

  /** Values (M, h, w) in steps of the rate to grey levels (3, 16 h, 16 w). */
  async synthesis(values, height, width, rate) {
    const { pixels } = await this.run("synthesis", { values: [values, [1, this.latents, height, width]], mix: this.mix(rate) });
    return pixels[0];
  }

  /**
   * The integers of a tile: `{ hyper, values }`, values (M, h, w) in sixteenths of a step. `interest`: steps of the
   * tile's places, if the file has a map. `number`: of the tile in the file.
   */
  async readTile(stream, number, rate, height, width, interest) {
    if (stream.length < 4) throw damaged("a symbol stream is too short");
    const reader = new SymbolReader(stream.subarray(4));
    const size = [Math.ceil(height / HYPER_STRIDE), Math.ceil(width / HYPER_STRIDE)];
    const hyper = this.readHyper(reader, rate, size[0] * size[1]);
    const first = await this.run("hyper_synthesis", { hyper: [Float32Array.from(hyper), [1, this.hyper, ...size]], mix: this.mix(rate) });
    const cropped = (name) => crop(first[name], height, width);
    const features = cropped("features"), mean = cropped("mean"), index = cropped("index");
    const shape = (array) => [1, array.length / (height * width), height, width];
    const values = new Int32Array(this.latents * height * width);
    for (let pass = 0; pass < this.passes; pass++) {
      let more = null;
      if (pass) {
        const known = new Float32Array(values.length);
        for (let i = 0; i < values.length; i++) known[i] = values[i] / 16;
        const name = pass === 1 ? "context" : `context_${pass + 1}`;
        more = await this.run(name, { features: [features, shape(features)], values: [known, shape(known)] });
      }
      this.readPass(reader, pass, { mean, index, more, values, height, width, interest });
    }
    reader.finish();
    const bytes = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    if (crc32(bytes(values), crc32(bytes(hyper), number)) !== little32(stream)) {
      throw damaged("the decoded symbols do not match their checksum");
    }
    return { hyper, values };
  }

  readHyper(reader, rate, places) {
    const anchor = Math.min(Math.floor((rate + Math.floor(this.steps / 2)) / this.steps), this.anchors - 1);
    const channel = Uint8Array.from({ length: this.hyper * places }, (_, i) => Math.floor(i / places));
    return reader.read(channel, this.hyperTables[anchor], HYPER_LIMIT);
  }

  readPass(reader, pass, { mean, index, more, values, height, width, interest }) {
    const where = this.placesOf(pass, height, width), area = height * width, last = this.tables.radius.length - 1;
    const means = new Float64Array(where.length), tables = new Uint8Array(where.length);
    for (let i = 0; i < where.length; i++) {
      const at = where[i];
      let center = 16 * (mean[at] + (more ? more.mean[0][at] : 0));
      let table = index[at] + (more ? more.index[0][at] : 0);
      if (interest) {
        const steps = interest[at % area];
        center = Math.floor((center * FACTORS[steps + MAP_LIMIT] + 2048) / 4096);
        table += steps;
      }
      means[i] = center;
      tables[i] = Math.min(Math.max(Math.floor(table + 0.5), 0), last);
    }
    const symbols = reader.read(tables, this.tables, RESIDUAL_LIMIT);
    for (let i = 0; i < where.length; i++) {
      let value = 16 * symbols[i] + means[i];
      if (interest) {
        const factor = FACTORS[interest[where[i] % area] + MAP_LIMIT];
        value = Math.floor((8192 * value + factor) / (2 * factor));
      }
      values[where[i]] = value;
    }
  }

  /** Positions that a pass codes, in order of channel, row, column. */
  placesOf(pass, height, width) {
    const places = new Uint32Array(this.latents * height * width);
    let count = 0;
    for (let channel = 0, at = 0; channel < this.latents; channel++) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++, at++) {
          const parity = (row + column) & 1;
          const place = this.passes === 2 ? parity : 2 * parity + (row & 1);
          if ((place ^ channel % this.passes) === pass) places[count++] = at;
        }
      }
    }
    return places.subarray(0, count);
  }
}

/** The upper left part of an array (C, H, W). */
function crop([data, shape], height, width) {
  const [, channels, rows, columns] = shape;
  if (rows === height && columns === width) return data;
  const out = new Float32Array(channels * height * width);
  for (let channel = 0, at = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++, at += width) {
      const start = (channel * rows + row) * columns;
      out.set(data.subarray(start, start + width), at);
    }
  }
  return out;
}

/** The map of interest in a chunk: a step for each latent's place of the picture. */
export function interestOf(raw, places) {
  const steps = new Int8Array(raw.buffer, raw.byteOffset, raw.length);
  if (steps.length !== places || steps.some((step) => Math.abs(step) > MAP_LIMIT)) throw damaged("its map of interest");
  return steps;
}

/** Refuse a package that this page does not read. */
export function checkPackage(card) {
  if (card.codec !== "hyperprior") throw new LpxError(`the page does not read models of ${card.codec}`);
}

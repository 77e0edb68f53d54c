/** From the bytes of an .lpx file to samples, a row of tiles at a time. */
import { alphaOf } from "./alpha.js";
import { Cursor, inflate } from "./bytes.js";
import { ALPHA, DISPLAY, EXIF, ICC, INTEREST, STREAM, TILES, XMP, readFile, readHeader } from "./container.js";
import { LpxError, damaged } from "./errors.js";
import { STRIDE, interestOf } from "./model.js";
import { cutTiles, grown, shared } from "./tiles.js";

const HYPERPRIOR = 1;
export const MOST_PIXELS = 2 ** 26;

/** Header and chunks of a file that this page decodes; says what to do with another. */
export function open(bytes) {
  const { codec, name, layered } = readHeader(new Cursor(bytes), MOST_PIXELS);
  if (codec !== HYPERPRIOR || layered) {
    const what = name || `number ${codec}`;
    throw new LpxError(`this page opens files of the codec hyperprior; this one is of codec ${what}: install LatentPress and run "latentpress decompress"`);
  }
  const file = readFile(bytes, MOST_PIXELS);
  if (file.chunks.get(STREAM)?.length !== 1) throw damaged("it has no single symbol stream");
  for (const kind of file.chunks.keys()) {
    if (![STREAM, ALPHA, TILES, INTEREST, ICC, EXIF, XMP, DISPLAY].includes(kind) && kind < 10) throw damaged("a part that its codec does not write");
  }
  if (file.chunks.has(ALPHA) !== (file.header.channels % 2 === 0)) throw damaged("alpha is missing, or there without need");
  return file;
}

/** Reads one file. `onexact(tile number, { hyper, values }, tile)`: sees the integers. */
export class Decoding {
  constructor(model, { header, chunks }, onexact = () => {}) {
    Object.assign(this, { model, header, chunks, onexact });
    if (header.rate > model.lastRate) throw damaged(`rate index ${header.rate}`);
    [this.height, this.width] = [header.height, header.width].map((side) => Math.ceil(side / STRIDE));
    Object.assign(this, cutTiles(this.height, this.width, chunks.get(TILES)?.[0], chunks.get(STREAM)[0]));
    this.values = new Map();
  }

  /** Samples (H, W, channels): Uint8Array, or Uint16Array of more than 8 bits. `onprogress(share)`. */
  async samples(onprogress = () => {}) {
    const { header, tiles } = this, { width, height, channels } = header;
    const places = this.height * this.width;
    if (this.chunks.has(INTEREST)) this.interest = interestOf(await inflate(this.chunks.get(INTEREST)[0], places), places);
    const out = new (header.depth > 8 ? Uint16Array : Uint8Array)(width * height * channels);
    for (const [number, tile] of tiles.entries()) {
      await this.show(tile, out);
      onprogress((number + 1) / tiles.length);
    }
    if (this.chunks.has(ALPHA)) {
      const plane = await alphaOf(this.chunks.get(ALPHA)[0], header);
      for (let i = 0; i < plane.length; i++) out[(i + 1) * channels - 1] = plane[i];
    }
    return out;
  }

  /** Put the pixels of a tile in their place. */
  async show(tile, out) {
    const { model, header } = this;
    const window = grown(tile, model.margin, this.height, this.width);
    const planes = await model.synthesis(await this.assembled(window), window.bottom - window.top, window.right - window.left, header.rate);
    const stride = (window.right - window.left) * STRIDE, plane = stride * (window.bottom - window.top) * STRIDE;
    const peak = 2 ** header.depth - 1, gain = Math.fround(peak / 255), colours = header.channels < 3 ? 1 : 3;
    const bottom = Math.min(tile.bottom * STRIDE, header.height), right = Math.min(tile.right * STRIDE, header.width);
    for (let row = tile.top * STRIDE; row < bottom; row++) {
      let from = (row - window.top * STRIDE) * stride + (tile.left - window.left) * STRIDE;
      let to = (row * header.width + tile.left * STRIDE) * header.channels;
      for (let column = tile.left * STRIDE; column < right; column++, from++, to += header.channels) {
        for (let colour = 0; colour < colours; colour++) {
          let level = planes[colour * plane + from];
          if (colours === 1) level = (level + planes[plane + from] + planes[2 * plane + from]) / 3;
          out[to + colour] = Math.min(Math.max(Math.floor(Math.fround(level * gain + 0.5)), 0), peak);
        }
      }
    }
  }

  /** The values (M, h, w) of a window, in steps, put together from those of the tiles that it meets. */
  async assembled(window) {
    const { model } = this, [height, width] = [window.bottom - window.top, window.right - window.left];
    const out = new Float32Array(model.latents * height * width);
    for (const [number, tile] of this.tiles.entries()) {
      const part = shared(tile, window);
      if (!part) {
        if (tile.bottom <= window.top) this.values.delete(number); // no later window comes back to it
        continue;
      }
      const values = await this.tile(number), columns = tile.right - tile.left, rows = tile.bottom - tile.top;
      for (let channel = 0; channel < model.latents; channel++) {
        for (let row = part.top; row < part.bottom; row++) {
          let from = (channel * rows + row - tile.top) * columns + part.left - tile.left;
          let to = (channel * height + row - window.top) * width + part.left - window.left;
          for (let column = part.left; column < part.right; column++) out[to++] = values[from++] / 16;
        }
      }
    }
    return out;
  }

  async tile(number) {
    if (!this.values.has(number)) {
      const tile = this.tiles[number], interest = this.interest && this.interestIn(tile);
      const exact = await this.model.readTile(this.streams[number], number, this.header.rate, tile.bottom - tile.top, tile.right - tile.left, interest);
      this.onexact(number, exact, tile);
      this.values.set(number, exact.values);
    }
    return this.values.get(number);
  }

  interestIn({ top, left, bottom, right }) {
    const rows = Array.from({ length: bottom - top }, (_, i) => this.interest.subarray((top + i) * this.width + left, (top + i) * this.width + right));
    return Int8Array.from(rows.flatMap((row) => [...row]));
  }
}

/** What a file holds beside its pixels, unpacked where a picture file wants it so. */
export async function metadataOf({ chunks }) {
  const one = (kind) => chunks.get(kind)?.[0];
  const unpacked = async (kind) => one(kind) && inflate(one(kind), 2 ** 26);
  return { icc: one(ICC), xmp: one(XMP), exif: await unpacked(EXIF), display: await unpacked(DISPLAY) };
}

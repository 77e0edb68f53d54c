/** A plane that adaptive prediction coded, without networks (`codecs/lossless/` of the library: `walk.py`, `features.py`, `refinement.py`). */
import { Lanes, Skewed } from "./lanes.js";
import { Drawn } from "./drawn.js";
import { LAST_CLASS, Residuals, tableOf } from "./residuals.js";
import { LeastSquares } from "./squares.js";

const UNIT = 512, CLIP = 255, TARGET_CLIP = 2 * UNIT;
const OWN = [[0, -1], [-1, 0], [-1, -1], [-1, 1], [0, -2], [-2, 0], [-1, 2], [-1, -2], [-2, 1], [-2, -1], [0, -3], [-2, 2], [-2, -2]];
const ERRORS = [[0, -1], [-1, 0], [-1, -1], [-1, 1], [0, -2], [-2, 0]];
const ROUGH = [[0, 2], [1, 2], [1, 3], [0, 4], [1, 5], [3, 8]];
const N = OWN.length;
const LEVELS = 6, REMEMBERED = 128, CHECK = 16, CAUTION = 8, LARGEST = 8192, OFFSET = -184;

// the smallest whole numbers not below 2^(k/16)
const POWERS = Float64Array.from({ length: 448 }, (_, k) => {
  const whole = 1n << BigInt(k);
  let root = whole;
  for (let i = 0; i < 4; i++) root = squareRoot(root);
  return Number(root ** 16n === whole ? root : root + 1n);
});

function squareRoot(value) {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** 16 log2 of a number, rounded down. */
function levelOf(scale) {
  let low = 0, high = POWERS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (POWERS[middle] <= scale) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const held = (value, low, high) => Math.min(Math.max(value, low), high);

/** Samples (H, W) of `depth` bits. */
export function predictedPlane(data, height, width, depth, drawn) {
  const lanes = new Lanes(height, width), peak = 2 ** depth - 1, shift = depth - 8;
  const values = new Skewed(lanes, 2 ** (depth - 1)), errors = new Skewed(lanes, 0);
  const own = OWN.map(([dy, dx]) => lanes.offset(dy, dx)), around = ERRORS.map(([dy, dx]) => lanes.offset(dy, dx));
  const residuals = new Residuals(data, depth, drawn), squares = new LeastSquares(N, lanes), bias = new Bias(shift);
  const flat = drawn && new Drawn(peak, residuals);
  const linear = new Float64Array(N), signs = new Float64Array(ERRORS.length);
  for (let wave = 0; wave < lanes.waves; wave++) {
    values.open(wave);
    errors.open(wave);
    const [start, stop] = lanes.active(wave), count = stop - start;
    const made = new Float64Array(count), wrong = new Float64Array(count), targets = new Float64Array(count), x = new Float64Array(count * N);
    const tables = new Uint16Array(count), symbols = new Uint16Array(count), contexts = new Uint16Array(count), plain = new Float64Array(count);
    const turned = new Int8Array(count);
    for (let i = 0; i < count; i++) {
      const at = values.at(wave, start + i);
      for (let k = 0; k < N; k++) linear[k] = values.flat[at + own[k]];
      for (let k = 0; k < signs.length; k++) signs[k] = errors.flat[at + around[k]];
      const [west, north, corner] = linear, base = held(west + north - corner, Math.min(west, north), Math.max(west, north));
      let scale = 64 * 2 ** shift;
      for (const [a, b] of ROUGH) scale += 16 * Math.abs(linear[a] - linear[b]);
      for (let k = 0; k < 4; k++) scale += Math.abs(signs[k]);
      const inverse = Math.floor(2 ** 33 / scale), level = levelOf(scale);
      for (let k = 0; k < N; k++) x[i * N + k] = linear[k] = held(Math.floor((linear[k] - base) * inverse * 2 ** -20 + 0.5), -CLIP, CLIP);
      for (let k = 0; k < signs.length; k++) signs[k] = Math.min(Math.floor(Math.abs(signs[k]) * inverse * 2 ** -24), CLIP);
      const prediction = squares.predict(x, i * N, start + i);
      const value = 16 * base + Math.floor(prediction * scale * (1 / (16 * UNIT)) + 0.5);
      const refined = bias.refine(linear, prediction, level, value);
      if (flat) flat.refine(linear, signs, base, refined);
      const centre = held(refined.nearest, 0, peak), row = residuals.row(refined.table);
      const symbol = residuals.read(flat ? flat.weigh(row, centre, refined.sign) : row);
      (tables[i] = refined.table), (symbols[i] = symbol), (contexts[i] = refined.context), (plain[i] = value), (turned[i] = refined.sign);
      (made[i] = centre), (wrong[i] = base), (targets[i] = scale);
    }
    for (let i = 0; i < count; i++) {
      const sample = made[i] + turned[i] * residuals.join(symbols[i]);
      targets[i] = held(Math.floor(((sample - wrong[i]) * 16 * UNIT) / targets[i] + 0.5), -TARGET_CLIP, TARGET_CLIP);
      made[i] = sample;
      wrong[i] = 16 * sample - plain[i];
    }
    values.close(wave, start, made);
    errors.close(wave, start, wrong);
    residuals.learn(tables, symbols);
    if (flat) flat.learn(made);
    bias.learn(contexts, wrong);
    squares.learn(x, targets, start, stop);
  }
  residuals.finish();
  return values.plane(peak);
}

/** Cancels a bias that the picture shows in a context, and chooses the table. */
class Bias {
  constructor(shift) {
    this.floor = 16 * (6 + shift);
    this.sums = new Float64Array(256 * LEVELS);
    this.counts = new Float64Array(256 * LEVELS);
    this.waves = 0;
  }

  refine(linear, prediction, level, value) {
    let texture = 0;
    for (let k = 0; k < 8; k++) texture = 2 * texture + (linear[k] * 16 > prediction);
    const context = texture * LEVELS + held((level - this.floor) >> 4, 0, LEVELS - 1);
    const corrected = value + Math.floor(this.sums[context] / (this.counts[context] + CAUTION) + 0.5) + 8;
    const klass = held(Math.floor((level * 4 + OFFSET) / 16), 0, LAST_CLASS), place = corrected & 15;
    const phase = ((place < 8 ? 7 - place : place - 8) * 4) >> 3;
    return { context, nearest: corrected >> 4, sign: place < 8 ? -1 : 1, table: tableOf(klass, phase) };
  }

  /** Take in the errors of a wave, in 1/16. */
  learn(contexts, errors) {
    const { sums, counts } = this;
    contexts.forEach((context, i) => {
      sums[context] += held(errors[i], -LARGEST, LARGEST);
      counts[context]++;
    });
    if (++this.waves % CHECK) return;
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] > REMEMBERED) (sums[i] = Math.floor(sums[i] * 0.5)), (counts[i] = Math.floor(counts[i] * 0.5));
    }
  }
}

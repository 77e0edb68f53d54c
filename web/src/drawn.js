/** What is special about planes that were drawn: flat places, uneven histograms (`codecs/lossless/drawn.py` of the library). */
import { TABLES } from "./residuals.js";

const REACH = 15, WIDE = 15, CAUTION = 4, UNIT = 256, EVERY = 16, NEAREST = 6;

export class Drawn {
  constructor(peak, { size, zero }) {
    this.peak = peak;
    this.zero = zero;
    this.counts = new Float64Array(peak + 1);
    this.weights = new Float64Array(peak + 3).fill(UNIT, 1, peak + 2); // one before and one behind: what no sample can be
    this.weighted = new Float64Array(size);
    this.waves = 0;
  }

  /** In flat places: the value of the neighbours, with tables of its own. */
  refine(linear, errors, base, refined) {
    for (let k = 0; k < NEAREST; k++) if (linear[k]) return;
    const everywhere = !linear.some(Boolean) && !errors.some(Boolean);
    Object.assign(refined, { nearest: base, sign: 1, table: everywhere ? TABLES : TABLES + 1 });
  }

  weigh(row, centre, sign) {
    const { weighted, weights, zero, peak } = this;
    for (let i = 0; i < row.length; i++) weighted[i] = row[i] * UNIT;
    for (let offset = -REACH; offset <= REACH; offset++) {
      const place = Math.min(Math.max(centre + sign * offset, -1), peak + 1) + 1;
      weighted[zero + offset] = Math.max(Math.floor(row[zero + offset] * weights[place]), 1);
    }
    return weighted;
  }

  learn(values) {
    const { counts, weights, peak } = this;
    for (const value of values) counts[Math.min(Math.max(value, 0), peak)]++;
    if (++this.waves % EVERY) return;
    const sums = new Float64Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) sums[i + 1] = sums[i] + counts[i];
    for (let i = 0; i < counts.length; i++) {
      const first = Math.max(i - WIDE, 0), last = Math.min(i + WIDE + 1, counts.length);
      const around = (sums[last] - sums[first]) / (last - first);
      weights[i + 1] = Math.floor((UNIT * (counts[i] + CAUTION)) / (around + CAUTION));
    }
  }
}

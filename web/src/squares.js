/**
 * Least squares that adapt to the place (`codecs/lossless/adaptive.py` of the library). Sums are whole numbers below 2^53; the solver
 * takes one correctly rounded operation at a time, in the library's order, and its result is rounded to whole numbers.
 */
const FRACTION = 4096, LARGEST = 4 * FRACTION, HALF = FRACTION / 32;
const BAND = 8, EVERY = 4, NEXT_ROWS = 2;
const FADE = 0.25, OLDER_FADE = 1 / 64, EVERYWHERE = 1 / 4096, OLDER = 1 / 4096, RIDGE = 4096;

export class LeastSquares {
  /** `n`: features of a sample. */
  constructor(n, lanes) {
    Object.assign(this, { n, count: lanes.count, bands: Math.ceil(lanes.rows / BAND), first: lanes.row(0), size: n * (n + 1) });
    this.older = new Float64Array(this.size);
    this.recent = new Float64Array(this.bands * this.count * this.size);
    this.fresh = new Float64Array(this.recent.length);
    this.weights = new Float64Array(this.bands * this.count * n);
    this.shared = new Float64Array(n);
    this.system = new Float64Array(this.size);
    this.seen = this.oldest = 0;
    this.solve(0, this.bands);
  }

  /** Which band of which lane a slot lies in. */
  place(slot) {
    const p = slot - this.first;
    return Math.floor(Math.floor(p / this.count) / BAND) * this.count + (p % this.count);
  }

  /** The prediction from features `x` from `at` on, in 1/16 of a normalised unit. */
  predict(x, at, slot) {
    const { n, weights } = this, start = this.place(slot) * n;
    let total = 0;
    for (let k = 0; k < n; k++) total += weights[start + k] * x[at + k];
    return Math.floor((total + HALF) * (0.5 / HALF));
  }

  /** Take in a wave: features (N, n) and targets (N,) of the slots from `start` to `stop`. */
  learn(x, targets, start, stop) {
    const { n, size, fresh, count } = this;
    for (let i = 0; i < stop - start; i++) {
      let at = this.place(start + i) * size;
      for (let row = 0; row < n; row++) {
        const value = x[i * n + row];
        for (let column = 0; column < n; column++) fresh[at++] += value * x[i * n + column];
        fresh[at++] += value * targets[i];
      }
    }
    const first = Math.floor((start - this.first) / count), last = Math.ceil((stop - this.first) / count);
    if (this.seen === 0) this.oldest = first;
    if (++this.seen < EVERY) return;
    this.seen = 0;
    this.takeIn();
    this.solve(Math.floor(first / BAND), Math.min(this.bands, Math.ceil((last + NEXT_ROWS) / BAND)));
  }

  takeIn() {
    const { recent, fresh, older, size } = this, sums = new Float64Array(size);
    for (let at = 0; at < recent.length; at += size) {
      for (let i = 0; i < size; i++) {
        const faded = Math.floor(recent[at + i] * FADE);
        recent[at + i] += fresh[at + i] - faded;
        sums[i] += faded;
      }
    }
    for (let i = 0; i < size; i++) older[i] += sums[i] - Math.floor(older[i] * OLDER_FADE);
    fresh.fill(0);
  }

  solve(first, last) {
    const { recent, older, size, count, bands, n, system } = this, all = new Float64Array(size), beyond = new Float64Array(size);
    for (let at = 0; at < recent.length; at += size) for (let i = 0; i < size; i++) all[i] += recent[at + i];
    for (let i = 0; i < size; i++) beyond[i] = all[i] * EVERYWHERE + older[i] * OLDER;
    for (let band = first; band < last; band++) {
      for (let lane = 0; lane < count; lane++) {
        const at = (band * count + lane) * size, next = count * size;
        for (let i = 0; i < size; i++) {
          let sum = recent[at + i] + beyond[i];
          if (band > 0) sum += recent[at - next + i];
          if (band < bands - 1) sum += recent[at + next + i];
          system[i] = sum;
        }
        this.eliminate(this.weights, (band * count + lane) * n);
      }
    }
    for (let i = 0; i < size; i++) system[i] = all[i] + older[i];
    this.eliminate(this.shared, 0);
  }

  /** Solve `system`, (n, n + 1) row by row, into `out` from `at` on. */
  eliminate(out, at) {
    const { n, system } = this, width = n + 1;
    for (let k = 0; k < n; k++) system[k * width + k] += RIDGE;
    for (let k = 0; k < n; k++) {
      const pivot = Math.max(system[k * width + k], 1e-9);
      for (let j = k + 1; j < width; j++) system[k * width + j] /= pivot;
      for (let row = k + 1; row < n; row++) {
        const factor = system[row * width + k];
        for (let j = k + 1; j < width; j++) system[row * width + j] -= factor * system[k * width + j];
      }
    }
    for (let k = n - 1; k > 0; k--) {
      const value = system[k * width + n];
      for (let row = 0; row < k; row++) system[row * width + n] -= system[row * width + k] * value;
    }
    for (let k = 0; k < n; k++) {
      const weight = Math.floor(system[k * width + n] * FRACTION + 0.5);
      out[at + k] = Math.min(Math.max(weight, -LARGEST), LARGEST);
    }
  }
}

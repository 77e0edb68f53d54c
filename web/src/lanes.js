/** The order of a plane's samples in waves, and planes stored wave by wave (`codecs/lossless/lanes.py` of the library). */

const LANE_ROWS = 128;
const ABOVE = 2, BELOW = 1, MARGIN = 12;

export class Lanes {
  constructor(height, width) {
    const count = Math.max(1, Math.floor((height + LANE_ROWS / 2) / LANE_ROWS));
    const rows = Math.ceil(height / count), tall = height - (rows - 1) * count;
    Object.assign(this, { height, width, count, rows, tall, waves: width + 3 * (rows - 1), slots: (rows + ABOVE + BELOW) * count });
  }

  /** The first slot of row `r` of every lane. */
  row(r) {
    return (r + ABOVE) * this.count;
  }

  /** First slot, and the one behind the last, of a wave's samples. */
  active(wave) {
    const first = Math.max(0, Math.ceil((wave - this.width + 1) / 3)), last = Math.min(this.rows - 1, Math.floor(wave / 3));
    return [this.row(first), this.row(last) + (last === this.rows - 1 ? this.tall : this.count)];
  }

  offset(dy, dx) {
    return (3 * dy + dx) * this.slots + dy * this.count;
  }
}

/** A plane: `flat` is filled wave by wave, with copies of border samples where there are none. */
export class Skewed {
  constructor(lanes, start) {
    this.lanes = lanes;
    this.flat = new Float64Array((lanes.waves + 2 * MARGIN) * lanes.slots).fill(start);
  }

  at(wave, slot) {
    return (wave + MARGIN) * this.lanes.slots + slot;
  }

  /** Copy slots of a wave, `count` from `slot` on, to others of the waves from `first` to `last`. */
  spread(wave, slot, count, first, last, target) {
    const from = this.at(wave, slot);
    for (let to = first; to <= last; to++) this.flat.copyWithin(this.at(to, target), from, from + count);
  }

  open(wave) {
    const { lanes } = this, row = wave / 3;
    if (wave % 3 === 0 && row <= lanes.rows) this.spread(wave - 3, lanes.row(row - 1), lanes.count, wave - 3, wave - 1, lanes.row(row));
  }

  close(wave, slot, values) {
    const { lanes } = this, { count, width, rows, tall } = lanes;
    this.flat.set(values, this.at(wave, slot));
    if (wave < width) {
      this.spread(wave, lanes.row(0), count, wave - 3, wave, lanes.row(-1));
      this.spread(wave, lanes.row(0), count, wave - 6, wave - 3, lanes.row(-2));
    }
    const ended = (wave - width + 1) / 3;
    if (Number.isInteger(ended) && ended >= 0 && ended < rows) this.spread(wave, lanes.row(ended), count, wave + 1, wave + 3, lanes.row(ended));
    this.below(rows - 1, 0, tall, wave);
    if (tall < count && rows > 1) this.below(rows - 2, tall, count, wave);
  }

  below(r, first, last, wave) {
    const { lanes } = this, x = wave - 3 * r;
    if (x < 0 || x >= lanes.width) return;
    this.spread(wave, lanes.row(r) + first, last - first, wave + 3, wave + (x === lanes.width - 1 ? 4 : 3), lanes.row(r + 1) + first);
  }

  /** The samples as a plane (H, W), held to 0..peak. */
  plane(peak) {
    const { height, width, count, rows, tall } = this.lanes, out = new Uint16Array(height * width);
    for (let lane = 0; lane < count; lane++) {
      const start = lane * (rows - 1) + Math.min(lane, tall);
      for (let r = 0; r < (lane < tall ? rows : rows - 1); r++) {
        for (let x = 0; x < width; x++) {
          out[(start + r) * width + x] = Math.min(Math.max(this.flat[this.at(x + 3 * r, this.lanes.row(r) + lane)], 0), peak);
        }
      }
    }
    return out;
  }
}

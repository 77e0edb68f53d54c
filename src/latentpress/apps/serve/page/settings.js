/* The panel: which coder on each side, how far to go, and what else. It tells what a request has to say. */

const STEPS = 200, BPP = { low: 0.05, high: 6, first: 0.5 };
const $ = (id) => document.getElementById(id);
const positions = new Map(); // what a slider was left at, by coder or "bpp"
let coders = [];

const find = (id) => coders.find((row) => row.id === id);
export const coder = () => find($("codec").value);
export const rival = () => find($("other").value) ?? null;
export const mode = () => document.querySelector("input[name=mode]:checked").value;
const ownRate = () => document.querySelector("input[name=match]:checked").value === "own";

/* A slider from the smallest to the largest file, whichever way the coder counts. */

const steps = (row) => (row.whole ? Math.abs(row.largest - row.smallest) : STEPS);

function qualityAt(slider, row) {
  const value = row.smallest + (slider.value / steps(row)) * (row.largest - row.smallest);
  return row.whole ? Math.round(value) : Number(value.toFixed(Math.abs(row.largest - row.smallest) > 50 ? 1 : 2));
}

const bppAt = (slider) => Number((BPP.low * (BPP.high / BPP.low) ** (slider.value / STEPS)).toPrecision(3));
const rate = () => (mode() === "bpp" ? bppAt($("rate")) : mode() === "size" ? Number($("kilobytes").value) : qualityAt($("rate"), coder()));

function place(slider, key, first, last) {
  slider.max = last;
  slider.value = positions.get(key) ?? Math.round(first * last);
}

const usual = ({ usual: value, smallest, largest }) => (value - smallest) / (largest - smallest);

/* What a request has to say: of the main side, and of the other, which is to come at so many bits a pixel. */

export function mainSettings() {
  const row = coder(), said = { codec: row.id };
  if (!row.lossless) {
    if (mode() === "size") said.size = 1000 * rate();
    else said[mode()] = rate();
  }
  if (row.takes.includes("effort") && $("effort").value > 1) said.effort = $("effort").value;
  if (row.takes.includes("tune") && $("tune").value !== "mse") said.tune = $("tune").value;
  if (row.takes.includes("max_error") && $("max-error").value > 0) said.max_error = $("max-error").value;
  return said;
}

/* How the main side is to be shown, which is not a matter of its file. */
export function lookSettings() {
  const { takes } = coder();
  if (takes.includes("preview") && $("preview").checked) return { preview: true };
  return takes.includes("look") && $("look").value > 0 ? { look: $("look").value } : {};
}

export function rivalSettings(bpp, within) {
  const row = rival();
  if (row.lossless) return { codec: row.id, within };
  return ownRate() ? { codec: row.id, quality: qualityAt($("other-rate"), row), within } : { codec: row.id, bpp, within };
}

/* Drawing */

function showRate() {
  const row = coder(), name = mode() === "bpp" ? "bits per pixel" : row.quality_name;
  $("rate-value").value = row.lossless ? "lossless" : rate();
  $("rate").setAttribute("aria-label", name);
  $("rate").setAttribute("aria-valuetext", `${rate()} ${name}`);
  $("effort-value").value = $("effort").value;
  $("max-error-value").value = $("max-error").value;
  $("look-value").value = $("look").value;
  $("look").disabled = $("preview").checked;
  if (rival()) $("other-rate-value").value = qualityAt($("other-rate"), rival());
}

/* After another coder or another way to set the rate was chosen. */
export function settle() {
  const row = coder(), other = rival();
  $("quality-name").textContent = row.quality_name === "bpp" ? "Setting" : row.quality_name[0].toUpperCase() + row.quality_name.slice(1);
  $("rate-field").disabled = row.lossless;
  $("slider-row").hidden = $("ends").hidden = mode() === "size";
  $("size-row").hidden = mode() !== "size";
  if (mode() === "bpp") place($("rate"), "bpp", Math.log(BPP.first / BPP.low) / Math.log(BPP.high / BPP.low), STEPS);
  else place($("rate"), row.id, usual(row), steps(row));
  for (const [field, option] of [["effort-field", "effort"], ["tune-field", "tune"], ["max-error-field", "max_error"], ["look-field", "look"], ["preview-field", "preview"]]) $(field).hidden = !row.takes.includes(option);
  $("region-field").hidden = !row.regions;
  $("options").hidden = !row.takes.length && !row.regions;
  $("match-field").hidden = !other || other.lossless;
  $("other-rate-row").hidden = !ownRate();
  if (other) place($("other-rate"), `other ${other.id}`, usual(other), steps(other));
  showRate();
}

function keep() {
  positions.set(mode() === "bpp" ? "bpp" : coder().id, $("rate").value);
  if (rival()) positions.set(`other ${rival().id}`, $("other-rate").value);
  showRate();
}

function fill(select, first, rows, kept) {
  const groups = [...new Set(rows.map((row) => row.group))];
  select.replaceChildren(...first, ...groups.map((label) => {
    const group = Object.assign(document.createElement("optgroup"), { label });
    const name = (row) => ($("variants").checked && row.name !== row.id ? `${row.name} · ${row.id}` : row.name);
    group.append(...rows.filter((row) => row.group === label).map((row) => new Option(name(row), row.id)));
    return group;
  }));
  if (rows.some((row) => row.id === kept)) select.value = kept;
}

function list() {
  const rows = coders.filter((row) => row.plain || $("variants").checked);
  fill($("codec"), [], rows, $("codec").value);
  fill($("other"), [new Option("the original", "")], rows, $("other").value);
}

/* onlater: after a slider has moved, which it may do again at once; onnow: after a choice. */
export function begin(rows, { onlater, onnow }) {
  coders = rows;
  list();
  $("codec").disabled = $("other").disabled = false;
  const now = () => { settle(); onnow(); };
  for (const id of ["codec", "other", "tune", "preview"]) $(id).addEventListener("change", now);
  $("variants").addEventListener("change", () => { list(); now(); });
  for (const choice of document.querySelectorAll("input[name=mode], input[name=match]")) choice.addEventListener("change", now);
  for (const id of ["rate", "kilobytes", "effort", "look", "max-error", "other-rate"]) $(id).addEventListener("input", () => { keep(); if ($(id).validity.valid) onlater(); });
  settle();
}

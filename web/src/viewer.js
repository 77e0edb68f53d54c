/** The page: files in, pictures out. Everything happens in the browser; the page fetches its own parts and nothing else. */
import { STREAM } from "./container.js";
import { open } from "./decode.js";
import { LpxError } from "./errors.js";

const $ = (id) => document.getElementById(id);
const decimals = (value, places) => value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
const bytes = (count) => (count < 1000 ? `${count} B` : count < 1e6 ? `${decimals(count / 1e3, 1)} KB` : `${decimals(count / 1e6, 2)} MB`);

/* Parts of the page that are large: each is a script beside it that calls LatentPress.part, which also works from a disk,
   where a page may not fetch files. */

const parts = new Map(), arriving = new Map();
globalThis.LatentPress = { part: (name, value) => parts.set(name, value) };

function part(name, missing) {
  if (!arriving.has(name)) {
    arriving.set(name, new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: `${name}.js` });
      script.onload = () => resolve(parts.get(name));
      script.onerror = () => reject(new LpxError(missing));
      document.head.append(script);
    }));
  }
  return arriving.get(name);
}

let worker = null;
const ready = new Map(); // parts that the worker has

async function startWorker() {
  const [source, runtime] = await Promise.all(["decoder", "runtime"].map((name) => part(name, `a part of this page is missing: ${name}.js`)));
  worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  worker.onmessage = ({ data }) => answer(data);
  worker.onerror = () => items.forEach((item) => item.state === "waiting" && fail(item, "the decoder did not start in this browser"));
  worker.postMessage({ part: "runtime", value: runtime });
}

function have(name, prepare) {
  if (!ready.has(name)) ready.set(name, prepare());
  return ready.get(name);
}

async function sendModel(id) {
  const value = await part(`models/${id}`, `the file needs the model ${id}, which this page does not have`);
  worker.postMessage({ part: "model", value });
  parts.delete(`models/${id}`);
}

/* Files */

const items = [];
let shown = null;

async function add(files) {
  const added = [...files].map((file) => ({ file, name: file.name || "picture.lpx", state: "waiting", share: 0 }));
  if (!added.length) return;
  items.push(...added);
  show(added[0]);
  for (const item of added) {
    try {
      const data = new Uint8Array(await item.file.arrayBuffer());
      const { header, chunks } = open(data);
      Object.assign(item, { header, chunks: [...chunks.keys()].filter((kind) => kind !== STREAM) });
      draw();
      await have("worker", startWorker);
      await have(header.model, () => sendModel(header.model));
      worker.postMessage({ id: items.indexOf(item), bytes: data }, [data.buffer]);
    } catch (error) {
      fail(item, error instanceof LpxError ? error.message : `the file cannot be read (${error.message})`);
    }
  }
}

function answer({ id, share, png, seconds, error }) {
  if (id === undefined) return; // a part that did not load; the file that needs it says so
  const item = items[id];
  if (error) fail(item, error);
  else if (png) {
    const blob = new Blob([png], { type: "image/png" });
    Object.assign(item, { state: "done", seconds, png: blob, url: URL.createObjectURL(blob) });
  } else item.share = share;
  draw();
}

function fail(item, reason) {
  Object.assign(item, { state: "failed", reason });
  draw();
}

/* What is seen */

const COLOURS = ["gray", "gray and alpha", "RGB", "RGB and alpha"];
const KINDS = { 3: "colour profile", 4: "EXIF", 5: "XMP", 8: "region of interest", 10: "colour space" };

function facts({ header, file, chunks, seconds }) {
  const { width, height, channels, depth } = header, rate = (8 * file.size) / (width * height);
  const raw = (width * height * channels * depth) / 8 / file.size;
  return [
    `${width} × ${height}, ${COLOURS[channels - 1]}${depth > 8 ? `, ${depth} bits` : ""}`,
    `${bytes(file.size)}, ${decimals(rate, 3)} bits per pixel, ${decimals(raw, 1)} times smaller than raw`,
    ...(chunks.some((kind) => KINDS[kind]) ? [`with ${chunks.map((kind) => KINDS[kind]).filter(Boolean).join(", ")}`] : []),
    ...(seconds ? [`decoded in ${decimals(seconds, 2)} s`] : []),
  ].join(" · ");
}

function show(item) {
  shown = item;
  draw();
}

function draw() {
  document.body.classList.toggle("empty", !items.length);
  $("files").hidden = items.length < 2;
  $("files").replaceChildren(...items.map((item) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: item.name, title: item.reason ?? item.name });
    button.className = item.state;
    button.setAttribute("aria-pressed", item === shown);
    button.onclick = () => show(item);
    return button;
  }));
  if (!shown) return;
  document.title = `${shown.name} – LatentPress viewer`;
  $("name").textContent = shown.name;
  $("facts").textContent = shown.header ? facts(shown) : "";
  $("message").hidden = shown.state === "done";
  $("message").className = shown.state === "failed" ? "notice error" : "notice";
  $("message").textContent = shown.reason ? `${shown.name}: ${shown.reason}.` : shown.share ? `Decoding … ${Math.round(100 * shown.share)} %` : "Loading the decoder …";
  $("picture").hidden = shown.state !== "done";
  if (shown.url && $("picture").src !== shown.url) $("picture").src = shown.url;
  for (const id of ["save", "zoom"]) $(id).disabled = shown.state !== "done";
}

function save() {
  const link = Object.assign(document.createElement("a"), { href: shown.url, download: `${shown.name.replace(/\.lpx$/i, "")}.png` });
  link.click();
}

function zoom() {
  const large = $("stage").classList.toggle("large");
  $("zoom").setAttribute("aria-pressed", large);
}

function start() {
  for (const id of ["file", "more"]) $(id).addEventListener("change", ({ target }) => { add(target.files); target.value = ""; });
  $("save").addEventListener("click", save);
  $("zoom").addEventListener("click", zoom);
  let depth = 0; // dragenter and dragleave come for each element that is passed
  addEventListener("dragenter", () => document.body.classList.toggle("dragging", ++depth > 0));
  addEventListener("dragleave", () => document.body.classList.toggle("dragging", --depth > 0));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", (depth = 0));
    add(event.dataTransfer.files);
  });
  draw();
}

start();

/* The page of `latentpress serve`: pictures, a coder on each side, a rate; whatever changes is asked for again.
   The picture is sent with each request, because the service stores nothing. Needs slider.js. */
import { arriving } from "./layers.js";
import { begin, coder, lookSettings, mainSettings, rival, rivalSettings } from "./settings.js";
import { ROWS, bytes, change, decimals, round, sentence } from "./texts.js";
import { zip } from "./zip.js";

const $ = (id) => document.getElementById(id);
const WAIT_MS = 180, WITHIN = 10; // seconds that a comparison may take
const LPX_MAGIC = [0x8f, 0x4c, 0x50, 0x58], JPEG_MAGIC = [0xff, 0xd8, 0xff];

const pictures = []; // { name, file: Blob, jpeg, restored, before: the browser's own view, original: the service's, brush, mask }
let current = null, running = null, timer = 0, results = null, ready = false, saving = false;

const view = LatentPress.slider($("frame"), { onchange: showMode, onpaint: paint });

/* Talking to the service */

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  const reason = await answer.json().then((body) => body.error, () => answer.statusText);
  throw new Error(reason);
}

/* Ask about a picture; its region of interest goes along where the coder takes one. */
function askAbout(path, settings, picture, regions, signal) {
  let body = picture.file;
  if (picture.mask && regions) {
    body = new FormData();
    body.append("file", picture.file, "picture");
    body.append("roi_mask", picture.mask, "mask.png");
  }
  return ask(`${path}?${new URLSearchParams(settings)}`, { method: "POST", body, signal });
}

const preview = (settings, row, signal) => askAbout("preview", settings, current, row.regions, signal).then((answer) => answer.json());

async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

const restoring = () => Boolean(current?.jpeg) && document.querySelector("input[name=task]:checked").value === "restore";

/* One request at a time: a newer one cancels what is under way */

function later() {
  clearTimeout(timer);
  timer = setTimeout(update, WAIT_MS);
}

/* False if the service refused; nothing if there was nothing to do or a newer request took over. */
async function update() {
  clearTimeout(timer);
  if (!current || !ready) return undefined;
  if (running) running.abort();
  const mine = (running = new AbortController());
  const fresh = () => mine === running;
  document.body.classList.toggle("restoring", restoring());
  busy(true);
  try {
    await (restoring() ? restore(mine.signal, fresh) : compare(mine.signal, fresh));
    if (!fresh()) return undefined;
    busy(false);
    return true;
  } catch (error) {
    if (!fresh()) return undefined;
    busy(false);
    complain(error);
    return false;
  }
}

async function compare(signal, fresh) {
  const settings = { ...mainSettings(), ...lookSettings() }, row = coder();
  if (settings.effort) tell(`Effort ${settings.effort}: the search may take a while.`);
  const main = await preview(current.original ? settings : { ...settings, original: true }, row, signal);
  const image = await decoded(main.picture), first = current.original ?? (await decoded(main.original));
  if (!fresh()) return;
  current.original = first;
  const sides = [{ result: main, image, row }];
  present(sides);
  if (!rival()) return;
  const other = await preview(rivalSettings(main.bpp, WITHIN), rival(), signal);
  sides.push({ result: other, image: await decoded(other.picture), row: rival() });
  if (fresh()) present(sides);
}

async function restore(signal, fresh) {
  const answer = await askAbout("restore", {}, current, false, signal);
  const blob = await answer.blob(), image = await createImageBitmap(blob);
  if (!fresh()) return;
  const quality = answer.headers.get("x-latentpress-quality"), origin = answer.headers.get("x-latentpress-origin");
  results = { restored: blob };
  view.show({ image: current.before ?? image, label: "Your JPEG" }, { image, label: "Cleaned up" });
  $("size").textContent = `JPEG quality ${quality}`;
  $("change").textContent = "";
  $("ratio").textContent = origin === "file" ? "as the file's own tables say" : "as the pixels show: it was saved again";
  $("head").hidden = true;
  $("rows").replaceChildren();
  $("about").textContent = "";
  offerSaving();
  tell("");
}

function busy(on) {
  document.body.classList.toggle("busy", on);
  $("results").setAttribute("aria-busy", on);
  if (on) for (const id of ["save", "save-other"]) $(id).disabled = true;
  else offerSaving();
}

function tell(text, error = false) {
  $("message").hidden = !text;
  $("message").textContent = text;
  $("message").classList.toggle("error", error);
}

function complain(error) {
  tell(error instanceof TypeError ? "The service does not answer. Is it still running?" : sentence(error.message), true);
}

/* What came of it */

function present(sides) {
  const [{ result: main, image, row }, other] = sides;
  results = { sides };
  $("size").textContent = bytes(main.bytes);
  $("change").textContent = current.restored ? "" : change(main.bytes, current.file.size);
  $("ratio").textContent = `${decimals(main.ratio, 1)} times smaller than raw`;
  const told = [main.note && `Shown and measured with ${main.note}. A saved .lpx file keeps all of it.`, ...sides.map((side) => side.result.quicker && `To be quick: ${side.result.quicker}.`)];
  $("about").textContent = told.filter(Boolean).join(" ");
  $("head").hidden = !other;
  $("head-main").textContent = row.name;
  $("head-other").textContent = other ? other.row.name : "";
  $("head-main").title = main.codec;
  $("head-other").title = other ? other.result.codec : "";
  $("rows").replaceChildren(...ROWS.slice(other ? 0 : 1).map(([name, text, merit]) => {
    const line = document.createElement("tr");
    line.append(cell("th", name), ...sides.map((side) => cell("td", text(side.result))));
    line.firstChild.scope = "row";
    if (other && merit && merit(main) !== merit(other.result)) line.children[merit(main) > merit(other.result) ? 1 : 2].className = "best";
    return line;
  }));
  const label = (side) => `${side.row.name} · ${bytes(side.result.bytes)}`;
  view.show(other ? { image: other.image, label: label(other) } : { image: current.original, label: "Original" }, { image, label: label(sides[0]) });
  offerSaving();
  tell("");
}

function cell(kind, text) {
  return Object.assign(document.createElement(kind), { textContent: text });
}

function showMode(state) {
  $("difference").setAttribute("aria-pressed", state.mode === "difference");
}

function showPicture() {
  $("drop").hidden = true;
  $("viewer").hidden = false;
  $("task-field").hidden = !current.jpeg;
  $("clear-region").disabled = !current.mask;
  $("pictures").hidden = pictures.length < 2;
  $("pictures").replaceChildren(...pictures.map((picture) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: picture.name, title: picture.name });
    button.setAttribute("aria-pressed", picture === current);
    button.addEventListener("click", () => choose(picture));
    return button;
  }));
  const first = current.before ?? current.original;
  $("name").replaceChildren(current.name, cell("small", [first && `${first.width} × ${first.height}`, bytes(current.file.size)].filter(Boolean).join(", ")));
  offerSaving();
}

/* Pictures that come in */

async function choose(picture) {
  if (running) running.abort();
  running = results = null;
  current = picture;
  view.set({ zoom: 0, x: 0.5, y: 0.5 });
  view.setMask(picture.brush ?? null);
  showPicture();
  // The browser shows what it can at once; the service's own reading takes its place when it comes.
  if (picture.before) view.show({ image: picture.before, label: "Original" }, { image: picture.before, label: "Original" });
  const fine = await update();
  if (current === picture && fine) showPicture();
  return fine;
}

async function read(file) {
  const magic = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const starts = (bytes) => bytes.every((byte, i) => magic[i] === byte);
  const name = file.name || "pasted picture";
  if (starts(LPX_MAGIC)) {
    const blob = await (await ask("decompress", { method: "POST", body: file })).blob();
    return { name: `${name}, restored`, file: blob, restored: true };
  }
  const before = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => null);
  return { name, file, jpeg: starts(JPEG_MAGIC), before };
}

async function open(files) {
  const shown = current, added = [];
  if (files.length && !shown) tell("Reading the picture …");
  for (const file of files) await read(file).then((picture) => added.push(picture), complain);
  if (!added.length) return;
  pictures.push(...added);
  if ((await choose(added[0])) !== false) return;
  // What is no picture does not take the place of one.
  const reason = $("message").textContent, rest = pictures.filter((picture) => picture !== added[0]);
  pictures.splice(0, pictures.length, ...rest);
  current = null;
  if (rest.length) await choose(rest.includes(shown) ? shown : rest[0]);
  else ($("viewer").hidden = true), ($("drop").hidden = false);
  tell(reason, true);
}

/* A file that the service hands out, shown while it arrives. */
async function follow(name) {
  tell("Reading the picture …");
  const file = await arriving(`files/${encodeURIComponent(name)}`, ask, async (picture, had, all) => {
    const image = await createImageBitmap(picture);
    $("drop").hidden = true;
    $("viewer").hidden = false;
    view.show({ image, label: "Arriving" }, { image, label: `${bytes(had)} of ${bytes(all)}` });
  });
  await open([new File([file], name)]);
}

/* The region of interest as it was painted: white where it matters, on black. */
function paint(brush) {
  const picture = current, { width, height } = brush, sheet = new OffscreenCanvas(width, height), context = sheet.getContext("2d");
  context.drawImage(brush, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  $("clear-region").disabled = false;
  sheet.convertToBlob().then((mask) => { Object.assign(picture, { brush, mask }); later(); });
}

/* Saving */

const stem = (name) => name.replace(/, restored$/, "").replace(/\.[^.]*$/, "") || "picture";

function offerSaving() {
  const [main, other] = results?.sides ?? [];
  const word = (side) => `Save ${side.row.own ? ".lpx" : side.result.suffix} file`;
  $("save").textContent = results?.restored ? "Save as PNG" : main?.result.suffix ? word(main) : "Save .lpx file";
  $("save").disabled = !results || Boolean(main && !main.result.suffix);
  $("save-other").hidden = !other || !other.result.suffix;
  if (other) $("save-other").textContent = `Save the other side (${other.result.suffix})`;
  $("save-other").disabled = false;
  $("save-all").hidden = pictures.length < 2 || restoring();
  if (!saving) $("save-all").textContent = `Save all ${pictures.length} as ZIP`;
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const inside = (result) => new Blob([Uint8Array.from(atob(result.file), (letter) => letter.charCodeAt(0))]);

/* The file of a picture. Files of our own are made of all that the picture has: depth, alpha, metadata. */
async function fileOf(picture, row, settings, result) {
  const suffix = row.own ? ".lpx" : row.suffix, name = `${stem(picture.name)}${suffix}`;
  if (row.own) return { name, blob: await (await askAbout("compress", settings, picture, row.regions)).blob() };
  if (!result) result = await (await askAbout("preview", settings, picture, row.regions)).json();
  return { name, blob: inside(result) };
}

async function saveSide(side) {
  const { result, row } = side, main = side === results.sides[0];
  const settings = main ? mainSettings() : { codec: row.id };
  for (const goal of ["bpp", "size"]) delete settings[goal];
  if (!row.lossless) settings.quality = result.quality;
  const { blob, name } = await fileOf(current, row, settings, result);
  download(blob, name);
}

async function save(button, action) {
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    complain(error);
  } finally {
    button.disabled = false;
  }
}

async function saveAll() {
  const row = coder(), settings = mainSettings(), files = [], failed = [];
  saving = true;
  for (const [index, picture] of pictures.entries()) {
    $("save-all").textContent = `${index + 1} of ${pictures.length} …`;
    try {
      files.push(await fileOf(picture, row, settings));
    } catch (error) {
      failed.push(`${picture.name}: ${error.message}`);
    }
  }
  saving = false;
  offerSaving();
  if (files.length) download(await zip(files), "pictures.zip");
  if (failed.length) tell(`Left out: ${failed.join("; ")}.`, true);
}

async function start() {
  $("file").addEventListener("change", () => { const files = [...$("file").files]; $("file").value = ""; open(files); });
  $("save").addEventListener("click", () => save($("save"), async () => (results.restored ? download(results.restored, `${stem(current.name)}.png`) : saveSide(results.sides[0]))));
  $("save-other").addEventListener("click", () => save($("save-other"), () => saveSide(results.sides[1])));
  $("save-all").addEventListener("click", () => save($("save-all"), saveAll));
  for (const choice of document.querySelectorAll("input[name=task]")) choice.addEventListener("change", update);
  $("difference").addEventListener("click", () => { view.set({ mode: view.state().mode === "slider" ? "difference" : "slider" }); showMode(view.state()); });
  $("zoom-in").addEventListener("click", () => view.zoomBy(2));
  $("zoom-out").addEventListener("click", () => view.zoomBy(0.5));
  $("zoom-fit").addEventListener("click", () => view.set({ zoom: 0 }));
  $("zoom-one").addEventListener("click", () => view.zoomBy(1 / (view.scale() * (globalThis.devicePixelRatio || 1))));
  $("brush").addEventListener("click", () => { const on = $("brush").getAttribute("aria-pressed") !== "true"; $("brush").setAttribute("aria-pressed", on); view.brush(on); });
  $("clear-region").addEventListener("click", () => { current.mask = current.brush = null; view.setMask(null); $("clear-region").disabled = true; update(); });
  let depth = 0; // dragenter and dragleave come for each element that is passed
  addEventListener("dragenter", () => document.body.classList.toggle("dragging", ++depth > 0));
  addEventListener("dragleave", () => document.body.classList.toggle("dragging", --depth > 0));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", (depth = 0));
    open([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => open([...event.clipboardData.files]));
  const name = new URLSearchParams(location.search).get("file");
  if (name) follow(name).catch(complain);
  try {
    const [list, health] = await Promise.all([ask("codecs"), ask("health")].map((answer) => answer.then((a) => a.json())));
    $("version").textContent = `LatentPress ${health.version}.`;
    $("limits").textContent = `Up to ${round(health.max_upload / 1e6)} MB and ${Math.round(health.max_pixels / 1e6)} megapixels; --max-upload and --max-pixels of the service raise that.`;
    begin(list.preview, { onlater: later, onnow: update });
    ready = true;
    update();
  } catch (error) {
    complain(error);
  }
}

start();

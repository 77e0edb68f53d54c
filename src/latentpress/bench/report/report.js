/* The page: its state, which is also in the address, and everything but the pictures. */
(function () {
  const { make, svg, mark, format, table, choice, options } = LatentPress;
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const PUBLISHED = "published: ";
  const state = {
    metric: "psnr", curves: "", off: [], time: "decode",
    picture: "", target: "", left: "", right: "",
    split: 0.5, zoom: 0, x: 0.5, y: 0.5, mode: "slider", gain: 8,
  };
  const usual = {};
  const round = (value) => Number(value.toFixed(4));

  /* The address holds what differs from the usual. */
  function write() {
    const kept = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      const plain = Array.isArray(value) ? JSON.stringify(value) : typeof value === "number" ? String(round(value)) : value;
      const same = Array.isArray(value) ? JSON.stringify(usual[key]) : typeof value === "number" ? String(round(usual[key])) : usual[key];
      if (plain !== same) kept.set(key, plain);
    }
    const hash = kept.toString();
    if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  let pending = 0;
  function changed() {
    clearTimeout(pending);
    pending = setTimeout(write, 150); // browsers limit how often the address may change
  }

  /* Read the address; what it does not say, or says wrongly, is as usual. */
  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    Object.assign(state, structuredClone(usual));
    for (const [key, value] of given) {
      if (!(key in usual)) continue;
      if (typeof usual[key] === "number") {
        if (Number.isFinite(Number(value))) state[key] = Number(value);
      } else if (Array.isArray(usual[key])) {
        try {
          const list = JSON.parse(value);
          if (Array.isArray(list)) state[key] = list.map(String);
        } catch { /* a damaged link */ }
      } else state[key] = value;
    }
    if (!["slider", "difference"].includes(state.mode)) state.mode = "slider";
    if (![1, 2, 4, 8, 16, 32].includes(state.gain)) state.gain = 8;
    if (!["encode", "decode"].includes(state.time)) state.time = "decode";
    state.split = Math.min(Math.max(state.split, 0), 1);
    state.zoom = Math.min(Math.max(state.zoom, 0), 32);
    if (data.curves && !data.curves[state.curves]) state.curves = "";
    if (data.metrics && !data.metrics.some(({ id }) => id === state.metric)) state.metric = data.metrics.length ? data.metrics[0].id : "psnr";
    return ["picture", "target", "left", "right", "zoom", "mode", "split"].some((key) => given.has(key));
  }

  const lossy = () => data.table.filter((row) => !row.lossless).map((row) => row.coder);
  const COLOURS = 12;
  const colour = (place) => `var(--c${place % COLOURS})`;
  const outline = (place) => place + Math.floor(place / COLOURS); // of one colour, each has another
  const metricName = () => (data.metrics.find(({ id }) => id === state.metric) || { name: "PSNR" }).name;
  const column = () => (state.metric === "psnr" ? 2 : 3);

  let rdPlot = null, timePlot = null;

  function series() {
    const found = lossy().map((id, place) => ({
      name: id, colour: colour(place), mark: outline(place), strong: "latentpress" in data.coders[id].versions,
      points: (data.curves[state.curves][id] || []).filter((row) => row[1] > 0 && row[column()] !== null).map((row) => ({
        x: row[1], y: row[column()],
        text: [`${format.number(row[1], 3)} bpp`, `${format.number(row[column()], 2)} dB ${metricName()}`, `${data.coders[id].quality} ${row[0]}`],
      })).sort((a, b) => a.x - b.x),
    }));
    if (state.curves === "" && state.metric === "psnr") {
      // Far beyond what was measured here they would only squeeze the rest.
      const rates = found.flatMap(({ points }) => points.map(({ x }) => x));
      const [low, high] = rates.length ? [Math.min(...rates) / 1.25, Math.max(...rates) * 1.25] : [0, Infinity];
      for (const curve of data.published) {
        found.push({
          name: PUBLISHED + curve.name, colour: colour(found.length), dashed: true,
          points: curve.points.filter(([bpp]) => bpp > low && bpp < high).map(([bpp, psnr]) => ({
            x: bpp, y: psnr, text: [`${format.number(bpp, 3)} bpp`, `${format.number(psnr, 2)} dB PSNR`],
          })).sort((a, b) => a.x - b.x),
        });
      }
    }
    return found;
  }

  function drawCurves() {
    const all = series(), visible = all.filter(({ name }) => !state.off.includes(name));
    const where = state.curves === "" ? `mean of ${Object.keys(data.curves).length - 1} pictures` : state.curves;
    rdPlot.draw({ title: `${metricName()} over rate, ${where}`, x: { label: "Rate, bits per pixel", log: true }, y: { label: `${metricName()}, dB` }, series: visible });
    drawLegend(all);
    const rows = visible.filter(({ dashed }) => !dashed).flatMap(({ name }) => (data.curves[state.curves][name] || []).map((row) => ({ name, row })));
    const digits = [null, 4, 3, 3];
    table(find("values"), [
      { name: "Coder", words: true, value: ({ name }) => name, show: ({ name }) => name },
      { name: "Quality", value: ({ row }) => row[0], show: ({ row }) => String(row[0]) },
      ...["bpp", "PSNR dB", "MS-SSIM dB"].map((name, index) => ({ name, value: ({ row }) => row[index + 1], show: ({ row }) => format.number(row[index + 1], digits[index + 1]) })),
    ], rows, { caption: where });
  }

  function drawLegend(all) {
    const legend = find("legend");
    for (const old of legend.querySelectorAll("label")) old.remove();
    const entry = (name, shown, names, { colour, dashed, mark: number }, className) => {
      const on = names.every((one) => !state.off.includes(one));
      const box = make("input", { type: "checkbox", checked: on, value: name });
      box.addEventListener("change", () => {
        state.off = [...state.off.filter((one) => !names.includes(one)), ...(box.checked ? [] : names)];
        drawBenchmark();
        changed();
        [...legend.querySelectorAll("input")].find((input) => input.value === name).focus();
      });
      let swatch = null;
      if (colour) {
        swatch = svg("svg", { class: dashed ? "swatch dashed" : "swatch", viewBox: "0 0 26 12", "aria-hidden": "true" });
        swatch.style.color = colour;
        svg("path", { d: "M0,6H26" }, swatch);
        if (!dashed) svg("path", { d: mark(number), transform: "translate(13,6) scale(1.15)", class: "mark" }, swatch);
      }
      legend.append(make("label", { className }, box, swatch, make("span", { textContent: shown })));
    };
    const own = all.filter(({ dashed }) => !dashed), published = all.filter(({ dashed }) => dashed);
    if (own.length > 2) entry("all measured", "All measured", own.map(({ name }) => name), {}, "group");
    for (const one of own) entry(one.name, one.name, [one.name], one, "");
    if (published.length) entry("all published", "Published curves", published.map(({ name }) => name), {}, "group");
    for (const one of published) entry(one.name, one.name.slice(PUBLISHED.length), [one.name], one, "");
    find("published-about").hidden = !published.length;
  }

  function drawTable() {
    const published = data.published.filter(({ bd }) => bd.psnr).map(({ name, bd }) => ({ coder: name, bd, encode: null, decode: null, published: true }));
    const rows = [...data.table.filter((row) => !row.lossless), ...published];
    const bd = (row, metric, kind) => (row.bd[metric] ? row.bd[metric][kind] : null);
    const columns = [{ name: "Coder", words: true, value: (row) => row.coder, show: (row) => (row.published ? make("em", { textContent: `${row.coder} (published)` }) : row.coder) }];
    for (const { id, name } of data.metrics) {
      columns.push(
        { name: `${name}, mean curve`, title: "BD-rate of the curve averaged over the pictures", value: (row) => bd(row, id, "curve"), show: (row) => format.percent(bd(row, id, "curve")) },
        { name: `${name}, mean of pictures`, title: "Mean of the BD-rates of each picture", value: (row) => bd(row, id, "pictures"), show: (row) => format.percent(bd(row, id, "pictures")) },
        ...(data.window && id === "psnr" ? [{ name: `${name}, ${data.window[0]}–${data.window[1]} dB`, title: "BD-rate of the averaged curve over a fixed range of quality", value: (row) => bd(row, id, "window"), show: (row) => format.percent(bd(row, id, "window")) }] : []),
      );
    }
    if (rows.some((row) => row.encode !== null || row.decode !== null)) {
      columns.push(
        { name: "Encode s/MP", title: "Seconds a megapixel, median, at about 0.5 bpp", value: (row) => row.encode, show: (row) => format.seconds(row.encode) },
        { name: "Decode s/MP", title: "Seconds a megapixel, median, at about 0.5 bpp", value: (row) => row.decode, show: (row) => format.seconds(row.decode) },
      );
    }
    for (const id of ["bd-about", "bd-table", "bd-warnings"]) find(id).hidden = !data.anchor;
    find("bd-about").replaceChildren("Bytes needed for the same quality, against ", make("strong", { textContent: data.anchor }), ": −20 % means a file a fifth smaller. Averaged over the range of quality that both curves cover (Bjøntegaard, piecewise cubic). Headings sort.");
    table(find("bd-table"), columns, rows, { caption: "BD-rate", sort: 1, marked: (row) => row.coder === data.anchor });
    find("bd-warnings").replaceChildren(...rows.flatMap((row) => data.metrics.flatMap(({ id, name }) => (row.bd[id] ? row.bd[id].warnings : []).map((warning) => make("li", { textContent: `${row.coder}, ${name}: ${warning}` })))));
    const lossless = data.table.filter((row) => row.lossless);
    find("lossless-part").hidden = !lossless.length;
    if (lossless.length) {
      table(find("lossless-table"), [
        { name: "Coder", words: true, value: (row) => row.coder, show: (row) => row.coder },
        { name: "Mean bpp", value: (row) => row.bpp, show: (row) => format.number(row.bpp, 3) },
        { name: "Encode s/MP", value: (row) => row.encode, show: (row) => format.seconds(row.encode) },
        { name: "Decode s/MP", value: (row) => row.decode, show: (row) => format.seconds(row.decode) },
      ], lossless, { caption: "Bits per pixel, every sample kept", sort: 1 });
    }
  }

  function drawTimes() {
    const ids = lossy();
    const rows = data.table.filter((row) => !row.lossless && row[state.time] > 0 && row.bd[state.metric] && row.bd[state.metric].curve !== null && !state.off.includes(row.coder));
    find("time-part").hidden = !data.table.some((row) => !row.lossless && row[state.time] > 0);
    timePlot.draw({
      title: `BD-rate over time to ${state.time}`, labels: true,
      x: { label: `Seconds to ${state.time} a megapixel`, log: true }, y: { label: `BD-rate in ${metricName()}, %` },
      series: rows.map((row) => ({
        name: row.coder, colour: colour(ids.indexOf(row.coder)), mark: outline(ids.indexOf(row.coder)), line: false,
        points: [{ x: row[state.time], y: row.bd[state.metric].curve, text: [`BD-rate ${format.percent(row.bd[state.metric].curve)}`, `encode ${format.seconds(row.encode)} s/MP`, `decode ${format.seconds(row.decode)} s/MP`] }],
      })),
    });
  }

  function drawRun() {
    const plain = (value) => (value !== null && typeof value === "object" ? Object.entries(value).map(([key, inner]) => `${key}: ${plain(inner)}`).join(", ") : String(value));
    const rows = Object.entries(data.coders).map(([id, { settings, versions }]) => ({ id, settings: plain(settings), versions: plain(versions) }));
    for (const [id, reason] of Object.entries(data.missing)) rows.push({ id, settings: `not measured: ${reason}`, versions: "" });
    table(find("run-table"), ["id", "settings", "versions"].map((key) => ({ name: { id: "Coder", settings: "Settings", versions: "Versions" }[key], words: true, value: (row) => row[key], show: (row) => row[key] })), rows, { caption: plain(data.versions) });
    find("errors").hidden = !data.errors.length;
    find("errors").querySelector("summary").textContent = `${data.errors.length} points failed`;
    table(find("errors").querySelector("div"), ["coder", "picture", "quality", "error"].map((key) => ({ name: key, words: true, value: (row) => row[key], show: (row) => String(row[key]) })), data.errors);
  }

  function drawChoices() {
    choice(find("metric"), data.metrics, state.metric, (metric) => { state.metric = metric; drawBenchmark(); changed(); });
    choice(find("time-of"), [{ id: "encode", name: "encode" }, { id: "decode", name: "decode" }], state.time, (time) => { state.time = time; drawTimes(); changed(); });
    options(find("curves-of"), Object.keys(data.curves).map((id) => ({ id, name: id || "all pictures, mean" })), state.curves);
  }

  function drawBenchmark() {
    drawCurves();
    drawTimes();
  }

  /* Start. */
  const shownHere = data.pictures.length > 0 && data.pictures.some(({ shown }) => Object.keys(shown).length);
  const pictures = shownHere ? LatentPress.pictures(data, state, changed) : null;
  Object.assign(usual, structuredClone(state));
  const wanted = read();
  find("pictures").hidden = !shownHere;
  if (data.kind === "benchmark") {
    const { cpu, cores, system } = data.machine;
    find("about").textContent = `${Object.keys(data.curves).length - 1} pictures, ${Object.keys(data.coders).length} coders. Measured ${data.date.slice(0, 10)} on ${cpu}, ${cores} cores, ${system}.`;
    for (const id of ["bd", "run"]) find(id).hidden = false;
    find("curves").hidden = !lossy().length;
    rdPlot = LatentPress.plot(find("rd-plot"));
    timePlot = LatentPress.plot(find("time-plot"));
    find("published-sources").hidden = !data.published.length;
    find("published-sources").querySelector("ul").replaceChildren(...data.published.map(({ name, source }) => make("li", { textContent: `${name}: ${source}` })));
    find("curves-of").addEventListener("change", (event) => { state.curves = event.target.value; drawCurves(); changed(); });
    drawChoices();
    drawTable();
    drawRun();
    drawBenchmark();
  } else {
    const [{ width, height }] = data.pictures;
    find("about").textContent = `${width} × ${height} pixels; ${Object.keys(data.coders).length} versions beside the reference.`;
  }
  if (pictures) pictures.show();
  if (wanted && data.kind === "benchmark") find("pictures").scrollIntoView();
  addEventListener("hashchange", () => {
    read();
    if (data.kind === "benchmark") { drawChoices(); drawBenchmark(); }
    if (pictures) pictures.show();
  });
})();

/* An element of SVG. */
LatentPress.svg = function (name, attributes, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
};

/* The outline of a mark about the origin: colours alone do not tell curves apart for everyone. */
LatentPress.mark = function (number) {
  const outlines = [
    "M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0", "M-3.2,-3.2h6.4v6.4h-6.4z", "M0,-4.4L4,3h-8z", "M0,-4.6L4.6,0L0,4.6L-4.6,0z",
    "M0,4.4L4,-3h-8z", "M-4,-1.4h2.6v-2.6h2.8v2.6h2.6v2.8h-2.6v2.6h-2.8v-2.6h-2.6z",
  ];
  return outlines[number % outlines.length];
};

/* Curves and points in SVG, with values on hover, touch and by keyboard.

   const plot = LatentPress.plot(element);
   plot.draw({title, x: {label, log, format}, y: {label, log, format}, series, labels});
   series: [{name, colour, dashed, line, strong, points: [{x, y, text}]}]; labels: write names beside single points. */
LatentPress.plot = function (host) {
  const { svg: make, mark } = LatentPress;
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  const spoken = document.createElement("div");
  spoken.className = "unseen";
  spoken.setAttribute("aria-live", "polite");
  let spec = null, placed = [], current = null, ring = null, svg = null;

  host.classList.add("lp-plot");

  function text(content, attributes, parent) {
    const made = make("text", attributes, parent);
    made.textContent = content;
    return made;
  }

  /* Ticks and a map from values to 0..1 with a little room at both ends. */
  function axis(values, log) {
    let low = Math.min(...values), high = Math.max(...values);
    if (!Number.isFinite(low)) [low, high] = log ? [0.1, 1] : [0, 1];
    if (log) {
      [low, high] = [low / 1.12, high * 1.12];
      const steps = Math.log10(high / low) > 2.2 ? [1] : Math.log10(high / low) > 1.6 ? [1, 3] : [1, 2, 5];
      const ticks = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
        for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(1)));
      return { ticks: ticks.filter((tick) => tick >= low && tick <= high), at: (value) => Math.log(value / low) / Math.log(high / low) };
    }
    const room = (high - low || 1) * 0.05;
    [low, high] = [low - room, high + room];
    const rough = (high - low) / 8, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(Number(tick.toPrecision(10)));
    return { ticks, at: (value) => (value - low) / (high - low) };
  }

  function draw(next) {
    if (next) spec = next;
    if (!spec) return;
    const width = Math.max(host.clientWidth, 240);
    const height = Math.round(Math.min(Math.max(width * 0.62, 260), 480));
    const edge = { left: 58, right: 14, top: 14, bottom: 46 };
    const all = spec.series.flatMap((series) => series.points);
    const x = axis(all.map((point) => point.x), spec.x.log), y = axis(all.map((point) => point.y), spec.y.log);
    const px = (value) => edge.left + x.at(value) * (width - edge.left - edge.right);
    const py = (value) => height - edge.bottom - y.at(value) * (height - edge.top - edge.bottom);
    const focused = document.activeElement === svg;
    svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, tabindex: 0, role: "application", "aria-roledescription": "plot", "aria-label": `${spec.title}. Arrow keys walk along the points.` });
    const grid = make("g", { class: "grid" }, svg);
    for (const tick of x.ticks) {
      make("line", { x1: px(tick), x2: px(tick), y1: edge.top, y2: height - edge.bottom }, grid);
      text(String(tick), { x: px(tick), y: height - edge.bottom + 17, "text-anchor": "middle" }, grid);
    }
    for (const tick of y.ticks) {
      make("line", { x1: edge.left, x2: width - edge.right, y1: py(tick), y2: py(tick) }, grid);
      text(String(tick).replace("-", "−"), { x: edge.left - 7, y: py(tick) + 4, "text-anchor": "end" }, grid);
    }
    text(spec.x.label, { x: (edge.left + width - edge.right) / 2, y: height - 8, "text-anchor": "middle", class: "axis" }, svg);
    text(spec.y.label, { x: -(edge.top + height - edge.bottom) / 2, y: 14, transform: "rotate(-90)", "text-anchor": "middle", class: "axis" }, svg);
    placed = [];
    spec.series.forEach((series, index) => {
      const points = series.points.map((point) => ({ ...point, px: px(point.x), py: py(point.y), series: index }));
      const group = make("g", { class: `series${series.dashed ? " dashed" : ""}${series.strong ? " strong" : ""}` }, svg);
      group.style.color = series.colour;
      if (series.line !== false && points.length > 1)
        make("path", { d: "M" + points.map((p) => `${p.px.toFixed(1)},${p.py.toFixed(1)}`).join("L"), class: "line" }, group);
      if (!series.dashed) for (const p of points) make("path", { d: mark(series.mark || 0), transform: `translate(${p.px.toFixed(1)},${p.py.toFixed(1)})${spec.labels ? " scale(1.5)" : ""}`, class: "mark" }, group);
      placed.push(points);
    });
    if (spec.labels) label(width, height);
    ring = make("circle", { r: 8, class: "ring", visibility: "hidden" }, svg);
    host.replaceChildren(svg, tip, spoken);
    tip.hidden = true;
    current = null;
    svg.addEventListener("pointermove", hover);
    svg.addEventListener("pointerdown", hover);
    svg.addEventListener("pointerleave", () => point(null));
    svg.addEventListener("blur", () => point(null));
    svg.addEventListener("keydown", walk);
    if (focused) svg.focus();
  }

  /* Names beside points, each on the first side where it covers no other name or point. */
  function label(width, height) {
    const taken = placed.flat().map((p) => [p.px - 6, p.py - 6, p.px + 6, p.py + 6]);
    placed.forEach((points, index) => {
      const p = points[0];
      if (!p) return;
      const wide = spec.series[index].name.length * 7, sides = [[9, 4], [-9 - wide, 4], [-wide / 2, -10], [-wide / 2, 20], [9, -10], [9, 18]];
      const boxes = sides.map(([dx, dy]) => [p.px + dx, p.py + dy - 11, p.px + dx + wide, p.py + dy + 3]);
      const free = (box) => box[0] > 50 && box[2] < width - 4 && box[1] > 0 && box[3] < height - 46 &&
        taken.every((other) => box[2] < other[0] || other[2] < box[0] || box[3] < other[1] || other[3] < box[1]);
      const box = boxes.find(free);
      if (!box) return; // its values still show on hover
      taken.push(box);
      text(spec.series[index].name, { x: box[0], y: box[3] - 3, class: "name" }, svg);
    });
  }

  function hover(event) {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    let best = null, nearest = 30;
    for (const p of placed.flat()) {
      const far = Math.hypot(p.px - x, p.py - y);
      if (far < nearest) [best, nearest] = [p, far];
    }
    point(best);
  }

  /* Show one point's values, or none. */
  function point(p) {
    if (p === current) return;
    current = p;
    tip.hidden = !p;
    ring.setAttribute("visibility", p ? "visible" : "hidden");
    if (!p) return;
    ring.setAttribute("cx", p.px);
    ring.setAttribute("cy", p.py);
    const name = document.createElement("strong");
    name.textContent = spec.series[p.series].name;
    const lines = p.text.map((line) => Object.assign(document.createElement("div"), { textContent: line }));
    tip.replaceChildren(name, ...lines);
    tip.style.setProperty("border-color", spec.series[p.series].colour);
    const right = p.px > host.clientWidth / 2;
    tip.style.left = right ? "auto" : `${p.px + 14}px`;
    tip.style.right = right ? `${host.clientWidth - p.px + 14}px` : "auto";
    tip.style.top = `${Math.max(p.py - 20, 0)}px`;
  }

  function walk(event) {
    const series = placed.map((points, index) => [points, index]).filter(([points]) => points.length);
    if (!series.length || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    let row = current ? series.findIndex(([, index]) => index === current.series) : 0;
    let column = current ? placed[current.series].indexOf(current) : 0;
    if (current) {
      if (event.key === "ArrowRight") column += 1;
      if (event.key === "ArrowLeft") column -= 1;
      if (event.key === "ArrowDown") row += 1;
      if (event.key === "ArrowUp") row -= 1;
    }
    row = (row + series.length) % series.length;
    const points = series[row][0];
    point(points[Math.min(Math.max(column, 0), points.length - 1)]);
    spoken.textContent = [spec.series[current.series].name, ...current.text].join(", ");
  }

  new ResizeObserver(() => { if (svg && Math.abs(svg.viewBox.baseVal.width - Math.max(host.clientWidth, 240)) > 1) draw(); }).observe(host);
  return { draw };
};

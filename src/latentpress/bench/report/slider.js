/* Two pictures in one frame: a divider between them, or their difference, with zoom. Needs slider.css and nothing else.

   const view = LatentPress.slider(element, {onchange(state) {}, onkey(key) {}});
   view.show({image, label}, {image, label});   images: anything a canvas draws, of one size (ImageBitmap, <img>)
   view.set({split, zoom, x, y, mode, gain});   any of them
   view.zoomBy(2);  view.state();  view.destroy();
   view.brush(true);  view.setMask(canvas or null);   paint over the picture; while it is on, what was painted lies over both sides

   state: split 0..1 of the frame; zoom in screen pixels a picture pixel, 0 for the whole picture; x, y 0..1, the place in
   the picture at the middle of the frame; mode "slider" or "difference"; gain of the difference.
   onchange is called when the user changes the state, onkey for keys that the slider does not know, onpaint with a canvas
   of the picture's shape, transparent where nothing was painted, after each stroke. */
var LatentPress = globalThis.LatentPress || {};
globalThis.LatentPress = LatentPress;

LatentPress.slider = function (frame, options = {}) {
  const MAX_ZOOM = 32, GRIP = 32, BRUSH = 24, MASK_SIDE = 1024;
  const canvas = document.createElement("canvas");
  const divider = element("div", "lp-divider");
  const badges = [element("div", "lp-label left"), element("div", "lp-label right")];
  const state = { split: 0.5, zoom: 0, x: 0.5, y: 0.5, mode: "slider", gain: 8 };
  const pointers = new Map();
  let sides = null, difference = null, drag = null, pinch = 0, scrolled = 0, waiting = 0;
  let painting = false, mask = null;

  frame.classList.add("lp-slider");
  frame.tabIndex = 0;
  frame.setAttribute("role", "slider");
  frame.setAttribute("aria-valuemin", "0");
  frame.setAttribute("aria-valuemax", "100");
  canvas.setAttribute("aria-hidden", "true");
  frame.replaceChildren(canvas, divider, ...badges);

  function element(name, className) {
    const made = document.createElement(name);
    made.className = className;
    made.setAttribute("aria-hidden", "true");
    return made;
  }

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const width = () => frame.clientWidth || 1;
  const height = () => frame.clientHeight || 1;
  const pictureWidth = () => sides[0].image.width;
  const pictureHeight = () => sides[0].image.height;
  const fitZoom = () => Math.min(width() / pictureWidth(), height() / pictureHeight());
  const scale = () => state.zoom || fitZoom();

  /* Where the picture's corner lies in the frame; the middle of the view is kept inside the picture. */
  function origin() {
    const axis = (middle, frameSize, size) =>
      size <= frameSize ? (frameSize - size) / 2 : clamp(frameSize / 2 - middle * size, frameSize - size, 0);
    return [axis(state.x, width(), pictureWidth() * scale()), axis(state.y, height(), pictureHeight() * scale())];
  }

  const canPan = () => Boolean(sides) &&
    (pictureWidth() * scale() > width() + 1 || pictureHeight() * scale() > height() + 1);

  /* The frame takes the picture's shape, as large as the page allows. Enlarged pixels get a whole number of screen pixels,
     so that all look alike. */
  function resize() {
    if (!sides || !frame.parentElement) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const wide = frame.parentElement.clientWidth, tall = 0.85 * globalThis.innerHeight;
    const fit = Math.min(wide / pictureWidth(), tall / pictureHeight());
    const whole = Math.floor(fit * ratio) / ratio;
    const zoom = whole >= 1 || whole > 0.85 * fit ? whole : fit;
    frame.style.width = `${Math.max(Math.round(pictureWidth() * zoom), Math.min(wide, 240))}px`;
    frame.style.height = `${Math.max(Math.round(pictureHeight() * zoom), 160)}px`;
    redraw();
  }

  function redraw() {
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; draw(); });
  }

  function draw() {
    if (!sides) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const [w, h] = [Math.round(width() * ratio), Math.round(height() * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    const zoom = scale() * ratio, [left, top] = origin();
    const paint = (image) => {
      context.setTransform(zoom, 0, 0, zoom, Math.round(left * ratio), Math.round(top * ratio));
      // Enlarged pixels stay pixels, unless the whole picture is shown at a size where some would be wider than others.
      context.imageSmoothingEnabled = zoom < 1 || (!state.zoom && Math.abs(zoom - Math.round(zoom)) > 0.02 && zoom < 4);
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0);
      context.setTransform(1, 0, 0, 1, 0, 0);
    };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
    const split = state.mode === "slider";
    if (split) {
      const edge = Math.round(state.split * w);
      paint(sides[1].image);
      context.save();
      context.beginPath();
      context.rect(0, 0, edge, h);
      context.clip();
      context.clearRect(0, 0, w, h);
      paint(sides[0].image);
      context.restore();
    } else {
      difference = difference || subtract(sides[0].image, sides[1].image, state.gain);
      paint(difference);
    }
    if (mask && painting) {
      context.globalAlpha = 0.45;
      context.setTransform((zoom * pictureWidth()) / mask.width, 0, 0, (zoom * pictureHeight()) / mask.height, Math.round(left * ratio), Math.round(top * ratio));
      context.drawImage(mask, 0, 0);
      context.globalAlpha = 1;
    }
    divider.hidden = badges[1].hidden = !split;
    divider.style.left = `${state.split * 100}%`;
    badges[0].textContent = split ? sides[0].label : `|${sides[0].label} − ${sides[1].label}| × ${state.gain}`;
    badges[1].textContent = sides[1].label;
    badges[0].style.maxWidth = split ? "" : "90%";
    frame.classList.toggle("can-pan", canPan());
    const percent = Math.round(state.split * 100);
    frame.setAttribute("aria-valuenow", percent);
    frame.setAttribute("aria-valuetext", split
      ? `${percent} % ${sides[0].label}, ${100 - percent} % ${sides[1].label}`
      : `difference of ${sides[0].label} and ${sides[1].label}, amplified ${state.gain} times`);
  }

  function subtract(first, second, gain) {
    const [a, b] = [first, second].map((image) => {
      const sheet = new OffscreenCanvas(image.width, image.height);
      const context = sheet.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      return { sheet, context, pixels: context.getImageData(0, 0, image.width, image.height) };
    });
    const [p, q] = [a.pixels.data, b.pixels.data];
    for (let i = 0; i < p.length; i++) p[i] = (i & 3) === 3 ? 255 : Math.abs(p[i] - q[i]) * gain; // clamped by its type
    a.context.putImageData(a.pixels, 0, 0);
    return a.sheet;
  }

  /* Change the state by hand of the user. */
  function change(part) {
    set(part);
    if (options.onchange) options.onchange({ ...state });
  }

  function set(part) {
    if ("gain" in part && part.gain !== state.gain) difference = null;
    Object.assign(state, part);
    state.split = clamp(state.split, 0, 1);
    state.x = clamp(state.x, 0, 1);
    state.y = clamp(state.y, 0, 1);
    if (sides && state.zoom && state.zoom <= fitZoom() * 1.001) state.zoom = 0;
    state.zoom = Math.min(state.zoom, MAX_ZOOM);
    redraw();
  }

  /* Zoom so that the point under (px, py) of the frame stays where it is. */
  function zoomAt(factor, px, py) {
    if (!sides) return;
    const before = scale(), [left, top] = origin();
    const after = clamp(before * factor, fitZoom(), MAX_ZOOM);
    const axis = (p, corner, frameSize, size) => ((p - corner) / before * after - p + frameSize / 2) / (size * after);
    change({
      zoom: after,
      x: axis(px, left, width(), pictureWidth()),
      y: axis(py, top, height(), pictureHeight()),
    });
  }

  function pan(dx, dy) {
    const [left, top] = origin();
    change({
      x: (width() / 2 - left - dx) / (pictureWidth() * scale()),
      y: (height() / 2 - top - dy) / (pictureHeight() * scale()),
    });
  }

  /* A stroke of the brush between two places of the frame. */
  function paint(from, to) {
    const share = Math.min(1, MASK_SIDE / Math.max(pictureWidth(), pictureHeight())), [left, top] = origin();
    mask = mask || new OffscreenCanvas(Math.max(1, Math.round(pictureWidth() * share)), Math.max(1, Math.round(pictureHeight() * share)));
    const context = mask.getContext("2d"), unit = share / scale();
    Object.assign(context, { strokeStyle: "#2f7bff", lineCap: "round", lineWidth: 2 * BRUSH * unit });
    context.beginPath();
    context.moveTo((from[0] - left) * unit, (from[1] - top) * unit);
    context.lineTo((to[0] - left) * unit, (to[1] - top) * unit);
    context.stroke();
    redraw();
  }

  const place = (event) => {
    const box = frame.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function distance() {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  }

  const events = {
    pointerdown(event) {
      if (!sides || (event.pointerType === "mouse" && event.button !== 0)) return;
      frame.setPointerCapture(event.pointerId);
      const [x, y] = place(event);
      pointers.set(event.pointerId, [x, y]);
      if (pointers.size === 2) {
        pinch = distance();
        drag = null;
        return;
      }
      const near = state.mode === "slider" && Math.abs(x - state.split * width()) < GRIP;
      drag = painting ? "paint" : canPan() && !near ? "pan" : state.mode === "slider" ? "divider" : null;
      frame.classList.toggle("panning", drag === "pan");
      if (drag === "divider") change({ split: x / width() });
      if (drag === "paint") paint([x, y], [x, y]);
    },
    pointermove(event) {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = place(event);
      pointers.set(event.pointerId, now);
      if (pointers.size === 2) {
        const [a, b] = [...pointers.values()];
        const wide = distance();
        if (pinch > 0) zoomAt(wide / pinch, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
        pinch = wide;
      } else if (drag === "divider") {
        change({ split: now[0] / width() });
      } else if (drag === "paint") {
        paint(before, now);
      } else if (drag === "pan") {
        pan(now[0] - before[0], now[1] - before[1]);
      }
    },
    pointerup: release,
    pointercancel: release,
    wheel(event) {
      // A page that is being scrolled past the frame goes on scrolling, and so does one that cannot zoom out further.
      const passing = event.timeStamp - scrolled < 300 || (event.deltaY > 0 && !state.zoom);
      if (!sides || (passing && !event.ctrlKey)) return;
      event.preventDefault();
      const pixels = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
      zoomAt(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), ...place(event));
    },
    keydown(event) {
      if (!sides || event.ctrlKey || event.metaKey || event.altKey) return;
      const [dx, dy] = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] || [0, 0];
      const step = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1 }[event.key];
      const middle = [width() / 2, height() / 2];
      if (event.shiftKey && (dx || dy)) pan(dx * 40, dy * 40);
      else if (step) change({ split: state.split + step });
      else if (event.key === "Home") change({ split: 0 });
      else if (event.key === "End") change({ split: 1 });
      else if (event.key === "+" || event.key === "=") zoomAt(2, ...middle);
      else if (event.key === "-") zoomAt(0.5, ...middle);
      else if (event.key === "0") change({ zoom: 0 });
      else if (event.key === "1") zoomAt(1 / scale(), ...middle);
      else if (event.key === "d") change({ mode: state.mode === "slider" ? "difference" : "slider" });
      else if (!(options.onkey && options.onkey(event.key))) return;
      event.preventDefault();
    },
  };

  function release(event) {
    pointers.delete(event.pointerId);
    if (drag === "paint" && options.onpaint) options.onpaint(mask);
    drag = null;
    frame.classList.remove("panning");
  }

  function onscroll(event) { scrolled = event.timeStamp; }

  for (const [name, listener] of Object.entries(events)) frame.addEventListener(name, listener, { passive: false });
  globalThis.addEventListener("scroll", onscroll, { passive: true });
  const watcher = new ResizeObserver(resize);
  watcher.observe(frame.parentElement);
  globalThis.addEventListener("resize", resize);

  return {
    state: () => ({ ...state }),
    scale: () => (sides ? scale() : 0),
    set,
    brush(on) {
      painting = on;
      frame.classList.toggle("painting", on);
      redraw();
    },
    setMask(canvas) {
      mask = canvas;
      redraw();
    },
    zoomBy(factor) { zoomAt(factor, width() / 2, height() / 2); },
    show(left, right) {
      if (!sides || left.image !== sides[0].image || right.image !== sides[1].image) difference = null;
      sides = [left, right];
      resize();
      frame.setAttribute("aria-label", `Divider between ${left.label} on the left and ${right.label} on the right`);
      set({});
    },
    destroy() {
      for (const [name, listener] of Object.entries(events)) frame.removeEventListener(name, listener);
      globalThis.removeEventListener("scroll", onscroll);
      globalThis.removeEventListener("resize", resize);
      watcher.disconnect();
      frame.replaceChildren();
    },
  };
};

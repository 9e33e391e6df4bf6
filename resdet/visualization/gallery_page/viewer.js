// One image, large: every pane with its boxes and their list; zoom and marked object are shared.
"use strict";

function makeViewer(data, { move, close }) {
  const { element, icon } = Draw;
  const dialog = document.getElementById("viewer");
  const holder = document.getElementById("panes");
  const find = (id) => document.getElementById(id);
  const LABELS = ["auto", "all", "none"];
  const MANY = 14; // boxes of a pane beyond which only errors are labelled
  const MAX_ZOOM = 12;
  const LEAST_WIDTH = 300; // pixels of a pane beside others
  let now = null; // {i, place, total, counts, filters}
  let panes = [], view = null, solo = null, labels = 0, drag = null;
  const touches = new Map();

  /** The whole picture, in tenths of its pixels. */
  function fullView() {
    const { widths, heights } = data.images;
    return { x: 0, y: 0, w: 10 * widths[now.i], h: 10 * heights[now.i] };
  }

  function reason(item) {
    if (item.kind === "missed" || item.kind === "object" || item.kind === "ignored") return null;
    const best = Judge.overlap(data, now.i, item);
    if (best === null) return "touches no object";
    const other = best.label === item.label ? "" : ` with ${data.classes[best.label]}`;
    return `IoU ${best.iou.toFixed(2)}${other}`;
  }

  /** Which models found an object, in their order. */
  function outcome({ object }) {
    const row = data.truth.first[now.i] + object;
    return element("span", { class: "why marks" }, ...data.models.map(({ name, foundAt }) => {
      const found = foundAt[row] >= Judge.stored(now.filters.score);
      const made = Draw.mark(found ? "correct" : "missed");
      made.title = `${found ? "found" : "missed"} by ${name}`;
      return made;
    }));
  }

  function line(item, at, m) {
    const kind = item.kind === "object" ? null : Draw.nameOf(item.kind);
    const why = reason(item);
    const dim = !Draw.isWanted(item, m, now.filters);
    return element("li", {}, element("button", {
      type: "button", class: `line k-${item.kind}${dim ? " dim" : ""}`, "data-item": at,
    },
    item.kind === "object" ? Draw.mark("object") : Draw.mark(item.kind),
    element("b", {}, Draw.words(data, item)),
    kind ? element("span", { class: "what" }, kind) : null,
    why ? element("span", { class: "why" }, why) : null,
    item.kind === "object" ? outcome(item) : null));
  }

  function pane(m, number) {
    const name = m === null ? "Ground truth" : data.models[m].name;
    const items = Judge.items(data, now.i, m, now.filters.score);
    const said = `${name}: ${items.length} boxes`;
    const svg = Draw.vector("svg", { class: "picture", role: "img", "aria-label": said });
    const image = Draw.picture(data, now.i);
    const order = [...items.keys()].sort((a, b) => (
      weight(items[a]) - weight(items[b]) || (items[b].score ?? 2) - (items[a].score ?? 2)));
    const tally = m === null
      ? Draw.objects(data, now.counts.objects[now.i], now.filters)
      : Draw.tally(now.counts.perModel[m], now.i);
    const expand = element("button", {
      type: "button", class: "icon", "aria-label": `${name} alone`, onclick: () => alone(number),
    }, icon("expand"));
    const node = element("section", { class: "big", "aria-label": name },
      element("header", {}, element("kbd", { class: "not-narrow" }, String(number)),
        element("h3", { title: name }, name), tally, expand),
      element("div", { class: "stage" }, image, svg),
      element("ol", { class: "lines" }, ...order.map((at) => line(items[at], at, m))));
    return { m, items, svg, image, node, drawn: null };
  }

  /** Errors first, then what is right. */
  function weight({ kind }) {
    return kind === "ignored" ? 2 : kind === "correct" ? 1 : 0;
  }

  function unitOf(svg) {
    return Math.max(view.w / (svg.clientWidth || 1), view.h / (svg.clientHeight || 1));
  }

  /** Put the picture where the boxes are: the middle of the view in the middle of the stage. */
  function place({ svg, image }, unit, full) {
    const [x, y] = [view.x + view.w / 2, view.y + view.h / 2];
    image.style.left = `${svg.clientWidth / 2 - x / unit}px`;
    image.style.top = `${svg.clientHeight / 2 - y / unit}px`;
    image.style.width = `${full.w / unit}px`;
    image.style.height = `${full.h / unit}px`;
  }

  /** Boxes again, for a new size, zoom or choice of labels. */
  function draw() {
    const full = fullView();
    const mode = LABELS[labels];
    for (const part of panes) {
      const unit = unitOf(part.svg);
      const many = part.items.length > MANY;
      const texts = mode === "auto" ? (many ? "errors" : "all") : mode;
      part.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
      part.drawn?.remove();
      part.drawn = Draw.boxes(data, part.items, {
        m: part.m, filters: now.filters, unit, size: [full.w, full.h],
        texts, icons: mode !== "none" && !many,
      });
      place(part, unit, full);
      part.svg.append(part.drawn);
    }
    find("zoom-reset").hidden = view.w === full.w;
    holder.classList.toggle("zoomed", view.w < full.w);
    find("labels").textContent = `Labels: ${mode}`;
  }

  function show(next) {
    now = next;
    const name = data.names[now.i];
    find("viewer-name").textContent = name;
    find("viewer-name").title = name;
    const [place, total] = [now.place + 1, now.total].map((n) => n.toLocaleString("en"));
    find("viewer-place").textContent = now.place < 0 ? "filtered out" : `${place} of ${total}`;
    find("viewer-verdict").textContent = verdict();
    view = fullView();
    panes = [null, ...data.models.keys()].map((m, at) => pane(m, at + 1));
    holder.replaceChildren(...panes.map(({ node }) => node));
    holder.style.setProperty("--ratio", view.w / view.h);
    if (!dialog.open) dialog.showModal();
    holder.scrollTop = 0;
    setSolo(solo);
    draw();
    for (const near of next.near) {
      if (data.images.pictures[near]) new Image().src = Draw.pictureOf(near); // soon asked for
    }
  }

  function verdict() {
    const { best, fewer, none } = Judge.verdicts(now.counts, now.i);
    if (none) return "no errors";
    if (best === null) return data.models.length > 1 ? "tied for fewest errors" : "";
    return `${data.models[best].name} makes ${fewer} ${fewer === 1 ? "error" : "errors"} fewer`;
  }

  function setSolo(number) {
    solo = number !== null && number <= panes.length ? number : null;
    holder.classList.toggle("solo", solo !== null);
    arrange();
    panes.forEach(({ node }, at) => {
      node.hidden = solo !== null && solo !== at + 1;
      node.querySelector("header button").setAttribute("aria-pressed", String(solo === at + 1));
    });
  }

  /** As many panes in a line as are wide enough; further lines are as long. */
  function arrange() {
    const most = Math.max(1, Math.floor(dialog.clientWidth / LEAST_WIDTH));
    const lines = solo === null ? Math.ceil(panes.length / most) : 1;
    holder.style.setProperty("--count", solo === null ? Math.ceil(panes.length / lines) : 1);
    holder.classList.toggle("wrapped", lines > 1);
  }

  function alone(number) {
    setSolo(solo === number ? null : number);
    draw();
  }

  /** Zoom by a factor about a point of one pane; all panes follow. */
  function zoom(factor, svg, clientX, clientY) {
    const full = fullView();
    const w = Math.min(full.w, Math.max(full.w / MAX_ZOOM, view.w / factor));
    const [x, y] = toPicture(svg, clientX, clientY);
    const ratio = w / view.w;
    setView(x - (x - view.x) * ratio, y - (y - view.y) * ratio, w);
  }

  function setView(x, y, w) {
    const full = fullView();
    const h = (w * full.h) / full.w;
    const inside = (value, end) => Math.max(0, Math.min(value, end));
    view = { w, h, x: inside(x, full.w - w), y: inside(y, full.h - h) };
    draw();
  }

  const fit = () => setView(0, 0, fullView().w);

  function zoomMiddle() {
    const { w, h } = fullView();
    setView(w / 4, h / 4, w / 2);
  }

  function toPicture(svg, clientX, clientY) {
    const { left, top, width, height } = svg.getBoundingClientRect();
    const unit = unitOf(svg);
    return [
      view.x + view.w / 2 + (clientX - left - width / 2) * unit,
      view.y + view.h / 2 + (clientY - top - height / 2) * unit,
    ];
  }

  /** Show one box and, in every pane, all that concerns the same object. */
  function highlight(pane, at) {
    const item = pane === null ? null : panes[pane].items[at];
    dialog.classList.toggle("marking", item !== null);
    panes.forEach((part, p) => {
      const marked = (k) => item !== null && ((p === pane && k === at)
        || (item.object >= 0 && part.items[k].object === item.object));
      for (const node of part.node.querySelectorAll("[data-item]")) {
        node.classList.toggle("marked", marked(Number(node.dataset.item)));
      }
    });
  }

  function over(event) {
    if (drag) return;
    const node = event.target.closest?.("[data-item]");
    const section = event.target.closest?.(".big");
    const pane = panes.findIndex((part) => part.node === section);
    if (node && pane >= 0) highlight(pane, Number(node.dataset.item));
    else highlight(null);
  }

  const stageOf = (event) => event.target.closest?.(".stage")?.querySelector("svg");

  holder.addEventListener("pointerover", over);
  holder.addEventListener("focusin", over);
  holder.addEventListener("pointerleave", () => highlight(null));
  holder.addEventListener("wheel", (event) => {
    const svg = stageOf(event);
    if (!svg) return;
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0022));
    zoom(factor, svg, event.clientX, event.clientY);
  }, { passive: false });
  holder.addEventListener("dblclick", (event) => {
    const svg = stageOf(event);
    if (!svg) return;
    if (view.w < fullView().w) fit();
    else zoom(2.5, svg, event.clientX, event.clientY);
  });
  holder.addEventListener("pointerdown", (event) => {
    const svg = stageOf(event);
    if (!svg || event.button) return;
    touches.set(event.pointerId, event);
    drag = { svg, x: event.clientX, y: event.clientY, from: { ...view }, unit: unitOf(svg) };
  });
  window.addEventListener("pointermove", (event) => {
    if (!drag || !touches.has(event.pointerId)) return;
    if (touches.size === 2) {
      const [a, b] = touches.values();
      const other = a.pointerId === event.pointerId ? b : a;
      const before = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      const after = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
      touches.set(event.pointerId, event);
      const [x, y] = [event.clientX + other.clientX, event.clientY + other.clientY];
      zoom(after / (before || 1), drag.svg, x / 2, y / 2);
    } else if (view.w < fullView().w) {
      const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
      setView(drag.from.x - x * drag.unit, drag.from.y - y * drag.unit, view.w);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => {
      const alone = touches.size === 1 && touches.delete(event.pointerId);
      touches.delete(event.pointerId);
      if (!alone || !drag) return;
      const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
      drag = null;
      const swiped = event.pointerType === "touch" && Math.abs(x) > Math.max(50, 2 * Math.abs(y));
      if (end === "pointerup" && swiped && view.w === fullView().w) move(x < 0 ? 1 : -1);
    });
  }
  new ResizeObserver(() => {
    if (!dialog.open) return;
    arrange();
    draw();
  }).observe(holder);

  function cycleLabels() {
    labels = (labels + 1) % LABELS.length;
    draw();
  }

  function toggleBoxes() {
    const hidden = dialog.classList.toggle("bare");
    find("boxes").setAttribute("aria-pressed", String(!hidden));
  }

  function key(event) {
    const number = Number(event.key);
    const acts = {
      ArrowRight: () => move(1), ArrowLeft: () => move(-1),
      Home: () => move(-Infinity), End: () => move(Infinity),
      b: toggleBoxes, l: cycleLabels,
      z: () => (view.w < fullView().w ? fit() : zoomMiddle()),
      0: () => alone(solo),
    };
    if (event.key in acts) acts[event.key]();
    else if (number >= 1 && number <= panes.length) alone(number);
    else return false;
    return true;
  }

  find("zoom-reset").addEventListener("click", fit);
  find("labels").addEventListener("click", cycleLabels);
  find("boxes").addEventListener("click", toggleBoxes);
  find("previous").addEventListener("click", () => move(-1));
  find("next").addEventListener("click", () => move(1));
  find("close-viewer").addEventListener("click", () => close());
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });

  return {
    key,
    show,
    get image() { return dialog.open ? now.i : null; },
    hide() { if (dialog.open) dialog.close(); highlight(null); },
  };
}

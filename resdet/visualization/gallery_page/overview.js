// All images as cards: ground truth and every model side by side. Only what is in view exists.
"use strict";

/** The height by the width of the middle image, within reason. */
function commonRatio({ widths, heights }) {
  const ratios = widths.map((width, i) => heights[i] / width).sort((a, b) => a - b);
  return Math.max(0.6, Math.min(1.2, ratios[ratios.length >> 1] ?? 0.75));
}

function makeOverview(data, { scroller, holder, open }) {
  const { element } = Draw;
  const GAP = 14, HEAD = 30, EDGE = 1, PADDING = 8, BETWEEN = 4;
  const WIDE = 220; // pixels of a pane from which its caption stands in one line
  const TARGETS = [96, 136, 190, 270, 400]; // pixels of a pane by size
  const RATIO = commonRatio(data.images); // height of a pane by its width
  const numPanes = data.models.length + 1;
  const made = new Map(); // place in the list -> card
  let list = [], counts = null, filters = null, size = 2, at = 0, layout = null;

  function measure() {
    const style = getComputedStyle(scroller);
    const side = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    const room = Math.max(200, scroller.clientWidth - side);
    const wanted = numPanes * TARGETS[size] + (numPanes - 1) * BETWEEN + 2 * (PADDING + EDGE);
    const columns = Math.max(1, Math.round((room + GAP) / (wanted + GAP)));
    const width = Math.floor((room - GAP * (columns - 1)) / columns);
    const inner = width - 2 * (PADDING + EDGE);
    let across = numPanes; // panes in one line of a card
    while (across > 1 && (inner - (across - 1) * BETWEEN) / across < 88) across--;
    const pane = Math.floor((inner - (across - 1) * BETWEEN) / across);
    const picture = Math.round(pane * RATIO);
    const lines = Math.ceil(numPanes / across);
    const foot = pane < WIDE ? 42 : 25; // a name and a tally, one below the other or beside it
    const height = HEAD + lines * (picture + foot) + PADDING + 2 * EDGE;
    layout = { columns, width, height, pane, picture, across };
    holder.style.setProperty("--pane", `${pane}px`);
    holder.style.setProperty("--picture", `${picture}px`);
    holder.style.setProperty("--foot", `${foot}px`);
    holder.classList.toggle("stacked", pane < WIDE);
    holder.classList.toggle("small", pane < 150);
    holder.style.height = `${Math.ceil(list.length / columns) * (height + GAP)}px`;
  }

  function picture(i, m) {
    const [w, h] = [data.images.widths[i], data.images.heights[i]];
    const unit = 10 * Math.max(w / layout.pane, h / layout.picture);
    const items = Judge.items(data, i, m, filters.score);
    const svg = Draw.vector("svg", { viewBox: `0 0 ${10 * w} ${10 * h}`, "aria-hidden": "true" });
    const icons = layout.pane >= 180 && items.length <= 12;
    svg.append(Draw.boxes(data, items, { m, filters, unit, size: [10 * w, 10 * h], icons }));
    return element("div", { class: "picture" }, Draw.picture(data, i), svg);
  }

  function pane(i, m) {
    const name = m === null ? "Ground truth" : data.models[m].name;
    const foot = m === null
      ? Draw.objects(data, counts.objects[i], filters)
      : Draw.tally(counts.perModel[m], i);
    const isBest = m !== null && Judge.verdicts(counts, i).best === m;
    return element("figure", { class: isBest ? "pane best" : "pane" }, picture(i, m),
      element("figcaption", {}, element("span", { class: "who", title: name }, name), foot));
  }

  function card(place) {
    const i = list[place];
    const name = data.names[i];
    const errors = data.models.map((model, m) => (
      `${model.name} ${counts.perModel[m].errors[i]} errors`)).join(", ");
    return element("a", {
      class: "card", href: open.address(i), role: "listitem", "data-place": place,
      "aria-label": `${name}: ${errors}`, tabindex: place === at ? "0" : "-1",
    },
    element("span", { class: "card-head" }, element("b", { title: name }, name), verdict(i)),
    element("span", { class: "panes" }, pane(i, null), ...data.models.map((_, m) => pane(i, m))));
  }

  /** The one-line outcome: who errs less, and by how much. */
  function verdict(i) {
    const { best, none, fewer } = Judge.verdicts(counts, i);
    if (none) return element("span", { class: "verdict" }, "no errors");
    if (data.models.length === 1) return null;
    if (best === null) return element("span", { class: "verdict" }, "tied");
    return element("span", { class: "verdict best" },
      element("span", { class: "who" }, data.models[best].name),
      ` ahead by ${fewer}`);
  }

  function render() {
    const { columns, width, height } = layout;
    const step = height + GAP, top = scroller.scrollTop - holder.offsetTop;
    const first = Math.max(0, Math.floor(top / step) - 1) * columns;
    const rows = Math.ceil((top + scroller.clientHeight) / step) + 1;
    const last = Math.min(list.length, rows * columns);
    for (const [place, node] of made) {
      if (place >= first && place < last) continue;
      if (node === document.activeElement) scroller.focus({ preventScroll: true });
      node.remove();
      made.delete(place);
    }
    for (let place = first; place < last; place++) {
      if (made.has(place)) continue;
      const node = card(place);
      const [row, column] = [Math.floor(place / columns), place % columns];
      node.style.transform = `translate(${column * (width + GAP)}px, ${row * step}px)`;
      node.style.width = `${width}px`;
      node.style.height = `${height}px`;
      made.set(place, node);
      holder.append(node);
    }
  }

  function redraw() {
    made.forEach((node) => node.remove());
    made.clear();
    measure();
    render();
  }

  /** Make the card at a place the one that keys act on; bring it into view. */
  function go(place, { focus = true } = {}) {
    if (!list.length) return;
    made.get(at)?.setAttribute("tabindex", "-1");
    at = Math.max(0, Math.min(place, list.length - 1));
    const step = layout.height + GAP;
    const top = Math.floor(at / layout.columns) * step + holder.offsetTop;
    const margin = GAP;
    if (top - margin < scroller.scrollTop) scroller.scrollTop = top - margin;
    else if (top + step > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = top + step - scroller.clientHeight;
    }
    render();
    made.get(at)?.setAttribute("tabindex", "0");
    if (focus) made.get(at)?.focus({ preventScroll: true });
  }

  function key(event) {
    const { columns, height } = layout;
    const page = columns * Math.max(1, Math.floor(scroller.clientHeight / (height + GAP)));
    const places = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns,
      PageDown: at + page, PageUp: at - page, Home: 0, End: list.length - 1,
    };
    if (!(event.key in places)) return false;
    const focused = made.get(at) === document.activeElement;
    go(focused ? places[event.key] : firstInView());
    return true;
  }

  /** The first keystroke goes to what is seen, not to where the keys were long ago. */
  function firstInView() {
    const step = layout.height + GAP, top = scroller.scrollTop - holder.offsetTop;
    const row = Math.max(0, Math.ceil((top - step / 2) / step));
    const seen = Math.floor(at / layout.columns) * step;
    const inView = seen >= top - 1 && seen + step <= top + scroller.clientHeight + GAP;
    return inView ? at : row * layout.columns;
  }

  scroller.addEventListener("scroll", render, { passive: true }); // once a frame at most
  new ResizeObserver(() => {
    if (!layout) return;
    const place = firstInView();
    redraw();
    go(place, { focus: false });
  }).observe(scroller);
  holder.addEventListener("click", (event) => {
    const node = event.target.closest(".card");
    if (!node || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    at = Number(node.dataset.place);
    open.image(list[at]);
  });

  return {
    go,
    key,
    show(next) {
      const isNew = list.length !== next.list.length
        || list.some((i, place) => i !== next.list[place]);
      ({ list, counts, filters, size } = next);
      if (isNew) {
        at = 0;
        scroller.scrollTop = 0;
      }
      redraw();
    },
    focusImage(i) {
      const place = list.indexOf(i);
      if (place >= 0) go(place);
    },
  };
}

// Elements, icons and boxes. Text from the data enters the page as text nodes and attributes only.
"use strict";

const Draw = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const FONT = '600 11px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
  const TAG = { height: 17, icon: 11, pad: 3 };

  const KINDS = new Map([
    ["correct", ["Correct", "found an object of its class"]],
    ["classification", ["Wrong class", "in the right place, of another class"]],
    ["localisation", ["Wrong place", "of the right class, too far off its object"]],
    ["both", ["Wrong class and place", "near an object of another class, too far off"]],
    ["duplicate", ["Duplicate", "the object was already found with a higher score"]],
    ["background", ["Background", "where there is no such object"]],
    ["missed", ["Missed", "an object that no correct box found"]],
    ["ignored", ["Ignored", "difficult or a crowd: neither right nor wrong"]],
    ["object", ["Object", "the ground truth"]],
  ]);
  const SHORT = new Map([["both", "Class + place"]]);

  const nameOf = (kind) => SHORT.get(kind) ?? KINDS.get(kind)[0];

  function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (value === undefined || value === null || value === false) continue;
      if (key === "class") made.className = value;
      else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function vector(name, attributes = {}, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function icon(name, attributes = {}) {
    return vector("svg", { "aria-hidden": "true", ...attributes },
      vector("use", { href: `#i-${name}` }));
  }

  /** The mark of a kind as it stands in tables: its line, colour and icon. */
  function mark(kind) {
    return element("span", { class: `mark k-${kind}` }, icon(kind));
  }

  /** The line of a kind as it stands in pictures. */
  function sample(kind) {
    return vector("svg", { class: "sample", viewBox: "0 0 34 22", "aria-hidden": "true" },
      frame({ kind, box: [3, 3, 28, 16] }));
  }

  const pictureOf = (i) => `pictures/${String(i).padStart(6, "0")}.jpg`;

  /** The image itself, without boxes; a hatched ground where there is none. */
  function picture(data, i) {
    if (!data.images.pictures[i]) return element("span", { class: "blank" });
    return element("img", {
      src: pictureOf(i), alt: "", loading: "lazy", decoding: "async", draggable: "false",
    });
  }

  const canvas = document.createElement("canvas").getContext("2d");
  const widths = new Map();
  function widthOf(text) {
    if (!widths.has(text)) {
      canvas.font = FONT;
      widths.set(text, Math.ceil(canvas.measureText(text).width));
    }
    return widths.get(text);
  }

  /** What a box says: "dog 0.93"; of a long name the beginning, where it is cut. */
  function words(data, item, cut = Infinity) {
    const whole = data.classes[item.label];
    const name = whole.length > cut ? `${whole.slice(0, cut - 1)}…` : whole;
    return item.score === null ? name : `${name} ${item.score.toFixed(2)}`;
  }

  function tag(text, item) {
    const group = vector("g", { class: `tag k-${item.kind}` });
    const { height, pad } = TAG;
    const side = TAG.icon;
    const shown = item.kind === "object" ? 0 : side;
    const [before, between] = text && shown ? [pad, 3] : [pad, 0];
    const width = before + shown + between + (text ? widthOf(text) : 0) + pad;
    group.append(vector("rect", { y: -height, width, height, rx: 3, class: "back" }));
    if (shown) {
      const place = { x: before, y: -height + (height - side) / 2, width: side, height: side };
      group.append(icon(item.kind, place));
    }
    if (text) {
      const label = vector("text", { x: before + shown + between, y: -4.6 });
      label.textContent = text;
      group.append(label);
    }
    return { group, width };
  }

  function frame(item) {
    const [x, y, width, height] = item.box;
    const place = { x, y, width, height };
    return vector("g", { class: `box k-${item.kind}` },
      vector("rect", { ...place, class: "casing" }), vector("rect", { ...place, class: "line" }));
  }

  /** Whether the filters ask for this box; the others are dimmed. */
  function isWanted(item, m, filters) {
    if (filters.label !== null && item.label !== filters.label) return false;
    if (filters.kindName === null || item.kind === "object") return true;
    return item.kind === filters.kindName && (filters.model === null || filters.model === m);
  }

  /**
   * Boxes of one pane over its picture. `unit`: tenths of a picture pixel in one of the screen;
   * `texts`: "all", "errors" or "none".
   */
  function boxes(data, items, { m, filters, unit, size, texts = "none", icons = false }) {
    const [width, height] = size;
    const layer = vector("g", { class: "boxes" });
    const tags = vector("g", { class: "tags" });
    items.forEach((item, at) => {
      const group = frame(item);
      const dim = !isWanted(item, m, filters);
      group.classList.toggle("dim", dim);
      group.dataset.item = at;
      layer.append(group);
      const isError = !["correct", "object", "ignored"].includes(item.kind);
      const speaks = texts === "all" || (texts === "errors" && isError);
      if (dim || !(speaks || (icons && isError))) return;
      const made = tag(speaks ? words(data, item, 22) : "", item);
      const [x, y] = [item.box[0], item.box[1]];
      const left = Math.max(0, Math.min(x, width - made.width * unit));
      const below = y < TAG.height * unit;
      made.group.dataset.item = at;
      const top = below ? Math.max(y, 0) + TAG.height * unit : Math.min(y, height);
      made.group.setAttribute("transform", `translate(${left} ${top}) scale(${unit})`);
      tags.append(made.group);
    });
    return vector("g", {}, layer, tags);
  }

  /** "✓ 4  ✕ 1  − 2" as marks and numbers, with words for those who do not see them. */
  function tally(sums, i) {
    const parts = [
      ["correct", sums.right[i], "correct"],
      ["false", sums.wrong[i], "false"],
      ["missed", sums.missed[i], "missed"],
    ];
    return element("span", { class: "tally" }, ...parts.map(([kind, number, word]) => (
      element("span", {
        class: `count k-${kind}${number ? "" : " zero"}`, title: `${number} ${word}`,
      }, icon(kind === "false" ? "close" : kind), String(number)))));
  }

  /** How many objects there are, of the class that the filters ask for. */
  function objects(data, number, { label }) {
    const noun = number === 1 ? "object" : "objects";
    const what = label === null ? noun : `× ${data.classes[label]}`;
    return element("span", { class: "tally" }, `${number} ${what}`);
  }

  return {
    KINDS, boxes, element, icon, isWanted, mark, nameOf, objects, picture, pictureOf, sample, tally,
    vector, words,
  };
})();

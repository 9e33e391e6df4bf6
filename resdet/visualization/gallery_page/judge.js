// What is right and wrong from a score on, which images to show, and in which order. No DOM here.
"use strict";

const Judge = (() => {
  const SCALE = 10000; // scores are stored as whole ten-thousandths, boxes as tenths of a pixel
  const CORRECT = 0;

  const SORTS = new Map([
    ["disagreement", "Disagreement"],
    ["errors", "Most errors"],
    ["gained", "Most gained"],
    ["lost", "Most lost"],
    ["name", "Name"],
  ]);

  const stored = (score) => Math.floor(score * SCALE + 1e-6);

  function starts(counts) {
    const first = new Uint32Array(counts.length + 1);
    counts.forEach((count, i) => { first[i + 1] = first[i] + count; });
    return first;
  }

  /** The columns of data.js as typed arrays, with what does not depend on filters. */
  function load(raw) {
    const truth = {
      first: starts(raw.truth.counts),
      labels: Uint16Array.from(raw.truth.labels),
      boxes: Int32Array.from(raw.truth.boxes),
      ignored: Uint8Array.from(raw.truth.ignored),
    };
    const missed = raw.kinds.indexOf("missed");
    const ignored = raw.kinds.indexOf("ignored");
    const models = raw.detections.map((part, m) => ({
      name: raw.models[m],
      first: starts(part.counts),
      labels: Uint16Array.from(part.labels),
      boxes: Int32Array.from(part.boxes),
      scores: Uint16Array.from(part.scores),
      kinds: Uint8Array.from(part.kinds),
      objects: Int32Array.from(part.objects), // counted within the image; -1: none
      foundAt: new Int32Array(truth.labels.length).fill(-1),
    }));
    const { names } = raw.images;
    for (const model of models) {
      for (let i = 0; i < names.length; i++) {
        for (let d = model.first[i]; d < model.first[i + 1]; d++) {
          if (model.kinds[d] !== CORRECT) continue;
          const o = truth.first[i] + model.objects[d];
          model.foundAt[o] = Math.max(model.foundAt[o], model.scores[d]);
        }
      }
    }
    const collator = new Intl.Collator("en", { numeric: true });
    const byName = [...names.keys()].sort((a, b) => collator.compare(names[a], names[b]) || a - b);
    const rank = new Uint32Array(names.length);
    byName.forEach((i, place) => { rank[i] = place; });
    return {
      ...raw, truth, models, missed, ignored, rank, names,
      search: names.map((name) => name.toLowerCase()),
      indexOf: new Map([...names.keys()].reverse().map((i) => [names[i], i])),
    };
  }

  /** Counts of every image and model for one class (null: all) from a score on. */
  function count(data, { label, score }) {
    const n = data.names.length, least = stored(score), { truth } = data;
    const of = (labels, row) => label === null || labels[row] === label;
    const present = new Uint8Array(n), objects = new Uint32Array(n);
    const disagreement = new Uint32Array(n);
    const perModel = data.models.map(() => ({
      right: new Uint32Array(n), wrong: new Uint32Array(n), missed: new Uint32Array(n),
      kinds: new Uint16Array(n), totals: new Array(data.kinds.length).fill(0),
    }));
    for (let i = 0; i < n; i++) {
      for (let o = truth.first[i]; o < truth.first[i + 1]; o++) {
        if (!of(truth.labels, o)) continue;
        present[i] = 1;
        if (truth.ignored[o]) continue;
        objects[i]++;
        data.models.forEach((model, m) => {
          if (model.foundAt[o] >= least) return;
          perModel[m].missed[i]++;
          perModel[m].kinds[i] |= 1 << data.missed;
        });
        const base = data.models[0].foundAt[o] >= least;
        for (const model of data.models) disagreement[i] += base !== (model.foundAt[o] >= least);
      }
    }
    data.models.forEach((model, m) => {
      const sums = perModel[m];
      for (let i = 0; i < n; i++) {
        for (let d = model.first[i]; d < model.first[i + 1]; d++) {
          if (model.scores[d] < least || !of(model.labels, d)) continue;
          const kind = model.kinds[d];
          present[i] = 1;
          sums.kinds[i] |= 1 << kind;
          sums.totals[kind]++;
          if (kind === CORRECT) sums.right[i]++;
          else if (kind !== data.ignored) sums.wrong[i]++;
        }
        sums.totals[data.missed] += sums.missed[i];
        disagreement[i] += Math.abs(sums.wrong[i] - perModel[0].wrong[i]);
      }
      sums.errors = sums.wrong.map((wrong, i) => wrong + sums.missed[i]);
    });
    return { present, objects, disagreement, perModel };
  }

  /** `best`: the model with fewer errors than any other, by `fewer`; null where there is none. */
  function verdicts(counts, i) {
    const errors = counts.perModel.map((sums) => sums.errors[i]);
    const [least, second] = [...errors].sort((a, b) => a - b);
    const best = second > least ? errors.indexOf(least) : null; // of one model, none is best
    return { best, fewer: second - least, none: Math.max(...errors) === 0, all: least > 0 };
  }

  function isWho(counts, i, who) {
    const verdict = verdicts(counts, i);
    return who === "none" ? verdict.none : who === "all" ? verdict.all : verdict.best === who;
  }

  /** Images that pass every filter, sorted. */
  function select(data, counts, { label, kind, model, who, search, sort }) {
    const wanted = search.trim().toLowerCase();
    const kindsOf = (i) => (model === null
      ? counts.perModel.reduce((bits, sums) => bits | sums.kinds[i], 0)
      : counts.perModel[model].kinds[i]);
    const shown = [...data.names.keys()].filter((i) => (
      (label === null || counts.present[i])
      && (kind === null || kindsOf(i) & (1 << kind))
      && (who === null || isWho(counts, i, who))
      && (!wanted || data.search[i].includes(wanted))
    ));
    const key = keyOf(counts, sort);
    return shown.sort((a, b) => key(b) - key(a) || data.rank[a] - data.rank[b]);
  }

  /** Errors of the baseline beyond those of the other models: what changed for the better. */
  function gain(counts, i) {
    const [base, ...others] = counts.perModel;
    return others.reduce((sum, other) => sum + base.errors[i] - other.errors[i], 0);
  }

  function keyOf(counts, sort) {
    if (sort === "errors") {
      return (i) => counts.perModel.reduce((sum, { errors }) => sum + errors[i], 0);
    }
    if (sort === "gained") return (i) => gain(counts, i);
    if (sort === "lost") return (i) => -gain(counts, i);
    return sort === "name" ? () => 0 : (i) => counts.disagreement[i];
  }

  /** Everything to draw in one pane, from the back to the front; model null is the ground truth. */
  function items(data, i, m, score) {
    const { truth } = data, least = stored(score), found = [];
    const box = (boxes, row) => boxes.subarray(4 * row, 4 * row + 4);
    const model = m === null ? null : data.models[m];
    for (let o = truth.first[i]; o < truth.first[i + 1]; o++) {
      const ignored = truth.ignored[o] === 1;
      if (model && (ignored || model.foundAt[o] >= least)) continue;
      const kind = ignored ? "ignored" : model ? "missed" : "object";
      const place = { object: o - truth.first[i], box: box(truth.boxes, o) };
      found.push({ kind, label: truth.labels[o], score: null, ...place });
    }
    if (model) {
      for (let d = model.first[i]; d < model.first[i + 1]; d++) {
        if (model.scores[d] < least) continue;
        const place = { object: model.objects[d], box: box(model.boxes, d) };
        const kind = data.kinds[model.kinds[d]];
        found.push({ kind, label: model.labels[d], score: model.scores[d] / SCALE, ...place });
      }
    }
    const depth = ({ kind }) => (kind === "ignored" ? 0 : kind === "correct" ? 1 : 2);
    const area = ({ box: [, , width, height] }) => width * height;
    return found.sort((a, b) => depth(a) - depth(b) || area(b) - area(a));
  }

  /** {iou, label} of the object an item is about, or else of the one it overlaps most; or null. */
  function overlap(data, i, { object, box: [x, y, width, height] }) {
    const { truth } = data;
    const first = truth.first[i] + Math.max(object, 0);
    const end = object < 0 ? truth.first[i + 1] : first + 1;
    let best = null;
    for (let o = first; o < end; o++) {
      const [left, top, w, h] = truth.boxes.subarray(4 * o, 4 * o + 4);
      const across = Math.min(x + width, left + w) - Math.max(x, left);
      const down = Math.min(y + height, top + h) - Math.max(y, top);
      if (across <= 0 || down <= 0) continue;
      const iou = (across * down) / (width * height + w * h - across * down);
      if (best === null || iou > best.iou) best = { iou, label: truth.labels[o] };
    }
    return best;
  }

  return { SORTS, count, gain, isWho, items, load, overlap, select, stored, verdicts };
})();

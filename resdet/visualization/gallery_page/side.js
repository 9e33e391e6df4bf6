// The filters: what happened, who is right, which class; with counts, and so the legend too.
"use strict";

function makeSide(data, { set }) {
  const { element } = Draw;
  const find = (id) => document.getElementById(id);
  const isPair = data.models.length > 1;
  const objects = data.classes.map(() => 0);
  data.truth.labels.forEach((label) => { objects[label]++; });
  let state = null, counts = null;

  const inEnglish = (number) => number.toLocaleString("en");
  const isMany = data.models.length > 3;

  function percent(part, whole) {
    if (!whole) return "–";
    const value = (100 * part) / whole;
    return isMany ? value.toFixed(0) : `${value.toFixed(1)}%`;
  }

  /** A button that puts a filter in place, or takes it away where it is. */
  function choice(filter, pressed, ...children) {
    const none = Object.fromEntries(Object.keys(filter).map((name) => [name, null]));
    return element("button", {
      type: "button", class: "choice", "aria-pressed": String(pressed),
      onclick: () => set(pressed ? none : filter),
    }, ...children);
  }

  function kindRow(kind) {
    const k = data.kinds.indexOf(kind);
    const totals = counts.perModel.map((sums) => sums.totals[k]);
    const [least, most] = [Math.min(...totals), Math.max(...totals)];
    const better = kind === "ignored" || least === most ? null : kind === "correct" ? most : least;
    const cells = totals.map((total, model) => {
      const pressed = state.kind === k && state.model === model;
      const made = choice({ kind: k, model }, pressed, inEnglish(total));
      made.className = total === better ? "cell better" : "cell";
      made.setAttribute("aria-label", `${Draw.nameOf(kind)}, ${data.models[model].name}: ${total}`);
      made.disabled = !total && !pressed;
      return element("td", {}, made);
    });
    const any = state.kind === k && state.model === null;
    const name = choice({ kind: k, model: null }, any, Draw.mark(kind), Draw.nameOf(kind));
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  }

  function rateRow(name, rate) {
    return element("tr", { class: "rate" }, element("th", { scope: "row" }, name),
      ...counts.perModel.map((sums) => element("td", {}, rate(sums.totals))));
  }

  function showKinds() {
    const { missed, ignored } = data;
    const names = data.models.map(({ name }) => (
      element("th", { scope: "col", title: name }, element("span", {}, name))));
    const kinds = data.kinds.filter((_, k) => (
      k !== ignored || counts.perModel.some((sums) => sums.totals[k])));
    const found = (totals) => totals.reduce((sum, n, k) => (
      k === missed || k === ignored ? sum : sum + n), 0);
    find("kinds").classList.toggle("many", isMany);
    find("kinds").replaceChildren(
      element("thead", {}, element("tr", {}, element("td"), ...names)),
      element("tbody", {}, ...kinds.map(kindRow)),
      element("tfoot", {},
        rateRow(isMany ? "Precision, %" : "Precision", (totals) => percent(totals[0], found(totals))),
        rateRow(isMany ? "Recall, %" : "Recall", (totals) => percent(totals[0], totals[0] + totals[missed]))),
    );
  }

  function showWho() {
    const images = [...data.names.keys()].filter((i) => state.label === null || counts.present[i]);
    const errsLess = (model) => [
      element("span", { class: "who" }, model.name),
      element("span", { class: "more" }, "errs less"),
    ];
    const choices = [
      ...(isPair ? data.models.map((model, m) => [m, errsLess(model)]) : []),
      ["none", [isPair ? "No model errs" : "No errors"]],
      ["all", [isPair ? "All err" : "Errors"]],
    ];
    find("who").replaceChildren(...choices.map(([who, said]) => {
      const number = images.filter((i) => Judge.isWho(counts, i, who)).length;
      return choice({ who }, state.who === who, ...said, element("i", {}, inEnglish(number)));
    }));
  }

  function showClasses() {
    find("classes").replaceChildren(...data.classes.map((name, label) => (
      choice({ label }, state.label === label, element("span", { class: "who", title: name }, name),
        element("i", {}, inEnglish(objects[label]))))));
  }

  /** All of it anew; the focus and the place in the list of classes stay. */
  function show(next) {
    ({ state, counts } = next);
    const buttons = () => [...find("side").querySelectorAll("button")];
    const focused = buttons().indexOf(document.activeElement);
    const scrolled = find("classes").scrollTop;
    find("score").value = state.score;
    find("score-value").textContent = state.score.toFixed(2);
    showKinds();
    showWho();
    showClasses();
    find("classes").scrollTop = scrolled;
    if (focused >= 0) buttons()[focused]?.focus({ preventScroll: true });
  }

  function toggle(open = !document.body.classList.contains("side-open")) {
    document.body.classList.toggle("side-open", open);
    find(open ? "close-side" : "open-side").focus();
  }

  find("score").min = data.threshold;
  find("score").addEventListener("input", (event) => set({ score: Number(event.target.value) }));
  find("open-side").addEventListener("click", () => toggle(true));
  find("close-side").addEventListener("click", () => toggle(false));
  find("shade").addEventListener("click", () => toggle(false));

  return { show, toggle, get isOpen() { return document.body.classList.contains("side-open"); } };
}

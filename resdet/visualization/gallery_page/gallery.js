// The state of the page, its filters, its address and its keys.
"use strict";

(() => {
  const { element } = Draw;
  const find = (id) => document.getElementById(id);
  const raw = window.resdetData;
  if (!raw) {
    document.body.append(element("p", { class: "notice" }, "data.js is missing or cut short; write the gallery again."));
    return;
  }
  const data = Judge.load(raw);
  const FRESH = { label: null, kind: null, model: null, who: null, search: "", score: data.threshold };
  const state = { ...FRESH, sort: data.models.length > 1 ? "disagreement" : "errors", size: 2 };
  const fresh = { sort: state.sort, size: state.size };
  let counts = null, list = [], counted = "", pushed = false, writing = 0, wheres = [];

  const overview = makeOverview(data, {
    scroller: find("scroller"), holder: find("cards"),
    open: { image: (i) => openImage(i, true), address: (name) => `#${new URLSearchParams({ ...query(), image: name })}` },
  });
  const viewer = makeViewer(data, { move: moveImage, close: closeImage });

  // ---- address ---------------------------------------------------------------------------

  function query() {
    const { label, kind, model, who, search, score, sort, size } = state;
    const nameOf = (m) => data.models[m].name;
    return {
      ...(label !== null && { class: data.classes[label] }),
      ...(kind !== null && { kind: data.kinds[kind] }),
      ...(model !== null && { model: nameOf(model) }),
      ...(who !== null && { right: typeof who === "number" ? nameOf(who) : who }),
      ...(search && { search }),
      ...(score !== data.threshold && { score: String(score) }),
      ...(sort !== fresh.sort && { sort }),
      ...(size !== fresh.size && { size: String(size) }),
    };
  }

  /** Read the address; what it says that does not exist here is passed over. */
  function readAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    const at = (names, name) => (names.includes(name) ? names.indexOf(name) : null);
    const names = data.models.map(({ name }) => name);
    const score = Number(said.get("score"));
    const right = said.get("right");
    Object.assign(state, {
      label: at(data.classes, said.get("class")),
      kind: at(data.kinds, said.get("kind")),
      model: at(names, said.get("model")),
      who: at(names, right) ?? (["none", "all"].includes(right) ? right : null),
      search: said.get("search") ?? "",
      score: said.has("score") && score >= data.threshold && score <= 1 ? score : data.threshold,
      sort: Judge.SORTS.has(said.get("sort")) ? said.get("sort") : fresh.sort,
      size: /^[0-4]$/.test(said.get("size") ?? "") ? Number(said.get("size")) : fresh.size,
    });
    if (state.kind === null) state.model = null;
    return data.indexOf.get(said.get("image")) ?? null;
  }

  function addressNow() {
    const image = viewer.image;
    return `#${new URLSearchParams({ ...query(), ...(image !== null && { image: data.names[image] }) })}`;
  }

  /** Browsers limit how often the address may change: the last of many changes is written. */
  function writeAddress() {
    clearTimeout(writing);
    writing = setTimeout(() => history.replaceState(history.state, "", addressNow()), 120);
  }

  // ---- images ----------------------------------------------------------------------------

  function openImage(i, push) {
    if (push) {
      clearTimeout(writing);
      history.pushState({ viewer: true }, "", `#${new URLSearchParams({ ...query(), image: data.names[i] })}`);
      pushed = true;
    }
    showImage(i);
  }

  function showImage(i) {
    const place = list.indexOf(i);
    const near = [list[place + 1], list[place - 1]].filter((n) => n !== undefined && place >= 0);
    viewer.show({ i, place, total: list.length, counts, filters: filters(), near });
  }

  function moveImage(step) {
    const place = list.indexOf(viewer.image);
    const next = Math.max(0, Math.min(list.length - 1, place + step));
    if (!list.length || next === place) return;
    showImage(list[next]);
    writeAddress();
  }

  function closeImage() {
    const image = viewer.image;
    viewer.hide();
    clearTimeout(writing);
    if (pushed) history.back();
    else history.replaceState(null, "", addressNow());
    pushed = false;
    overview.focusImage(image);
  }

  // ---- filters ---------------------------------------------------------------------------

  function filters() {
    return { ...state, kindName: state.kind === null ? null : data.kinds[state.kind] };
  }

  function set(change) {
    Object.assign(state, change);
    update();
    writeAddress();
  }

  function update() {
    const wanted = `${state.label} ${state.score}`;
    if (wanted !== counted) counts = Judge.count(data, state);
    counted = wanted;
    list = Judge.select(data, counts, state);
    showSide();
    const number = list.length.toLocaleString("en");
    const all = data.names.length.toLocaleString("en");
    find("count").textContent = list.length === data.names.length ? `${all} images` : `${number} of ${all} images`;
    const active = ["label", "kind", "who"].filter((name) => state[name] !== null).length
      + (state.search ? 1 : 0) + (state.score === data.threshold ? 0 : 1);
    find("clear").hidden = !active;
    find("active-count").textContent = active || "";
    find("nothing").hidden = list.length > 0;
    overview.show({ list, counts, filters: filters(), size: state.size });
  }

  const clear = () => set(FRESH);

  function choice(pressed, act, ...children) {
    return element("button", { type: "button", class: "choice", "aria-pressed": String(pressed), onclick: act }, ...children);
  }

  const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}%` : "–");

  function kindRow(kind) {
    const k = data.kinds.indexOf(kind);
    const totals = counts.perModel.map((sums) => sums.totals[k]);
    const pick = (model) => () => set(state.kind === k && state.model === model ? { kind: null, model: null } : { kind: k, model });
    const least = Math.min(...totals), most = Math.max(...totals);
    const better = kind === "correct" ? most : least;
    return element("tr", { class: `k-${kind}` },
      element("th", { scope: "row" }, choice(state.kind === k && state.model === null, pick(null), Draw.mark(kind), Draw.nameOf(kind))),
      ...totals.map((total, m) => element("td", {}, element("button", {
        type: "button", class: total === better && least !== most && kind !== "ignored" ? "cell better" : "cell",
        "aria-pressed": String(state.kind === k && state.model === m), onclick: pick(m),
        "aria-label": `${Draw.nameOf(kind)}, ${data.models[m].name}: ${total}`, disabled: !total,
      }, total.toLocaleString("en")))));
  }

  function showSide() {
    find("score").value = state.score;
    find("score-value").textContent = state.score.toFixed(2);
    if (document.activeElement !== find("search")) find("search").value = state.search;
    find("sort").value = state.sort;
    find("size").value = state.size;

    const buttons = () => [...find("side").querySelectorAll("button")];
    const focused = buttons().indexOf(document.activeElement), scrolled = find("classes").scrollTop;
    const head = element("tr", {}, element("td"), ...data.models.map(({ name }) => element("th", { scope: "col", title: name }, element("span", {}, name))));
    const rate = (label, of) => element("tr", { class: "rate" }, element("th", { scope: "row" }, label),
      ...counts.perModel.map((sums) => element("td", {}, of(sums.totals))));
    const wrong = (totals) => totals.reduce((sum, n, k) => sum + (k === 0 || k >= data.missed ? 0 : n), 0);
    const kinds = data.kinds.filter((kind, k) => kind !== "ignored" || counts.perModel.some((sums) => sums.totals[k]));
    find("kinds").replaceChildren(element("thead", {}, head), element("tbody", {}, ...kinds.map(kindRow)),
      element("tfoot", {}, rate("Precision", (totals) => percent(totals[0], totals[0] + wrong(totals))),
        rate("Recall", (totals) => percent(totals[0], totals[0] + totals[data.missed]))));

    const all = [...data.names.keys()];
    const whos = [...(data.models.length > 1 ? data.models.keys() : []), "none", "all"];
    const said = (who) => (typeof who === "number" ? [element("span", { class: "who" }, data.models[who].name), element("span", { class: "more" }, "errs less")]
      : [who === "none" ? (data.models.length > 1 ? "No model errs" : "No errors") : (data.models.length > 1 ? "All err" : "Errors")]);
    find("who").replaceChildren(...whos.map((who) => choice(state.who === who, () => set({ who: state.who === who ? null : who }),
      ...said(who), element("i", {}, all.filter((i) => Judge.isWho(counts, i, who)).length.toLocaleString("en")))));
    find("classes").replaceChildren(...data.classes.map((name, label) => choice(state.label === label,
      () => set({ label: state.label === label ? null : label }),
      element("span", { class: "who", title: name }, name), element("i", {}, wheres[label].toLocaleString("en")))));
    find("classes").scrollTop = scrolled;
    if (focused >= 0) buttons()[focused]?.focus({ preventScroll: true });
  }

  // ---- keys, theme, help -----------------------------------------------------------------

  const KEYS = [
    ["← → ↑ ↓", "move; in an image: previous, next"], ["Enter", "open the image"], ["Esc", "close, or clear the filters"],
    ["1 2 3 …", "one pane alone, and back"], ["b", "boxes on or off"], ["l", "labels: auto, all, none"], ["z", "zoom in or out; also wheel and pinch"],
    ["/", "search"], ["f", "filters"], ["s", "next order"], ["+ −", "size of the pictures"], ["t", "light or dark"], ["?", "this help"],
  ];
  const ORDERS = "Disagreement counts the objects that one model finds and the baseline does not, or the reverse, and the difference of their false boxes. "
    + "Errors are false boxes and missed objects. Gained is the errors of the baseline beyond the other’s; lost, the reverse.";

  function fillHelp() {
    find("legend").replaceChildren(...[...Draw.KINDS].flatMap(([kind, [name, what]]) => [
      element("dt", {}, Draw.mark(kind)), element("dd", {}, element("b", {}, name), ` ${what}`)]));
    find("keys").replaceChildren(...KEYS.flatMap(([keys, what]) => [
      element("dt", {}, ...keys.split(" ").map((key) => element("kbd", {}, key))), element("dd", {}, what)]));
    find("order-text").textContent = ORDERS;
  }

  function toggleTheme() {
    const dark = getComputedStyle(document.documentElement).colorScheme.trim() === "dark";
    setTheme(dark ? "light" : "dark");
    try { localStorage.setItem("resdet-theme", dark ? "light" : "dark"); } catch { /* private window */ }
  }

  function setTheme(theme) {
    if (["light", "dark"].includes(theme)) document.documentElement.dataset.theme = theme;
  }

  function side(open) {
    document.body.classList.toggle("side-open", open);
    if (open) find("close-side").focus();
  }

  const nextSort = () => {
    const sorts = [...find("sort").options].map(({ value }) => value);
    set({ sort: sorts[(sorts.indexOf(state.sort) + 1) % sorts.length] });
  };
  const resize = (step) => set({ size: Math.max(0, Math.min(4, state.size + step)) });
  const help = () => (find("help").open ? find("help").close() : find("help").showModal());
  const ACTS = {
    "?": help, t: toggleTheme, "/": () => find("search").focus(), s: nextSort, "+": () => resize(1), "=": () => resize(1), "-": () => resize(-1),
    f: () => (matchMedia("(max-width: 860px)").matches ? side(!document.body.classList.contains("side-open")) : find("score").focus()),
    Escape: () => (document.body.classList.contains("side-open") ? side(false) : clear()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (find("help").open) {
      if (event.key === "?") help();
      return;
    }
    const inViewer = viewer.image !== null;
    const done = inViewer ? viewer.key(event) : overview.key(event);
    const act = inViewer && !["?", "t"].includes(event.key) ? null : ACTS[event.key];
    if (!done && act) act();
    if (done || act) event.preventDefault();
  });

  // ---- start -----------------------------------------------------------------------------

  function start() {
    try { setTheme(localStorage.getItem("resdet-theme")); } catch { /* private window */ }
    const title = data.models.map(({ name }) => name).join(" vs ");
    document.title = `${title} · resdet gallery`;
    find("title").textContent = title;
    find("about").textContent = data.about;
    find("score").min = data.threshold;
    const sorts = [...Judge.SORTS].filter(([sort]) => data.models.length > 1 || ["errors", "name"].includes(sort));
    find("sort").append(...sorts.map(([value, name]) => element("option", { value }, name)));
    wheres = data.classes.map(() => 0);
    data.truth.labels.forEach((label) => { wheres[label]++; });
    fillHelp();
    find("score").addEventListener("input", (event) => set({ score: Number(event.target.value) }));
    find("search").addEventListener("input", (event) => set({ search: event.target.value }));
    find("search").addEventListener("keydown", (event) => { if (event.key === "Enter") overview.go(0); });
    find("sort").addEventListener("change", (event) => set({ sort: event.target.value }));
    find("size").addEventListener("input", (event) => set({ size: Number(event.target.value) }));
    find("clear").addEventListener("click", clear);
    find("nothing").querySelector("button").addEventListener("click", clear);
    find("theme").addEventListener("click", toggleTheme);
    find("help-button").addEventListener("click", help);
    find("viewer-help").addEventListener("click", help);
    find("close-help").addEventListener("click", () => find("help").close());
    find("open-side").addEventListener("click", () => side(true));
    find("close-side").addEventListener("click", () => side(false));
    find("shade").addEventListener("click", () => side(false));
    window.addEventListener("popstate", follow);
    follow();
  }

  /** Show what the address says, at the start and when the reader goes back or edits it. */
  function follow() {
    const image = readAddress();
    update();
    if (image === null) viewer.hide();
    else openImage(image, false);
    pushed = image !== null && history.state?.viewer === true;
  }

  start();
})();

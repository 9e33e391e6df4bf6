// The state of the page, its address and its keys.
"use strict";

(() => {
  const { element } = Draw;
  const find = (id) => document.getElementById(id);
  if (!window.resdetData) {
    const said = "data.js is missing or cut short; write the gallery again.";
    document.body.append(element("p", { class: "notice" }, said));
    return;
  }
  const data = Judge.load(window.resdetData);
  const isPair = data.models.length > 1;
  const FRESH = {
    label: null, kind: null, model: null, who: null, search: "", score: data.threshold,
  };
  const SHAPE = { sort: isPair ? "disagreement" : "errors", size: 2 };
  const SIZES = [0, 1, 2, 3, 4];
  const state = { ...FRESH, ...SHAPE };
  let counts = null, list = [], counted = "", pushed = false, writing = 0;

  const side = makeSide(data, { set });
  const overview = makeOverview(data, {
    scroller: find("scroller"), holder: find("cards"), open: { image: openImage, address },
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
      ...(score !== FRESH.score && { score: String(score) }),
      ...(sort !== SHAPE.sort && { sort }),
      ...(size !== SHAPE.size && { size: String(size) }),
    };
  }

  function address(image) {
    const said = { ...query(), ...(image !== null && { image: data.names[image] }) };
    return `#${new URLSearchParams(said)}`;
  }

  /** Read the address into the state; what it says that does not exist here is passed over. */
  function readAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    const at = (names, name) => (names.includes(name) ? names.indexOf(name) : null);
    const names = data.models.map(({ name }) => name);
    const [score, size, right] = [Number(said.get("score")), said.get("size"), said.get("right")];
    Object.assign(state, {
      label: at(data.classes, said.get("class")),
      kind: at(data.kinds, said.get("kind")),
      model: at(names, said.get("model")),
      who: at(names, right) ?? (["none", "all"].includes(right) ? right : null),
      search: said.get("search") ?? "",
      score: score >= FRESH.score && score <= 1 ? score : FRESH.score,
      sort: Judge.SORTS.has(said.get("sort")) ? said.get("sort") : SHAPE.sort,
      size: at(SIZES.map(String), size) ?? SHAPE.size,
    });
    if (state.kind === null) state.model = null;
    return data.indexOf.get(said.get("image")) ?? null;
  }

  /** Browsers limit how often the address may change: the last of many changes is written. */
  function writeAddress() {
    clearTimeout(writing);
    writing = setTimeout(() => {
      history.replaceState(history.state, "", address(viewer.image));
    }, 120);
  }

  /** Show what the address says, at the start and when the reader goes back or edits it. */
  function follow() {
    const before = viewer.image, image = readAddress();
    if (image === null) viewer.hide();
    update();
    if (image !== null) showImage(image);
    else if (before !== null) overview.focusImage(before);
    pushed = image !== null && history.state?.viewer === true;
  }

  // ---- filters and images ----------------------------------------------------------------

  function filters() {
    return { ...state, kindName: state.kind === null ? null : data.kinds[state.kind] };
  }

  function set(change) {
    Object.assign(state, change);
    update();
    writeAddress();
  }

  const clear = () => set(FRESH);

  function update() {
    const wanted = `${state.label} ${state.score}`;
    if (wanted !== counted) counts = Judge.count(data, state);
    counted = wanted;
    list = Judge.select(data, counts, state);
    side.show({ state, counts });
    if (document.activeElement !== find("search")) find("search").value = state.search;
    find("sort").value = state.sort;
    find("size").value = state.size;
    const [shown, all] = [list, data.names].map(({ length }) => length.toLocaleString("en"));
    find("count").textContent = `${shown === all ? "" : `${shown} of `}${all} images`;
    const active = ["label", "kind", "who", "search", "score"]
      .filter((name) => state[name] !== FRESH[name]).length;
    find("clear").hidden = !active;
    find("active-count").textContent = active || "";
    find("nothing").hidden = list.length > 0;
    overview.show({ list, counts, filters: filters(), size: state.size });
  }

  function openImage(i) {
    clearTimeout(writing);
    history.pushState({ viewer: true }, "", address(i));
    pushed = true;
    showImage(i);
  }

  function showImage(i) {
    const place = list.indexOf(i);
    const near = place < 0 ? [] : [list[place + 1], list[place - 1]].filter((n) => n !== undefined);
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
    clearTimeout(writing);
    if (pushed) {
      history.replaceState(history.state, "", address(viewer.image));
      history.back(); // `follow` does the rest
      return;
    }
    const image = viewer.image;
    viewer.hide();
    history.replaceState(null, "", address(null));
    overview.focusImage(image);
  }

  // ---- keys, theme, help -----------------------------------------------------------------

  const KEYS = [
    ["← → ↑ ↓", "move; in an image: previous, next"],
    ["Enter", "open the image"],
    ["Esc", "close, or clear the filters"],
    ["1 2 3 …", "one pane alone, and back"],
    ["b", "boxes on or off"],
    ["l", "labels: auto, all, none"],
    ["z", "zoom in or out; also wheel and pinch"],
    ["/", "search"],
    ["f", "filters"],
    ["s", "next order"],
    ["+ −", "size of the pictures"],
    ["t", "light or dark"],
    ["?", "this help"],
  ];

  function fillHelp() {
    const { KINDS, mark, sample } = Draw;
    find("legend").replaceChildren(...[...KINDS].flatMap(([kind, [name, what]]) => [
      element("dt", {}, sample(kind), mark(kind)),
      element("dd", {}, element("b", {}, name), ` ${what}`),
    ]));
    find("keys").replaceChildren(...KEYS.flatMap(([keys, what]) => [
      element("dt", {}, ...keys.split(" ").map((key) => element("kbd", {}, key))),
      element("dd", {}, what),
    ]));
  }

  const THEMES = ["light", "dark"];

  function setTheme(theme) {
    if (THEMES.includes(theme)) document.documentElement.dataset.theme = theme;
  }

  function toggleTheme() {
    const theme = getComputedStyle(document.documentElement).colorScheme === "dark" ? 0 : 1;
    setTheme(THEMES[theme]);
    try {
      localStorage.setItem("resdet-theme", THEMES[theme]);
    } catch { /* a private window remembers nothing */ }
  }

  function nextSort() {
    const sorts = [...find("sort").options].map(({ value }) => value);
    set({ sort: sorts[(sorts.indexOf(state.sort) + 1) % sorts.length] });
  }

  const resize = (step) => set({ size: SIZES[state.size + step] ?? state.size });
  const help = () => (find("help").open ? find("help").close() : find("help").showModal());
  const isNarrow = () => matchMedia("(max-width: 860px)").matches;

  const ACTS = {
    "?": help,
    t: toggleTheme,
    s: nextSort,
    "/": () => find("search").focus(),
    f: () => (isNarrow() ? side.toggle() : find("score").focus()),
    "+": () => resize(1),
    "=": () => resize(1),
    "-": () => resize(-1),
    Escape: () => (side.isOpen ? side.toggle(false) : clear()),
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (find("help").open) {
      if (event.key === "?") help();
      return;
    }
    const inViewer = viewer.image !== null;
    const isDone = inViewer ? viewer.key(event) : overview.key(event);
    const act = inViewer && !["?", "t"].includes(event.key) ? null : ACTS[event.key];
    if (!isDone && act) act();
    if (isDone || act) event.preventDefault();
  }

  // ---- start -----------------------------------------------------------------------------

  function start() {
    try {
      setTheme(localStorage.getItem("resdet-theme"));
    } catch { /* a private window remembers nothing */ }
    const [baseline, ...others] = data.models.map(({ name }) => name);
    const rest = others.length > 1 ? [`${others.length} others`] : others;
    const title = [baseline, ...rest].join(" vs ");
    document.title = `${title} · resdet gallery`;
    find("title").textContent = title;
    find("about").textContent = data.about;
    const sorts = [...Judge.SORTS].filter(([sort]) => isPair || ["errors", "name"].includes(sort));
    find("sort").append(...sorts.map(([value, name]) => element("option", { value }, name)));
    fillHelp();
    const on = (id, kind, act) => find(id).addEventListener(kind, act);
    on("search", "input", ({ target }) => set({ search: target.value }));
    on("search", "keydown", ({ key }) => { if (key === "Enter") overview.go(0); });
    on("sort", "change", ({ target }) => set({ sort: target.value }));
    on("size", "input", ({ target }) => set({ size: Number(target.value) }));
    for (const id of ["clear", "clear-all"]) on(id, "click", clear);
    for (const id of ["help-button", "viewer-help", "close-help"]) on(id, "click", help);
    on("theme", "click", toggleTheme);
    document.addEventListener("keydown", onKey);
    window.addEventListener("popstate", follow);
    follow();
  }

  start();
})();

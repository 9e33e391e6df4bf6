// Pictures in, boxes on them out. Names of classes and files enter the page as text, never as markup.
const LARGEST = 2048; // pixels of a side that are looked at: a phone's memory ends above
const LINE = 2; // CSS pixels
const NARROW = 480; // CSS pixels of a picture on which tags are names alone

const $ = (id) => document.getElementById(id);
const stage = $("stage"), picture = $("picture"), overlay = $("boxes");
const state = { page: null, found: null, size: null, stream: null, facing: "environment", latest: 0 };
const waiting = new Map();
const worker = new Worker("worker.js", { type: "module" });

worker.onerror = (event) => say(`The detector could not start: ${event.message || "worker.js did not load"}`, true);
worker.onmessage = ({ data }) => {
  if (data.ready) return ready();
  if (data.id === undefined) return say(`The detector could not be loaded: ${data.failed}`, true);
  const { resolve, reject } = waiting.get(data.id);
  waiting.delete(data.id);
  return data.found ? resolve(data.found) : reject(new Error(data.failed));
};

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

async function start() {
  const answer = await fetch("page.json");
  if (!answer.ok) throw new Error(`page.json must be beside the page, got ${answer.status} ${answer.statusText}`);
  state.page = await answer.json();
  document.title = $("title").textContent = state.page.title;
  $("about").textContent = state.page.about;
  $("threshold").value = state.page.threshold;
  $("shown").textContent = Number($("threshold").value).toFixed(2);
}

function ready() {
  say("Ready.");
  $("file").disabled = false;
  $("camera").disabled = !navigator.mediaDevices?.getUserMedia;
}

// --- from a picture to boxes

function fitted(width, height) {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)), scale };
}

function look(source, width, height) {
  const size = fitted(width, height);
  picture.width = size.width;
  picture.height = size.height;
  const context = picture.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, size.width, size.height);
  const rgba = context.getImageData(0, 0, size.width, size.height).data;
  const id = ++state.latest;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, rgba, width: size.width, height: size.height }, [rgba.buffer]);
  }).then((found) => ({ ...found, id, size }));
}

async function show(file) {
  stopCamera();
  say(`Looking at ${file.name || "the picture"} …`);
  let image;
  try {
    image = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    return say(`${file.name || "The file"} must be a picture that this browser reads, got ${file.type || "something else"}`, true);
  }
  const { width, height } = image;
  try {
    reveal(fitted(width, height));
    state.found = null;
    draw();
    const found = await look(image, width, height);
    if (found.id !== state.latest) return undefined;
    accept(found);
    const smaller = found.size.scale < 1 ? `, looked at as ${found.size.width} x ${found.size.height}` : "";
    say(`${file.name || "Picture"}: ${width} x ${height} pixels${smaller}, ${Math.round(found.milliseconds)} ms`);
  } catch (error) {
    say(`${file.name || "The picture"} could not be looked at: ${error.message}`, true);
  } finally {
    image.close();
  }
  return undefined;
}

function reveal(size) {
  state.size = size;
  stage.classList.remove("empty");
}

function accept(found) {
  state.size = found.size;
  state.found = found;
  draw();
}

// --- what is seen

function kept() {
  const { found } = state;
  if (!found) return [];
  const least = Number($("threshold").value);
  const all = found.labels.map((label, at) => ({
    label, score: found.scores[at], box: found.boxes.subarray(4 * at, 4 * at + 4),
  }));
  return all.filter(({ score }) => score >= least).sort((a, b) => b.score - a.score);
}

const colour = (label) => state.page.colours[label % state.page.colours.length];
const name = (label) => state.page.class_names[label] ?? `class ${label}`;

function ink(background) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(background.slice(at, at + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff";
}

function place() {
  const { width, height } = state.size;
  const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height);
  for (const canvas of [picture, overlay]) {
    canvas.style.width = `${width * scale}px`;
    canvas.style.height = `${height * scale}px`;
  }
  return scale;
}

function draw() {
  const marks = kept();
  list(marks);
  if (!state.size) return;
  const scale = place();
  const dots = window.devicePixelRatio || 1;
  overlay.width = Math.round(state.size.width * scale * dots);
  overlay.height = Math.round(state.size.height * scale * dots);
  const context = overlay.getContext("2d");
  context.scale(dots, dots);
  context.textBaseline = "middle";
  for (const mark of marks.reverse()) drawMark(context, mark, scale);
}

function drawMark(context, { label, score, box }, scale) {
  const [left, top, right, bottom] = [...box].map((value) => value * scale);
  const fill = colour(label);
  context.strokeStyle = fill;
  context.lineWidth = LINE;
  context.strokeRect(left, top, right - left, bottom - top);
  const across = state.size.width * scale;
  const [size, text] = across < NARROW ? [10, name(label)] : [12, `${name(label)} ${score.toFixed(2)}`];
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 8;
  const height = 1.5 * size;
  const x = Math.max(0, Math.min(left - LINE / 2, across - width));
  const y = top >= height ? top - height : top;
  context.fillStyle = fill;
  context.fillRect(x, y, width, height);
  context.fillStyle = ink(fill);
  context.fillText(text, x + 4, y + height / 2 + 0.5);
}

function counted(marks) {
  const many = new Map();
  for (const { label } of marks) many.set(label, (many.get(label) ?? 0) + 1);
  const told = [...many].sort((a, b) => b[1] - a[1]).map(([label, count]) => `${count} ${name(label)}`);
  return told.join(", ") || "Nothing found";
}

function list(marks) {
  $("count").textContent = state.found ? counted(marks) : "Nothing yet";
  $("found").replaceChildren(...marks.map(item));
  picture.setAttribute("aria-label", state.found ? counted(marks) : "Picture");
}

function item({ label, score }) {
  const line = document.createElement("li");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [key, value] of Object.entries({ width: 12, height: 12, rx: 3, fill: colour(label) })) mark.setAttribute(key, value);
  svg.append(mark);
  line.append(svg, text("name", name(label)), text("score", score.toFixed(2)));
  return line;
}

function text(kind, content) {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = content;
  return span;
}

// --- the camera

async function useCamera() {
  stopCamera();
  try {
    state.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: state.facing }, audio: false });
  } catch (error) {
    return say(`The camera could not be used: ${error.message}`, true);
  }
  const video = document.createElement("video");
  video.playsInline = video.muted = true;
  video.srcObject = state.stream;
  await video.play();
  $("camera").textContent = "Stop the camera";
  $("camera").setAttribute("aria-pressed", "true");
  navigator.mediaDevices.enumerateDevices().then((devices) => {
    $("turn").hidden = devices.filter(({ kind }) => kind === "videoinput").length < 2;
  });
  return film(video, state.stream);
}

async function film(video, stream) {
  reveal(fitted(video.videoWidth, video.videoHeight));
  while (state.stream === stream) {
    try {
      const found = await look(video, video.videoWidth, video.videoHeight);
      if (state.stream !== stream) return;
      accept(found);
      say(`Camera: ${video.videoWidth} x ${video.videoHeight} pixels, ${(1000 / found.milliseconds).toFixed(1)} pictures a second`);
    } catch (error) {
      say(`The camera's picture could not be looked at: ${error.message}`, true);
      stopCamera();
    }
  }
}

function stopCamera() {
  state.stream?.getTracks().forEach((track) => track.stop());
  state.stream = null;
  $("camera").textContent = "Use the camera";
  $("camera").setAttribute("aria-pressed", "false");
  $("turn").hidden = true;
}

// --- what people do

function first(items) {
  const file = [...items].find(({ type }) => type.startsWith("image/")) ?? items[0];
  if (file && !$("file").disabled) show(file);
}

$("file").addEventListener("change", (event) => { first(event.target.files); event.target.value = ""; });
$("camera").addEventListener("click", () => (state.stream ? stopCamera() : useCamera()));
$("turn").addEventListener("click", () => {
  state.facing = state.facing === "environment" ? "user" : "environment";
  useCamera();
});
$("threshold").addEventListener("input", () => {
  $("shown").textContent = Number($("threshold").value).toFixed(2);
  draw();
});
document.addEventListener("paste", (event) => first(event.clipboardData.files));
document.addEventListener("dragover", (event) => { event.preventDefault(); stage.classList.add("over"); });
document.addEventListener("dragleave", () => stage.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  stage.classList.remove("over");
  first(event.dataTransfer.files);
});
new ResizeObserver(draw).observe(stage);
start().catch((error) => say(`The page could not be read: ${error.message}; open it from a server, as python -m http.server`, true));

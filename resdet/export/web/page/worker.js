// The detector at work, beside the page so that the page never waits.
import * as ort from "./onnxruntime-web/ort.wasm.bundle.min.mjs";

ort.env.wasm.wasmPaths = { wasm: new URL("./onnxruntime-web/ort-wasm-simd-threaded.wasm", import.meta.url).href };
// more than one needs headers that a plain server does not send
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;

const session = load();

async function load() {
  const answer = await fetch("model.onnx");
  if (!answer.ok) throw new Error(`model.onnx must be beside the page, got ${answer.status} ${answer.statusText}`);
  const bytes = await answer.arrayBuffer();
  return ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
}

function withoutAlpha(rgba) {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

async function detect({ rgba, width, height }) {
  const detector = await session;
  const start = performance.now();
  const image = new ort.Tensor("uint8", withoutAlpha(rgba), [height, width, 3]);
  const { boxes, labels, scores } = await detector.run({ [detector.inputNames[0]]: image });
  return {
    boxes: Float32Array.from(boxes.data),
    labels: Array.from(labels.data, Number),
    scores: Float32Array.from(scores.data),
    milliseconds: performance.now() - start,
  };
}

session.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error.message ?? error) }));
onmessage = async ({ data }) => {
  try {
    postMessage({ id: data.id, found: await detect(data) });
  } catch (error) {
    postMessage({ id: data.id, failed: String(error.message ?? error) });
  }
};

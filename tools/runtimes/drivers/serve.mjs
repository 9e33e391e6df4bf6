// Open a file by a runtime of npm's, then run a picture for each line that names one.
// usage: node serve.mjs FOLDER PACKAGE FILE
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, name, file] = process.argv.slice(2);
const ort = createRequire(`${folder}/`)(name);
const answer = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);

async function run(session, { file, shape }) {
  const image = new ort.Tensor("uint8", new Uint8Array(readFileSync(file)), shape);
  const before = process.cpuUsage();
  const { boxes, labels, scores } = await session.run({ image });
  const { user, system } = process.cpuUsage(before);
  const rows = Array.from({ length: scores.dims[0] }, (_, at) => [...boxes.data.slice(4 * at, 4 * at + 4)]);
  return {
    found: [rows, [...labels.data].map(Number), [...scores.data]],
    seconds: (user + system) / 1e6,
    peak_megabytes: (Number(readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s+(\d+)/)[1]) * 1024) / 1e6,
  };
}

try {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  answer({ loaded: true });
  for await (const line of createInterface({ input: process.stdin })) {
    answer(await run(session, JSON.parse(line)).catch(refusal));
  }
} catch (error) {
  answer(refusal(error));
}

function refusal(error) {
  return { refused: `${error.name}: ${String(error.message).split("\n")[0]}`.slice(0, 200) };
}

// Answers with the emotion model of @vladmandic/human, on tfjs' wasm backend and one thread.
//
//     node human_worker.cjs FOLDER      where FOLDER/node_modules holds the packages
//
// A request on stdin is n and side as two little-endian uint32, then n gray pictures of side x side
// bytes; the answer on stdout is n rows of float32 probabilities. Ends with stdin.

'use strict';

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');

const modules = path.join(path.resolve(process.argv[2]), 'node_modules');
const load = createRequire(path.join(modules, 'x.js'));
const tf = load('@tensorflow/tfjs-core');
const { loadGraphModel } = load('@tensorflow/tfjs-converter');
const { setWasmPaths } = load('@tensorflow/tfjs-backend-wasm');

// Larger batches leave the cache: 6.4 ms a face at 16, 10 ms at 32.
const BATCH = 16;
const HEADER_BYTES = 8;

// stdout carries answers only.
console.log = console.warn = console.error;

async function openModel() {
  setWasmPaths(path.join(modules, '@tensorflow', 'tfjs-backend-wasm', 'dist') + path.sep);
  await tf.setBackend('wasm');
  await tf.ready();
  const folder = path.join(modules, '@vladmandic', 'human', 'models');
  const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(path.join(folder, 'emotion.json')));
  const weights = fs.readFileSync(path.join(folder, 'emotion.bin'));
  return loadGraphModel({
    load: async () => ({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
    }),
  });
}

// Source: src/face/facemeshutil.ts and src/gear/emotion.ts of @vladmandic/human 3.3.6: pixels in
// 0-1, enlarged, made gray by these weights, then spread over -1 to 1.
function predict(model, pixels, n, side) {
  return tf.tidy(() => {
    const gray = tf.tensor4d(Float32Array.from(pixels), [n, side, side, 1]);
    const image = tf.div(tf.tile(gray, [1, 1, 1, 3]), 255);
    const size = model.inputs[0].shape[2];
    const resized = tf.image.resizeBilinear(image, [size, size], false);
    const summed = tf.sum(tf.mul(resized, tf.tensor1d([0.2989, 0.587, 0.114])), 3, true);
    return model.execute(tf.mul(tf.sub(summed, 0.5), 2)).dataSync();
  });
}

function answer(model, pixels, n, side) {
  for (let first = 0; first < n; first += BATCH) {
    const count = Math.min(BATCH, n - first);
    const part = pixels.subarray(first * side * side, (first + count) * side * side);
    const scores = predict(model, part, count, side);
    process.stdout.write(Buffer.from(scores.buffer, scores.byteOffset, scores.byteLength));
  }
}

async function main() {
  const model = await openModel();
  let waiting = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= HEADER_BYTES) {
      const [n, side] = [waiting.readUInt32LE(0), waiting.readUInt32LE(4)];
      const end = HEADER_BYTES + n * side * side;
      if (waiting.length < end) break;
      answer(model, waiting.subarray(HEADER_BYTES, end), n, side);
      waiting = waiting.subarray(end);
    }
  }
}

main();

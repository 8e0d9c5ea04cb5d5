// Reads models that Recur wrote (FOLDER/list.json, of interop_samples) with ONNX Runtime or TensorFlow.js; see read_back.
// Usage: node read_back.cjs onnxruntime-node|@tensorflow/tfjs FOLDER   (NODE_PATH names the folder of the packages)
'use strict';
const fs = require('fs');
const path = require('path');

const [reader, folder] = process.argv.slice(2);

const readFloats = (name) => {
  const bytes = fs.readFileSync(path.join(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const readIds = (name) => new Int32Array(readFloats(name).buffer);

const largestDifference = (a, b) => {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = difference;  // NaN, too
  }
  return worst;
};

function report(row, run, by, y) {
  const worst = largestDifference(y, readFloats(run.output));
  console.log(
      `${worst <= run.tolerance ? 'pass' : 'FAIL'}  ${row.file} (${row.format}): ` +
      `${by} gives Recur's outputs over ${run.input_shape[1]} steps to ${worst.toExponential(1)}`);
}

async function checkOnnx(rows) {
  const ort = require('onnxruntime-node');
  const by = `ONNX Runtime ${require('onnxruntime-node/package.json').version}`;
  const tensorOf = (row, numbers, shape) => row.ids ?
      new ort.Tensor('int64', BigInt64Array.from(numbers, BigInt), shape) :
      new ort.Tensor('float32', numbers, shape);
  for (const row of rows) {
    if (!row.format.startsWith('onnx')) continue;
    const session = await ort.InferenceSession.create(path.join(folder, row.file), {intraOpNumThreads: 1, logSeverityLevel: 3});
    for (const run of row.runs) {
      const numbers = row.ids ? readIds(run.input) : readFloats(run.input);
      if (!row.states) {
        report(row, run, by, (await session.run({x: tensorOf(row, numbers, run.input_shape)})).y.data);
      } else if (run.input_shape[0] === 1) {
        report(row, run, by + ', step by step,', await stepByStep(ort, session, row, run, numbers));
      }
    }
    await session.release();
  }
}

// Each step gets the states that the one before gave.
async function stepByStep(ort, session, row, run, numbers) {
  const features = row.features;
  const outputs = [];
  const feeds = {};
  for (const [name, shape] of Object.entries(row.states))
    feeds[name] = new ort.Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)), shape);
  for (let t = 0; t < run.input_shape[1]; ++t) {
    feeds.x = new ort.Tensor('float32', numbers.slice(t * features, (t + 1) * features), [1, 1, features]);
    const results = await session.run(feeds);
    outputs.push(...results.y.data);
    for (const name of Object.keys(row.states)) feeds[name] = results[name + '_out'];
  }
  return outputs;
}

async function checkTfjs(rows) {
  const tf = require('@tensorflow/tfjs');
  await tf.setBackend('cpu');
  const by = `TensorFlow.js ${tf.version.tfjs}`;
  for (const row of rows) {
    if (row.format !== 'tfjs') continue;
    const file = path.join(folder, row.file);
    const json = JSON.parse(fs.readFileSync(file));
    const bytes = Buffer.concat(
        json.weightsManifest.flatMap((group) => group.paths.map((name) => fs.readFileSync(path.join(path.dirname(file), name)))));
    const model = await tf.loadLayersModel(tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    }));
    for (const run of row.runs) {
      const y = tf.tidy(() => {
        const x = row.ids ? tf.tensor(readIds(run.input), run.input_shape, 'int32') : tf.tensor(readFloats(run.input), run.input_shape);
        return model.predict(x, {batchSize: run.input_shape[0]}).dataSync();
      });
      report(row, run, by, y);
    }
    model.dispose();
  }
}

const rows = JSON.parse(fs.readFileSync(path.join(folder, 'list.json')));
(reader === 'onnxruntime-node' ? checkOnnx(rows) : checkTfjs(rows)).catch((error) => {
  console.error(error);
  process.exit(1);
});

/**
 * What k-sparse codes of handwritten digits tell a straight cut (8 × 8 pixels of 0 … 16 divided by 16, fixtures/make/digits.py).
 *
 * Three splits, 30 % of every class for testing. The dictionary learns from the other rows without their labels, of which a tenth says
 * when to stop; then logistic regression (C = 10, helpers/linearProbe.ts, which gives scikit-learn's accuracies to the row) learns from
 * their codes. Columns themselves give it 96.9 %.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { kSparse } from '#engine/models/sae/kSparse.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { type Labelled, probeAccuracy } from '../helpers/linearProbe.ts'
import { trainOptions } from '../helpers/training.ts'

const [n, D, classes, C] = [1797, 64, 10, 10]
const file = readFileSync(new URL('../fixtures/digits.npy', import.meta.url))
const table = file.subarray(10 + file.readUInt16LE(8))
const pixels = Float32Array.from({ length: n * D }, (_, at) => table[Math.floor(at / D) * (D + 1) + (at % D)] / 16)
const labels = Uint8Array.from({ length: n }, (_, i) => table[i * (D + 1) + D])

/** Rows for testing: 30 % of every class. */
function testRows(split: number): ReadonlySet<number> {
  const draw = uniformsOf(stepKey(split, 0), 'digits')
  const chosen = Array.from({ length: classes }, (_, digit) => {
    const own = [...labels.keys()].filter((i) => labels[i] === digit).sort((a, b) => draw(a) - draw(b))
    return own.slice(0, Math.round(0.3 * own.length))
  })
  return new Set(chosen.flat())
}

function taken(X: Float32Array, width: number, rows: readonly number[]): Labelled {
  const chosen = new Float32Array(rows.length * width)
  rows.forEach((row, at) => {
    chosen.set(X.subarray(row * width, (row + 1) * width), at * width)
  })
  return { X: chosen, y: Uint8Array.from(rows, (row) => labels[row]) }
}

const preset = kSparse.presets.find(({ id }) => id === 'classifier')
if (!preset) throw new Error('no preset for classifiers')
const params = kSparse.params.parse(preset.params)
const M = params.codeSize

/** Accuracy on the test rows of a split, from pixels and from codes. */
async function accuracies(split: number) {
  const test = testRows(split)
  const [trainRows, heldRows] = [[...labels.keys()].filter((i) => !test.has(i)), [...test]]
  const probed = (X: Float32Array, width: number) => probeAccuracy(taken(X, width, trainRows), taken(X, width, heldRows), width, classes, C)
  const [judging, learning] = [trainRows.filter((_, at) => at % 10 === 0), trainRows.filter((_, at) => at % 10 !== 0)]
  const { weights } = await trainModel(
    trainOptions('k-sparse', params, {
      train: taken(pixels, D, learning).X,
      trainRows: learning.length,
      holdout: taken(pixels, D, judging).X,
      holdoutRows: judging.length,
      inputDim: D,
      seed: split,
    }),
  )
  const encoder = await openEncoder({ model: kSparse, params, inputDim: D, weights, threads: 1 })
  const { codes } = await encoder.encode(pixels, n)
  await encoder.close()
  const used = Array.from({ length: n }, (_, i) => codes.subarray(i * M, (i + 1) * M).filter((code) => code !== 0).length)
  return { pixels: probed(pixels, D), codes: probed(codes, M), mostCodes: Math.max(...used) }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length

describe('ten of 512 codes of a digit', () => {
  test('tell a linear probe at least 97 % of the digits, more than the pixels do', { timeout: 300_000 }, async () => {
    const found = []
    for (const split of [1, 2, 3]) found.push(await accuracies(split))
    const [fromPixels, fromCodes] = [mean(found.map((each) => each.pixels)), mean(found.map((each) => each.codes))]
    process.stdout.write(
      `digits: pixels ${(100 * fromPixels).toFixed(2)} %, codes ${(100 * fromCodes).toFixed(2)} % (${found.map(({ codes }) => (100 * codes).toFixed(2)).join(', ')})\n`,
    )
    expect(Math.max(...found.map(({ mostCodes }) => mostCodes))).toBeLessThanOrEqual(10)
    expect(fromPixels).toBeGreaterThan(0.955)
    expect(fromCodes).toBeGreaterThanOrEqual(0.97)
    expect(fromCodes).toBeGreaterThan(fromPixels)
  })
})

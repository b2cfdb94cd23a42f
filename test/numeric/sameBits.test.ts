/** Every model trained by gradient: the same seed gives the same bits on one and on two threads, and after being interrupted. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Weights } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { trainModel } from '#engine/train/train.ts'
import { memoryStore, rowsFor, trainOptions } from '../helpers/training.ts'

/** Wide enough for products to be divided among threads and weights to be kept unpacked; dictionaries both sparse and dense. */
const settings: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  autoencoder: [{ encoder: [256, 64], epochs: 2, inputNoise: 0.1 }],
  denoising: [{ encoder: [256, 64], epochs: 2, batchSize: 100, noise: 'salt-and-pepper' }],
  stacked: [{ layers: [256, 8], layerEpochs: 1, fineTuneEpochs: 1, noise: 'gaussian' }],
  vae: [
    { encoder: [256, 64], epochs: 2, batchSize: 100 },
    { encoder: [256], epochs: 2, batchSize: 100, likelihood: 'student-t', freeBits: 0.1 },
    { encoder: [256], epochs: 2, batchSize: 100, likelihood: 'bernoulli', capacity: 2 },
  ],
  // with conditions, see below
  cvae: [{ encoder: [256], epochs: 2, batchSize: 100, prior: 'conditional' }],
  hvae: [{ encoder: [256], epochs: 2, batchSize: 100 }],
  'sae-topk': [
    { codeSize: 1024, k: 8, auxiliaryK: 16, deadAfter: 300, epochs: 2, batchSize: 100 },
    { codeSize: 128, k: 32, deadAfter: 300, multiTopK: true, epochs: 2, batchSize: 100 },
  ],
  'beta-tcvae': [{ encoder: [256], epochs: 2, batchSize: 100, sampling: 'stratified' }],
  infovae: [{ encoder: [256], epochs: 2, batchSize: 100, alpha: 0.5 }],
  wae: [
    { encoder: [256], epochs: 2, batchSize: 100 },
    { encoder: [256], epochs: 2, batchSize: 100, penalty: 'gan' },
  ],
  iwae: [{ encoder: [256], epochs: 2, batchSize: 100, draws: 4 }],
  'count-vae': [
    { encoder: [256], epochs: 2, batchSize: 100 },
    { encoder: [256], epochs: 2, batchSize: 100, likelihood: 'zinb' },
  ],
  'batch-topk': [{ codeSize: 512, k: 4, auxiliaryK: 16, deadAfter: 300, epochs: 2, batchSize: 100 }],
  // dead codes begin anew after the second pass
  'sae-relu': [{ codeSize: 512, targetCodes: 3, pull: 5, deadAfter: 200, resamplings: 1, epochs: 3, batchSize: 100 }],
  'sae-jumprelu': [{ codeSize: 512, epochs: 2, batchSize: 100 }],
  'sae-gated': [{ codeSize: 512, epochs: 2, batchSize: 100 }],
  'k-sparse': [{ codeSize: 512, k: 6, epochs: 2, batchSize: 100 }],
}
const [n, held, d] = [600, 100, 48]
const rowsOf = (id: string) => ({
  train: rowsFor(id, n, d),
  trainRows: n,
  holdout: rowsFor(id, held, d, 2),
  holdoutRows: held,
  inputDim: d,
  ...(id === 'cvae' && { conditions: 4 }),
})

function bytesOf({ weights }: { weights: Weights }): string {
  const hash = createHash('sha256')
  for (const [name, { shape, values }] of Object.entries(weights)) hash.update(`${name} ${shape} `).update(values)
  return hash.digest('hex')
}

test('every model is looked at', () => {
  const gradient = models.filter((model) => model.build(model.params.parse({}), d).kind === 'gradient')
  expect(Object.keys(settings).sort()).toEqual(gradient.map(({ id }) => id).sort())
})

describe('the same bits', () => {
  test.each(Object.entries(settings).flatMap(([id, all]) => all.map((params) => [id, params] as const)))('%s %o', async (id, params) => {
    const rows = rowsOf(id)
    const store = memoryStore()
    const one = await trainModel(trainOptions(id, params, { ...rows, checkpoint: store, checkpointSeconds: 0 }))
    const two = await trainModel(trainOptions(id, params, { ...rows, threads: 2 }))
    expect(bytesOf(two)).toBe(bytesOf(one))

    expect(store.saved.length).toBeGreaterThan(1)
    const middle = store.saved[Math.floor(store.saved.length / 2) - 1]
    const resumed = await trainModel(trainOptions(id, params, { ...rows, checkpoint: memoryStore(middle) }))
    expect(bytesOf(resumed)).toBe(bytesOf(one))
    expect(resumed).toMatchObject({ steps: one.steps, epochs: one.epochs, holdoutError: one.holdoutError })
  })
})

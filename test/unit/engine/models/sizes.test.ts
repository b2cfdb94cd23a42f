import { describe, expect, test } from 'vitest'
import { modelById, models } from '#engine/models/registry.ts'
import { automaticParameters, sizesFor } from '#engine/models/sizes.ts'
import { modelLayout } from '#engine/train/layout.ts'

const sizes = (id: string, columns: number, rows: number, given = {}) => sizesFor(modelById(id), given, { columns, rows })

test('layers and code follow from the columns', () => {
  expect(sizes('autoencoder', 10, 2_000_000)).toEqual({ codeSize: 4, encoder: [64, 16] })
  expect(sizes('autoencoder', 200, 50_000)).toEqual({ codeSize: 15, encoder: [256, 64] })
  expect(sizes('autoencoder', 2000, 5000)).toEqual({ codeSize: 32, encoder: [256, 128] })
  expect(sizes('stacked', 10, 10_000)).toEqual({ layers: [64, 16, 4] })
  expect(sizes('vae', 4, 10_000)).toEqual({ codeSize: 2, encoder: [32, 8] })
})

test('few rows make a small model, and few columns no code as wide as they are', () => {
  expect(sizes('autoencoder', 2000, 100)).toEqual({ codeSize: 5, encoder: [16, 8] })
  expect(sizes('autoencoder', 2, 1000)).toEqual({ codeSize: 1, encoder: [32, 8] })
  expect(sizes('autoencoder', 1, 1000).codeSize).toBe(1)
  expect(sizes('sae-topk', 768, 2000)).toEqual({ codeSize: 256, k: 8 })
})

test('dictionaries have several latents a column, within bounds', () => {
  expect(sizes('sae-topk', 32, 1e6)).toEqual({ codeSize: 256, k: 8 })
  expect(sizes('sae-topk', 10, 1e6)).toEqual({ codeSize: 64, k: 4 })
  expect(sizes('sae-topk', 2000, 1e6)).toEqual({ codeSize: 4096, k: 32 })
})

test('dictionaries that are led to a number of codes are led to as many as the others use', () => {
  for (const id of ['sae-relu', 'sae-jumprelu', 'sae-gated']) {
    expect(sizes(id, 10, 1e6)).toEqual({ codeSize: 64, targetCodes: 4 })
    expect(sizes(id, 10, 1e6, { codeSize: 1024 })).toEqual({ targetCodes: 32 })
    expect(sizes(id, 10, 1e6, { targetCodes: null })).toEqual({ codeSize: 64 })
  }
})

test('what is given is kept, and the rest follows from it', () => {
  expect(sizes('autoencoder', 10, 1e6, { codeSize: 8 })).toEqual({ encoder: [128, 32] })
  expect(sizes('autoencoder', 10, 1e6, { encoder: [] })).toEqual({ codeSize: 4 })
  expect(sizes('sae-topk', 10, 1e6, { codeSize: 1024 })).toEqual({ k: 32 })
  expect(sizes('sae-topk', 10, 1e6, { k: 40 })).toEqual({ codeSize: 128 })
})

describe('every model can be built with what is chosen for it', () => {
  const withSizes = models.filter((model) => Object.keys(automaticParameters(model)).length > 0)
  test.each(withSizes.map(({ id }) => id))('%s', (id) => {
    for (const columns of [2, 6, 40, 2000]) {
      for (const rows of [30, 1000, 1_000_000]) {
        const model = modelById(id)
        const { batchSize = 256 } = model.params.parse({}) as { batchSize?: number }
        const chosen = sizesFor(model, {}, { columns, rows })
        expect(modelLayout(model, { ...chosen, batchSize }, columns).weights).toBeGreaterThan(0)
      }
    }
  })
})

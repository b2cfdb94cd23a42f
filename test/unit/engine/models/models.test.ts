import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { modelLayout } from '#engine/train/layout.ts'

describe('the registry', () => {
  test('finds a model, and names the known ones when there is none', () => {
    expect(modelById('pca').title).toBe('PCA')
    expect(() => modelById('pcaa')).toThrow(StratumError)
    expect(() => modelById('pcaa')).toThrow(/no model 'pcaa'/)
    try {
      modelById('pcaa')
    } catch (error) {
      expect(error).toMatchObject({ code: 'UNKNOWN_MODEL', hint: expect.stringContaining('stacked, autoencoder, denoising, vae') })
    }
  })

  test.each(models.map((model) => [model.id, model] as const))(
    '%s: every parameter has a default, a title and a description, every preset fits the schema',
    (_, model) => {
      expect(() => model.params.parse({})).not.toThrow()
      for (const { params } of model.presets) expect(() => model.params.strict().parse(params)).not.toThrow()
      const { properties } = z.toJSONSchema(model.params, { io: 'input' }) as {
        properties: Record<string, { title?: string; description?: string }>
      }
      for (const [name, { title, description }] of Object.entries(properties)) {
        expect(title, name).toBeTruthy()
        expect(description, name).toBeTruthy()
      }
    },
  )
})

describe('layouts', () => {
  test('geological mapping has the published layers, passes and rows per step', () => {
    const { stages, codeSize } = modelLayout(modelById('stacked'), { chain: 'geological-mapping' }, 5)
    expect(codeSize).toBe(2)
    expect(stages).toEqual([
      { title: 'AE1', widths: [5, 6, 4, 2, 4, 6, 5], code: 3, epochs: 10, batchSize: 64 },
      { title: 'AE2', widths: [10, 5, 2, 5, 10], code: 2, epochs: 5, batchSize: 32 },
      { title: 'AE3', widths: [15, 10, 5, 2, 5, 10, 15], code: 3, epochs: 5, batchSize: 16 },
    ])
  })

  test('the geological preset asks for min-max scaling and the published step size', () => {
    expect(modelById('stacked').presets.find(({ id }) => id === 'geological-mapping')).toMatchObject({
      scaling: 'min-max',
      params: { chain: 'geological-mapping', learningRateSchedule: 'constant' },
    })
  })

  test('stacked layers are one stage each and then one for all', () => {
    const { stages, codeSize, weights } = modelLayout(modelById('stacked'), { layers: [64, 16, 4] }, 200)
    expect(stages.map(({ widths }) => widths)).toEqual([
      [200, 64, 200],
      [64, 16, 64],
      [16, 4, 16],
      [200, 64, 16, 4, 16, 64, 200],
    ])
    expect(codeSize).toBe(4)
    expect(weights).toBe(200 * 64 * 2 + 64 + 200 + (64 * 16 * 2 + 16 + 64) + (16 * 4 * 2 + 4 + 16))
    expect(modelLayout(modelById('stacked'), { layers: [8, 2], fineTuneEpochs: 0 }, 20).stages).toHaveLength(2)
  })

  test('a sparse code says how many of its numbers a row uses', () => {
    expect(modelLayout(modelById('sae-topk'), { codeSize: 64, k: 5 }, 10)).toMatchObject({ codeSize: 64, activeCodes: 5 })
    for (const id of ['sae-relu', 'sae-jumprelu', 'sae-gated'])
      expect(modelLayout(modelById(id), { codeSize: 64, targetCodes: 4.6 }, 10)).toMatchObject({ codeSize: 64, activeCodes: 5 })
    expect(modelLayout(modelById('batch-topk'), { codeSize: 64, k: 5 }, 10)).toMatchObject({ activeCodes: 5 })
    expect(modelLayout(modelById('sae-relu'), { targetCodes: null }, 10)).not.toHaveProperty('activeCodes')
    expect(modelLayout(modelById('autoencoder'), {}, 10)).not.toHaveProperty('activeCodes')
  })

  test('tied weights are counted once', () => {
    const free = modelLayout(modelById('autoencoder'), { encoder: [8], codeSize: 2 }, 10)
    const tied = modelLayout(modelById('autoencoder'), { encoder: [8], codeSize: 2, tied: true }, 10)
    expect(free.weights - tied.weights).toBe(10 * 8 + 8 * 2)
    expect(free.stages[0].widths).toEqual([10, 8, 2, 8, 10])
    expect(modelLayout(modelById('autoencoder'), { encoder: [8], decoder: [6, 7], codeSize: 2 }, 10).stages[0].widths).toEqual([
      10, 8, 2, 6, 7, 10,
    ])
  })

  test('tied weights need layers that mirror each other', () => {
    const layout = (decoder: number[] | null) =>
      modelLayout(modelById('autoencoder'), { encoder: [8, 4], decoder, codeSize: 2, tied: true }, 10)
    expect(layout([4, 8])).toEqual(layout(null))
    expect(() => layout([6, 7])).toThrow('Layers of 6, 7 units cannot use the weights of 8, 4 units the other way round.')
    expect(() => layout([])).toThrow(StratumError)
  })
})

test('the price of a code is what the theory of collapse is of, and none where a loss holds codes otherwise', () => {
  const priceOf = (id: string, params: Readonly<Record<string, unknown>> = {}): number | null | undefined => {
    const model = modelById(id)
    const built = model.build(model.params.parse(params), 10)
    return built.kind === 'gradient' ? built.codePrice : undefined
  }
  expect(priceOf('vae', { beta: 4 })).toBe(4)
  expect(priceOf('vae', { beta: 100, capacity: 5 })).toBeNull()
  expect(priceOf('vae', { freeBits: 0.1 })).toBeNull()
  expect(priceOf('cvae', { beta: 2 })).toBe(2)
  expect(priceOf('hvae', { beta: 2 })).toBe(2)
  // β is the price of dependence only.
  expect(priceOf('beta-tcvae', { beta: 15 })).toBe(1)
  expect(priceOf('beta-tcvae', { alpha: 0 })).toBeNull()
  expect(priceOf('infovae')).toBeNull()
  expect(priceOf('infovae', { alpha: 0, lambda: 1 })).toBe(1)
  expect(priceOf('iwae')).toBe(1)
  for (const model of models) {
    const built = model.build(model.params.parse({}), 10)
    expect(built.kind === 'gradient' && built.codePrice !== undefined, model.id).toBe(
      built.kind === 'gradient' && built.posterior !== undefined,
    )
  }
})

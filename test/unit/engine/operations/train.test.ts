import { describe, expect, it } from 'vitest'
import { modelById } from '#engine/models/registry.ts'
import { resolveSettings, withEnoughPasses } from '#engine/operations/train.ts'

const stacked = modelById('stacked')

describe('passes over small data', () => {
  const settings = resolveSettings(stacked, null, { batchSize: 128 })

  it('grow until a stage makes 500 steps', () => {
    // 256 rows of 128 are 2 steps a pass: 250 passes
    expect(withEnoughPasses(stacked, settings, {}, 256)).toMatchObject({
      layerEpochs: 250,
      fineTuneEpochs: 250,
      patience: settings.patience,
    })
  })

  it('grow until as many as the model says it needs, and its patience with them', () => {
    const vae = modelById('vae')
    const resolved = resolveSettings(vae, null, { batchSize: 128 })
    // 2000 steps, and 400 without a better error
    expect(withEnoughPasses(vae, resolved, {}, 256)).toMatchObject({ epochs: 1000, patience: 200 })
    expect(withEnoughPasses(vae, { ...resolved, patience: 0 }, {}, 256)).toMatchObject({ epochs: 1000, patience: 0 })
    expect(withEnoughPasses(vae, { ...resolved, patience: 3, epochs: 7 }, { patience: 3, epochs: 7 }, 256)).toMatchObject({
      epochs: 7,
      patience: 3,
    })
    expect(withEnoughPasses(vae, resolved, {}, 100_000)).toEqual(resolved)
  })

  it('stay as they are on larger data, when they are none, and when the user typed them', () => {
    expect(withEnoughPasses(stacked, settings, {}, 100_000)).toEqual(settings)
    expect(withEnoughPasses(stacked, { ...settings, fineTuneEpochs: 0 }, {}, 256).fineTuneEpochs).toBe(0)
    expect(withEnoughPasses(stacked, { ...settings, layerEpochs: 3 }, { layerEpochs: 3 }, 256)).toMatchObject({
      layerEpochs: 3,
      fineTuneEpochs: 250,
    })
  })

  it('mean nothing to a model without passes', () => {
    const pca = modelById('pca')
    expect(withEnoughPasses(pca, { components: 2 }, {}, 10)).toEqual({ components: 2 })
  })
})

describe('settings', () => {
  it('come from the preset unless they are typed, with the model’s defaults below', () => {
    const preset = stacked.presets.find(({ id }) => id === 'hyperspectral')
    expect(resolveSettings(stacked, 'hyperspectral', { layers: [8, 2] })).toMatchObject({
      ...preset?.params,
      layers: [8, 2],
      batchSize: 128,
    })
  })

  it('that the model does not have are refused by name', () => {
    expect(() => resolveSettings(stacked, null, { codeSise: 3 })).toThrow(expect.objectContaining({ code: 'PARAMETER_INVALID' }))
    expect(() => resolveSettings(stacked, 'nowhere', {})).toThrow(/no preset/)
  })
})

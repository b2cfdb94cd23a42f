import { describe, expect, test } from 'vitest'
import { preparationFor } from '#engine/models/define.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { prepareOperation } from '#engine/operations/prepare.ts'

const presetOf = (model: string, id: string) => modelById(model).presets.find((preset) => preset.id === id)

describe('what models want of the preparation', () => {
  test('is nothing where neither model nor preset says so', () => {
    expect(preparationFor(modelById('pca'), presetOf('pca', 'default'))).toEqual({})
    expect(preparationFor(modelById('pca'), null)).toEqual({})
  })
  test('is the scaling of a preset', () => {
    expect(preparationFor(modelById('vae'), presetOf('vae', 'shares'))).toEqual({ scaling: 'min-max' })
  })
  test('is counts as they are for a model of counts, with or without a preset, and what its preset adds', () => {
    const asTheyAre = { counts: 'none', scaling: 'none' }
    expect(preparationFor(modelById('count-vae'), null)).toEqual(asTheyAre)
    expect(preparationFor(modelById('count-vae'), presetOf('count-vae', 'table'))).toEqual(asTheyAre)
    expect(preparationFor(modelById('count-vae'), presetOf('count-vae', 'default'))).toEqual({ ...asTheyAre, topGenes: 2000 })
  })
  test('is the most variable genes for cells of raw counts alone', () => {
    for (const model of models)
      for (const preset of model.presets.filter(({ id }) => id === 'cells')) {
        expect(preparationFor(model, preset, true), model.id).toMatchObject({ topGenes: 2000 })
        expect(preparationFor(model, preset), model.id).not.toHaveProperty('topGenes')
      }
  })
  test.each(models.flatMap((model) => model.presets.map((preset) => [`${model.id}, ${preset.id}`, model, preset] as const)))(
    'of %s is something the step takes',
    (_, model, preset) => {
      for (const ofCounts of [false, true])
        expect(prepareOperation.params.strict().safeParse(preparationFor(model, preset, ofCounts)).error).toBeUndefined()
    },
  )
})

import { describe, expect, test } from 'vitest'
import { RebuiltRows } from '#engine/analysis/reports/features/coreFigures.ts'
import { meanMaxCosine } from '#engine/analysis/reports/features/decoderAngles.ts'
import { Profiles, profileColumns } from '#engine/analysis/reports/features/profiles.ts'
import { labelField, topLabels } from '#engine/operations/features/labels.ts'
import type { Column } from '#common/domain/dataset.ts'

const column = (name: string, type: Column['type'] = 'number'): Column => ({ name, type, unit: null, wavelengthNm: null })

describe('the core figures', () => {
  test('of rows that come back half as long', () => {
    // x = (2, 0), (0, 2), (−2, 0), (0, −2), x̂ = x / 2: Σ‖x‖² = 16, Σ‖x − x̂‖² = 4.
    const x = Float32Array.of(2, 0, 0, 2, -2, 0, 0, -2)
    const back = x.map((value) => value / 2)
    const rebuilt = new RebuiltRows(2)
    for (let i = 0; i < 4; i++) rebuilt.see(x, 2 * i, back, 2 * i)
    // E‖x̂‖² = 1, E⟨x̂, x⟩ = 2.
    expect(rebuilt.figures()).toEqual({ explainedVariance: 0.75, mse: 0.5, cosine: 1, relativeBias: 0.5, lengthRatio: 0.5 })
  })

  test('rows of no length have no direction', () => {
    const rebuilt = new RebuiltRows(1)
    rebuilt.see(Float32Array.of(0), 0, Float32Array.of(0), 0)
    expect(rebuilt.figures()).toEqual({ explainedVariance: null, mse: 0, cosine: null, relativeBias: null, lengthRatio: null })
  })
})

describe('the angles between decoder vectors', () => {
  test('are of the nearest other vector, whatever the lengths', async () => {
    // e₁, 3 e₂ and e₁ + e₂: largest cosines √½ each.
    const { cosine, compared } = await meanMaxCosine(Float32Array.of(1, 0, 0, 3, 1, 1), 3, 2, 7)
    expect(cosine).toBeCloseTo(Math.SQRT1_2, 6)
    expect(compared).toBe(3)
  })

  test('vectors of no length are left out', async () => {
    expect(await meanMaxCosine(Float32Array.of(1, 0, 0, 0, -1, 0), 3, 2, 7)).toEqual({ cosine: -1, compared: 2 })
    expect(await meanMaxCosine(Float32Array.of(1, 0), 1, 2, 7)).toEqual({ cosine: null, compared: 0 })
  })
})

describe('profiles', () => {
  test('are means of the rows where a feature fires; features that never fire and categories have none', () => {
    const sources = [column('a'), column('b', 'category'), column('c')]
    const profiles = new Profiles(Uint8Array.of(1, 0, 1), [0, 1, 2], sources)
    const X = Float32Array.of(1, 0, 10, 3, 1, 30, 5, 0, 50)
    profiles.see(X, 0, Uint32Array.of(0, 2), 2)
    profiles.see(X, 3, Uint32Array.of(0), 1)
    profiles.see(X, 6, Uint32Array.of(), 0)
    const written: number[] = []
    profiles.write(() => ({ append: (values) => void written.push(...values), finish: () => undefined }))
    expect(written).toEqual([2, Number.NaN, 20, Number.NaN, Number.NaN, Number.NaN, 1, Number.NaN, 10])
    expect([...profiles.overall()]).toEqual([3, Number.NaN, 30])
  })

  test('where not all columns fit, those that vary most against their mean are kept', () => {
    const sources = [column('a'), column('b'), column('c')]
    const rows = () => ({ X: Float32Array.of(10, 1, 5, 11, 9, 5), columns: 3 })
    expect(profileColumns(sources, 10, rows)).toEqual([0, 1, 2])
    expect(profileColumns(sources, 2 ** 24, rows)).toEqual([0, 1])
  })
})

describe('labels', () => {
  test('the field asked for, else one known to be labels, else one called so', () => {
    const fields = { metadataFields: ['batch', 'cell_type', 'note'], columns: [column('a')] }
    expect(labelField(fields, 'note')).toBe('note')
    expect(labelField({ ...fields, labelFields: ['y'] }, null)).toBe('y')
    expect(labelField(fields, null)).toBe('cell_type')
    expect(labelField({ ...fields, metadataFields: ['batch'] }, null)).toBeNull()
    expect(() => labelField(fields, 'b')).toThrow(expect.objectContaining({ code: 'PARAMETER_INVALID' }))
  })

  test('the label with the largest lift is told, if it was seen more than twice', () => {
    // Shares of all rows 0.9 and 0.1. Feature 0: 5 and 5, lifts 0.56 and 5; feature 1: 98 and 2: only the first counts; feature 2 never.
    const { label, lift } = topLabels(Uint32Array.of(5, 5, 98, 2, 0, 0), 3, [0.9, 0.1])
    expect([...label]).toEqual([1, 0, -1])
    expect(lift[0]).toBeCloseTo(5, 5)
    expect(lift[1]).toBeCloseTo(0.98 / 0.9, 5)
    expect(lift[2]).toBe(0)
  })
})

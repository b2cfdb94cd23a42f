import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { tensor, tensor2d } from '#engine/compute/tfjs.ts'
import { checkCorruption, type Corruption, corrupted } from '#engine/layers/corruption.ts'
import type { Noise } from '#engine/models/define.ts'
import { modelById } from '#engine/models/registry.ts'

const [B, D] = [400, 25]
const values = Float32Array.from({ length: B * D }, (_, i) => 3 + Math.sin(i * 1.3) + (i % D))
const key = stepKey(4, 1)
const draws = (of: (key: number, site: string) => (i: number) => number) => (site: string, shape: readonly number[]) => {
  const draw = of(key, site)
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => draw(i)),
    [...shape],
  )
}
const noise: Noise = { uniform: draws(uniformsOf), normal: draws(normalsOf) }
const of = (kind: Corruption, level: number): Float32Array =>
  corrupted(tensor2d(values, [B, D]), kind, level, noise).dataSync() as Float32Array
const changed = (X: Float32Array): number[] => [...X.keys()].filter((i) => X[i] !== values[i])
const columns = Array.from({ length: D }, (_, j) => values.filter((_v, i) => i % D === j))
const [least, greatest] = [columns.map((column) => Math.min(...column)), columns.map((column) => Math.max(...column))]

describe('noise on rows', () => {
  test('gaussian has the spread asked for', () => {
    const differences = of('gaussian', 0.5).map((value, i) => value - values[i])
    const mean = differences.reduce((a, b) => a + b, 0) / differences.length
    const spread = Math.sqrt(differences.reduce((a, b) => a + (b - mean) ** 2, 0) / differences.length)
    expect(mean).toBeCloseTo(0, 1)
    expect(spread).toBeCloseTo(0.5, 1)
  })

  test('masking sets the share asked for to zero and leaves the others alone', () => {
    const X = of('masking', 0.3)
    const hit = changed(X)
    expect(hit.every((i) => X[i] === 0)).toBe(true)
    expect(hit.length / X.length).toBeCloseTo(0.3, 1)
  })

  test('dropout masks the same entries and keeps the mean', () => {
    const [X, masked] = [of('dropout', 0.25), of('masking', 0.25)]
    X.forEach((value, i) => {
      expect(value).toBeCloseTo(masked[i] / 0.75, 4)
    })
  })

  test('salt and pepper are the ends of the column, one as often as the other', () => {
    const X = of('salt-and-pepper', 0.2)
    const hit = [...X.keys()].filter((i) => X[i] === least[i % D] || X[i] === greatest[i % D])
    const salt = hit.filter((i) => X[i] === greatest[i % D])
    expect(changed(X).every((i) => hit.includes(i))).toBe(true)
    expect(hit.length / X.length).toBeCloseTo(0.2, 1)
    expect(salt.length / hit.length).toBeCloseTo(0.5, 1)
  })

  test('of strength zero is none', () => {
    for (const kind of ['gaussian', 'masking', 'salt-and-pepper', 'dropout'] as const) expect(changed(of(kind, 0))).toEqual([])
  })

  test('that leaves nothing of a row is refused, by every model that has it', () => {
    expect(() => checkCorruption('masking', 1)).toThrow(expect.objectContaining({ code: 'PARAMETER_INVALID' }))
    expect(() => checkCorruption('gaussian', 3)).not.toThrow()
    for (const id of ['denoising', 'stacked']) {
      const model = modelById(id)
      expect(() => model.build(model.params.parse({ noise: 'dropout', noiseLevel: 1 }), 5)).toThrow(
        expect.objectContaining({ where: { parameter: 'noiseLevel' } }),
      )
    }
  })
})

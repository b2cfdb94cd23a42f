import { expect, test } from 'vitest'
import { fieldsOf } from '../../../../../src-renderer/features/forms/fields.ts'
import { SweepDraft } from '../../../../../src-renderer/features/sweep/sweepDraft.svelte.ts'
import { triedOf } from '../../../../../src-renderer/features/sweep/values.ts'

const fields = fieldsOf({
  properties: {
    codeSize: { type: 'integer', minimum: 1, maximum: 64, default: 4 },
    learningRate: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.001 },
  },
})
const [codeSize, learningRate] = fields
function drafted(): SweepDraft {
  const draft = new SweepDraft()
  draft.add('ae', { ...triedOf(codeSize, 4), text: '2, 4, 8' })
  draft.add('ae', { ...triedOf(learningRate, 0.001), text: '0.001, 0.01, 0.1' })
  return draft
}

test('runs are settings times seeds', () => {
  const draft = drafted()
  draft.seeds = 2
  expect(draft.planned('ae', fields, 7, 30)).toMatchObject({ settings: 9, runs: 18, cost: 18, errors: {} })
  expect(draft.planned('ae', fields, 7, 30).ranges).toEqual({ codeSize: [2, 4, 8], learningRate: [0.001, 0.01, 0.1] })
})

test('halving costs its shares of the passes', () => {
  const draft = drafted()
  draft.method = 'halving'
  const { runs, cost, rounds } = draft.planned('ae', fields, 7, 27)
  expect(rounds.map(({ settings }) => settings)).toEqual([9, 3, 1])
  expect(runs).toBe(13)
  expect(cost).toBeCloseTo(9 / 9 + 3 / 3 + 1, 12)
})

test('nothing to vary and one seed is no range; several seeds alone are one', () => {
  const draft = new SweepDraft()
  expect(draft.planned('ae', fields, 7, 30)).toMatchObject({
    ranges: null,
    errors: { runs: expect.stringContaining('more than one seed') },
  })
  draft.seeds = 3
  expect(draft.planned('ae', fields, 7, 30)).toMatchObject({ ranges: {}, settings: 1, runs: 3 })
})

test('what was removed comes back where it was, and each model has a range of its own', () => {
  const draft = drafted()
  draft.remove('ae', 0)
  expect(draft.tried('ae').map(({ name }) => name)).toEqual(['learningRate'])
  draft.undoRemove()
  expect(draft.tried('ae').map(({ name }) => name)).toEqual(['codeSize', 'learningRate'])
  expect(draft.tried('vae')).toEqual([])
  draft.change('ae', 0, { text: 'x' })
  expect(draft.planned('ae', fields, 7, 30)).toMatchObject({ ranges: null, errors: { codeSize: expect.any(String) } })
})

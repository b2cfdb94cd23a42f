import { expect, test } from 'vitest'
import { TrainingRun } from '../../../../../src-renderer/lib/state/trainingRun.svelte.ts'

const points = (stage: number, step: number, epoch: number, loss: number) => [
  { step, name: `stage${stage}/loss`, value: loss },
  { step, name: `stage${stage}/epoch`, value: epoch },
]

test('curves grow stage by stage over passes', () => {
  const run = new TrainingRun(1)
  run.add([...points(1, 50, 0.5, 0.2), ...points(1, 100, 1, 0.1)])
  run.add([{ step: 100, name: 'stage1/holdout', value: 0.12 }, ...points(2, 150, 0.5, 0.05)])
  expect(run.stages.map((stage) => stage.loss)).toEqual([
    { x: [0.5, 1], y: [0.2, 0.1] },
    { x: [0.5], y: [0.05] },
  ])
  expect(run.stages[0]?.holdout).toEqual({ x: [1], y: [0.12] })
  expect(run.stages[0]?.at).toBe(1)
})

test('a held-out error between two recorded steps lies between their passes', () => {
  const run = new TrainingRun(1)
  run.add([...points(1, 10, 0.1, 1), ...points(1, 90, 0.9, 0.5), { step: 100, name: 'stage1/holdout', value: 0.4 }])
  expect(run.stages[0]?.holdout.x[0]).toBeCloseTo(1, 10)
})

test('the best state is the lowest held-out error, and infinite ones never are', () => {
  const run = new TrainingRun(1)
  run.add([
    ...points(1, 10, 1, 1),
    ...points(1, 20, 2, 1),
    { step: 10, name: 'stage1/holdout', value: 0.3 },
    { step: 20, name: 'stage1/holdout', value: Number.NaN },
  ])
  expect(run.stages[0]?.best).toEqual({ x: 1, y: 0.3 })
})

test('steps that come again after a resume replace what was recorded from there on', () => {
  const run = new TrainingRun(1)
  run.add([...points(1, 10, 1, 0.5), ...points(1, 20, 2, 0.4), ...points(1, 30, 3, 0.3)])
  run.add(points(1, 20, 2, 0.41))
  expect(run.stages[0]?.loss.y).toEqual([0.5, 0.41])
})

test('other metrics are not mistaken for curves', () => {
  const run = new TrainingRun(1)
  run.add([{ step: 1, name: 'memory', value: 3 }])
  expect(run.stages).toEqual([])
})

test('what was recorded before is read once', async () => {
  let asked = 0
  const run = new TrainingRun(7)
  const engine = {
    metrics: async () => {
      asked++
      return { ok: true as const, value: points(1, 10, 1, 0.5) }
    },
  }
  await run.read(engine)
  await run.read(engine)
  expect(asked).toBe(1)
  expect(run.stages).toHaveLength(1)
})

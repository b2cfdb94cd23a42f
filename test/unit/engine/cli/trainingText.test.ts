import { expect, test } from 'vitest'
import type { StepSizesMeta } from '#common/domain/stepSizes.ts'
import type { SweepMeta } from '#common/domain/sweep.ts'
import { stepSizesText, sweepText } from '#engine/cli/trainingText.ts'
import { readRange } from '#engine/cli/values.ts'

test('values to try: lists, ranges, and ranges with what is said of them', () => {
  expect(readRange('2,4,8')).toEqual([2, 4, 8])
  expect(readRange('elu, tanh')).toEqual(['elu', 'tanh'])
  expect(readRange('[[64, 4], [32, 4]]')).toEqual([
    [64, 4],
    [32, 4],
  ])
  expect(readRange('1e-4..1e-2')).toEqual({ from: 1e-4, to: 1e-2, spacing: 'log' })
  expect(readRange('0..1:3')).toEqual({ from: 0, to: 1, count: 3, spacing: 'linear' })
  expect(readRange('1..2:5:log')).toEqual({ from: 1, to: 2, count: 5, spacing: 'log' })
})

const run = { rung: 0, explainedVariance: 0.9, codeSize: 2, activeCodes: null, weights: 10, epochs: 3, seconds: 2, failure: null } as const
const meta: SweepMeta = {
  model: 'autoencoder',
  title: 'Autoencoder',
  preset: null,
  matrix: 2,
  dataset: 1,
  method: 'grid',
  settings: {},
  parameters: [{ name: 'codeSize', title: 'Numbers per row (code)', unit: '', paperTerm: null, scale: 'linear' }],
  variants: [{ codeSize: 2 }, { codeSize: 4 }],
  seeds: [1, 2],
  rungs: [{ share: 1, settings: 2, how: 'trained' }],
  runs: [
    { ...run, setting: 0, seed: 1, model: 3, error: 0.3, stopped: 'finished' },
    { ...run, setting: 0, seed: 2, model: 4, error: 0.5, stopped: 'diverged' },
    { ...run, setting: 1, seed: 1, model: 5, error: 0.1, stopped: 'finished' },
    {
      ...run,
      setting: 1,
      seed: 2,
      model: null,
      error: null,
      stopped: null,
      failure: { code: 'TRAIN_DIVERGED', message: 'It broke.', hint: '' },
    },
  ],
  planned: 4,
  complete: false,
  judgedOn: 'held-out',
  judgedRows: 100,
  pca: { error: 0.4, explainedVariance: 0.6 },
  best: 0,
}

test('a sweep is a table of settings, with what failed and why', () => {
  const lines = sweepText(meta).split('\n')
  expect(lines[0].split(/ {2,}/)).toEqual(['codeSize', 'error', '± sd', 'seeds', 'explained', 'passes', 'time', 'model'])
  expect(lines[1].split(/ {2,}/)).toEqual(['2', '0.4', '0.14', '2 of 2', '0.9', '3 3', '2 s', '3 4'])
  expect(lines[2].split(/ {2,}/).slice(0, 4)).toEqual(['4', '0.1', '–', '1 of 2'])
  expect(lines.slice(3)).toEqual([
    'Mean squared error on 100 held-out rows, the same for all; ± over 2 seeds. PCA: 0.4.',
    'Ended after 4 of 4 runs; asking again goes on.',
    'diverged: codeSize 2, seed 2: its best weights before were kept.',
    'failed: codeSize 4, seed 2: It broke.',
  ])
})

test('step sizes are a curve with the suggestion below', () => {
  const rates = [0.001, 0.01, 0.1]
  const found = { rates, losses: [2, 1, 3], smoothed: [2, 1, 3], suggestion: 0.001, current: 0.01, parameter: 'learningRate' }
  const text = stepSizesText({ ...found, reason: 'A tenth.', endedBy: null, stage: 'Layer 1', stages: 2 } as unknown as StepSizesMeta)
  expect(text).toContain('Suggested: 0.001 (--set learningRate=0.001), now 0.01. A tenth.')
  expect(text).toContain('the first of 2 stages, Layer 1')
})

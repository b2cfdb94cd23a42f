import { expect, test } from 'vitest'
import type { ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { CompareDraft, fitting, workOf } from '../../../../../src-renderer/features/compare/compareDraft.svelte.ts'

const model = (id: string, presets: string[] = [], fits = ['raster']): ModelDescription => ({
  id,
  title: id,
  summary: '',
  group: '',
  useWhen: '',
  avoidWhen: '',
  paper: '',
  fits,
  params: {},
  presets: presets.map((preset) => ({ id: preset, title: preset, summary: '', params: {} })),
})
const run = (id: number, params: object, seed: number, seconds = 10): Artifact => ({
  id,
  kind: 'model',
  name: `run ${id}`,
  operation: 'train',
  operationVersion: 1,
  params: params as Record<string, unknown>,
  inputs: { matrix: 2 },
  seed,
  device: 'cpu',
  contentKey: String(id),
  status: 'done',
  createdAt: '',
  seconds,
  meta: { model: (params as { model: string }).model },
  annotations: {},
  arrays: [],
  error: null,
})
const gallery = [model('stacked', ['mapping', 'wide']), model('vae', [], ['cells'])]

test('a model comes with its first preset, and finished runs with their settings, none twice', () => {
  const draft = new CompareDraft()
  draft.toggleModel(gallery[0]!, true)
  draft.toggleModel(gallery[1]!, true)
  draft.choosePreset('stacked', 'wide')
  draft.toggleRun(7, true)
  draft.toggleRun(8, true)
  const runs = [
    run(7, { model: 'stacked', preset: 'wide', settings: {} }, 1),
    run(8, { model: 'vae', preset: null, settings: { beta: 4 } }, 1),
  ]
  expect(draft.candidates(gallery, runs)).toEqual([
    { model: 'stacked', preset: 'wide', settings: {} },
    { model: 'vae', preset: null, settings: {} },
    { model: 'vae', preset: null, settings: { beta: 4 }, name: 'run 8' },
  ])
})

test('what is asked of the engine says where k comes from', () => {
  const draft = new CompareDraft()
  draft.seeds = 2
  expect(draft.request(2, []).params).toEqual({ models: [], seeds: [1, 2], k: null })
  draft.labels = 'kind'
  draft.kMode = 'labels'
  expect(draft.request(2, []).params).toEqual({ models: [], seeds: [1, 2], k: null, kFrom: 'labels', labels: 'kind' })
  draft.kMode = 'given'
  draft.k = 9
  expect(draft.request(2, []).params).toMatchObject({ k: 9 })
  draft.counts = 3
  expect(draft.request(2, []).inputs).toEqual({ matrix: 2, counts: 3 })
})

test('an earlier comparison can be gone on with', () => {
  const draft = new CompareDraft()
  const params = {
    models: ['vae', { model: 'stacked', preset: 'wide', settings: {} }],
    seeds: [1, 2, 3, 4],
    k: 6,
    labels: 'kind',
    nInit: 3,
  }
  draft.copyFrom({ ...run(9, params, 1), inputs: { matrix: 5 } })
  expect(draft.models).toEqual({ vae: '', stacked: 'wide' })
  expect([draft.matrix, draft.seeds, draft.kMode, draft.k, draft.labels]).toEqual([5, 4, 'given', 6, 'kind'])
  expect(draft.values).toEqual({ nInit: 3 })
})

test('the price counts what is finished, and is unknown where a model was never trained', () => {
  const stacked = { model: 'stacked', preset: 'wide', settings: {} }
  const done = [run(7, stacked, 1, 20), run(8, stacked, 7, 20)]
  expect(workOf([stacked], 3, 2, done)).toEqual({ trainings: 3, finished: 1, seconds: 40 })
  expect(workOf([stacked, { model: 'vae', preset: null, settings: {} }], 3, 2, done)).toEqual({ trainings: 6, finished: 1, seconds: null })
  expect(workOf([{ model: 'pca', preset: null, settings: {} }], 3, 2, [])).toMatchObject({ trainings: 1 })
})

test('only models for this kind of data are offered', () => {
  expect(fitting(gallery, 'cells').map(({ id }) => id)).toEqual(['vae'])
  expect(fitting(gallery, null)).toHaveLength(2)
})

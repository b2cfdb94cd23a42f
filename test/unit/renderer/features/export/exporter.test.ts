import { describe, expect, test, vi } from 'vitest'
import type { Artifact } from '../../../../../src-main/common/domain/artifact.ts'
import {
  Exporter,
  fileNameOf,
  itemOf,
  itemsOf,
  namesOf,
  safeName,
  stemOf,
  targetsOf,
} from '../../../../../src-renderer/features/export/exporter.svelte.ts'
import { estimatedBytes } from '../../../../../src-renderer/features/export/sizes.ts'
import type { Session } from '../../../../../src-renderer/lib/state/session.svelte.ts'

const artifact = (id: number, kind: Artifact['kind']): Artifact => ({
  id,
  kind,
  name: kind,
  operation: '',
  operationVersion: 1,
  params: {},
  inputs: {},
  seed: 7,
  device: 'cpu',
  contentKey: '',
  status: 'done',
  createdAt: '',
  seconds: 1,
  meta: { rows: 100 },
  annotations: {},
  arrays: [],
  error: null,
})
const item = (id: number, kind: 'clustering' | 'scores') => {
  const [target] = targetsOf[kind] ?? []
  if (!target) throw new Error(`${kind} has no target`)
  return itemOf(artifact(id, kind), target)
}

describe('file names', () => {
  test('hold nothing a file system refuses', () => {
    expect(safeName('stacked-06: k = 9 / run "a"')).toBe('stacked-06-k-=-9-run-a')
    expect(safeName('..')).toBe('export')
  })
  test('share the stem the user chose', () => {
    const classes = item(1, 'clustering')
    expect(stemOf('/out/mutawintji-classes.tif', classes)).toBe('/out/mutawintji')
    expect(stemOf('C:\\maps\\mine.tif', classes)).toBe('C:\\maps\\mine')
    expect(fileNameOf('/out/mutawintji', item(2, 'scores'))).toBe('/out/mutawintji-anomalies.tif')
  })
})

function setUp(outcomes: (Artifact | null)[], path: string | null = '/out/a-classes.tif') {
  const runToEnd = vi.fn(async (_: unknown) => outcomes.shift() ?? null)
  const session = {
    runToEnd,
    registry: { operations: [{ id: 'export', inputs: { source: { kinds: ['clustering', 'scores', 'model'] } } }] },
    settle: (_: string, result: { value: unknown }) => result.value,
  } as unknown as Session
  const native = { chooseSavePath: async () => ({ ok: true as const, value: path }) } as unknown as ConstructorParameters<
    typeof Exporter
  >[1]
  return { exporter: new Exporter(session, native), runToEnd }
}

describe('an export', () => {
  test('asks once and writes every file beside the first', async () => {
    const { exporter, runToEnd } = setUp([artifact(8, 'export'), artifact(9, 'export')])
    await exporter.write([item(1, 'clustering'), item(2, 'scores')], 'a')
    expect(runToEnd.mock.calls.map(([request]) => request)).toEqual([
      { operation: 'export', inputs: { source: 1 }, params: { path: '/out/a-classes.tif', target: 'geotiff' } },
      { operation: 'export', inputs: { source: 2 }, params: { path: '/out/a-anomalies.tif', target: 'geotiff' } },
    ])
    expect(exporter.status).toBe('done')
    expect(exporter.results).toHaveLength(2)
  })
  test('of classes and of flagged rows are tables that list them', async () => {
    const { exporter, runToEnd } = setUp([artifact(8, 'export'), artifact(9, 'export')], '/out/a-class-table')
    const [classes, flagged] = (['clustering', 'scores'] as const).map((kind, i) => {
      const found = targetsOf[kind]?.find(({ list }) => list !== undefined)
      if (!found) throw new Error(`${kind} has no list`)
      return itemOf(artifact(i + 1, kind), found)
    })
    await exporter.write([classes, flagged], 'a')
    // A name without its ending gets it.
    expect(runToEnd.mock.calls.map(([request]) => request)).toEqual([
      { operation: 'export', inputs: { source: 1 }, params: { path: '/out/a-class-table.csv', target: 'csv', list: 'classes' } },
      { operation: 'export', inputs: { source: 2 }, params: { path: '/out/a-flagged.csv', target: 'csv', list: 'flagged' } },
    ])
  })
  test('what was found is offered as events of a series, or objects of a scene', () => {
    const offered = (meta: object): string[] =>
      (targetsOf.scores ?? [])
        .filter(({ fits, list }) => list && (fits?.({ ...artifact(1, 'scores'), meta } as Artifact) ?? true))
        .map(({ id }) => id)
    expect(offered({ events: { count: 3, mergeGap: 2, minimumLength: 1 } })).toEqual(['flagged', 'events'])
    expect(offered({ objects: { count: 3, minimumPixels: 4 } })).toEqual(['flagged', 'objects'])
    expect(offered({})).toEqual(['flagged'])
  })
  test('of a model heeds the options of its format, and no other does', async () => {
    const { exporter, runToEnd } = setUp([artifact(8, 'export'), artifact(9, 'export')], '/out/a-model.onnx')
    const [onnx] = targetsOf.model ?? []
    if (!onnx) throw new Error('a model has no target')
    const model = itemOf(artifact(3, 'model'), onnx)
    await exporter.write([model, item(1, 'clustering')], 'a', { takes: 'prepared' })
    expect(runToEnd.mock.calls.map(([request]) => request)).toEqual([
      { operation: 'export', inputs: { source: 3 }, params: { path: '/out/a-model.onnx', target: 'onnx', takes: 'prepared' } },
      { operation: 'export', inputs: { source: 1 }, params: { path: '/out/a-classes.tif', target: 'geotiff' } },
    ])
    expect(namesOf('/out/a', model, {})).toEqual(['/out/a-model.encoder.onnx', '/out/a-model.decoder.onnx'])
    expect(namesOf('/out/a', model, { parts: 'together' })).toEqual(['/out/a-model.onnx'])
  })
  test('of a model can be weights to load again, and of a dictionary a folder for SAELens', () => {
    const [, weights, saelens] = targetsOf.model ?? []
    const model = { ...artifact(3, 'model'), meta: { model: 'sae-topk', layout: { weights: 10 } } }
    expect(namesOf('/out/a', itemOf(model, weights), {})).toEqual(['/out/a-model.safetensors', '/out/a-model.json'])
    const folder = itemOf(model, saelens)
    expect(fileNameOf('/out/a', folder)).toBe('/out/a-saelens')
    expect(namesOf('/out/a', folder, {})).toEqual(['/out/a-saelens/sae_weights.safetensors', '/out/a-saelens/cfg.json'])
    expect(stemOf('/out/a-saelens', folder)).toBe('/out/a')
    expect([model, { ...model, meta: { model: 'vae' } }].map((it) => saelens.fits?.(it))).toEqual([true, false])
  })
  test('for scanpy holds all results of a dataset in one file', async () => {
    const { exporter, runToEnd } = setUp([artifact(8, 'export'), artifact(9, 'export')], '/out/pbmc.h5ad')
    const annData = (kind: 'clustering' | 'scores' | 'embedding2d' | 'latents') => {
      const found = targetsOf[kind]?.find(({ id }) => id === 'h5ad')
      if (!found) throw new Error(`${kind} cannot become AnnData`)
      return found
    }
    const pbmc = { ...artifact(50, 'dataset'), meta: { rows: 100, matrixBytes: 8000, details: { storedValues: 300 } } }
    const kinds = ['clustering', 'embedding2d', 'scores'] as const
    const ticked = kinds.map((kind, i) => ({ source: artifact(i + 1, kind), target: annData(kind) }))
    const [csv] = (targetsOf.scores ?? []).filter(({ id }) => id === 'csv')
    const items = itemsOf([...ticked, { source: artifact(3, 'scores'), target: csv }], () => pbmc)
    expect(items.flatMap((one) => namesOf('/out/pbmc', one, {}))).toEqual(['/out/pbmc.h5ad', '/out/pbmc-anomalies.csv'])
    // Sparse data count by what is stored; without the matrix they do not.
    expect(estimatedBytes(items[0], { matrix: 'without' })).toBe(100 * (24 + 4 * 5))
    expect(estimatedBytes(items[0])).toBe(100 * (24 + 4 * 5) + 2400)
    await exporter.write(items, 'pbmc', { matrix: 'without', takes: 'prepared' })
    expect(runToEnd.mock.calls.map(([request]) => request)).toEqual([
      {
        operation: 'export',
        inputs: { source: 1, with1: 2, with2: 3 },
        params: { path: '/out/pbmc.h5ad', target: 'h5ad', matrix: 'without' },
      },
      { operation: 'export', inputs: { source: 3 }, params: { path: '/out/pbmc-anomalies.csv', target: 'csv' } },
    ])
    // Of two datasets there are two files.
    const two = itemsOf(ticked, ({ id }) => (id === 2 ? artifact(51, 'dataset') : pbmc))
    expect(two.flatMap((one) => namesOf('a', one, {}))).toEqual(['a-50.h5ad', 'a-51.h5ad'])
    expect(two.map(({ source, beside = [] }) => [source.id, ...beside.map(({ id }) => id)])).toEqual([[1, 3], [2]])
  })
  test('ends at the first failure and keeps what was written', async () => {
    const { exporter, runToEnd } = setUp([artifact(8, 'export'), null])
    await exporter.write([item(1, 'clustering'), item(2, 'scores'), item(3, 'scores')], 'a')
    expect(exporter.status).toBe('failed')
    expect(exporter.done).toBe(1)
    expect(runToEnd).toHaveBeenCalledTimes(2)
  })
  test('does nothing when the dialog is dismissed', async () => {
    const { exporter, runToEnd } = setUp([], null)
    await exporter.write([item(1, 'clustering')], 'a')
    expect(exporter.status).toBe('idle')
    expect(runToEnd).not.toHaveBeenCalled()
  })
})

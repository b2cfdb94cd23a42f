/**
 * Requests that make no sense: numbers of artifacts that do not exist, were deleted, are not finished, or are of another kind or another
 * dataset; rows, units, classes and sizes beyond what there is. Whatever is asked, the answer is a value or an error with a code and a hint,
 * never INTERNAL.
 */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EngineCalls, engineCalls } from '#common/contract/engine.ts'
import type { Artifact, ArtifactKind, Job } from '#common/domain/artifact.ts'
import { toReport } from '#common/errors.ts'
import { answerCalls } from '#common/serve.ts'
import { modelById } from '#engine/models/registry.ts'
import type { OperationDefinition } from '#engine/operations/define.ts'
import { parseParams } from '#engine/operations/parameters.ts'
import { operations } from '#engine/operations/registry.ts'
import { createProject } from '#engine/project/open.ts'
import { createService } from '#engine/service/service.ts'
import { engineInputs } from '../contract/inputs.ts'
import { smallSettings, tinyData } from '../helpers/everyKind.ts'
import { newArtifact } from '../helpers/newArtifact.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

type CallName = keyof EngineCalls & string
type Failure = NonNullable<Job['error']>
type Found = Readonly<Record<string, number>>

const folder = temporaryFolder()
const service = createService(() => undefined)
/** What was thrown, where it is a bug. */
let stack = ''
const answer = answerCalls(engineCalls, service, (thrown) => {
  stack = thrown instanceof Error ? (thrown.stack ?? '') : String(thrown)
})

async function call<T>(name: CallName, input: unknown): Promise<T> {
  const result = await answer(name, input)
  if (!result.ok) throw new Error(`${name}: ${result.error.message}`)
  return result.value as T
}

/** An operation to its end: the artifact made, or why there is none. */
async function outcome(request: unknown): Promise<{ made: number; error: Failure | null }> {
  stack = ''
  const started = await answer('run', request)
  if (!started.ok) return { made: 0, error: started.error }
  for (;;) {
    const job = (await call<Job[]>('listJobs', {})).find(({ id }) => id === (started.value as Job).id) as Job
    if (!['queued', 'running', 'paused'].includes(job.status)) return { made: job.artifact ?? 0, error: job.error }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
async function make(operation: string, inputs: Found, params: object = {}): Promise<number> {
  const { made, error } = await outcome({ operation, inputs, params })
  expect(error).toBeNull()
  return made
}

/** Of a table, a scene and a series what the window's calls ask for, by role; `sparse` and what follows it of the table alone. */
const made: Record<string, Found> = {}
let deleted = 0
let all: Artifact[] = []

async function fromImport(path: string, options: object): Promise<Found> {
  const dataset = await make('import', {}, { path, options })
  const matrix = await make('prepare', { dataset })
  const model = await make('train', { matrix }, { model: 'pca', settings: { components: 2 } })
  const latents = await make('encode', { model })
  const clustering = await make('cluster', { latents }, { method: 'ward', k: 3 })
  const [embedding, scores] = [await make('embed', { latents }), await make('score', { latents })]
  return { dataset, matrix, model, latents, clustering, embedding, scores }
}

beforeAll(async () => {
  const path = folder.file('p.stratum')
  const project = createProject(path)
  for (const kind of ['dataset', 'latents', 'clustering', 'scores', 'features', 'comparison'] as const)
    project.beginDraft(newArtifact({ kind, name: `half ${kind}`, contentKey: kind, resumable: true }), {})
  project.close()
  await call('openProject', { path })

  const lines = Array.from(
    { length: 90 },
    (_, i) => `${Math.sin(i)},${i % 7},${i % 11 === 3 ? '' : (i * i) % 13},${i % 9 ? 'normal' : 'odd'}`,
  )
  writeFileSync(folder.file('t.csv'), `a,b,c,state\n${lines.join('\n')}\n`)
  const table = await fromImport(folder.file('t.csv'), {})
  const sparse = await make('train', { matrix: table.matrix }, { model: 'sae-topk', settings: smallSettings(modelById('sae-topk')) })
  made.table = {
    ...table,
    examination: await make('examine', { dataset: table.dataset }),
    report: await make('report', { model: table.model }),
    comparison: await make('evaluate', { first: table.clustering, second: table.scores }, { labels: 'state', replicates: 0 }),
    compared: await make('compare', { first: table.model }, { k: 3, nInit: 1 }),
    features: await make('features', { latents: await make('encode', { model: sparse }) }, { labels: 'state' }),
    sweep: await make('sweep', { matrix: table.matrix }, { model: 'pca', ranges: { components: [1, 2] } }),
    file: await make('export', { source: table.clustering }, { path: folder.file('classes.csv') }),
  }
  for (const kind of ['raster', 'series'] as const) {
    const data = tinyData(kind, folder.path)
    made[kind] = { ...made.table, ...(await fromImport(data.path, data.options)) }
  }
  deleted = await make('tidy', { clustering: made.raster.clustering })
  await call('deleteArtifact', { artifact: deleted })
  all = await call('listArtifacts', {})
})
afterAll(() => service.dispose())

/** What is wrong with an answer; nothing where it is a value, or an error that says what happened and what to do. */
function fault(error: Failure | null): string | null {
  if (error === null || (error.code !== 'INTERNAL' && error.message !== '' && error.hint !== '')) return null
  return `${error.code}: ${error.message} | ${error.hint}\n${stack}`
}

type Path = readonly string[]
/** Where in a request artifacts are named, and other numbers. */
function numbersIn(node: unknown, path: Path = []): Path[] {
  if (typeof node === 'number') return [path]
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return []
  return Object.entries(node).flatMap(([key, value]) => numbersIn(value, [...path, key]))
}
function withNumber(node: unknown, [key, ...rest]: Path, value: number): unknown {
  if (key === undefined) return value
  if (Array.isArray(node)) return node.map((it: unknown, i) => (String(i) === key ? withNumber(it, rest, value) : it))
  const record = node as Record<string, unknown>
  return { ...record, [key]: withNumber(record[key], rest, value) }
}
const roles = ['dataset', 'latents', 'clustering', 'scores', 'report', 'features', 'embedding', 'model', 'comparison', 'examination']
const isArtifact = (path: Path): boolean => path.at(-1) === 'artifact' || roles.includes(path.at(-1) as string)

/** Beside the good request of the call's own test: ones whose parts are of every kind. */
const rows = Float64Array.of(0, 5)
const triangle = [
  [0, 0],
  [1, 1],
  [0, 1],
]
const selections = [
  { kind: 'classes', artifact: 1, classes: [1, 60_000] },
  { kind: 'branch', artifact: 1, node: 1 },
  { kind: 'polygon', artifact: 1, axes: [0, 1], points: triangle },
  { kind: 'labelled', artifact: 1, labels: [0] },
  { kind: 'range', artifact: 1, array: 'error', from: 0, to: null },
  { kind: 'area', points: triangle },
  { kind: 'combined', parts: [{ how: 'add', all: [{ kind: 'classes', artifact: 1, classes: [1] }] }] },
].map((condition) => ({ dataset: 1, all: [condition] }))
const more: { readonly [K in CallName]?: readonly unknown[] } = {
  readValues: [
    { rows, of: { kind: 'code', artifact: 1, unit: 0 } },
    { rows, of: { kind: 'class', artifact: 1 } },
    { rows: Float64Array.of(0, Number.NaN), of: { kind: 'score', artifact: 1 } },
  ],
  selectRows: selections.map((selection) => ({ selection, rows })),
  selectionProfile: [{ selection: { dataset: 1, all: [{ kind: 'rows', rows: [1] }] }, latents: 1, model: 1 }],
  readSpectrum: [{ dataset: 1, row: 3, model: 1 }],
  readPixel: [{ dataset: 1, x: 1, y: 1, clustering: 1, scores: 1 }],
  sampleLatents: [{ latents: 1, count: 10, clustering: 1, scores: 1 }],
  readEmbedding: [{ embedding: 1, clustering: 1, scores: 1 }],
  readTraversal: [{ model: 1, unit: 0, report: 1 }],
  readActivations: [{ features: 1, feature: 0, rows: Float64Array.of(0.5, 5e9, Number.NaN, -1) }],
  estimatePlane: [
    { latents: 1, params: { method: 'none' } },
    { latents: 1, params: { method: 'umap', neighbours: 'x' } },
  ],
  estimate: [
    { model: 'none', columns: 3, rows: 10 },
    { model: 'vae', preset: 'none', columns: 3, rows: 10, time: false },
    { model: 'vae', settings: { codeSize: -1 }, columns: 3, rows: 10, time: false },
    { model: 'cvae', columns: 3, conditions: 5, rows: 10, time: false },
  ],
  modelLayout: [{ model: 'cvae', params: {}, columns: 3, conditions: 3 }],
  chooseThreshold: ['none', 'labels', 'budget'].map((rule) => ({ scores: 1, rule: { rule, labels: 'state', alarmsPer: 'day' } })),
  listLabels: [{ dataset: 1, labels: 'state' }],
  compareClasses: [
    { first: { artifact: 1 }, second: { artifact: 1, array: 'none' } },
    { first: { artifact: 1 }, second: { artifact: 1, array: 'tree/node' } },
  ],
  readScoreLine: [{ scores: 1, from: 5, to: 1 }],
  inspect: [{ path: folder.file('t.csv'), as: 'none' }],
}

/** Those that change the project or the machine, or look at neither. */
const left: readonly CallName[] = [
  'createProject',
  'openProject',
  'closeProject',
  'deleteArtifact',
  'undo',
  'redo',
  'run',
  'relink',
  'setSetting',
  'setComputeSettings',
  'setCacheLimit',
  'clearCache',
  'describe',
  'devices',
  'probeDevice',
]
/** A price is measured for a tenth of a second. */
const families = (name: CallName): Found[] => (name === 'estimatePlane' ? [made.table] : Object.values(made))
const asked = (Object.keys(engineInputs) as CallName[]).filter((name) => !left.includes(name))

test.each(asked)('%s answers, or says what is wrong and what to do', async (name) => {
  const faults: string[] = []
  const ask = async (input: unknown): Promise<void> => {
    const result = await answer(name, input)
    const found = result.ok ? null : fault(result.error)
    if (found !== null) faults.push(`${JSON.stringify(input)}\n${found}`)
  }
  for (const request of [engineInputs[name].good, ...(more[name] ?? [])]) {
    const [artifacts, numbers] = [numbersIn(request).filter(isArtifact), numbersIn(request).filter((path) => !isArtifact(path))]
    for (const own of families(name)) {
      const good = artifacts.reduce<unknown>((node, path) => withNumber(node, path, own[path.at(-1) as string] ?? own.clustering), request)
      await ask(good)
      const others = own === made.table ? [...all.map(({ id }) => id), deleted, 1e9] : []
      for (const path of artifacts) for (const id of others) await ask(withNumber(good, path, id))
      for (const path of numbers) for (const value of [-1, 0, 0.5, 1e9, 2 ** 53, 1.7e308]) await ask(withNumber(good, path, value))
      if (artifacts.length === 0) break
    }
  }
  expect(faults).toEqual([])
})

describe('an operation', () => {
  /** Where defaults are none, or would take long. */
  const params: Readonly<Record<string, object>> = {
    train: { model: 'pca' },
    sweep: { model: 'pca', ranges: { components: [1] } },
    'step-sizes': { steps: 50 },
    compare: { k: 3, nInit: 1, models: ['pca'], seeds: [1] },
    evaluate: { labels: 'state', replicates: 0 },
    rescore: { from: 'labels', labels: 'state' },
    'score-nodes': { model: 'pca' },
    'merge-classes': { groups: [[1, 2]] },
    'split-class': { classes: [1], method: 'k-means', k: 2 },
    'import-model': { path: 'no.safetensors' },
    'prepare-as': { path: 'no.safetensors' },
    import: { path: 'no.csv' },
    sample: { directory: 'no' },
    continue: { passes: 1 },
  }
  const paramsOf = (id: string): object => (id === 'export' ? { path: folder.file('out.csv') } : (params[id] ?? {}))
  const withInputs = operations.filter(({ inputs }) => Object.keys(inputs).length > 0)
  const firstOf = ({ inputs }: OperationDefinition) => Object.entries(inputs)[0]
  const oneOfEach = (kinds: readonly ArtifactKind[]): number[] =>
    kinds.flatMap((kind) => all.find((it) => it.kind === kind && it.status === 'done')?.id ?? [])

  test.each(withInputs)('$id refuses inputs that are none of its own', async (operation) => {
    const { id, inputs } = operation
    const ask = async (given: Found): Promise<string | undefined> =>
      (await outcome({ operation: id, inputs: given, params: paramsOf(id) })).error?.code
    for (const [role, { kinds }] of Object.entries(inputs)) {
      const others = [...new Set(all.map(({ kind }) => kind))].filter((kind) => !kinds.includes(kind))
      const rest = Object.fromEntries(
        Object.entries(inputs)
          .filter(([name, { optional }]) => name !== role && !optional)
          .map(([name, declared]) => [name, oneOfEach(declared.kinds)[0]]),
      )
      expect(others.length).toBeGreaterThan(6)
      for (const wrong of oneOfEach(others)) expect(await ask({ ...rest, [role]: wrong })).toBe('ARTIFACT_KIND')
      for (const nothing of [deleted, 1e9]) expect(await ask({ ...rest, [role]: nothing })).toBe('ARTIFACT_NOT_FOUND')
      for (const half of all.filter(({ kind, status }) => status === 'running' && kinds.includes(kind)))
        expect(await ask({ ...rest, [role]: half.id })).toBe('ARTIFACT_UNFINISHED')
      expect(await ask({ ...rest, [`${role}s`]: 1 })).toBe('PARAMETER_INVALID')
    }
  })

  test.each(withInputs)('$id ends, or says what does not suit it', async (operation) => {
    const [role, { kinds }] = firstOf(operation)
    const faults: string[] = []
    for (const { id } of all.filter((it) => it.status === 'done' && kinds.includes(it.kind))) {
      const { error } = await outcome({ operation: operation.id, inputs: { [role]: id }, params: paramsOf(operation.id) })
      const found = fault(error)
      if (found !== null) faults.push(`${role} ${id}\n${found}`)
    }
    expect(faults).toEqual([])
  })

  test('an export for scanpy ends, or says what does not suit it, whatever is put together', async () => {
    const faults: string[] = []
    const kinds = operations.find(({ id }) => id === 'export')?.inputs.with1?.kinds ?? []
    const results = all.filter(({ kind, status }) => status === 'done' && kinds.includes(kind))
    expect(results.length).toBeGreaterThan(7)
    for (const source of oneOfEach(kinds))
      for (const { id } of results) {
        const inputs = source === id ? { source } : { source, with1: id }
        const { error } = await outcome({ operation: 'export', inputs, params: { path: folder.file('out.h5ad') } })
        const found = fault(error)
        if (found !== null) faults.push(`${source} with ${id}\n${found}`)
      }
    expect(faults).toEqual([])
  })

  test.each(operations)('$id names the parameter that is not as it has to be', ({ id, title, params: schema }) => {
    for (const name of Object.keys(schema.shape))
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 'none of these', {}, [null], [[Number.NaN]], Symbol('it')]) {
        const refusal = refusalOf(() => parseParams(title, schema, { ...paramsOf(id), [name]: value }))
        if (refusal?.where.parameter?.toString().startsWith(name)) expect(refusal).toMatchObject({ code: 'PARAMETER_INVALID' })
        if (refusal) expect(fault(refusal)).toBeNull()
      }
    expect(refusalOf(() => parseParams(title, schema, { ...paramsOf(id), noSuchThing: 1 }))).toMatchObject({
      code: 'PARAMETER_INVALID',
      where: { parameter: 'noSuchThing' },
    })
  })

  test.each([
    { kind: 'rows', rows: [1e9] },
    { kind: 'span', from: 0, to: 1e9 },
    { kind: 'classes', artifact: 1e9, classes: [1] },
    { kind: 'area', points: triangle },
  ])('is not made of rows that are none: $kind', async (condition) => {
    const { dataset, latents, clustering } = made.table
    const within = { dataset, all: [condition] }
    const elsewhere = { dataset: made.raster.dataset, all: [{ kind: 'span', from: 0, to: 9 }] }
    for (const selection of [within, elsewhere]) {
      for (const request of [
        { operation: 'cluster', inputs: { latents }, params: { k: 2, within: selection } },
        { operation: 'export', inputs: { source: clustering }, params: { path: folder.file('some.csv'), within: selection } },
      ]) {
        const { error } = await outcome(request)
        expect(error?.code, JSON.stringify(request)).toMatch(/^(PARAMETER_INVALID|ARTIFACT_KIND|ARTIFACT_NOT_FOUND)$/)
      }
    }
  })
})

function refusalOf(ask: () => unknown): Failure | null {
  try {
    ask()
    return null
  } catch (thrown) {
    return toReport(thrown)
  }
}

/**
 * Stands in for src-renderer/lib/bridge.ts in a plain browser. The scenario comes from the address: ?scenario=start | empty |
 * project | millions | import | unreadable | training | diverged | table, and &theme=dark, &view=train.
 */
import type { Client, Subscribe } from '#common/contract/calls.ts'
import type { ComputeSettings, DeviceDescription, EngineCalls, EngineEvents, ProjectInfo } from '#common/contract/engine.ts'
import type { WindowCalls, WindowEvents } from '#common/contract/window.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'
import { RowSelection } from '#common/domain/selection.ts'
import { fail, ok } from '#common/result.ts'
import { artifact, layout, matrix, modelArtifact, scene, sceneReport, table, tableColumns, tableRows } from './artifacts.ts'
import { comparisonArtifact, crossed } from './comparison.ts'
import { confusionFor, curves, evaluationArtifact } from './evaluation.ts'
import { anomalyCalls } from './flagged.ts'
import { meets, planeMeta, pointCalls } from './points.ts'
import { formats, models, operations } from './registry.ts'
import { remade, resultArtifacts } from './results.ts'
import { bands, labelAt, scoreAt, size, valueAt } from './scene.ts'
import { seriesArtifacts } from './series.ts'

const query = new URLSearchParams(location.search)
export const scenario = query.get('scenario') ?? 'project'

// events ---------------------------------------------------------------------------------------------------------------
type Listener = (payload: never) => void
const listeners = new Map<string, Set<Listener>>()
const subscribe = (event: string, listener: Listener): (() => void) => {
  listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
  return () => listeners.get(event)?.delete(listener)
}
export const onEngine = subscribe as Subscribe<EngineEvents>
export const onWindow = subscribe as Subscribe<WindowEvents>
const emit = <K extends keyof EngineEvents & string>(event: K, payload: unknown): void => {
  for (const listener of listeners.get(event) ?? []) listener(payload as never)
}
const say = (message: string, level: 'info' | 'warning' | 'error' = 'info'): void =>
  emit('logged', { time: new Date().toISOString(), level, message })

// state ----------------------------------------------------------------------------------------------------------------
const projectInfo = (path: string): ProjectInfo => ({
  path,
  name: path.split('/').pop()!.replace('.stratum', ''),
  readOnly: false,
  sizeBytes: 412e6,
  createdAt: new Date().toISOString(),
  undo: 'Rename class 2',
  redo: null,
})
let project: ProjectInfo | null = ['start', 'empty-start'].includes(scenario) ? null : projectInfo('/home/ada/mutawintji.stratum')
let artifacts: Artifact[] = []
let jobs: Job[] = []
const metrics = new Map<number, { step: number; name: string; value: number }[]>()

function addCurve(id: number, steps: number, until = steps): void {
  const points: { step: number; name: string; value: number }[] = []
  for (let step = 0; step < until; step += 20) points.push(...pointsAt(step, steps))
  metrics.set(id, points)
}
function pointsAt(step: number, steps: number): { step: number; name: string; value: number }[] {
  const share = step / steps
  const stage = share < 0.5 ? 0 : share < 0.75 ? 1 : 2
  const epoch = stage === 0 ? share * 20 : stage === 1 ? (share - 0.5) * 20 : (share - 0.75) * 20
  const base = [0.016, 0.009, 0.006][stage]! * Math.exp(-epoch * [0.62, 1.3, 1.4][stage]!) + [0.00262, 0.00196, 0.0018][stage]!
  const wobble = 1 + 0.05 * Math.sin(step * 12.9898) * Math.exp(-epoch * 0.1)
  const prefix = `stage${stage + 1}`
  const points = [
    { step, name: `${prefix}/loss`, value: base * wobble },
    { step, name: `${prefix}/epoch`, value: epoch },
  ]
  return step % 240 === 0 ? [...points, { step, name: `${prefix}/holdout`, value: base * 1.06 * (1 + 0.02 * Math.sin(step)) }] : points
}

const job = (over: Partial<Job>): Job => ({
  id: 1 + jobs.length,
  operation: 'train',
  title: 'Train',
  status: 'running',
  progress: null,
  artifact: null,
  cached: false,
  canPause: true,
  startedAt: new Date().toISOString(),
  error: null,
  ...over,
})
const setJob = (next: Job): void => {
  jobs = jobs.some((other) => other.id === next.id) ? jobs.map((other) => (other.id === next.id ? next : other)) : [...jobs, next]
  emit('jobChanged', next)
}
const setArtifact = (next: Artifact): void => {
  artifacts = [...artifacts.filter((other) => other.id !== next.id), next]
  emit('artifactChanged', { artifact: next, id: next.id, deleted: false })
}

const diverged: ErrorReport = {
  code: 'TRAIN_DIVERGED',
  message: 'At step 4 200 the loss term “reconstruction” became NaN. The state of step 4 000 is saved; its error was 0.00267.',
  hint: 'Go on with half the step size.',
  where: { term: 'reconstruction', step: 4200, checkpoint: 4000, learningRate: 0.005 },
}

if (['project', 'training', 'diverged', 'millions'].includes(scenario)) {
  const done = [
    modelArtifact('stacked-05', 0.00236),
    modelArtifact('ae-02', 0.00262, {}, { model: 'autoencoder', title: 'Autoencoder' }),
    modelArtifact('pca-01', 0.00345, {}, { model: 'pca', title: 'Principal components' }),
    modelArtifact('stacked-06', 0.00229),
  ]
  for (const model of done) addCurve(model.id, 4900)
  const latents = artifact(
    'latents',
    'stacked-06 codes',
    'encode',
    { model: done[3]!.id, dataset: scene.id },
    {
      model: done[3]!.id,
      dataset: scene.id,
      rows: size * size,
      validRows: 250_000,
      codeSize: 2,
      meanError: 0.0023,
      codeRange: [
        { min: -2, max: 2 },
        { min: -2, max: 2 },
      ],
    },
  )
  if (scenario === 'millions') latents.meta = { ...latents.meta, validRows: 2_200_000 }
  const results = resultArtifacts(latents, done[3]!)
  const plane = artifact('embedding2d', 'UMAP', 'embed', { latents: latents.id }, planeMeta(latents, 'umap', 'UMAP'))
  artifacts = [scene, table, matrix, ...done, latents, plane, ...results, evaluationArtifact(results[0]!), comparisonArtifact(results[0]!)]
}
if (scenario === 'series') artifacts = seriesArtifacts()
if (scenario === 'table' || scenario === 'import' || scenario === 'unreadable')
  artifacts = scenario === 'table' ? [scene, table] : scenario === 'import' ? [scene, table] : []

if (scenario === 'training') {
  const running = modelArtifact('stacked-07', 0.00218, { status: 'running', seconds: null, meta: {} })
  artifacts = [...artifacts, running]
  const steps = 4900
  let step = 3200
  addCurve(running.id, steps, step)
  let state: Job = job({ title: 'Train', artifact: running.id })
  jobs = [state, job({ id: 2, title: 'Train stacked-08', status: 'queued' })]
  const total = 32_000_000
  const tick = (): void => {
    state = jobs.find((other) => other.id === 1)!
    if (state.status !== 'running') return
    step = Math.min(steps, step + (query.get('still') ? 0 : 20))
    const share = step / steps
    const stage = share < 0.5 ? 1 : share < 0.75 ? 2 : 3
    const points = pointsAt(step, steps)
    metrics.get(running.id)!.push(...points)
    emit('metricsAdded', { artifact: running.id, points })
    const epoch = stage === 1 ? share * 20 : stage === 2 ? (share - 0.5) * 20 : (share - 0.75) * 20
    setJob({
      ...state,
      progress: {
        stage: `stage ${stage} of 3`,
        fraction: share,
        done: Math.round(share * total),
        unit: 'pixels',
        ratePerSecond: 252_000,
        remainingSeconds: ((1 - share) * total) / 252_000,
        detail: { stage, stages: 3, epoch: Math.ceil(epoch), epochs: stage === 1 ? 10 : 5, error: points[0]!.value },
      },
    })
  }
  setTimeout(() => {
    tick()
    setInterval(tick, 400)
  }, 50)
}
if (scenario === 'diverged') {
  const broken = modelArtifact('vae-02', 0.00267, { status: 'failed', error: diverged as unknown as Record<string, unknown> }, {})
  artifacts = [...artifacts, broken]
  addCurve(broken.id, 4900, 4200)
  metrics.get(broken.id)!.push(
    ...[4110, 4140, 4170, 4200].flatMap((step, i) => [
      { step, name: 'stage3/loss', value: 0.004 * 5 ** i },
      { step, name: 'stage3/epoch', value: 2.1 + i / 50 },
    ]),
  )
  jobs = [job({ title: 'Train', status: 'failed', artifact: broken.id, error: diverged })]
}

// calls ----------------------------------------------------------------------------------------------------------------
const cache = { folder: '/home/ada/.cache/stratum/chunks', bytes: 1.3e9, entries: 4, limitBytes: 20e9 }
let computing: ComputeSettings = { device: 'cpu', threads: null, cores: 2, defaultThreads: 1 }
const devices: DeviceDescription[] = [
  { id: 'cpu', title: 'Processor, 2 threads', available: true, reason: 'Used for everything. Nothing to install.', memoryBytes: 16e9 },
  { id: 'webgpu', title: 'GPU through WebGPU', available: false, reason: 'No adapter was found.', memoryBytes: null },
  { id: 'cuda', title: 'CUDA libraries', available: false, reason: 'Not needed. They would speed up very wide models.', memoryBytes: null },
]
const unreadable: ErrorReport = {
  code: 'FILE_TRUNCATED',
  message: 'The file ends after 1 024 of the 5 242 880 bytes its header promises.',
  hint: 'Copy or download the file again; 4 strips of band 1 are missing.',
  where: { path: '/data/half_a_scene.tif', byte: 1024, band: 1 },
}

/** The made-up project has neither a report nor features. */
const notMade: ErrorReport = {
  code: 'ARTIFACT_NOT_FOUND',
  message: 'The project has no such report.',
  hint: 'Make it first.',
  where: {},
}

function begin(request: { operation: string; params?: Record<string, unknown>; name?: string; inputs?: Record<string, number> }): Job {
  const started = job({
    id: 1 + Math.max(0, ...jobs.map((other) => other.id)),
    operation: request.operation,
    title: `${request.operation} ${request.name ?? ''}`.trim(),
  })
  setJob(started)
  say(`${started.title} started`)
  let share = 0
  const timer = setInterval(() => {
    share += 0.2
    if (share < 1)
      return setJob({
        ...started,
        progress: { stage: 'Reading', fraction: share, ratePerSecond: 1.2e6, unit: 'pixels', remainingSeconds: 2 },
      })
    clearInterval(timer)
    const copy =
      request.operation === 'import' || request.operation === 'sample'
        ? artifact('dataset', request.name ?? 'folded ranges', request.operation, {}, scene.meta)
        : request.operation === 'train'
          ? modelArtifact(request.name ?? 'stacked-09', 0.0021)
          : request.operation === 'prepare'
            ? artifact('matrix', 'prepared', 'prepare', request.inputs ?? {}, matrix.meta)
            : remade(request.operation, request.inputs ?? {}, request.params ?? {}, artifacts)
    if (copy.kind === 'model') addCurve(copy.id, 4900)
    setArtifact(copy)
    setJob({ ...started, status: 'done', artifact: copy.id })
  }, 250)
  return started
}

const find = (id: number): Artifact => artifacts.find((other) => other.id === id)!
const changeJob = (id: number, status: Job['status']) => {
  const next = { ...jobs.find((other) => other.id === id)!, status }
  setJob(next)
  return ok(next)
}

const tableRow = (r: number) => [
  40 + 8 * Math.sin(r / 90),
  50 + 8 * Math.sin(r / 90 + 1),
  r % 41 === 7 ? null : 60 + 8 * Math.sin(r / 90 + 2),
  r % 900 < 40 ? 'fault' : 'running',
  new Date(1.7e12 + r * 6e4).toISOString().slice(0, 16).replace('T', ' '),
  r % 3 === 0,
]

export const engine: Client<EngineCalls> = {
  describe: async () => ok({ version: '0.1.0', operations, models, formats }),
  devices: async () => ok(devices),
  probeDevice: async ({ device }) => ok({ device, gflops: 72.5, threads: 2, reason: null }),
  computeSettings: async () => ok(computing),
  setComputeSettings: async ({ device = computing.device, threads = computing.threads }) => {
    computing = { ...computing, device, threads }
    return ok(computing)
  },
  previewSource: async () =>
    ok({
      names: [],
      rows: [],
      min: new Float32Array(),
      max: new Float32Array(),
      missingShare: new Float32Array(),
      rowsRead: 0,
      complete: false,
      picture: null,
    }),
  compareClasses: async () => ok(crossed()),
  ...pointCalls(find, (id) => jobs.find((other) => other.id === id), scenario === 'millions' ? 2_200_000 : undefined),
  readConfusion: async ({ naming = 'one-to-one' }) => ok(confusionFor(naming)),
  readCurves: async () => ok(curves()),
  readExamination: async () => ok({ correlation: new Float32Array(), cells: null }),
  readReport: async () => fail(notMade),
  readTraversal: async () => fail(notMade),
  listFeatures: async () => fail(notMade),
  readFeature: async () => fail(notMade),
  readActivations: async () => fail(notMade),
  ...anomalyCalls(find, setArtifact),
  listLabels: async ({ labels }) =>
    /missing/.test(labels)
      ? fail({ code: 'FILE_NOT_FOUND', message: 'The labels are gone.', hint: 'Choose another file.', where: { path: labels } })
      : ok({
          values: [
            { name: '0', rows: 240_000 },
            { name: 'granite', rows: 12_000 },
            { name: 'gossan', rows: 420 },
          ],
          total: 3,
          unlabelled: 8083,
          fields: [],
        }),
  inspect: async ({ path }) => (/half|unreadable/.test(path) ? fail(unreadable) : ok({ ...sceneReport, path })),
  createProject: async ({ path }) => {
    project = projectInfo(path)
    artifacts = []
    emit('projectChanged', project)
    return ok(project)
  },
  openProject: async ({ path }) => {
    project = projectInfo(path)
    return ok(project)
  },
  closeProject: async () => {
    project = null
    return ok({})
  },
  project: async () => ok(project),
  listArtifacts: async () => ok(artifacts),
  renameArtifact: async ({ artifact: id, name }) => {
    setArtifact({ ...find(id), name })
    return ok(find(id))
  },
  annotateArtifact: async ({ artifact: id, annotations }) => {
    setArtifact({ ...find(id), annotations })
    return ok(find(id))
  },
  deleteArtifact: async ({ artifact: id }) => {
    artifacts = artifacts.filter((other) => other.id !== id)
    return ok({ deleted: [id] })
  },
  undo: async () => ok(project!),
  redo: async () => ok(project!),
  run: async (request) => ok(begin(request)),
  listJobs: async () => ok(jobs),
  cancelJob: async ({ job: id, keep }) => changeJob(id, keep ? 'done' : 'cancelled'),
  pauseJob: async ({ job: id }) => changeJob(id, 'paused'),
  resumeJob: async ({ job: id }) => changeJob(id, 'running'),
  modelLayout: async ({ model, params, columns }) => {
    const widths = (params.layers as number[] | undefined) ?? [6, 4, 2]
    if (model !== 'stacked') {
      const code = (params.components as number | undefined) ?? widths.at(-1)!
      const down = model === 'pca' ? [columns, code] : [columns, ...widths]
      return ok({
        stages: [{ title: 'all', widths: [...down, ...down.slice(0, -1).reverse()], code: down.length - 1, epochs: 10, batchSize: 64 }],
        codeSize: code,
        weights: 420,
      })
    }
    return ok(layout)
  },
  estimate: async ({ model, preset, settings = {}, columns, rows }) => {
    const { layers } = settings as { layers?: number[] }
    const made = { ...layout, stages: layout.stages.map((stage) => ({ ...stage, widths: [columns, ...stage.widths.slice(1)] })) }
    return ok({
      settings: { layers: [64, 16, 4], ...settings },
      chosen: preset || layers ? [] : ['layers'],
      automatic: preset ? {} : { layers: [64, 16, 4] },
      layout: model === 'stacked' ? layout : made,
      steps: Math.ceil(rows / 64) * 10,
      memoryBytes: rows * columns * 4,
      seconds: 130,
      basis: 'probe',
      wattHours: 1.6,
    })
  },
  metrics: async ({ artifact: id, afterStep }) => ok((metrics.get(id) ?? []).filter((point) => point.step > (afterStep ?? -1))),
  readRaster: async ({ bands: wanted, window: w }) => {
    const values = new Float32Array(wanted.length * w.outWidth * w.outHeight)
    let i = 0
    for (const band of wanted)
      for (let y = 0; y < w.outHeight; y++)
        for (let x = 0; x < w.outWidth; x++)
          values[i++] = valueAt(
            (w.y + Math.floor((y / w.outHeight) * w.height)) * size + w.x + Math.floor((x / w.outWidth) * w.width),
            band,
          )
    return ok({ values })
  },
  readMap: async ({ artifact: id, window: w }) => {
    const isScores = find(id).kind === 'scores'
    const values = isScores ? new Float32Array(w.outWidth * w.outHeight) : new Uint16Array(w.outWidth * w.outHeight)
    for (let y = 0; y < w.outHeight; y++)
      for (let x = 0; x < w.outWidth; x++) {
        const row = (w.y + Math.floor((y / w.outHeight) * w.height)) * size + w.x + Math.floor((x / w.outWidth) * w.width)
        values[y * w.outWidth + x] = isScores ? scoreAt(row) : labelAt(row)
      }
    return ok({ values })
  },
  readRows: async ({ offset, limit }) =>
    ok({
      names: tableColumns.map((c) => c.name),
      total: tableRows,
      rows: Array.from({ length: Math.min(limit, tableRows - offset) }, (_, i) => tableRow(offset + i)),
    }),
  readSelectedRows: async ({ selection, offset, limit }) => {
    const { all } = RowSelection.parse(selection)
    const numbers = Float64Array.from([...Array(tableRows).keys()].filter((row) => all.every((one) => meets(one, row, find))))
    const page = numbers.subarray(offset, offset + limit)
    return ok({ names: tableColumns.map((c) => c.name), numbers: page, rows: Array.from(page, tableRow), total: numbers.length })
  },
  readSpectrum: async ({ row, model }) => {
    const values = bands.map((_, b) => valueAt(row, b))
    return ok({
      values,
      reconstruction: model ? values.map((v, i) => v * (1 + 0.02 * Math.sin(i * 2))) : null,
      pca: model ? values.map((v, i) => v * (1 + 0.06 * Math.cos(i * 1.4))) : null,
    })
  },
  readPixel: async ({ x, y }) => {
    const row = y * size + x
    return ok({
      row,
      label: labelAt(row),
      score: scoreAt(row),
      values: bands.map((_, b) => {
        const v = valueAt(row, b)
        return Number.isNaN(v) ? null : v
      }),
    })
  },
  getSetting: async () => ok(null),
  setSetting: async () => ok({}),
  sourceStates: async () => ok([]),
  relink: async ({ artifact: id }) => ok(find(id)),
  findSource: async () => ok({ path: null, entries: 1204, complete: true }),
  stopFindingSource: async () => ok({}),
  cacheInfo: async () => ok(cache),
  clearCache: async () => ok({ ...cache, bytes: 0, entries: 0 }),
  setCacheLimit: async ({ limitBytes }) => ok({ ...cache, limitBytes }),
  verify: async () => ok({ artifacts: artifacts.length, chunks: 812, problems: [] }),
  recipe: async () => ok({ yaml: 'steps: []' }),
}

const recent = [
  { path: '/home/ada/mutawintji.stratum', name: 'mutawintji', openedAt: new Date().toISOString(), sizeBytes: 412e6, missing: false },
  {
    path: '/home/ada/pbmc68k.stratum',
    name: 'pbmc68k',
    openedAt: new Date(Date.now() - 4 * 3.6e6).toISOString(),
    sizeBytes: 186e6,
    missing: false,
  },
  {
    path: '/home/ada/turbine-07.stratum',
    name: 'turbine-07',
    openedAt: new Date(Date.now() - 26 * 3.6e6).toISOString(),
    sizeBytes: 74e6,
    missing: false,
  },
  {
    path: '/mnt/usb/gossan-hunt.stratum',
    name: 'gossan-hunt',
    openedAt: new Date(Date.now() - 96 * 3.6e6).toISOString(),
    sizeBytes: 238e6,
    missing: true,
  },
  {
    path: '/home/ada/gpt2-layer6.stratum',
    name: 'gpt2-layer6',
    openedAt: new Date(Date.now() - 220 * 3.6e6).toISOString(),
    sizeBytes: 1.9e9,
    missing: false,
  },
]
export const native: Client<WindowCalls> = {
  chooseFiles: async ({ extensions }) =>
    ok([
      extensions?.includes('stratum')
        ? '/home/ada/mutawintji.stratum'
        : scenario === 'unreadable'
          ? '/data/half_a_scene.tif'
          : '/data/S2B_54JYM_20240312.tif',
    ]),
  chooseSavePath: async ({ defaultName }) => ok(`/home/ada/${defaultName}`),
  recentProjects: async () => ok(scenario === 'empty-start' ? [] : recent),
  rememberProject: async () => ok({}),
  forgetProject: async () => ok({}),
  defaultFolder: async () => ok('/home/ada/Documents'),
  revealFile: async () => ok({}),
  theme: async () => ok((query.get('theme') as 'light' | 'dark' | null) ?? 'light'),
  setTheme: async () => ok({}),
  setTitle: async () => ok({}),
  systemLoad: async () => ok({ memoryBytes: 3.4e9, totalBytes: 16e9, engineBytes: 0.62e9 }),
  windowAction: async () => ok({}),
}
export const pathOfFile = (file: File): string => `/data/${file.name}`

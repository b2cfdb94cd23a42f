/**
 * Memory of what is done to the classes and scores of a large scene: merge, split, sieve, majority filter, a clustering of selected pixels,
 * a tree and its cut, both held against labels of every pixel, and every format they are written in, on a made-up map of 10 000 × 10 000
 * pixels with two codes each; every operation in a process of its own, with its time and its peak resident size.
 *
 *   node test/bench/mapsMemory.ts [size=10000] [--only NAME] [--json]
 *
 * The bar is 1000 MB. Classes are blocks of 64 pixels with three percent of specks: some millions of polygons. Each block has an object of
 * nine anomalous pixels. Labels are the classes themselves, written as a GeoTIFF; of scores the last of them is what is anomalous.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'
import { createProject, openProject } from '#engine/project/open.ts'
import { newArtifact } from '../helpers/newArtifact.ts'

const bar = 1000
const k = 6
const onlyAt = process.argv.indexOf('--only')
const only = onlyAt > 0 ? process.argv[onlyAt + 1] : ''
const [sizeText = '10000', step, given] = process.argv.slice(2).filter((a, i) => !a.startsWith('--') && i + 1 !== onlyAt)
const json = process.argv.includes('--json')
const size = Number(sizeText)
const rows = size * size

function generate(path: string): void {
  const project = createProject(path)
  const grid = {
    width: size,
    height: size,
    transform: [10, 0, 400_000, 0, -10, 6_500_000],
    georeferenced: true,
    crs: { code: 'EPSG:32754', name: 'UTM zone 54S', unit: 'metre', proj4: '+proj=utm +zone=54 +south +datum=WGS84 +units=m +no_defs' },
    geoKeys: {},
  }
  const dataset = project.beginDraft(newArtifact({ kind: 'dataset', name: 'scene', contentKey: 'dataset' }), {})
  dataset.finish({ kind: 'raster', rows, columns: [], metadataFields: [], readerOptions: {}, grid }, 0)
  const model = project.beginDraft(newArtifact({ kind: 'model', name: 'model', contentKey: 'model' }), {})
  // Of another dataset, so that no class profile is looked for.
  model.finish({ dataset: 0, columns: [] }, 0)
  const latents = project.beginDraft(newArtifact({ name: 'codes', contentKey: 'codes' }), { model: model.id, dataset: dataset.id })
  const clustering = project.beginDraft(newArtifact({ kind: 'clustering', name: 'classes', contentKey: 'classes' }), {
    latents: latents.id,
  })
  const codes = latents.writeArray('codes', { dtype: 'float32', shape: [rows, 2] })
  const errors = latents.writeArray('error', { dtype: 'float32', shape: [rows] })
  const scores = project.beginDraft(newArtifact({ kind: 'scores', name: 'scores', contentKey: 'scores' }), { latents: latents.id })
  const score = scores.writeArray('score', { dtype: 'float32', shape: [rows] })
  const labels = clustering.writeArray('labels', { dtype: 'uint16', shape: [rows] })
  const counts = new Float64Array(k + 1)
  let state = 12_345
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  for (let y = 0; y < size; y++) {
    const line = new Uint16Array(size)
    const code = new Float32Array(2 * size)
    const height = new Float32Array(size)
    for (let x = 0; x < size; x++) {
      const block = (Math.floor(y / 64) * 7 + Math.floor(x / 64) * 3) % k
      line[x] = 1 + (next() < 0.03 ? Math.floor(next() * k) : block)
      counts[line[x]]++
      code[2 * x] = line[x] + next()
      code[2 * x + 1] = next()
      const isObject = y % 64 > 60 && x % 64 > 60
      height[x] = next() + (isObject ? 1 : 0)
    }
    labels.append(line)
    codes.append(code)
    score.append(height)
    errors.append(height)
  }
  score.finish()
  codes.finish()
  errors.finish()
  labels.finish()
  latents.finish({ model: model.id, dataset: dataset.id, rows, validRows: rows, codeSize: 2, meanError: 0, codeRange: [] }, 0)
  const classes = Array.from({ length: k }, (_, i) => ({ id: i + 1, rows: counts[i + 1], share: counts[i + 1] / rows, mean: [], sd: [] }))
  const common = { inertia: 0, silhouette: null, kCurve: [], chosenBecause: 'given', tidied: 0 }
  clustering.finish({ method: 'k-means', dataset: dataset.id, latents: latents.id, k, rows, validRows: rows, classes, ...common }, 0)
  const histogram = { from: 0, to: 2, all: [], holdout: [] }
  const judged = { threshold: 1, thresholdRule: 'given', percentile: 99, holdoutRows: 0, min: 0, max: 2, histogram, flagged: 0 }
  scores.finish({ method: 'made up', dataset: dataset.id, model: model.id, latents: latents.id, rows, validRows: rows, ...judged }, 0)
  project.close()
}

const extensions = {
  geotiff: 'tif',
  'class table': 'json',
  npy: 'npy',
  png: 'png',
  geopackage: 'gpkg',
  geojson: 'geojson',
  csv: 'csv',
} as const
const isFormat = (step: string): step is keyof typeof extensions => step in extensions
/** What is done to the scores, or to classes and labels: the source, and where it is written. */
const others = {
  'map of scores': ['scores', 'tif', {}],
  'objects as geopackage': ['scores', 'gpkg', {}],
  'objects as geojson': ['scores', 'geojson', {}],
  'table of objects': ['scores', 'csv', { list: 'objects' }],
  'table of codes': ['codes', 'csv', {}],
} as const
const isOther = (step: string): step is keyof typeof others => step in others
const judging = { 'classes against labels': 'classes', 'scores against labels': 'scores' } as const
const isJudging = (step: string): step is keyof typeof judging => step in judging

const steps = [
  'sieve',
  'tidy',
  'merge-classes',
  'split-class',
  'cluster',
  'ward',
  'cut-tree',
  ...Object.keys({ ...extensions, ...others, ...judging }),
]

async function carryOut(what: string, path: string): Promise<void> {
  const project = openProject(path)
  const runner = createRunner(project, operations, { memoryBudgetBytes: 8e8 })
  const clustering = project.find('classes').id
  const within = { dataset: project.find('scene').id, all: [{ kind: 'classes', artifact: clustering, classes: [1, 3] }] }
  const params: Readonly<Record<string, Record<string, unknown>>> = {
    'merge-classes': { groups: [[1, 2]] },
    'split-class': { classes: [3], k: 3 },
    cluster: { k: 3, within },
    ward: { method: 'ward', k: 5 },
    'cut-tree': { by: 'clusters', clusters: 9 },
  }
  const [latents, tree] = [project.find('codes').id, project.artifacts().find(({ name }) => name === 'tree')]
  const asked: { operation: string; inputs: Record<string, number>; params: Record<string, unknown> } = isFormat(what)
    ? { operation: 'export', inputs: { source: clustering }, params: { path: `${path}.${extensions[what]}` } }
    : what === 'cluster' || what === 'ward'
      ? { operation: 'cluster', inputs: { latents }, params: params[what] }
      : { operation: what, inputs: { clustering: what === 'cut-tree' && tree ? tree.id : clustering }, params: params[what] ?? {} }
  if (isOther(what)) {
    const [source, extension, params] = others[what]
    Object.assign(asked, {
      operation: 'export',
      inputs: { source: project.find(source).id },
      params: { ...params, path: `${path}.${extension}` },
    })
  }
  if (isJudging(what)) {
    const labels = `${path}.labels.tif`
    await runToEnd(runner, { operation: 'export', inputs: { source: clustering }, params: { path: labels } })
    const params = { labels, anomalous: what.startsWith('scores') ? [String(k)] : [] }
    Object.assign(asked, { operation: 'evaluate', inputs: { first: project.find(judging[what]).id }, params })
  }
  const started = performance.now()
  const made = await runToEnd(runner, asked)
  if (what === 'ward') project.rename(made.id, 'tree')
  if (asked.operation === 'export') rmSync(String(asked.params.path))
  const seconds = (performance.now() - started) / 1000
  await runner.dispose()
  project.close()
  const peak = Math.round(peakMemoryMB())
  const line = { suite: 'maps', case: `${what}, ${size}x${size}`, ours: peak, peer: bar, ratio: peak / bar, unit: 'MB peak RSS', seconds }
  console.log(json ? JSON.stringify(line) : `${line.case.padEnd(38)} ${seconds.toFixed(1).padStart(7)} s   peak ${peak} MB (bar ${bar} MB)`)
}

if (step === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-maps-'))
  const path = join(folder, 'maps.stratum')
  try {
    const chosen = steps.filter((step) => step.includes(only) || (step === 'ward' && only === 'cut-tree'))
    for (const what of ['generate', ...chosen]) {
      const args = [fileURLToPath(import.meta.url), sizeText, what, path, ...(json ? ['--json'] : [])]
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
      if (status !== 0) throw new Error(`${what} failed (exit ${status})`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
} else if (step === 'generate') generate(given)
else await carryOut(step, given)

/** One good and one bad input for every call. The types demand a row for each call, so a new call comes with its inputs. */
import type { z } from 'zod'
import type { Calls } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { WindowCalls } from '#common/contract/window.ts'

type Inputs<T extends Calls> = {
  readonly [K in keyof T]: {
    readonly good: z.input<T[K]['input']>
    readonly bad: unknown /** The parameter the answer must name. */
    readonly names: string
  }
}

const takesNothing = { good: {}, bad: null, names: 'input' }
const window = { x: 0, y: 0, width: 10, height: 10, outWidth: 5, outHeight: 5 }

export const engineInputs: Inputs<EngineCalls> = {
  describe: takesNothing,
  devices: takesNothing,
  probeDevice: { good: { device: 'cpu' }, bad: { device: 'cpu', threads: 0 }, names: 'threads' },
  computeSettings: takesNothing,
  setComputeSettings: { good: { device: 'auto', threads: null }, bad: { threads: 1.5 }, names: 'threads' },
  inspect: { good: { path: '/a.tif' }, bad: { path: 3 }, names: 'path' },
  previewSource: { good: { path: '/a.csv', rows: 10 }, bad: { path: '/a.csv', rows: 1000 }, names: 'rows' },
  compareClasses: {
    good: { first: { artifact: 1 }, second: { artifact: 2, array: 'columns/1' } },
    bad: { first: { artifact: 1 } },
    names: 'second',
  },
  readConfusion: {
    good: { comparison: 1, row: 0, naming: 'many-to-one' },
    bad: { comparison: 1, row: 0, naming: 'none' },
    names: 'naming',
  },
  readCurves: { good: { comparison: 1, row: 0 }, bad: { comparison: 1, row: -1 }, names: 'row' },
  selectRows: {
    good: { selection: { dataset: 1, all: [{ kind: 'classes', artifact: 2, classes: [1, 3] }] }, rows: Float64Array.of(3) },
    bad: { selection: { dataset: 1, all: [] } },
    names: 'selection.all',
  },
  readSelectedRows: {
    good: { selection: { dataset: 1, all: [{ kind: 'span', from: 3, to: 9 }] }, offset: 0, limit: 100 },
    bad: { selection: { dataset: 1, all: [{ kind: 'span', from: 3, to: 9 }] }, offset: 0, limit: 501 },
    names: 'limit',
  },
  selectionMap: {
    good: { selection: { dataset: 1, all: [{ kind: 'rows', rows: [4] }] }, window },
    bad: { selection: { dataset: 1, all: [{ kind: 'rows', rows: [4] }] } },
    names: 'window',
  },
  selectionProfile: {
    good: { selection: { dataset: 1, all: [{ kind: 'range', artifact: 2, array: 'score', from: 3, to: null }] }, latents: 4 },
    bad: { selection: { dataset: 1, all: [{ kind: 'rows', rows: [-1] }] } },
    names: 'selection.all.0.rows.0',
  },
  readTree: { good: { clustering: 1 }, bad: { clustering: 0 }, names: 'clustering' },
  previewCut: {
    good: { clustering: 1, cut: { by: 'height', clusters: null, height: 0.4 } },
    bad: { clustering: 1, cut: { by: 'height', clusters: null, height: -1 } },
    names: 'cut.height',
  },
  readValues: {
    good: { rows: Float64Array.of(1, 4), of: { kind: 'column', artifact: 1, column: 0 } },
    bad: { rows: Float64Array.of(1, 4), of: { kind: 'code', artifact: 1 } },
    names: 'of.unit',
  },
  readExamination: { good: { examination: 1 }, bad: { examination: 0 }, names: 'examination' },
  readReport: { good: { report: 1 }, bad: { report: 'last' }, names: 'report' },
  readTraversal: { good: { model: 1, unit: 0, row: 12 }, bad: { model: 1, unit: 0, steps: 1 }, names: 'steps' },
  listFeatures: {
    good: { features: 1, sort: 'lift', filter: { text: 'GNLY' } },
    bad: { features: 1, sort: 'name' },
    names: 'sort',
  },
  readFeature: { good: { features: 1, feature: 0 }, bad: { features: 1, feature: -1 }, names: 'feature' },
  readActivations: {
    good: { features: 1, feature: 0, rows: Float64Array.of(3) },
    bad: { features: 1, feature: 0, rows: [3] },
    names: 'rows',
  },
  listFlagged: { good: { scores: 1, sort: 'confidence', limit: 20 }, bad: { scores: 1, sort: 'name' }, names: 'sort' },
  listEvents: { good: { scores: 1, mergeGap: 2 }, bad: { scores: 1, minimumLength: 0 }, names: 'minimumLength' },
  listObjects: { good: { scores: 1, threshold: 0.4 }, bad: { scores: 1, limit: 1000 }, names: 'limit' },
  readScoreLine: { good: { scores: 1, unit: 'pump 2', points: 400 }, bad: { scores: 1, points: 1 }, names: 'points' },
  listLabels: { good: { dataset: 1, labels: 'anomaly' }, bad: { dataset: 1, labels: '' }, names: 'labels' },
  chooseThreshold: {
    good: { scores: 1, rule: { rule: 'mad', deviations: 5 } },
    bad: { scores: 1, rule: 'mad' },
    names: 'rule',
  },
  review: {
    good: { scores: 1, entries: { 'event/12': { verdict: 'confirmed', comment: '' }, '7': null } },
    bad: { scores: 1, entries: { '7': { verdict: 'maybe', comment: '' } } },
    names: 'entries.7.verdict',
  },
  createProject: { good: { path: '/a.stratum' }, bad: {}, names: 'path' },
  openProject: { good: { path: '/a.stratum' }, bad: { path: '/a.stratum', readOnly: 'yes' }, names: 'readOnly' },
  closeProject: takesNothing,
  project: takesNothing,
  listArtifacts: takesNothing,
  renameArtifact: { good: { artifact: 1, name: 'Scene' }, bad: { artifact: 1, name: '' }, names: 'name' },
  annotateArtifact: {
    good: { artifact: 1, annotations: { legend: [{ id: 1, name: 'Basalt', colour: '#2C71B7' }] } },
    bad: { artifact: 1, annotations: { legend: [{ id: 1, name: 'Basalt', colour: 'blue' }] } },
    names: 'annotations.legend.0.colour',
  },
  deleteArtifact: { good: { artifact: 1 }, bad: { artifact: 0 }, names: 'artifact' },
  undo: takesNothing,
  redo: takesNothing,
  cacheInfo: takesNothing,
  clearCache: takesNothing,
  setCacheLimit: { good: { limitBytes: 1e9 }, bad: { limitBytes: -1 }, names: 'limitBytes' },
  sourceStates: takesNothing,
  relink: { good: { artifact: 1, path: '/b.tif' }, bad: { artifact: 1, path: '' }, names: 'path' },
  findSource: { good: { artifact: 1, folder: '/data' }, bad: { artifact: 1 }, names: 'folder' },
  stopFindingSource: takesNothing,
  run: { good: { operation: 'import' }, bad: { operation: 'import', inputs: { dataset: 'first' } }, names: 'inputs.dataset' },
  listJobs: takesNothing,
  cancelJob: { good: { job: 1 }, bad: { job: 1.5 }, names: 'job' },
  pauseJob: { good: { job: 1 }, bad: { job: -1 }, names: 'job' },
  resumeJob: { good: { job: 1 }, bad: {}, names: 'job' },
  estimate: { good: { model: 'pca', columns: 7, rows: 100 }, bad: { model: 'pca', columns: 7, rows: 0 }, names: 'rows' },
  modelLayout: { good: { model: 'pca', params: {}, columns: 7 }, bad: { model: 'pca', params: {}, columns: 0 }, names: 'columns' },
  metrics: { good: { artifact: 1 }, bad: { artifact: 1, afterStep: null }, names: 'afterStep' },
  readRaster: {
    good: { dataset: 1, bands: [0], window },
    bad: { dataset: 1, bands: [0], window: { ...window, outWidth: 5000 } },
    names: 'window.outWidth',
  },
  readMap: { good: { artifact: 1, window }, bad: { artifact: 1, window: { ...window, x: -1 } }, names: 'window.x' },
  readRows: { good: { dataset: 1, offset: 0, limit: 100 }, bad: { dataset: 1, offset: 0, limit: 501 }, names: 'limit' },
  readSpectrum: { good: { dataset: 1, row: 0 }, bad: { dataset: 1, row: 0, radius: 17 }, names: 'radius' },
  sampleLatents: { good: { latents: 1, count: 1000 }, bad: { latents: 1, count: 2_000_001 }, names: 'count' },
  estimatePlane: { good: { latents: 1 }, bad: { latents: 'a' }, names: 'latents' },
  readEmbedding: { good: { embedding: 1 }, bad: { embedding: 1, count: 0 }, names: 'count' },
  jobPicture: { good: { job: 1 }, bad: { job: 1, count: 1.5 }, names: 'count' },
  readPixel: { good: { dataset: 1, x: 0, y: 0 }, bad: { dataset: 1, x: 0, y: 0.5 }, names: 'y' },
  getSetting: { good: { key: 'panel' }, bad: { key: null }, names: 'key' },
  setSetting: { good: { key: 'panel', value: { width: 232 } }, bad: { key: 'panel', value: () => 1 }, names: 'value' },
  verify: takesNothing,
  recipe: { good: { artifact: 1 }, bad: { artifact: 'map' }, names: 'artifact' },
}

export const windowInputs: Inputs<WindowCalls> = {
  chooseFiles: { good: { title: 'Import' }, bad: { title: 'Import', extensions: '.tif' }, names: 'extensions' },
  chooseSavePath: {
    good: { title: 'Export', defaultName: 'map.tif', extensions: ['.tif'] },
    bad: { title: 'Export', extensions: [] },
    names: 'defaultName',
  },
  recentProjects: takesNothing,
  rememberProject: { good: { path: '/a.stratum' }, bad: { path: ['/a.stratum'] }, names: 'path' },
  forgetProject: { good: { path: '/a.stratum' }, bad: {}, names: 'path' },
  defaultFolder: takesNothing,
  revealFile: { good: { path: '/a.tif' }, bad: { path: null }, names: 'path' },
  theme: takesNothing,
  setTheme: { good: { theme: 'dark' }, bad: { theme: 'pink' }, names: 'theme' },
  setTitle: { good: { title: 'Basin' }, bad: { title: 1 }, names: 'title' },
  systemLoad: takesNothing,
  windowAction: { good: { action: 'close' }, bad: { action: 'explode' }, names: 'action' },
}

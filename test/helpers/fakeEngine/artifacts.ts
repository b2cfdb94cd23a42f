/** Finished artifacts for a project that has been through the whole flow once. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import type { Column, DatasetMeta, SourceReport } from '#common/domain/dataset.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { bandSummary, bands, size, summaryOf } from './scene.ts'

let nextId = 1
export function artifact(
  kind: ArtifactKind,
  name: string,
  operation: string,
  inputs: Record<string, number>,
  meta: object,
  over: Partial<Artifact> = {},
): Artifact {
  const id = nextId++
  return {
    id,
    kind,
    name,
    operation,
    operationVersion: 1,
    params: {},
    inputs,
    seed: 7,
    device: 'cpu',
    contentKey: `key${id}`,
    status: 'done',
    createdAt: new Date(Date.now() - (40 - id) * 60_000).toISOString(),
    seconds: 6.1,
    meta: meta as Record<string, unknown>,
    annotations: {},
    arrays: [],
    error: null,
    ...over,
  }
}

const column = (name: string, type: Column['type'], wavelengthNm: number | null = null, unit: string | null = null): Column => ({
  name,
  type,
  unit,
  wavelengthNm,
})

export const grid = {
  width: size,
  height: size,
  transform: [30, 0, 600_000, 0, -30, 6_560_000] as [number, number, number, number, number, number],
  georeferenced: true,
  crs: { code: 'EPSG:32754', name: 'WGS 84 / UTM 54S', unit: 'metre', proj4: '+proj=utm +zone=54 +south +datum=WGS84 +units=m' },
  geoKeys: {},
}

export const sceneReport: SourceReport = {
  path: '/data/S2B_54JYM_20240312.tif',
  sizeBytes: 5_300_000,
  format: 'geotiff',
  formatTitle: 'GeoTIFF',
  kind: 'raster',
  rows: size * size,
  columns: bands.map(([name, nm]) => column(name, 'number', nm)),
  dtype: 'float32',
  grid,
  nodata: bands.map(() => null),
  metadataFields: [],
  matrixBytes: size * size * 40,
  findings: [
    { severity: 'error', code: 'NODATA_MISSING', message: 'No-data value is not set', hint: '1 840 pixels are 0 in all 10 bands' },
    { severity: 'warning', code: 'PIXEL_SIZE', message: 'Bands differ in pixel size', hint: 'B11 and B12 are read at 20 m' },
  ],
  details: { compression: 'DEFLATE', tiled: true, interleave: 'pixel' },
}

const meta = (report: SourceReport, summaries: DatasetMeta['summaries']): DatasetMeta => {
  const { path, ...rest } = report
  return {
    ...rest,
    source: {
      relativePath: `../data/${path.split('/').pop()}`,
      absolutePath: path,
      sizeBytes: report.sizeBytes,
      modifiedMs: 0,
      hash: '9f3a64c1e2b07d55',
    },
    summaries,
    validRows: summaries[0]?.valid ?? report.rows,
    readerOptions: {},
  }
}

export const tableRows = 49_097
export const tableColumns = [
  column('sensor_1', 'number', null, '°C'),
  column('sensor_2', 'number', null, 'bar'),
  column('flow', 'number', null, 'm³/h'),
  column('state', 'category'),
  column('time', 'date'),
  column('valve_open', 'boolean'),
]
const tableReport: SourceReport = {
  path: '/data/pump_telemetry.csv',
  sizeBytes: 8_400_000,
  format: 'csv',
  formatTitle: 'CSV',
  kind: 'table',
  rows: tableRows,
  columns: tableColumns,
  dtype: 'mixed',
  grid: null,
  nodata: [],
  metadataFields: ['state', 'time'],
  matrixBytes: tableRows * 24,
  findings: [
    {
      severity: 'warning',
      code: 'MISSING_VALUES',
      message: '1 204 values are missing',
      hint: 'They are replaced by the middle value of their column.',
    },
  ],
  details: { delimiter: ',', encoding: 'UTF-8' },
}

export const scene = artifact(
  'dataset',
  'S2B_54JYM_20240312',
  'import',
  {},
  meta(
    { ...sceneReport, findings: [] },
    bands.map((_, b) => bandSummary(b)),
  ),
)
export const table = artifact(
  'dataset',
  'pump_telemetry',
  'import',
  {},
  meta(
    tableReport,
    tableColumns.map((c, j) => ({
      ...summaryOf(Float64Array.from({ length: 4000 }, (_, i) => 40 + 10 * j + 8 * Math.sin(i / 90 + j) + ((i * 7919 + j) % 101) / 60)),
      missing: j === 2 ? 1204 : 0,
      ...(c.type === 'number' ? {} : { mean: null, sd: null, min: null, max: null, p2: null, p98: null, median: null, histogram: null }),
    })),
  ),
)
export const matrix = artifact(
  'matrix',
  'S2B_54JYM prepared',
  'prepare',
  { dataset: scene.id },
  {
    dataset: scene.id,
    datasetKind: 'raster',
    columns: sceneReport.columns,
    columnIndex: bands.map((_, i) => i),
    steps: [],
    trainRows: 200_000,
    holdoutRows: 50_000,
    split: 'blocks',
  },
)

export const layout = {
  stages: [
    { title: 'bands to 2 numbers', widths: [10, 6, 4, 2, 4, 6, 10], code: 3, epochs: 10, batchSize: 4096 },
    { title: 'adds the bands again', widths: [10, 10, 5, 2, 5, 10], code: 3, epochs: 5, batchSize: 4096 },
    { title: 'joins both', widths: [15, 10, 5, 2, 5, 15], code: 3, epochs: 5, batchSize: 4096 },
  ],
  codeSize: 2,
  weights: 1204,
}
export function modelArtifact(name: string, error: number, over: Partial<Artifact> = {}, overMeta: Partial<ModelMeta> = {}): Artifact {
  const columnError = bands.map((_, i) => 0.011 + 0.008 * Math.abs(Math.sin(i * 1.3)) + (i > 7 ? 0.014 : 0))
  const full: ModelMeta = {
    model: 'stacked',
    settings: {},
    preset: 'geological-mapping',
    title: 'Stacked autoencoder',
    matrix: matrix.id,
    dataset: scene.id,
    columns: sceneReport.columns,
    layout,
    codeSize: 2,
    trainError: error * 0.95,
    holdoutError: error,
    explainedVariance: 1 - error * 12,
    columnError,
    pca: { holdoutError: 0.00345, explainedVariance: 0.96, columnError: columnError.map((e, i) => e * 1.5 + (i > 7 ? 0.02 : 0.004)) },
    epochs: 20,
    steps: 4900,
    rowsSeen: 21_000_000,
    stopped: 'finished',
    executor: 'compiled, CPU',
    ...overMeta,
  }
  return artifact('model', name, 'train', { matrix: matrix.id }, full, {
    params: { model: 'stacked', preset: 'geological-mapping', settings: { batchSize: 4096 } },
    ...over,
  })
}

/** Windows of the pumps' telemetry. */
export function seriesDataset() {
  const columns = tableColumns.filter(({ type }) => type === 'number')
  const made = artifact(
    'dataset',
    'pump windows',
    'import',
    {},
    { ...table.meta, kind: 'series', rows: 10_000, validRows: 10_000, columns },
  )
  return { artifact: made, id: made.id, columns }
}

/**
 * Opens a MATLAB file as a raster (rows are pixels, line by line) or a table. Memory: the names and sizes of its arrays; compressed
 * arrays of up to 96 MB are kept once they are asked for, larger ones lie in a temporary file until the source is closed.
 */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import type { MatOptions } from '../mat.ts'
import { bytesOf } from '../numbers.ts'
import { type Planes, planesSource, validRows } from '../planes.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { type MatArray, type MatFile, sizeOf, vectorLength } from './arrays.ts'
import { type Choice, choose, labelNames } from './choose.ts'
import { openLevel73 } from './hdf5.ts'
import { isLevel4, openLevel4 } from './level4.ts'
import { openLevel5 } from './level5.ts'

const mostColumns = 1_000_000
const mostListed = 200
/** A pass over an array that is stored column by column takes this much of it at once. */
const passBytes = 64 << 20
const defaultChunkBytes = 32 << 20

export async function openMat(path: string, options: MatOptions, signal?: AbortSignal): Promise<OpenSource> {
  const file = await openArrays(path)
  try {
    if (signal) throwIfCancelled(signal)
    const choice = choose(file, options, path)
    return choice.layout === 'raster' ? rasterSource(path, file, choice, options) : tableSource(path, file, choice)
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

async function openArrays(path: string): Promise<MatFile> {
  const file = await openRandomAccess(path)
  try {
    const head = await file.readUpTo(0, 128)
    const text = new TextDecoder('latin1').decode(head.subarray(0, 16))
    if (/^MATLAB 5\.\d/.test(text)) return await openLevel5(file)
    if (isLevel4(head)) return await openLevel4(file)
    if (!/^MATLAB 7\.\d/.test(text) && !(head[0] === 0x89 && head[1] === 0x48))
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        'This is no MATLAB file of version 4, 5, 7 or 7.3.',
        'Save it again in MATLAB: save("x.mat", "X", "-v7"), or in Octave: save -v7 x.mat X',
        { path },
      )
  } catch (thrown) {
    await file.close()
    throw thrown
  }
  await file.close()
  return openLevel73(path)
}

function findingsOf(file: MatFile, { main, vectors, along }: Choice): Finding[] {
  const findings: Finding[] = []
  const used = new Set([main, ...vectors, ...along])
  const others = file.arrays.filter((array) => !used.has(array) && array.type !== 'char' && sizeOf(array.dims) > 1)
  if (others.length > 0)
    findings.push({
      severity: 'info',
      code: 'OTHER_ARRAYS',
      message: `"${main.name}" is read; the file also holds ${others
        .slice(0, 8)
        .map((array) => `${array.name} (${array.dims.join(' × ')})`)
        .join(', ')}${others.length > 8 ? ' …' : ''}.`,
      hint: 'Choose another one under “Variable”.',
    })
  if (file.left.length > 0)
    findings.push({
      severity: 'info',
      code: 'ARRAYS_LEFT',
      message: `Not read: ${file.left
        .slice(0, 8)
        .map(({ name, reason }) => `"${name}" ${reason}`)
        .join(', ')}${file.left.length > 8 ? ' …' : ''}.`,
      hint: 'Save what is needed as numeric arrays.',
    })
  if (main.type === 'float64' || main.type === 'int64' || main.type === 'uint64')
    findings.push({
      severity: 'info',
      code: 'ROUNDED',
      message: `Values of ${main.type} are rounded to float32 (7 digits).`,
      hint: 'Nothing to do for measurements.',
    })
  return findings
}

const columnType = ({ type, logical }: MatArray): Column['type'] => (logical ? 'boolean' : type.startsWith('float') ? 'number' : 'integer')

function baseReport(
  path: string,
  file: MatFile,
  choice: Choice,
): Pick<
  SourceReport,
  'path' | 'sizeBytes' | 'format' | 'formatTitle' | 'dtype' | 'metadataFields' | 'labelFields' | 'findings' | 'details'
> {
  const { main, along } = choice
  const known = along.filter((array) => labelNames.test(array.name))
  return {
    path,
    sizeBytes: file.sizeBytes,
    format: 'mat',
    formatTitle: 'MATLAB file',
    dtype: main.logical ? 'boolean' : main.type,
    metadataFields: along.map((array) => array.name),
    labelFields: (known.length > 0 ? known : along.length === 1 ? along : []).map((array) => array.name),
    findings: findingsOf(file, choice),
    details: {
      version: file.version,
      variable: main.name,
      // What may be chosen instead.
      variables: file.arrays
        .filter((array) => array.type !== 'char' && sizeOf(array.dims) > 1)
        .slice(0, mostListed)
        .map((array) => array.name)
        .join(', '),
      shape: main.dims.join(' × '),
      sparse: main.sparse,
    },
  }
}

function rasterSource(path: string, file: MatFile, choice: Choice, { bandAxis }: MatOptions): OpenSource {
  const { main, along } = choice
  const bandsFirst = main.dims.length === 3 && bandAxis === 'first'
  const [lineAxis, sampleAxis, axisOfBands] = bandsFirst ? [1, 2, 0] : [0, 1, 2]
  const height = main.dims[lineAxis] as number
  const width = main.dims[sampleAxis] as number
  const bands = main.dims.length === 3 ? (main.dims[axisOfBands] as number) : 1
  checkColumns(bands, main, path)
  const base = baseReport(path, file, choice)
  const report: SourceReport = {
    ...base,
    kind: 'raster',
    rows: width * height,
    columns: Array.from(
      { length: bands },
      (_, band): Column => ({ name: bands === 1 ? main.name : `band ${band + 1}`, type: columnType(main), unit: null, wavelengthNm: null }),
    ),
    grid: { width, height, transform: [1, 0, 0, 0, 1, 0], georeferenced: false, crs: null, geoKeys: {} },
    nodata: new Array<null>(bands).fill(null),
    matrixBytes: width * height * bands * 4,
    findings: [
      ...base.findings,
      {
        severity: 'warning',
        code: 'NO_GEOREFERENCE',
        message: 'MATLAB files do not say where a scene lies; positions are columns and rows.',
        hint: 'Maps made from it line up with this file, but not with other layers.',
      },
    ],
  }
  const axes = main.dims.length
  const size = main.type === 'char' ? 2 : bytesOf[main.type]
  const planes: Planes = {
    close: () => file.close(),
    linesAtOnce: (d) => Math.max(1, Math.floor(passBytes / (width * Math.max(1, d) * Math.max(4, size)))),
    async fill(X, wanted, { x0, x1, y0, y1 }, signal) {
      const d = wanted.length
      const [lines, samples] = [y1 - y0, x1 - x0]
      for (const [k, band] of wanted.entries()) {
        if (signal) throwIfCancelled(signal)
        const low: number[] = []
        const high: number[] = []
        for (const [axis, from, to] of [
          [lineAxis, y0, y1],
          [sampleAxis, x0, x1],
          ...(axes === 3 ? [[axisOfBands, band, band + 1] as const] : []),
        ] as const) {
          low[axis] = from
          high[axis] = to
        }
        const values = await main.read(low, high, signal)
        for (let x = 0; x < samples; x++) for (let y = 0; y < lines; y++) X[(y * samples + x) * d + k] = values[x * lines + y] as number
      }
    },
    async metadata(field) {
      const array = along.find(({ name }) => name === field)
      if (!array) throw noField(field, report, path)
      const values = await array.read(
        array.dims.map(() => 0),
        array.dims,
      )
      return Array.from({ length: width * height }, (_, i) => plainValue(values[(i % width) * height + Math.floor(i / width)]))
    },
  }
  return planesSource(report, planes)
}

const plainValue = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)

const noField = (field: string, { metadataFields }: SourceReport, path: string): StratumError =>
  new StratumError(
    'PARAMETER_INVALID',
    `There is no field called "${field}".`,
    metadataFields.length > 0 ? `Fields are ${metadataFields.join(', ')}.` : 'There are no fields.',
    { path, field },
  )

function checkColumns(n: number, { name, dims }: MatArray, path: string): void {
  if (n > mostColumns)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${name}" (${dims.join(' × ')}) has ${n} columns; at most ${mostColumns} can be read.`,
      'Perhaps it must be transposed before it is saved.',
      { path },
    )
}

function tableSource(path: string, file: MatFile, choice: Choice): OpenSource {
  const { main, vectors, along } = choice
  const single = vectorLength(main)
  const parts = vectors.length > 0 ? vectors : [main]
  const rows = single ?? (main.dims[0] as number)
  const d = single === null ? (main.dims[1] as number) : parts.length
  checkColumns(d, main, path)
  const findings: Finding[] = []
  const across =
    single === null && along.length === 0
      ? file.arrays.find((array) => array !== main && rows !== d && vectorLength(array) === d && labelNames.test(array.name))
      : undefined
  if (across)
    findings.push({
      severity: 'warning',
      code: 'PERHAPS_TRANSPOSED',
      message: `"${across.name}" has one value per column of "${main.name}", not per row.`,
      hint: `If the samples are its columns, save it transposed: ${main.name} = ${main.name}';`,
    })
  const base = baseReport(path, file, choice)
  const report: SourceReport = {
    ...base,
    kind: 'table',
    rows,
    columns: Array.from({ length: d }, (_, j): Column => {
      const array = single === null ? main : (parts[j] as MatArray)
      return { name: single === null ? `${main.name} ${j + 1}` : array.name, type: columnType(array), unit: null, wavelengthNm: null }
    }),
    grid: null,
    nodata: new Array<null>(d).fill(null),
    matrixBytes: rows * d * 4,
    findings: [...base.findings, ...findings],
  }

  /** Rows from … to−1 as [rows × wanted columns]. */
  async function readRows(from: number, to: number, wanted: readonly number[], signal?: AbortSignal): Promise<Float32Array> {
    const n = to - from
    const X = new Float32Array(n * wanted.length)
    if (main.sparse && main.readRows) {
      const all = await main.readRows(from, to, signal)
      for (let i = 0, at = 0; i < n; i++) for (const column of wanted) X[at++] = all[i * d + column] as number
      return X
    }
    for (const [k, column] of wanted.entries()) {
      const array = single === null ? main : (parts[column] as MatArray)
      const [low, high] =
        single === null
          ? [
              [from, column],
              [to, column + 1],
            ]
          : alongVector(array, from, to)
      const values = await array.read(low as number[], high as number[], signal)
      for (let i = 0; i < n; i++) X[i * wanted.length + k] = values[i] as number
    }
    return X
  }

  async function* chunks({ columns, maxBytes = defaultChunkBytes, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = columns ?? report.columns.map((_, j) => j)
    const held = main.sparse ? Math.max(d, wanted.length) : wanted.length
    const perChunk = Math.max(1, Math.floor(maxBytes / (Math.max(1, held) * 4)))
    for (let start = 0; start < rows; start += perChunk) {
      if (signal) throwIfCancelled(signal)
      const n = Math.min(perChunk, rows - start)
      const X = await readRows(start, start + n, wanted, signal)
      yield { start, n, X, valid: validRows(X, n, wanted.length) }
    }
  }

  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const from = Math.max(0, Math.min(offset, rows))
      const to = Math.min(rows, from + Math.max(0, limit))
      const shown = Array.from({ length: Math.min(d, maxColumns) }, (_, j) => j)
      const fields = await Promise.all(along.map((array) => labels(array, from, to)))
      const X = to > from ? await readRows(from, to, shown) : new Float32Array()
      return {
        names: [...along.map((array) => array.name), ...shown.map((j) => (report.columns[j] as Column).name)],
        rows: Array.from({ length: to - from }, (_, i) => [
          ...fields.map((values) => values[i] ?? null),
          ...shown
            .map((_column, j) => plainValue(X[i * shown.length + j]))
            .map((value) => (value !== null && Number.isFinite(value) ? value : null)),
        ]),
      }
    },
    async metadata(field) {
      const array = along.find(({ name }) => name === field)
      if (!array) throw noField(field, report, path)
      return labels(array, 0, rows)
    },
    close: () => file.close(),
  }
}

function alongVector(array: MatArray, from: number, to: number): [number[], number[]] {
  const axis = Math.max(
    0,
    array.dims.findIndex((n) => n !== 1),
  )
  return [array.dims.map((_, i) => (i === axis ? from : 0)), array.dims.map((n, i) => (i === axis ? to : n))]
}

async function labels(array: MatArray, from: number, to: number): Promise<(string | number | null)[]> {
  if (array.type !== 'char') {
    const values = await array.read(...alongVector(array, from, to))
    return Array.from(values, plainValue)
  }
  const width = array.dims[1] as number
  const letters = await array.read([from, 0], [to, width])
  const n = to - from
  return Array.from({ length: n }, (_, i) => {
    let text = ''
    for (let j = 0; j < width; j++) text += String.fromCharCode(letters[j * n + i] as number)
    return text.replace(/[\0 ]+$/, '')
  })
}

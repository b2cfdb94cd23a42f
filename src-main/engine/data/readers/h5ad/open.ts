/** Opens an AnnData file: a row is a cell, a column a gene. */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { validRows } from '../npy/matrix.ts'
import { type H5File, openH5 } from '../../hdf5/file.ts'
import { type Frame, type Label, openFrame } from './frame.ts'
import { type Matrix, openMatrix } from './matrix.ts'

const mostGenes = 1_000_000

export async function openH5ad(path: string, layer: string | undefined): Promise<OpenSource> {
  const file = await openRandomAccess(path)
  const { size } = file
  await file.close()
  const h5 = await openH5(path)
  try {
    return openAnnData(h5, size, layer ?? 'X')
  } catch (thrown) {
    h5.close()
    throw thrown
  }
}

function openAnnData(file: H5File, sizeBytes: number, layer: string): OpenSource {
  const place = placeOf(file, layer)
  const matrix = openMatrix(file, place)
  const obs = openFrame(file, 'obs')
  const variables = openFrame(file, place.startsWith('raw') ? place.replace(/X$/, 'var') : 'var')
  const mismatch = (what: string, found: number, wanted: number): StratumError =>
    new StratumError(
      'FILE_CORRUPT',
      `"${place}" has ${wanted} ${what}, but their table has ${found}.`,
      'Write the file again in the program that made it.',
      { path: file.path, place },
    )
  if (obs && obs.rows !== matrix.rows) throw mismatch('rows', obs.rows, matrix.rows)
  if (variables && variables.rows !== matrix.columns) throw mismatch('columns', variables.rows, matrix.columns)
  if (matrix.columns === 0)
    throw new StratumError('DATA_UNSUITABLE', `"${place}" has no columns.`, 'Choose another layer.', { path: file.path, place })
  if (matrix.columns > mostGenes)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${place}" has ${matrix.columns} columns; at most ${mostGenes} can be read.`,
      'Select variables first.',
      { path: file.path, place },
    )
  const labels = obs ? null : looseLabels(file, matrix.rows, place)
  const report = describe(file, sizeBytes, place, matrix, obs, variables, labels ?? [])
  return source(file, report, matrix, obs)
}

/** Where the matrix of a layer lies, over the versions of the format; explains what there is when it does not. */
function placeOf(file: H5File, layer: string): string {
  const places =
    layer === 'raw' || layer === 'raw/X' ? ['raw/X', 'raw.X'] : layer === 'X' ? ['X'] : [`layers/${layer.replace(/^layers\//, '')}`]
  const found = places.find((candidate) => file.kind(candidate) !== null)
  if (found) return found
  const keys = file.keys('/')
  const { path } = file
  if (layer !== 'X')
    throw new StratumError('PARAMETER_INVALID', `The file has no layer "${layer}".`, `Layers are ${layersOf(file).join(', ') || 'none'}.`, {
      path,
    })
  if (keys.includes('matrix') && keys.includes('row_attrs'))
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      'This is a Loom file.',
      'Convert it in Python: scanpy.read_loom("x.loom").write_h5ad("x.h5ad")',
      { path },
    )
  if (keys.includes('matrix'))
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      'This is a 10x Genomics matrix.',
      'Convert it in Python: scanpy.read_10x_h5("x.h5").write_h5ad("x.h5ad")',
      { path },
    )
  if (keys.includes('obs') && layersOf(file).length === 0)
    throw new StratumError('DATA_UNSUITABLE', 'The file has no matrix X: it is an empty AnnData.', 'Write it again with its counts.', {
      path,
    })
  if (keys.includes('obs'))
    throw new StratumError('DATA_UNSUITABLE', 'The file has no matrix X.', `Choose one of its layers: ${layersOf(file).join(', ')}.`, {
      path,
    })
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `This HDF5 file is not AnnData: it has no matrix X, but ${keys.slice(0, 10).join(', ') || 'nothing'}.`,
    'Write it as .h5ad, .npy or CSV.',
    { path },
  )
}

function layersOf(file: H5File): string[] {
  const layers = file.kind('layers') === 'group' ? file.keys('layers') : []
  return file.kind('raw/X') !== null || file.kind('raw.X') !== null ? ['raw', ...layers] : layers
}

/** A bare HDF5 file with X may keep its labels beside it, one per row. */
function looseLabels(file: H5File, rows: number, place: string): string[] {
  return file.keys('/').filter((key) => {
    if (key === place || file.kind(key) !== 'dataset') return false
    const { shape, dtype } = file.dataset(key)
    return shape.length === 1 && shape[0] === rows && dtype !== 'record'
  })
}

function describe(
  file: H5File,
  sizeBytes: number,
  place: string,
  matrix: Matrix,
  obs: Frame | null,
  variables: Frame | null,
  labels: readonly string[],
): SourceReport {
  const names = variables ? variables.names(0, matrix.columns) : Array.from({ length: matrix.columns }, (_, i) => `gene ${i + 1}`)
  const findings: Finding[] = []
  const doubled = names.length - new Set(names).size
  if (matrix.rows === 0)
    findings.push({ severity: 'error', code: 'NO_ROWS', message: 'The file holds no cells.', hint: 'Write it again with its data.' })
  if (doubled > 0)
    findings.push({
      severity: 'warning',
      code: 'DUPLICATE_NAMES',
      message: `${doubled} genes have a name that another gene has too.`,
      hint: 'Make them unique with adata.var_names_make_unique().',
    })
  if (!obs)
    findings.push({
      severity: 'info',
      code: 'NO_OBS',
      message: 'The file has a matrix X but no table of cells.',
      hint: 'Cells are numbered.',
    })
  const integer = /int/.test(matrix.dtype)
  return {
    path: file.path,
    sizeBytes,
    format: 'h5ad',
    formatTitle: 'AnnData',
    kind: 'cells',
    rows: matrix.rows,
    columns: names.map((name): Column => ({ name, type: integer ? 'integer' : 'number', unit: null, wavelengthNm: null })),
    dtype: matrix.dtype,
    grid: null,
    nodata: names.map(() => null),
    metadataFields: obs ? ['index', ...obs.fields] : [...labels],
    matrixBytes: matrix.rows * matrix.columns * 4,
    findings,
    details: {
      layer: place,
      layers: layersOf(file).join(', '),
      storage: matrix.storage,
      ...(matrix.stored === null
        ? {}
        : { storedValues: matrix.stored, density: Number((matrix.stored / Math.max(1, matrix.rows * matrix.columns)).toFixed(4)) }),
    },
  }
}

function source(file: H5File, report: SourceReport, matrix: Matrix, obs: Frame | null): OpenSource {
  const { rows, columns } = matrix

  function labels(field: string, from: number, to: number): Label[] {
    if (!report.metadataFields.includes(field))
      throw new StratumError(
        'PARAMETER_INVALID',
        `There is no field "${field}" for the cells.`,
        `Fields are ${report.metadataFields.slice(0, 20).join(', ')}.`,
        { path: file.path, field },
      )
    if (!obs)
      return Array.from(file.dataset(field).read(from, to) as ArrayLike<unknown>, (value) =>
        typeof value === 'string' ? value : Number(value),
      )
    return field === 'index' ? obs.names(from, to) : obs.values(field, from, to)
  }

  async function* chunks({ columns: chosen, maxBytes = 32 << 20, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = chosen?.length ?? columns
    const position = chosen ? new Int32Array(columns).fill(-1) : null
    for (const [at, column] of (chosen ?? []).entries()) (position as Int32Array)[column] = at
    // A dense matrix is read with all its columns, in its own type.
    const rowBytes = Math.max(wanted * 4, matrix.storage === 'dense' ? columns * 8 : 0)
    const perChunk = Math.max(1, Math.floor(maxBytes / rowBytes))
    for (let start = 0; start < rows; start += perChunk) {
      if (signal) throwIfCancelled(signal)
      const end = Math.min(rows, start + perChunk)
      const X = matrix.read(start, end, wanted, position)
      yield { start, n: end - start, X, valid: validRows(X, end - start, wanted) }
      // Reading is synchronous: let cancelling and other calls through between chunks.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const from = Math.min(offset, rows)
      const to = Math.min(rows, from + limit)
      const fields = report.metadataFields.slice(0, maxColumns)
      const genes = Math.min(columns, maxColumns - fields.length)
      const position = new Int32Array(columns).fill(-1)
      for (let column = 0; column < genes; column++) position[column] = column
      const X = to > from ? matrix.read(from, to, genes, position) : new Float32Array()
      const shown = fields.map((field) => labels(field, from, to))
      const cells = Array.from({ length: to - from }, (_, i) => [
        ...shown.map((values) => values[i] ?? null),
        ...Array.from(X.subarray(i * genes, (i + 1) * genes), (value) => (Number.isFinite(value) ? value : null)),
      ])
      return { names: [...fields, ...report.columns.slice(0, genes).map((column) => column.name)], rows: cells }
    },
    metadata: async (field) => labels(field, 0, rows),
    close: async () => file.close(),
  }
}

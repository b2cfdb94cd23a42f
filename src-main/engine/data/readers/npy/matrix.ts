/** A NumPy array as a source: the last axis is the columns, all before it the rows. */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { toFloats } from './decode.ts'
import type { ByteReader, NpyHeader } from './header.ts'

export interface MatrixFile {
  readonly path: string
  readonly sizeBytes: number
  readonly format: string
  readonly formatTitle: string
  readonly header: NpyHeader
  /** A reader of its own for every pass: one over a compressed entry only goes forward. */
  open(): ByteReader
  readonly metadataFields: readonly string[]
  /** Those that are known to be labels. */
  readonly labelFields?: readonly string[]
  readonly metadata?: (field: string) => Promise<(string | number | null)[]>
  readonly details: Readonly<Record<string, string | number | boolean>>
  readonly findings?: readonly Finding[]
  /** By default 'embedding'. */
  readonly kind?: 'embedding' | 'table'
  close(): Promise<void>
}

/**
 * Memory per chunk: its float32 values and the bytes they come from.
 * Fortran order is for at most two axes, whose columns are read one by one; `inRowOrder` brings others to C order.
 */
export function matrixSource(file: MatrixFile): OpenSource {
  const { header, path } = file
  const { shape, fortran, itemBytes } = header
  const columns = shape.length === 1 ? 1 : (shape.at(-1) as number)
  const rows = shape.length === 1 ? (shape[0] as number) : shape.slice(0, -1).reduce((product, dim) => product * dim, 1)
  const report = describe(file, rows, columns)

  /** Rows [from, from + n) as [n × columns]. */
  async function readRows(reader: ByteReader, from: number, n: number): Promise<Float32Array> {
    if (!fortran || columns === 1)
      return toFloats(await reader.read(header.dataOffset + from * columns * itemBytes, n * columns * itemBytes), header)
    const X = new Float32Array(n * columns)
    for (let j = 0; j < columns; j++) {
      const values = toFloats(await reader.read(header.dataOffset + (j * rows + from) * itemBytes, n * itemBytes), header)
      for (let i = 0; i < n; i++) X[i * columns + j] = values[i] as number
    }
    return X
  }

  async function* chunks({ columns: wanted, maxBytes = 32 << 20, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const reader = file.open()
    const perChunk = Math.max(1, Math.floor(maxBytes / (columns * Math.max(4, itemBytes))))
    for (let start = 0; start < rows; start += perChunk) {
      if (signal) throwIfCancelled(signal)
      const n = Math.min(perChunk, rows - start)
      const all = await readRows(reader, start, n)
      const X = wanted ? select(all, n, columns, wanted) : all
      yield { start, n, X, valid: validRows(X, n, wanted?.length ?? columns) }
    }
  }

  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const from = Math.min(offset, rows)
      const n = Math.max(0, Math.min(limit, rows - from))
      const shown = Math.min(columns, maxColumns)
      const X = n > 0 ? await readRows(file.open(), from, n) : new Float32Array()
      const cells = Array.from({ length: n }, (_, i) =>
        Array.from(X.subarray(i * columns, i * columns + shown), (value) => (Number.isFinite(value) ? value : null)),
      )
      return { names: report.columns.slice(0, shown).map((column) => column.name), rows: cells }
    },
    ...(file.metadata ? { metadata: file.metadata } : {}),
    close: () => file.close(),
  }

  function describe(matrix: MatrixFile, n: number, d: number): SourceReport {
    if (shape.length === 0 || d === 0)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `The array has the shape (${shape.join(', ')}): there is nothing in it to learn from.`,
        'Save an array of rows by columns.',
        { path },
      )
    if (d > 1_000_000)
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `The array has ${d} columns; at most 1 000 000 can be read.`,
        'Save rows by columns; perhaps the array must be transposed.',
        { path },
      )
    const findings: Finding[] = [...(matrix.findings ?? [])]
    if (n === 0)
      findings.push({ severity: 'error', code: 'NO_ROWS', message: 'The array has no rows.', hint: 'Save it again with its data.' })
    if (shape.length > 2)
      findings.push({
        severity: 'info',
        code: 'AXES_JOINED',
        message: `The array has ${shape.length} axes (${shape.join(' × ')}): the last is the columns, the others together are ${n} rows.`,
        hint: 'An image or a stack of images in time is read by choosing its layout in the options.',
      })
    if (header.dtype === 'float64' || header.dtype === 'int64' || header.dtype === 'uint64')
      findings.push({
        severity: 'info',
        code: 'ROUNDED',
        message: `Values of ${header.dtype} are rounded to float32 (7 digits).`,
        hint: 'Nothing to do for measurements.',
      })
    const noun = matrix.kind === 'table' ? 'column' : 'dimension'
    const type: Column['type'] = header.dtype === 'bool' ? 'boolean' : header.dtype?.includes('float') ? 'number' : 'integer'
    return {
      path,
      sizeBytes: matrix.sizeBytes,
      format: matrix.format,
      formatTitle: matrix.formatTitle,
      kind: matrix.kind ?? 'embedding',
      rows: n,
      columns: Array.from({ length: d }, (_, j): Column => ({ name: `${noun} ${j + 1}`, type, unit: null, wavelengthNm: null })),
      dtype: header.dtype ?? 'text',
      grid: null,
      nodata: new Array<null>(d).fill(null),
      metadataFields: [...matrix.metadataFields],
      ...(matrix.labelFields && matrix.labelFields.length > 0 ? { labelFields: [...matrix.labelFields] } : {}),
      matrixBytes: n * d * 4,
      findings,
      details: {
        shape: shape.join(' × '),
        order: fortran ? 'Fortran' : 'C',
        byteOrder: header.littleEndian ? 'little' : 'big',
        ...matrix.details,
      },
    }
  }
}

function select(all: Float32Array, n: number, d: number, wanted: readonly number[]): Float32Array {
  const X = new Float32Array(n * wanted.length)
  for (let i = 0, at = 0; i < n; i++) for (const column of wanted) X[at++] = all[i * d + column] as number
  return X
}

export function validRows(X: Float32Array, n: number, d: number): Uint8Array {
  const valid = new Uint8Array(n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = X[i * d + j] as number
      if (value - value !== 0) continue
      valid[i] = 1
      break
    }
  }
  return valid
}

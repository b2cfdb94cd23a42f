/** A source of cells from a matrix and its labels: chunks, preview and metadata are the same for every format. */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, ColumnField, FieldType, OpenSource, RowChunk } from '../dataset.ts'
import { type RowMatrix, uniqueNames, valueKind } from './rowMatrix.ts'

export type Label = string | number | null

/** What goes along with the cells. */
export interface CellLabels {
  readonly fields: readonly string[]
  /** Values of the cells [from, to). Memory: bounded by them. */
  values(field: string, from: number, to: number): Label[]
  /** null: not said; absent where the format never says it. */
  typeOf?(field: string): FieldType | null
}

export interface CellsFile {
  readonly path: string
  readonly files?: readonly string[]
  readonly sizeBytes: number
  readonly format: string
  readonly formatTitle: string
  readonly matrix: RowMatrix
  /** Names as stored, one per column; null: numbered. */
  readonly genes: readonly string[] | null
  readonly labels: CellLabels
  /** What goes along with the columns of the matrix; read when it is asked for. */
  readonly geneFields?: () => ColumnField[]
  readonly labelFields?: readonly string[]
  readonly findings: readonly Finding[]
  readonly details: Readonly<Record<string, string | number | boolean>>
  close(): void | Promise<void>
}

const mostGenes = 1_000_000
const labelsAtOnce = 16_384

/** Memory: a chunk's values, what its matrix says, and the names of the genes. */
export function cellsSource(file: CellsFile): OpenSource {
  const { matrix, labels, path } = file
  const { rows, columns } = matrix
  const report = describe(file)

  async function* chunks({ columns: chosen, maxBytes = 32 << 20, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = chosen?.length ?? columns
    const position = chosen ? positions(chosen, columns) : null
    let perChunk = Math.max(1, Math.floor(maxBytes / Math.max(wanted * 4, matrix.rowBytes, 1)))
    if (perChunk > matrix.rowStep) perChunk -= perChunk % matrix.rowStep
    for (let start = 0; start < rows; start += perChunk) {
      if (signal) throwIfCancelled(signal)
      const end = Math.min(rows, start + perChunk)
      const X = await matrix.read(start, end, wanted, position, signal)
      yield { start, n: end - start, X, valid: validCells(X, end - start, wanted) }
      // Reading is synchronous: let cancelling and other calls through between chunks.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  function checkField(field: string): void {
    if (!report.metadataFields.includes(field))
      throw new StratumError(
        'PARAMETER_INVALID',
        `There is no field "${field}" for the cells.`,
        `Fields are ${report.metadataFields.slice(0, 20).join(', ')}.`,
        { path, field },
      )
  }

  return {
    report,
    ...(file.files ? { files: file.files } : {}),
    chunks,
    async preview(offset, limit, maxColumns) {
      const from = Math.min(offset, rows)
      const to = Math.min(rows, from + limit)
      const fields = report.metadataFields.slice(0, maxColumns)
      const genes = Math.min(columns, maxColumns - fields.length)
      const X =
        to > from && genes > 0 ? await matrix.peek(from, to, genes, positions([...Array(genes).keys()], columns)) : new Float32Array()
      const shown = fields.map((field) => labels.values(field, from, to))
      const cells = Array.from({ length: to - from }, (_, i) => [
        ...shown.map((values) => values[i] ?? null),
        ...Array.from(X.subarray(i * genes, (i + 1) * genes), (value) => (Number.isFinite(value) ? value : null)),
      ])
      return { names: [...fields, ...report.columns.slice(0, genes).map((column) => column.name)], rows: cells }
    },
    async metadata(field) {
      checkField(field)
      return labels.values(field, 0, rows)
    },
    async *metadataBatches(fields, signal) {
      for (const field of fields) checkField(field)
      for (let from = 0; from < rows; from += labelsAtOnce) {
        if (signal) throwIfCancelled(signal)
        const to = Math.min(rows, from + labelsAtOnce)
        const values = fields.map((field) => labels.values(field, from, to))
        yield Array.from({ length: to - from }, (_, i) => values.map((cells) => cells[i] ?? null))
        // As between chunks.
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    },
    fields: async () => ({ typeOf: (field) => labels.typeOf?.(field) ?? null, ofColumns: file.geneFields?.() ?? [] }),
    async close() {
      await matrix.close()
      await file.close()
    },
  }
}

/** `position[c]`: where column c of the matrix goes among the chosen, −1 nowhere. */
function positions(chosen: readonly number[], columns: number): Int32Array {
  const position = new Int32Array(columns).fill(-1)
  for (const [at, column] of chosen.entries()) position[column] = at
  return position
}

/** A cell without any number has no usable value; zeros are values. */
function validCells(X: Float32Array, n: number, d: number): Uint8Array {
  const valid = new Uint8Array(n)
  for (let i = 0; i < n; i++) {
    for (let j = i * d; j < (i + 1) * d; j++) {
      const value = X[j] as number
      if (value - value === 0) {
        valid[i] = 1
        break
      }
    }
  }
  return valid
}

function describe(file: CellsFile): SourceReport {
  const { matrix, path, sizeBytes, labels } = file
  const { rows, columns, dtype, stored } = matrix
  if (columns === 0) throw new StratumError('DATA_UNSUITABLE', 'The matrix has no columns.', 'Choose another layer.', { path })
  if (columns > mostGenes)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The matrix has ${columns} columns; at most ${mostGenes} can be read.`,
      'Select genes first.',
      { path },
    )
  const findings: Finding[] = [...file.findings]
  const { names, changed } = uniqueNames(file.genes ?? Array.from({ length: columns }, (_, i) => `gene ${i + 1}`))
  if (rows === 0)
    findings.push({ severity: 'error', code: 'NO_ROWS', message: 'The file holds no cells.', hint: 'Write it again with its data.' })
  if (changed > 0)
    findings.push({
      severity: 'warning',
      code: 'DUPLICATE_NAMES',
      message: `${changed} genes have a name that another gene has too; they are called name-1, name-2 and so on.`,
      hint: 'Choose another column of gene names if there is one, such as the identifiers.',
    })
  const sample = matrix.sample()
  const kind = valueKind(sample)
  const integer = /int/.test(dtype)
  return {
    path,
    sizeBytes,
    format: file.format,
    formatTitle: file.formatTitle,
    kind: 'cells',
    rows,
    columns: names.map((name): Column => ({ name, type: integer ? 'integer' : 'number', unit: null, wavelengthNm: null })),
    dtype,
    grid: null,
    nodata: names.map(() => null),
    metadataFields: [...labels.fields],
    ...(file.labelFields?.length ? { labelFields: [...file.labelFields] } : {}),
    matrixBytes: rows * columns * 4,
    findings,
    details: {
      ...file.details,
      values: kind,
      storage: matrix.storage,
      compression: matrix.compression,
      ...(stored === null ? {} : { storedValues: stored, density: Number((stored / Math.max(1, rows * columns)).toFixed(4)) }),
    },
  }
}

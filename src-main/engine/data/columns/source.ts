/**
 * A columnar file as a source. Texts with few distinct values become categories (one pass over the text columns when it is opened);
 * other texts go along as metadata. With a column of vectors the source is an embedding and all other columns go along.
 *
 * Memory: one chunk of X and one batch of the columns wanted.
 */
import type { Column, ColumnType, DatasetKind, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../dataset.ts'
import { CategoryTally } from './categories.ts'
import { type ColumnValues, type ColumnarFile, type StoredColumn, dateText } from './columnar.ts'
import { isLabelName } from './names.ts'
import { validRows } from '../readers/planes.ts'

const surveyRows = 16_384
const mostTextRows = 1 << 17
const mostNumberRows = 1 << 21

/** A column of X: `part` counts the numbers of a vector. */
interface Feature {
  readonly stored: number
  readonly part: number
}

interface ColumnarChoices {
  /** Name of the vector column to learn from; by default the first one; 'none' reads the other columns as a table. */
  readonly vector?: string | undefined
  /** Texts that mean no value. */
  readonly missing?: readonly string[]
}

/** @throws PARAMETER_INVALID for a vector column that is not there */
export async function columnarSource(
  given: ColumnarFile,
  { vector, missing = [] }: ColumnarChoices,
  signal?: AbortSignal,
): Promise<OpenSource> {
  const file = missing.length > 0 ? withoutTexts(given, new Set(missing)) : given
  const findings: Finding[] = [...file.findings]
  const chosen = chooseVectors(file, vector, findings)
  const categories = chosen < 0 ? await collectCategories(file, signal) : new Map<number, readonly string[]>()
  findings.push(...emptyTexts(file, categories))
  const learned = file.columns.flatMap((column, i) => {
    if (chosen >= 0) return i === chosen ? [i] : []
    return column.type !== 'vector' && (column.type !== 'text' || categories.has(i)) ? [i] : []
  })
  const along = file.columns.flatMap((column, i) => (learned.includes(i) || column.type === 'vector' ? [] : [i]))
  const features = learned.flatMap((stored): Feature[] =>
    Array.from({ length: (file.columns[stored] as StoredColumn).width }, (_, part) => ({ stored, part })),
  )
  const report = describe(file, chosen, features, along, categories, findings)

  async function* chunks({ columns, maxBytes = 32 << 20, signal: stop }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = (columns ?? features.map((_, i) => i)).map((i) => features[i] as Feature)
    const read = [...new Set(wanted.map(({ stored }) => stored))]
    const wholeVector = chosen >= 0 && wanted.length === features.length && wanted.every(({ part }, j) => part === j)
    // Texts take more memory than the positions they become.
    const mostRows = read.some((i) => categories.has(i)) ? mostTextRows : mostNumberRows
    const perChunk = Math.max(1, Math.min(mostRows, Math.floor(maxBytes / Math.max(1, wanted.length * 4))))
    const numbers = new Map(
      read.flatMap((i) => (categories.has(i) ? [[i, new Map(categories.get(i)?.map((text, position) => [text, position]))] as const] : [])),
    )
    for await (const { start, n, values } of file.read(read, 0, perChunk, stop)) {
      if (stop) throwIfCancelled(stop)
      if (wholeVector) {
        const X = Float32Array.from(values[0] as Float32Array)
        yield { start, n, X, valid: validRows(X, n, wanted.length) }
        continue
      }
      const X = new Float32Array(n * wanted.length)
      const valid = new Uint8Array(n)
      for (let j = 0; j < wanted.length; j++) {
        const { stored, part } = wanted[j] as Feature
        const { width } = file.columns[stored] as StoredColumn
        const source = values[read.indexOf(stored)] as ColumnValues
        fill(X, valid, j, wanted.length, source, width, part, numbers.get(stored), n)
      }
      yield { start, n, X, valid }
    }
  }

  async function metadata(field: string): Promise<(string | number | null)[]> {
    const i = file.columns.findIndex((column) => column.name === field && column.type !== 'vector')
    if (i < 0)
      throw new StratumError(
        'PARAMETER_INVALID',
        `There is no column called "${field}".`,
        `Columns are ${file.columns
          .map(({ name }) => name)
          .slice(0, 20)
          .join(', ')}.`,
        { path: file.path, field },
      )
    const all: (string | number | null)[] = []
    const { type } = file.columns[i] as StoredColumn
    for await (const { n, values } of file.read([i], 0, surveyRows))
      for (let row = 0; row < n; row++) all.push(asLabel((values[0] as ColumnValues)[row], type))
    return all
  }

  return {
    report,
    ...(file.files ? { files: file.files } : {}),
    chunks,
    metadata,
    async preview(offset, limit, maxColumns) {
      const shownAlong = along.slice(0, maxColumns)
      const shown = features.slice(0, maxColumns - shownAlong.length)
      const read = [...new Set([...shownAlong, ...shown.map(({ stored }) => stored)])]
      const names = [
        ...shownAlong.map((i) => (file.columns[i] as StoredColumn).name),
        ...report.columns.slice(0, shown.length).map((c) => c.name),
      ]
      const rows: (number | string | boolean | null)[][] = []
      if (limit < 1 || offset >= file.rows) return { names, rows }
      for await (const { n, values } of file.read(read, offset, limit)) {
        for (let row = 0; row < n && rows.length < limit; row++)
          rows.push([
            ...shownAlong.map((i) => asLabel(values[read.indexOf(i)]?.[row], (file.columns[i] as StoredColumn).type)),
            ...shown.map(({ stored, part }) => {
              const { type, width } = file.columns[stored] as StoredColumn
              const value = asLabel(values[read.indexOf(stored)]?.[row * width + part], type)
              return type === 'boolean' && value !== null ? value === 1 : value
            }),
          ])
        if (rows.length >= limit) break
      }
      return { names, rows }
    },
    close: () => file.close(),
  }
}

/** The same file with no value where it has one of some texts. */
function withoutTexts(file: ColumnarFile, none: ReadonlySet<string>): ColumnarFile {
  const cleared = (values: ColumnValues): ColumnValues =>
    Array.isArray(values) ? values.map((text) => (text !== null && none.has(text) ? null : text)) : values
  return {
    ...file,
    async *read(...asked) {
      for await (const batch of file.read(...asked)) yield { ...batch, values: batch.values.map(cleared) }
    },
    close: () => file.close(),
  }
}

/** Said of categories, where an empty text stands among names. */
function emptyTexts(file: ColumnarFile, categories: ReadonlyMap<number, readonly string[]>): Finding[] {
  const names = [...categories].flatMap(([i, texts]) => (texts.includes('') ? [`"${file.columns[i].name}"`] : []))
  if (names.length === 0) return []
  return [
    {
      severity: 'info',
      code: 'EMPTY_TEXTS',
      message: `Empty texts are a value of their own in ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}: the file marks missing values otherwise.`,
      hint: 'If they mean no value, name "" in the option "missing".',
    },
  ]
}

const asLabel = (value: number | string | null | undefined, type: StoredColumn['type']): string | number | null => {
  if (typeof value !== 'number') return value ?? null
  if (!Number.isFinite(value)) return null
  return type === 'date' ? dateText(value) : value
}

function fill(
  X: Float32Array,
  valid: Uint8Array,
  j: number,
  d: number,
  source: ColumnValues,
  width: number,
  part: number,
  positions: ReadonlyMap<string, number> | undefined,
  n: number,
): void {
  for (let row = 0; row < n; row++) {
    const raw = source[row * width + part] as number | string | null
    const value = typeof raw === 'number' ? raw : raw === null ? Number.NaN : (positions?.get(raw) ?? Number.NaN)
    X[row * d + j] = value
    if (value - value === 0) valid[row] = 1
  }
}

function chooseVectors(file: ColumnarFile, wanted: string | undefined, findings: Finding[]): number {
  const lists = file.columns.flatMap((column, i) => (column.type === 'vector' ? [i] : []))
  if (wanted === 'none') return -1
  if (wanted !== undefined) {
    const found = lists.find((i) => file.columns[i]?.name === wanted)
    if (found !== undefined) return found
    throw new StratumError(
      'PARAMETER_INVALID',
      `There is no column of vectors called "${wanted}".`,
      `Columns of vectors are ${lists.map((i) => file.columns[i]?.name).join(', ') || 'none'}.`,
      { path: file.path, column: wanted },
    )
  }
  // Lists of one number are hardly vectors: by themselves they do not make an embedding of a table.
  const first = lists.find((i) => (file.columns[i] as StoredColumn).width > 1) ?? -1
  if (lists.length > 1 && first >= 0)
    findings.push({
      severity: 'info',
      code: 'SEVERAL_VECTORS',
      message: `Several columns hold vectors: ${lists.map((i) => file.columns[i]?.name).join(', ')}. "${file.columns[first]?.name}" is read.`,
      hint: 'Choose another one in the option "vector".',
    })
  return first
}

async function collectCategories(file: ColumnarFile, signal?: AbortSignal): Promise<Map<number, readonly string[]>> {
  const texts = file.columns.flatMap((column, i) => (column.type === 'text' ? [i] : []))
  const found = new Map<number, readonly string[]>()
  for (const together of file.byRows ? [texts] : texts.map((i) => [i])) {
    const tallies = together.map(() => new CategoryTally())
    if (together.length === 0) continue
    for await (const { values } of file.read(together, 0, surveyRows, signal)) {
      if (signal) throwIfCancelled(signal)
      tallies.forEach((tally, j) => {
        for (const text of values[j] as (string | null)[]) tally.add(text)
      })
      // Free text: the rest of the file cannot make categories of it.
      if (tallies.every((tally) => tally.settled)) break
    }
    tallies.forEach((tally, j) => {
      const categories = tally.categories()
      if (categories) found.set(together[j] as number, categories)
    })
  }
  return found
}

function describe(
  file: ColumnarFile,
  chosen: number,
  features: readonly Feature[],
  along: readonly number[],
  categories: ReadonlyMap<number, readonly string[]>,
  findings: Finding[],
): SourceReport {
  const kind: DatasetKind = chosen >= 0 ? 'embedding' : 'table'
  const columns = features.map(({ stored, part }): Column => {
    const { name, type, unit, width } = file.columns[stored] as StoredColumn
    const texts = categories.get(stored)
    const kindOf: ColumnType = texts ? 'category' : type === 'vector' ? 'number' : type
    return {
      name: type === 'vector' && width > 1 ? `${name} ${part + 1}` : name,
      type: kindOf,
      unit,
      wavelengthNm: null,
      ...(texts ? { categories: [...texts] } : {}),
    }
  })
  if (file.rows === 0)
    findings.push({ severity: 'error', code: 'NO_ROWS', message: 'The file has no rows.', hint: 'Export it again with its data.' })
  if (columns.length === 0)
    findings.push({
      severity: 'error',
      code: 'NO_NUMBERS',
      message: 'No column holds numbers, dates or categories.',
      hint: 'Choose a table with measurements.',
    })
  if (columns.length === 0 && along.length === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The file has no column that can be read. ${findings.find(({ code }) => code === 'COLUMN_LEFT_OUT')?.message ?? ''}`.trim(),
      'Choose a table of numbers, texts, dates or lists of numbers.',
      { path: file.path },
    )
  const lists = file.columns.filter(({ type }) => type === 'vector').map(({ name }) => name)
  const metadataFields = along.map((i) => (file.columns[i] as StoredColumn).name)
  const names = file.columns.map(({ name }) => name)
  const labelFields = metadataFields.filter((name) => isLabelName(name, names))
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    format: file.format,
    formatTitle: file.formatTitle,
    kind,
    rows: file.rows,
    columns,
    dtype: 'mixed',
    grid: null,
    nodata: columns.map(() => null),
    metadataFields,
    ...(labelFields.length > 0 ? { labelFields } : {}),
    matrixBytes: file.rows * columns.length * 4,
    findings,
    details: {
      ...file.details,
      ...(lists.length > 0 ? { vectors: [...lists, 'none'].join(', ') } : {}),
      ...(chosen >= 0 ? { vector: (file.columns[chosen] as StoredColumn).name } : {}),
    },
  }
}

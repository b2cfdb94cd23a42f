/**
 * Labels that were never used for learning, one per row of a dataset: from a field or column of it, a raster on its grid, or polygons.
 * Memory: two bytes per row, and four more while polygons are read; of a field whose reader has no batches one value per row.
 */
import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { createPace } from '../analysis/pace.ts'
import type { OpenSource } from '../data/dataset.ts'
import { type FieldValue, fieldBatches } from '../data/fields.ts'
import { openDataset } from '../data/import.ts'
import { readerFor } from '../data/readers/registry.ts'
import { burn } from '../data/vector/burn.ts'
import type { VectorFeature } from '../data/vector/layer.ts'
import { isVectorFile, openVector, parsePlace } from '../data/vector/open.ts'
import { keyedFile, maskIdentity } from './region.ts'

/** Labels as they belong in a key: a field by its name, a file wherever it lies. */
export const keyedLabels = (labels: string): string =>
  statSync(parsePlace(labels).path, { throwIfNoEntry: false })?.isFile() ? keyedFile : labels

/** Labels that lie in a file belong to a key: the file may change. Those of the dataset do already. */
export const labelsIdentity = async (labels: string): Promise<string> =>
  (await stat(parsePlace(labels).path).catch(() => null))?.isFile() ? maskIdentity(labels) : ''

function neitherFieldNorFile({ metadataFields, columns, grid }: DatasetMeta, where: string): StratumError {
  const fields = [...metadataFields, ...(grid ? [] : columns.map(({ name }) => name))]
  return new StratumError(
    'FILE_NOT_FOUND',
    `“${where}” is neither a field of the dataset nor a file.`,
    fields.length === 0
      ? 'The dataset has no fields beside its values. Check the path, or choose the file again.'
      : `Its fields: ${fields.slice(0, 20).join(', ')}${fields.length > 20 ? ' …' : ''}.`,
    { path: resolve(where), parameter: 'labels' },
  )
}

/**
 * Label id per row (0 = first distinct value …), −1 where not labelled; and the name of each id.
 * @param where a field or (of what is no raster) a column of the dataset, a single-band raster on its grid, or a file of polygons or points
 * @param field of the polygons; null for the one that is called like a class
 * @param report told how many rows were read
 * @throws PARAMETER_INVALID, DATA_UNSUITABLE saying what is wrong, and what opening a file throws
 */
export async function readLabels(
  meta: DatasetMeta,
  projectPath: string,
  where: string,
  field: string | null,
  ignore: readonly string[],
  signal: AbortSignal,
  report?: (rows: number) => void,
): Promise<{ ids: Int16Array; names: string[] }> {
  const ids = new Int16Array(meta.rows).fill(-1)
  const names: string[] = []
  const codes = new Map<string, number>()
  const put = (row: number, value: string | number | null) => {
    if (value === null || value === '' || (typeof value === 'number' && Number.isNaN(value))) return
    const name = String(value)
    if (ignore.includes(name)) return
    let code = codes.get(name)
    if (code === undefined) {
      code = names.push(name) - 1
      if (code > 32_000)
        throw new StratumError(
          'DATA_UNSUITABLE',
          `“${where}” has more than 32 000 different values; these are not class labels.`,
          'Choose a field with classes.',
          { parameter: 'labels' },
        )
      codes.set(name, code)
    }
    ids[row] = code
  }
  const column = meta.grid ? -1 : meta.columns.findIndex(({ name }) => name === where)
  const isField = meta.metadataFields.includes(where)
  if (isField || column >= 0) {
    const source = await openDataset(meta, projectPath, signal)
    try {
      const hasField = isField && (source.metadata !== undefined || source.metadataBatches !== undefined)
      if (!hasField && column < 0) throw neitherFieldNorFile(meta, where)
      if (hasField) await putField(source, where, put, signal, report)
      else await putColumn(source, column, meta.columns[column]?.categories, put, signal, report)
    } finally {
      await source.close()
    }
    return { ids, names }
  }
  if (isVectorFile(where)) {
    await readPolygons(where, field, meta, put, signal)
    return { ids, names }
  }
  const path = resolve(where)
  if (!statSync(path, { throwIfNoEntry: false })) throw neitherFieldNorFile(meta, where)
  const reader = await readerFor(path)
  const source = await reader.open(path, {}, signal)
  try {
    if (source.report.rows !== meta.rows || source.report.grid?.width !== meta.grid?.width) {
      throw new StratumError(
        'DATA_UNSUITABLE',
        `The labels have ${source.report.rows} rows and the dataset ${meta.rows}; they must lie on the same grid.`,
        'Warp the labels to the grid of the scene (gdalwarp -te … -ts …).',
        { path },
      )
    }
    await putColumn(source, 0, undefined, put, signal, report)
  } finally {
    await source.close()
  }
  return { ids, names }
}

type Put = (row: number, value: FieldValue) => void

async function putField(source: OpenSource, field: string, put: Put, signal: AbortSignal, report?: (rows: number) => void): Promise<void> {
  const pace = createPace(signal)
  let row = 0
  for await (const batch of fieldBatches(source, [field], signal)) {
    for (const [value] of batch) put(row++, value)
    if (!pace.due()) continue
    report?.(row)
    await pace.rest()
  }
}

async function putColumn(
  source: OpenSource,
  column: number,
  categories: readonly string[] | undefined,
  put: Put,
  signal: AbortSignal,
  report?: (rows: number) => void,
): Promise<void> {
  const pace = createPace(signal)
  for await (const { start, n, X } of source.chunks({ columns: [column], signal })) {
    for (let i = 0; i < n; i++) put(start + i, Number.isFinite(X[i]) ? (categories?.[X[i]] ?? X[i]) : null)
    if (!pace.due()) continue
    report?.(start + n)
    await pace.rest()
  }
}

/** Attributes that usually hold a class, surest first. */
const classFields = [/^(class|label|category|type)$/i, /^(class_?name|class_?id|landcover|land_?use|lithology|unit|name)$/i, /class|label/i]

/** The field asked for, or the one that is called like a class; null when the polygons have no fields: they are then one class. */
function classField(path: string, fields: readonly string[], wanted: string | null): string | null {
  const usable = fields.filter((name) => !/^(fid|ogc_fid|objectid|id|gid)$/i.test(name))
  const found =
    wanted === null
      ? classFields.map((mark) => usable.find((name) => mark.test(name))).find((name) => name !== undefined)
      : fields.find((name) => name === wanted)
  if (found !== undefined) return found
  if (wanted === null && usable.length <= 1) return usable[0] ?? null
  throw new StratumError(
    'PARAMETER_INVALID',
    wanted === null ? 'It is not clear which field of the polygons is their class.' : `The polygons have no field "${wanted}".`,
    fields.length > 0 ? `Fields are ${fields.join(', ')}.` : 'They have no fields: leave it empty, and all of them are one class.',
    { path, parameter: 'field' },
  )
}

/** Labels from polygons: the class of each, 0 outside all of them, none where the class is empty. */
async function readPolygons(
  where: string,
  field: string | null,
  { grid }: DatasetMeta,
  put: (row: number, value: string | number) => void,
  signal: AbortSignal,
): Promise<void> {
  const place = parsePlace(where)
  if (!grid)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'The dataset is no raster, so polygons cannot be its labels.',
      'Choose a field of the dataset.',
      {
        path: place.path,
        parameter: 'labels',
      },
    )
  const layer = await openVector(place)
  try {
    const chosen = classField(place.path, layer.fields, field)
    const labels: (string | number | null)[] = [0]
    const numbers = new Map<string | number | null, number>([[0, 0]])
    const numberOf = ({ attributes }: VectorFeature): number => {
      const value = chosen === null ? 1 : (attributes[chosen] ?? null)
      const known = numbers.get(value)
      if (known !== undefined) return known
      numbers.set(value, labels.length)
      return labels.push(value) - 1
    }
    const pixels = new Uint32Array(grid.width * grid.height)
    await burn(layer, grid, numberOf, (y, from, to, value) => void pixels.fill(value, y * grid.width + from, y * grid.width + to), signal)
    for (let row = 0; row < pixels.length; row++) {
      const value = labels[pixels[row] as number]
      if (value !== null && value !== undefined) put(row, value)
    }
  } finally {
    await layer.close()
  }
}

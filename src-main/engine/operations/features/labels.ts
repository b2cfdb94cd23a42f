/** Which labels features are held against: a field of the dataset or a map of labels, and which of them a feature goes with. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { type FieldValue, asText, readField } from '../../data/fields.ts'
import type { OpenSource } from '../../data/dataset.ts'
import { isVectorFile } from '../../data/vector/open.ts'
import { readLabels } from '../labels.ts'

/** More are no classes; the rarer ones are left out. */
const mostLabels = 50

/** Fields that usually hold what rows are, surest first. */
const likely = [/^cell[_ .-]?type/i, /^(label|class|category|species|type)s?$/i, /(label|class|annotation|cell[_ .-]?type)/i]

/**
 * What was asked for, a field or a file of labels, or a field that is known or called to hold labels; null when there is none.
 * @throws PARAMETER_INVALID when there is neither such a field nor such a file
 */
export function labelField(
  { labelFields = [], metadataFields, columns }: Pick<DatasetMeta, 'labelFields' | 'metadataFields' | 'columns'>,
  asked: string | null,
): string | null {
  const known = [...metadataFields, ...columns.map(({ name }) => name)]
  if (asked !== null && !known.includes(asked) && !isLabelFile(asked))
    throw new StratumError(
      'PARAMETER_INVALID',
      `There is no field or column named “${asked}”, and no file either.`,
      `Choose among: ${known.slice(0, 20).join(', ') || 'none'}.`,
      { parameter: 'labels' },
    )
  if (asked !== null) return asked
  if (labelFields.length > 0) return labelFields[0]
  for (const mark of likely) {
    const found = metadataFields.find((field) => mark.test(field))
    if (found !== undefined) return found
  }
  return null
}

export interface RowLabels {
  readonly field: string
  /** The commonest first. */
  readonly names: readonly string[]
  /** Of each row of the dataset, its position in `names`, −1 for none. */
  readonly of: Int16Array
}

const isLabelFile = (where: string): boolean => isVectorFile(where) || existsSync(where)

/**
 * @param where  a field or column, a raster on the dataset's grid, or polygons
 * Memory: the field's values, or a number for each row, while they are read; two bytes a row afterwards.
 */
export async function readRowLabels(
  source: OpenSource,
  meta: DatasetMeta,
  projectPath: string,
  where: string,
  signal: AbortSignal,
): Promise<RowLabels> {
  const isField = meta.metadataFields.includes(where) || meta.columns.some(({ name }) => name === where)
  if (isField) return commonest(where, await readField(source, meta, where, 'labels', signal))
  const { ids, names } = await readLabels(meta, projectPath, where, null, [], signal)
  return commonest(
    basename(where),
    Array.from(ids, (id) => names[id] ?? null),
  )
}

function commonest(field: string, values: readonly FieldValue[]): RowLabels {
  const text = (value: FieldValue): string | null => {
    const name = asText(value)
    return name === '' || name === 'NaN' ? null : name
  }
  const counts = new Map<string, number>()
  for (const value of values) {
    const name = text(value)
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const names = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, mostLabels)
    .map(([name]) => name)
  const place = new Map(names.map((name, i) => [name, i]))
  return { field, names, of: Int16Array.from(values, (value) => place.get(text(value) ?? '') ?? -1) }
}

/** Of each feature the label with the largest lift, the share of it where the feature fires by its share in all; −1 and 0 for none. */
export function topLabels(rows: Uint32Array, features: number, shares: readonly number[]): { label: Int32Array; lift: Float32Array } {
  const L = shares.length
  const label = new Int32Array(features).fill(-1)
  const lift = new Float32Array(features)
  for (let f = 0; f < features; f++) {
    let labelled = 0
    for (let l = 0; l < L; l++) labelled += rows[f * L + l]
    for (let l = 0; l < L; l++) {
      // A label seen once or twice says little, unless the feature is as rare.
      if (rows[f * L + l] < Math.min(3, labelled) || rows[f * L + l] === 0) continue
      const value = rows[f * L + l] / labelled / shares[l]
      if (value > lift[f]) {
        lift[f] = value
        label[f] = l
      }
    }
  }
  return { label, lift }
}

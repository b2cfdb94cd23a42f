/** From what the user says of holding out to which rows are on which side, with what there is to say of it. */
import { type DatasetMeta, type Finding, rowNoun } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../../data/dataset.ts'
import { rowsWhere } from '../../data/conditions.ts'
import { readField } from '../../data/fields.ts'
import { listed } from '../../data/pipeline/define.ts'
import { fieldSides } from '../../data/split/field.ts'
import { groupSides } from '../../data/split/groups.ts'
import { hashedSides } from '../../data/split/hashed.ts'
import { learned, neither, type RowSides } from '../../data/split/sides.ts'
import { stratifiedSides } from '../../data/split/stratified.ts'
import { asTimes, temporalSides } from '../../data/split/temporal.ts'
import type { Params } from './params.ts'

export interface Split {
  readonly splitBy: Exclude<Params['splitBy'], 'auto'>
  /** In words, for the matrix. */
  readonly title: string
  /** Null where the draw by hashes does, and neither side is limited by a field. */
  readonly sides: RowSides | null
  /** [rows] 1 for rows that are used at all; null for all of them. */
  readonly passes: Uint8Array | null
  /** Upper bound for held-out rows, where the share does not say it. */
  readonly holdoutRows?: number
}

type Meta = Pick<DatasetMeta, 'rows' | 'grid' | 'kind' | 'columns' | 'metadataFields' | 'details'>

/** Memory: some bytes per row where a field or a condition has a say, nothing otherwise. */
export async function openSplit(
  source: OpenSource,
  meta: Meta,
  params: Params,
  seed: number,
  findings: Finding[],
  signal: AbortSignal,
): Promise<Split> {
  const nouns = rowNoun[meta.kind][1]
  const time = params.splitField ?? (params.splitBy === 'auto' && meta.kind === 'series' ? timeField(meta) : null)
  const splitBy = params.splitBy === 'auto' ? (meta.grid ? 'blocks' : meta.kind === 'series' ? 'time' : 'random') : params.splitBy
  const holds = params.where === null ? null : await rowsWhere(source, meta, params.where, 'where', signal)
  if (holds) {
    const count = holds.reduce((sum, pass) => sum + pass, 0)
    if (count === 0)
      throw new StratumError('DATA_UNSUITABLE', `“${params.where}” holds for none of the ${meta.rows} ${nouns}.`, 'Check the condition.', {
        parameter: 'where',
      })
    findings.push({
      severity: 'info',
      code: 'ROWS_CHOSEN',
      message: `“${params.where}” holds for ${count} of ${meta.rows} ${nouns}; ${params.whereFor === 'both' ? 'only they are learned from and held out' : 'only they are learned from'}.`,
      hint: 'Codes and scores are computed for all.',
    })
  }
  const passes = params.whereFor === 'both' ? holds : null
  const base = await sidesFor(source, meta, { ...params, splitBy, splitField: time }, passes, seed, findings, signal)
  const learning = params.whereFor === 'learning' ? holds : null
  const byHash = base ?? (learning ? hashedSides(meta, splitBy as 'blocks' | 'random', params.holdoutShare, seed) : null)
  return {
    splitBy,
    title: titleOf(splitBy, time, params.stratify),
    sides: learning && byHash ? (row) => (byHash(row) === learned && learning[row] === 0 ? neither : byHash(row)) : byHash,
    passes,
    ...(splitBy === 'field' && { holdoutRows: params.rows }),
  }
}

/** Whether held-out rows are like the others but for chance, as a split is told by its title. Later rows, and those someone named, need not be. */
export const isByChance = (title: string): boolean => !title.startsWith('the last ') && !title.startsWith('as ')

const titleOf = (splitBy: Split['splitBy'], field: string | null, stratify: string | null): string => {
  if (splitBy === 'time') return field === null ? 'the last rows' : `the last by ${field}`
  if (splitBy === 'group') return `whole groups of ${field}`
  if (splitBy === 'field') return `as ${field} says`
  return splitBy === 'random' && stratify !== null ? `random, the same share of each ${stratify}` : splitBy
}

async function sidesFor(
  source: OpenSource,
  meta: Meta,
  { splitBy, splitField, heldOutValues, gap, stratify, holdoutShare }: Params,
  passes: Uint8Array | null,
  seed: number,
  findings: Finding[],
  signal: AbortSignal,
): Promise<RowSides | null> {
  const used = passes ?? new Uint8Array(0)
  const allOr = (): Uint8Array => (used.length > 0 ? used : new Uint8Array(meta.rows).fill(1))
  const nouns = rowNoun[meta.kind][1]
  if (splitBy === 'time') {
    const times = splitField === null ? null : asTimes(await readField(source, meta, splitField, 'splitField', signal))
    const found = temporalSides(times, allOr(), holdoutShare, gap ?? overlapOf(meta))
    if (found.gapRows > 0)
      findings.push({
        severity: 'info',
        code: 'SPLIT_GAP',
        message: `${found.gapRows} ${nouns} between learning and checking belong to neither.`,
        hint: 'The gap keeps what overlaps from leaking.',
      })
    if (found.withoutTime > 0)
      findings.push({
        severity: 'warning',
        code: 'NO_TIME',
        message: `${found.withoutTime} ${nouns} have no time that can be read and are left out.`,
        hint: 'Check the field.',
      })
    return found.sides
  }
  if (splitBy === 'group' || splitBy === 'field') {
    if (splitField === null)
      throw new StratumError(
        'PARAMETER_INVALID',
        splitBy === 'group' ? 'Holding out whole groups needs the field that names them.' : 'Which field says what is held out?',
        `Fields are ${[...meta.metadataFields, ...meta.columns.map(({ name }) => name)].slice(0, 20).join(', ')}.`,
        { parameter: 'splitField' },
      )
    const values = await readField(source, meta, splitField, 'splitField', signal)
    if (splitBy === 'field') return fieldSides(values, heldOutValues, splitField)
    const { sides, groups, heldOutGroups } = groupSides(values, allOr(), holdoutShare, seed, splitField)
    findings.push({
      severity: 'info',
      code: 'SPLIT_GROUPS',
      message: `${heldOutGroups.length} of ${groups} groups of “${splitField}” are held out: ${listed(heldOutGroups)}.`,
      hint: 'Another seed holds out others.',
    })
    return sides
  }
  if (splitBy === 'random' && stratify !== null)
    return stratifiedSides(await readField(source, meta, stratify, 'stratify', signal), allOr(), holdoutShare, seed)
  return null
}

/** The field that says when a window begins. */
const timeField = ({ metadataFields }: Meta): string | null => metadataFields.find((field) => field === 'start time') ?? null

/** Windows that share rows with those after the cut; units come in turns where time orders them. */
function overlapOf({ kind, details }: Meta): number {
  const [length, stride, units] = [Number(details['window length']), Number(details.stride), Number(details.units ?? 1)]
  return kind === 'series' && length > stride && stride > 0 ? (Math.ceil(length / stride) - 1) * Math.max(1, units) : 0
}

/** Verdicts and comments from a table: what `export` wrote and someone filled in, or one of their own. Memory: the table. */
import { resolve } from 'node:path'
import { DatasetKind, rowIndexName, rowNoun } from '#common/domain/dataset.ts'
import { ReviewEntry } from '#common/domain/artifact.ts'
import { unguardedText } from '#common/domain/tableText.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../data/dataset.ts'
import { fieldBatches, type FieldValue } from '../data/fields.ts'
import { readerFor } from '../data/readers/registry.ts'
import type { Whats } from './reviewText.ts'

/** Columns that number what is reviewed, as exports name them and named them before. */
const numberColumns: Readonly<Record<Whats, readonly string[]>> = {
  objects: ['object'],
  events: ['event', 'peak_window_index', 'peak_window'],
  // The bare noun: of tables that earlier versions wrote.
  rows: DatasetKind.options.flatMap((kind) => [rowIndexName(kind), rowNoun[kind][0]]),
}

export interface Reviews {
  readonly of: Whats
  readonly said: ReadonlyMap<number, Partial<ReviewEntry>>
}

/**
 * @param wanted what the numbers count, where the columns of the table do not say it
 * @throws DATA_UNSUITABLE when the table has no such columns, or a line that is no review
 */
export async function readReviews(file: string, wanted: Whats | undefined, signal: AbortSignal): Promise<Reviews> {
  const path = resolve(file)
  const reader = await readerFor(path)
  const source = await openTexts(path, reader, signal)
  try {
    const names = namesOf(source)
    const [of, numbers] = numberColumn(path, names, wanted)
    const told = ['verdict', 'comment'].filter((name) => names.includes(name))
    if (told.length === 0) throw unfit(path, 'It has neither a column “verdict” nor one “comment”.')
    const said = new Map<number, Partial<ReviewEntry>>()
    let line = 0
    for await (const rows of fieldBatches(source, [numbers, ...told], signal))
      for (const [number, ...values] of rows) {
        line++
        const entry = entryOf(path, line, told, values)
        if (entry) said.set(numberOf(path, line, number), entry)
      }
    return { of, said }
  } finally {
    await source.close()
  }
}

const namesOf = ({ report }: OpenSource): string[] => [...report.metadataFields, ...report.columns.map(({ name }) => name)]

/** Comments are texts whatever they look like, where the format lets one say so. */
async function openTexts(path: string, reader: Awaited<ReturnType<typeof readerFor>>, signal: AbortSignal): Promise<OpenSource> {
  const source = await reader.open(path, reader.options.parse({}), signal)
  const texts = ['verdict', 'comment'].filter((name) => namesOf(source).includes(name))
  if (!Object.hasOwn(reader.options.shape, 'types') || texts.length === 0) return source
  await source.close()
  return reader.open(path, reader.options.parse({ types: Object.fromEntries(texts.map((name) => [name, 'text'])) }), signal)
}

function numberColumn(path: string, names: readonly string[], wanted: Whats | undefined): [Whats, string] {
  for (const of of wanted ? [wanted] : (Object.keys(numberColumns) as Whats[])) {
    const found = numberColumns[of].find((name) => names.includes(name))
    if (found !== undefined) return [of, found]
  }
  const known = wanted ? numberColumns[wanted] : Object.values(numberColumns).flat()
  throw unfit(path, `It has no column that numbers what is reviewed: ${known.map((name) => `“${name}”`).join(', ')}.`)
}

function numberOf(path: string, line: number, value: FieldValue): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw unfit(path, `Record ${line} has a verdict or a comment, and ${value === null ? 'no number' : `“${value}” is no number`}.`)
}

const words: Readonly<Record<string, ReviewEntry['verdict']>> = {
  confirmed: 'confirmed',
  confirm: 'confirmed',
  dismissed: 'dismissed',
  dismiss: 'dismissed',
}

/** Null where nothing is said. */
function entryOf(path: string, line: number, names: readonly string[], values: readonly FieldValue[]): Partial<ReviewEntry> | null {
  const textOf = (name: string): string => String(values[names.indexOf(name)] ?? '').trim()
  const [verdict, comment] = [textOf('verdict').toLowerCase(), unguardedText(textOf('comment'))]
  if (verdict === '' && comment === '') return null
  if (verdict !== '' && !Object.hasOwn(words, verdict))
    throw unfit(path, `Record ${line} has the verdict “${verdict}”; it is confirmed, dismissed or empty.`)
  const entry = ReviewEntry.partial().safeParse({
    ...(names.includes('verdict') && { verdict: verdict === '' ? null : words[verdict] }),
    ...(names.includes('comment') && { comment }),
  })
  if (entry.success) return entry.data
  throw unfit(path, `The comment of record ${line} is longer than a comment may be.`)
}

const unfit = (path: string, message: string): StratumError =>
  new StratumError('DATA_UNSUITABLE', message, 'See `stratum review --help` for what the table needs; nothing was changed.', { path })

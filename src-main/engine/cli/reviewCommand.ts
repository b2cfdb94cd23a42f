/** `review`: what scores found above their threshold, and what someone says of it: the calls of the window, with their schemas. */
import type { z } from 'zod'
import { anomalyCalls } from '#common/contract/engine/anomalies.ts'
import type { Artifact, ReviewEntry } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import { parseParams } from '../operations/parameters.ts'
import type { Project } from '../project/project.ts'
import { createAnomalies, type Anomalies } from '../service/anomalies.ts'
import type { Call, Command, Option, Output } from './command.ts'
import { usageError } from './parse.ts'
import { counted } from './printer.ts'
import { readReviews } from './reviewFile.ts'
import { listText, type Listed, whatIs, type Whats } from './reviewText.ts'
import { reviewCounts } from './scoresText.ts'
import { changingProject, readingProject } from './workspace.ts'

const listings = {
  rows: anomalyCalls.listFlagged.input,
  events: anomalyCalls.listEvents.input,
  objects: anomalyCalls.listObjects.input,
} as const satisfies Record<Whats, z.ZodType>
const kinds = Object.keys(listings) as Whats[]
const sorts = kinds.map((of) => `${of} by ${listings[of].shape.sort.unwrap().options.join(', ')}`).join('; ')

const listOptions: readonly Option[] = [
  { name: 'of', value: '<kind>', description: `What the numbers count: ${kinds.join(', ')}; rows when left out` },
  {
    name: 'only',
    value: '<which>',
    description: `What is listed: ${listings.rows.shape.review.unwrap().options.join(', ')} (default all)`,
  },
  { name: 'sort', value: '<by>', description: `Order of the list: ${sorts}` },
  { name: 'limit', value: '<n>', description: 'How many are listed, 500 at most (default 20)' },
  { name: 'offset', value: '<n>', description: 'How many are left out before them' },
]
const sayOptions: readonly Option[] = [
  { name: 'confirm', description: 'It is an anomaly' },
  { name: 'dismiss', description: 'It is none' },
  { name: 'comment', value: '<text>', description: 'A remark, with a verdict or without one' },
  { name: 'clear', description: 'Takes back what was said' },
  { name: 'from', value: '<table>', description: 'Takes verdicts and comments from a table, such as one that `export` wrote' },
]

export const reviewCommand: Command = {
  name: 'review',
  usage: '<project> <scores> [number…]',
  summary: 'Lists what scores flagged, or confirms, dismisses and comments on it by number.',
  options: [...listOptions, ...sayOptions],
  details: () =>
    [
      'Without numbers it lists. A row is known by its index in the dataset, counted from 0, an event or an object by that of its highest row,',
      'as the list and `export --list flagged|events|objects` write them. What was said before stays where nothing new is given.',
      '',
      'A table for --from has such numbers in a column row_index, or cell_index and the like (peak_window_index of events, object of objects),',
      'and a column verdict (confirmed or dismissed), comment, or both. Lines where both are empty change nothing.',
      '',
      '  stratum export p.stratum scores found.csv --list flagged      then edit found.csv',
      '  stratum review p.stratum scores --from found.csv',
      '  stratum review p.stratum scores 120 431 --confirm --comment "pump failure"',
    ].join('\n'),
  run(call) {
    const [path] = call.arguments
    return isSaying(call)
      ? changingProject(path, (project) => withScores(project, call, say))
      : readingProject(path, (project) => withScores(project, call, list))
  },
}

interface Asked {
  readonly project: Project
  readonly call: Call
  readonly scores: Artifact
  readonly anomalies: Anomalies
}

async function withScores(project: Project, call: Call, work: (asked: Asked) => Promise<Output>): Promise<Output> {
  const scores = project.find(call.arguments[1])
  if (scores.kind !== 'scores')
    throw new StratumError(
      'ARTIFACT_KIND',
      `'${scores.name}' is a ${scores.kind}, and scores were expected.`,
      'List the artifacts with `stratum list`.',
      { artifact: scores.id },
    )
  const anomalies = createAnomalies({ project: () => project, announce: (artifact) => artifact })
  try {
    return await work({ project, call, scores, anomalies })
  } finally {
    await anomalies.dispose()
  }
}

const isSaying = (call: Call): boolean => sayOptions.some(({ name }) => call.isSet(name)) || call.arguments.length > 2

async function list({ project, call, scores, anomalies }: Asked): Promise<Output> {
  const of = kindOf(call) ?? 'rows'
  const listed = await listedBy(anomalies, of, {
    scores: scores.id,
    limit: call.integer('limit', 1) ?? 20,
    ...given('offset', call.integer('offset', 0)),
    ...given('review', call.text('only')),
    ...given('sort', call.text('sort')),
  })
  return { result: listed.found, text: listText(project, scores, listed) }
}

const given = (name: string, value: unknown): Record<string, unknown> => (value === undefined ? {} : { [name]: value })

async function listedBy(anomalies: Anomalies, of: Whats, asked: Record<string, unknown>): Promise<Listed> {
  if (of === 'rows') return { of, found: await anomalies.listFlagged(parseParams('Review', listings.rows, asked)) }
  if (of === 'events') return { of, found: await anomalies.listEvents(parseParams('Review', listings.events, asked)) }
  return { of, found: await anomalies.listObjects(parseParams('Review', listings.objects, asked)) }
}

/** What is said, by number. */
type Said = ReadonlyMap<number, Partial<ReviewEntry> | null>

async function say(asked: Asked): Promise<Output> {
  const { call, scores, anomalies } = asked
  const table = call.text('from')
  const numbers = call.arguments.slice(2)
  if (table !== undefined && (numbers.length > 0 || wordsOf(call).length > 0))
    throw usageError('--from says it all.', 'Give either a table, or numbers and what is said of them.')
  const file = table === undefined ? null : await readReviews(table, kindOf(call), call.signal)
  const of = file?.of ?? kindOf(call) ?? 'rows'
  const said: Said = file?.said ?? saidOf(call, numbers)
  await checkNumbers(asked, of, [...said.keys()])
  const before = scores.annotations.review ?? {}
  const entries = Object.fromEntries(
    [...said].map(([number, entry]) => {
      const key = of === 'rows' ? String(number) : `${whatIs[of].key}/${number}`
      const { verdict, comment } = { ...before[key], ...entry }
      return [key, entry && told({ verdict: verdict ?? null, comment: comment ?? '' })]
    }),
  )
  const artifact = await anomalies.review(parseParams('Review', anomalyCalls.review.input, { scores: scores.id, entries }))
  return {
    result: { artifact: artifact.id, entries, review: artifact.annotations.review ?? {} },
    text: `${counted(said.size, whatIs[of].one)}: ${reviewCounts(artifact)} in all`,
  }
}

/** Nothing is kept of what says nothing. */
const told = (entry: ReviewEntry): ReviewEntry | null => (entry.verdict === null && entry.comment === '' ? null : entry)

const wordsOf = (call: Call): string[] => ['confirm', 'dismiss', 'clear', 'comment'].filter((name) => call.isSet(name))

function saidOf(call: Call, numbers: readonly string[]): Said {
  const words = wordsOf(call)
  if (words.length === 0) throw usageError('There is nothing to say of these numbers.', 'Give --confirm, --dismiss, --comment or --clear.')
  if (numbers.length === 0) throw usageError(`--${words[0]} needs numbers.`, 'List them with `stratum review <project> <scores>`.')
  const verdicts = words.filter((word) => word !== 'comment')
  if (verdicts.length > 1 || (words.includes('clear') && words.length > 1))
    throw usageError(`${words.map((word) => `--${word}`).join(' and ')} exclude each other.`, 'Give one of them.')
  const comment = call.text('comment')
  const entry = call.isSet('clear')
    ? null
    : {
        ...(call.isSet('confirm') && { verdict: 'confirmed' as const }),
        ...(call.isSet('dismiss') && { verdict: 'dismissed' as const }),
        ...(comment !== undefined && { comment }),
      }
  return new Map(numbers.map((text) => [readNumber(text), entry]))
}

function readNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw usageError(`'${text}' is no number of a row, an event or an object.`, 'List them with `stratum review <project> <scores>`.')
}

function kindOf(call: Call): Whats | undefined {
  const text = call.text('of')
  if (text === undefined || kinds.some((kind) => kind === text)) return text as Whats | undefined
  throw usageError(`--of ${text} is not known.`, `Choose among: ${kinds.join(', ')}.`)
}

/** Rows have to have a score; events and objects are those above the threshold, or something was said of them before. */
async function checkNumbers({ project, scores, anomalies }: Asked, of: Whats, numbers: readonly number[]): Promise<void> {
  const isThere = of === 'rows' ? hasScore(project, scores) : await isFound(anomalies, scores, of)
  const unknown = numbers.find((number) => !isThere(number))
  if (unknown === undefined) return
  const { one } = whatIs[of]
  throw new StratumError(
    'PARAMETER_INVALID',
    of === 'rows' ? `Row ${unknown} has no score.` : `There is no ${one} ${unknown} above the threshold.`,
    `List them with \`stratum review <project> ${scores.name} --of ${of}\`; nothing was changed.`,
    { artifact: scores.id, row: unknown },
  )
}

function hasScore(project: Project, scores: Artifact): (row: number) => boolean {
  const reader = project.array(scores.id, 'score')
  return (row) => row < reader.shape[0] && !Number.isNaN(reader.read(row, row + 1)[0])
}

async function isFound(anomalies: Anomalies, scores: Artifact, of: 'events' | 'objects'): Promise<(peak: number) => boolean> {
  const all = { scores: scores.id, sort: 'row', review: 'all', offset: 0, limit: Number.POSITIVE_INFINITY } as const
  const found = of === 'events' ? (await anomalies.listEvents(all)).events : (await anomalies.listObjects(all)).objects
  const peaks = new Set(found.map(({ peak }) => peak))
  return (peak) => peaks.has(peak) || scores.annotations.review?.[`${whatIs[of].key}/${peak}`] !== undefined
}

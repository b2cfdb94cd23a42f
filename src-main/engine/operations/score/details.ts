/**
 * What is known of the highest rows: their values, what the model expected, and which columns are to blame.
 *
 * Where a method says exactly what each column adds to a score, that is the blame. For the others each column in turn takes its median
 * among the rows learned from, and what the score falls by is the blame; only the columns that lie farthest from usual are tried.
 * Memory: the rows explained, prepared and as they are, at most 2²³ numbers each.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { type MatrixMeta, partsOf, sourcesOf } from '#common/domain/results.ts'
import { noColumn } from '#common/domain/scores.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'
import { randomStream, spreadSample } from '../../analysis/random.ts'
import type { RowFacts } from '../../data/pipeline/define.ts'
import { invertPipeline } from '../../data/pipeline/pipeline.ts'
import type { Draft, Project } from '../../project/project.ts'
import { blamedColumns } from './findings.ts'
import type { Frame } from './frame.ts'
import { preparedBlocks, rowsAt } from './rows.ts'
import type { RowScorer } from './scorer.ts'

const mostNumbers = 2 ** 23
/** Columns that are tried, of those that lie farthest from usual. */
const triedColumns = 16
/** Numbers of fitted rows that replaced rows are held against, all together: some seconds. */
const mostWork = 4e9
const [fewestTried, mostTried] = [320, 32_000]
/** Rows behind what is usual of a column. */
const usualRows = 20_000

interface DetailRequest {
  readonly project: Project
  readonly dataset: Artifact
  readonly frame: Frame
  readonly scorer: RowScorer | null
  /** Where there is no scorer: what each prepared column adds to the scores of rows [n × C, or twice as many]; null where that cannot be said. */
  readonly blame: ((rows: Float64Array) => Promise<Float32Array>) | null
  /** Row numbers, the highest score first. */
  readonly rows: Float64Array
  readonly explain: number
  readonly signal: AbortSignal
  readonly report: (fraction: number) => void
}

interface Read {
  readonly n: number
  /** [n × D] prepared. */
  readonly X: Float32Array
  /** [n × sources] in the source's units, NaN where missing. */
  readonly values: Float32Array
  readonly facts: readonly RowFacts[]
}

export interface Explained {
  /** The first rows, as many as were explained. */
  readonly explained: number
  readonly blame: 'exact' | 'replacement' | null
  /** Places of those that score high mostly for values that were missing and had something stand in for them, ascending. */
  readonly filled: readonly number[]
}

/** Writes top/columns, top/shares, top/values and top/expected for all `rows`; what is not explained is empty. */
export async function writeDetails(request: DetailRequest, draft: Draft): Promise<Explained> {
  const { frame, scorer, rows, explain } = request
  const widest = Math.max(frame.D, sourcesOf(frame.matrix).length)
  const n = Math.min(rows.length, explain, Math.floor(mostNumbers / widest))
  const empty = (length: number): Float32Array => new Float32Array(length).fill(Number.NaN)
  const columns = new Uint16Array(rows.length * blamedColumns).fill(noColumn)
  const [shares, values, expected] = [0, 0, 0].map(() => empty(rows.length * blamedColumns))
  let blame: Explained['blame'] = null
  const filled: number[] = []
  if (n > 0) {
    const read = await readRows(request, n)
    const found = scorer
      ? await blameOf(request, scorer, read)
      : request.blame
        ? bySources(frame, await request.blame(rows.subarray(0, n)), n)
        : null
    blame = found ? (scorer && (!scorer.blame || scorer.space === 'codes') ? 'replacement' : 'exact') : null
    if (found) {
      const back = await inSourceUnits(frame.matrix, await frame.reconstruct(read.X, n), n, read.facts)
      const S = sourcesOf(frame.matrix).length
      for (let i = 0; i < found.n; i++) {
        const own = found.bySource.subarray(i * S, (i + 1) * S)
        const all = own.reduce((sum, part) => sum + part, 0)
        if (!(all > 0)) continue
        const ofMissing = own.reduce((sum, part, j) => (Number.isNaN(read.values[i * S + j]) ? sum + part : sum), 0)
        if (ofMissing > all / 2) filled.push(i)
        for (const [place, column] of highest(own).entries()) {
          const at = i * blamedColumns + place
          columns[at] = column
          shares[at] = own[column] / all
          values[at] = read.values[i * S + column]
          expected[at] = back[i * S + column]
        }
      }
    }
  }
  const write = (name: string, dtype: 'uint16' | 'float32', array: Uint16Array | Float32Array): void => {
    const writer = draft.writeArray(`top/${name}`, { dtype, shape: [rows.length, blamedColumns] })
    writer.append(array)
    writer.finish()
  }
  write('columns', 'uint16', columns)
  write('shares', 'float32', shares)
  write('values', 'float32', values)
  write('expected', 'float32', expected)
  return { explained: n, blame, filled }
}

/** Columns that add most, at most three that add anything. */
const highest = (parts: Float32Array): number[] =>
  Array.from(parts.keys())
    .filter((j) => parts[j] > 0)
    .sort((a, b) => parts[b] - parts[a] || a - b)
    .slice(0, blamedColumns)

/** Stands for a value that is not told as it was read. */
const stepsBack = Number.POSITIVE_INFINITY

/** One pass over the dataset. */
async function readRows({ project, dataset, frame, rows, signal, report }: DetailRequest, n: number): Promise<Read> {
  const { matrix, D } = frame
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => rows[a] - rows[b])
  const S = sourcesOf(matrix).length
  const X = new Float32Array(n * D)
  const values = new Float32Array(n * S).fill(Number.NaN)
  const facts: RowFacts[] = new Array(n)
  const asRead = sourcePlaces(matrix)
  const isPlain = sourcesOf(matrix).map(({ type }) => type !== 'category')
  let next = 0
  for await (const { start, n: count, read, replay } of preparedBlocks(project, dataset, matrix, signal, true)) {
    const d = replay.columns.length
    for (; next < n && rows[order[next]] < start + count; next++) {
      const i = order[next]
      const row = rows[i]
      const taken = read.slice((row - start) * d, (row - start + 1) * d)
      const own: RowFacts = { groups: replay.groupsOf(row, 1), divisors: new Map() }
      // As it was read where that can be told: undoing the steps leaves rounding, and a truth value of 0 would become 1e-8.
      const told = Float32Array.from(asRead, (at, j) => (at >= 0 && (isPlain[j] || Number.isNaN(taken[at])) ? taken[at] : stepsBack))
      const prepared = replay.prepare(taken, 1, row, undefined, own)
      X.set(prepared, i * D)
      facts[i] = own
      const back = invertPipeline(matrix.steps, prepared.slice(0, frame.C), 1, frame.C, own)
      for (let j = 0; j < S; j++) values[i * S + j] = told[j] === stepsBack ? back[j] : told[j]
    }
    report((0.5 * (start + count)) / (dataset.meta.rows as number))
    if (next === n) break
  }
  return { n, X, values, facts }
}

/** Where each source stands among the columns that are read; −1 where it is made of several. */
function sourcePlaces(matrix: MatrixMeta): number[] {
  const read = matrix.read ?? sourcesOf(matrix)
  const place = new Map(read.map(({ name }, i) => [name, i] as const).reverse())
  return sourcesOf(matrix).map(({ name }) => place.get(name) ?? -1)
}

async function inSourceUnits(matrix: MatrixMeta, back: Float32Array, n: number, facts: readonly RowFacts[]): Promise<Float32Array> {
  const C = back.length / n
  const S = sourcesOf(matrix).length
  const out = new Float32Array(n * S)
  for (let i = 0; i < n; i++) out.set(invertPipeline(matrix.steps, back.slice(i * C, (i + 1) * C), 1, C, facts[i]).subarray(0, S), i * S)
  return out
}

/** What each source adds to the scores of the first rows. */
async function blameOf(request: DetailRequest, scorer: RowScorer, read: Read): Promise<{ n: number; bySource: Float32Array }> {
  const { frame } = request
  const own = Int32Array.from(request.rows.subarray(0, read.n), (row) =>
    request.dataset.id === frame.model.dataset ? (scorer.ownOf.get(row) ?? -1) : -1,
  )
  if (!scorer.blame || scorer.space === 'codes') return byReplacement(request, scorer, read, own)
  const V = await frame.inSpace(scorer.space, read.X, read.n)
  return bySources(frame, await scorer.blame(V, read.n, own), read.n)
}

/** Prepared columns and their errors, brought together by the source they come from. */
function bySources({ C, matrix }: Frame, parts: Float32Array, n: number): { n: number; bySource: Float32Array } {
  const [S, source] = [sourcesOf(matrix).length, partsOf(matrix)]
  const width = parts.length / n
  const bySource = new Float32Array(n * S)
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) bySource[i * S + source[j % C].source] += Math.max(0, parts[i * width + j])
  return { n, bySource }
}

async function byReplacement(
  { project, frame, signal, report }: DetailRequest,
  scorer: RowScorer,
  read: Read,
  own: Int32Array,
): Promise<{ n: number; bySource: Float32Array }> {
  const { matrix, D, C } = frame
  const S = sourcesOf(matrix).length
  const tried = Math.min(triedColumns, S)
  const affordable = Math.floor(mostWork / Math.max(1, scorer.fitRows * scorer.width))
  const n = Math.min(read.n, Math.floor(Math.min(mostTried, Math.max(fewestTried, affordable)) / tried))
  const usual = usualValues(project, frame)
  const parts = partsOf(matrix)
  const bySource = new Float32Array(read.n * S)
  const scoreOf = async (X: Float32Array, m: number, of: Int32Array): Promise<Float64Array> =>
    scorer.score(await frame.inSpace(scorer.space, X, m), m, X, of)
  const whole = await scoreOf(read.X.subarray(0, n * D), n, own.subarray(0, n))
  const rowsAtOnce = Math.max(1, Math.floor(mostNumbers / (8 * tried * D)))
  for (let from = 0; from < n; from += rowsAtOnce) {
    throwIfCancelled(signal)
    const rows = Math.min(rowsAtOnce, n - from)
    const X = new Float32Array(rows * tried * D)
    const of = new Int32Array(rows * tried)
    const which = new Int32Array(rows * tried)
    for (let i = 0; i < rows; i++) {
      const row = read.X.subarray((from + i) * D, (from + i + 1) * D)
      const distance = new Float32Array(S)
      for (let j = 0; j < C; j++)
        distance[parts[j].source] = Math.max(distance[parts[j].source], Math.abs(row[j] - usual.median[j]) / usual.spread[j])
      const farthest = Array.from(distance.keys())
        .sort((a, b) => distance[b] - distance[a] || a - b)
        .slice(0, tried)
      for (const [t, source] of farthest.entries()) {
        const at = i * tried + t
        X.set(row, at * D)
        for (let j = 0; j < C; j++) if (parts[j].source === source) X[at * D + j] = usual.median[j]
        of[at] = own[from + i]
        which[at] = source
      }
    }
    const without = await scoreOf(X, rows * tried, of)
    for (let at = 0; at < rows * tried; at++) {
      const i = from + Math.floor(at / tried)
      bySource[i * S + which[at]] = Math.max(0, whole[i] - without[at])
    }
    report(0.5 + (0.5 * (from + rows)) / n)
  }
  return { n, bySource }
}

/** Median and quartile range of prepared columns among rows learned from; columns that hardly vary are measured by the least step that matters. */
function usualValues(project: Project, { model, matrix, C, D }: Frame): { median: Float32Array; spread: Float32Array } {
  const places = spreadSample(
    matrix.trainRows,
    Math.max(100, Math.min(usualRows, Math.floor(mostNumbers / D))),
    randomStream(1, 'usual rows'),
  )
  const rows = rowsAt(project.array(model.matrix, 'train'), places)
  const [median, spread] = [new Float32Array(C), new Float32Array(C)]
  const column = new Float64Array(places.length)
  for (let j = 0; j < C; j++) {
    for (let i = 0; i < places.length; i++) column[i] = rows[i * D + j]
    column.sort()
    median[j] = quantileOfSorted(column, 0.5)
    spread[j] = Math.max(1e-6, quantileOfSorted(column, 0.75) - quantileOfSorted(column, 0.25))
  }
  return { median, spread }
}

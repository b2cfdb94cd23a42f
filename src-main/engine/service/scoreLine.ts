/**
 * Scores along time for a plot: of each of a number of equal parts of a stretch of time the lowest and the highest score, so that no peak
 * is lost however much lies in a part. Where there are no more windows than parts, the windows themselves.
 * Memory: a block of scores with their times and units, and the parts.
 */
import { setImmediate } from 'node:timers/promises'
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'

type Call = Handlers<Pick<EngineCalls, 'readScoreLine'>>['readScoreLine']

const rowsPerRead = 1 << 19

export async function readScoreLine(
  project: Project,
  { scores: id, unit, from: asked, to: askedTo, points }: Parameters<Call>[0],
): Promise<Awaited<ReturnType<Call>>> {
  const artifact = finishedArtifact(project, id, 'scores')
  const meta = artifact.meta as unknown as ScoresMeta
  const units = meta.series?.units ?? []
  const wanted = unit === null ? null : units.indexOf(unit)
  if (wanted === -1)
    throw new StratumError('PARAMETER_INVALID', `There is no unit '${unit}'.`, `Choose one of: ${units.slice(0, 20).join(', ')}.`, {
      parameter: 'unit',
    })

  const arrayOf = (name: string) => (artifact.arrays.some((array) => array.name === name) ? project.array(id, name) : null)
  const readers = { score: project.array(id, 'score'), start: arrayOf('series/start'), unit: arrayOf('series/unit') }
  /** Every window of the unit with a score: row, when, score. Without times it is the row that counts. */
  async function eachWindow(visit: (row: number, at: number, score: number) => void): Promise<void> {
    for (let first = 0; first < meta.rows; first += rowsPerRead) {
      const end = Math.min(meta.rows, first + rowsPerRead)
      const score = readers.score.read(first, end)
      const start = readers.start?.read(first, end) ?? null
      const unitOf = wanted === null ? null : (readers.unit?.read(first, end) ?? null)
      for (let i = 0; i < score.length; i++) {
        const at = start === null ? first + i : start[i]
        if (Number.isFinite(score[i]) && Number.isFinite(at) && (unitOf === null || unitOf[i] === wanted)) visit(first + i, at, score[i])
      }
      await setImmediate()
    }
  }

  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let inside = 0
  await eachWindow((_, at) => {
    least = Math.min(least, at)
    most = Math.max(most, at)
    if (at >= (asked ?? Number.NEGATIVE_INFINITY) && at <= (askedTo ?? Number.POSITIVE_INFINITY)) inside++
  })
  const isDate = meta.series?.isDate ?? null
  if (inside === 0) {
    const none = { time: new Float64Array(0), low: new Float32Array(0), high: new Float32Array(0), row: new Float64Array(0) }
    return { units, isDate, range: least <= most ? { from: least, to: most } : null, windows: 0, ...none }
  }
  const [from, to] = [Math.max(least, asked ?? least), Math.min(most, askedTo ?? most)]
  const isWhole = inside <= points
  const parts = isWhole ? inside : points
  const low = new Float32Array(parts).fill(Number.NaN)
  const high = new Float32Array(parts).fill(Number.NaN)
  const row = new Float64Array(parts)
  const time = new Float64Array(parts)
  const width = (to - from) / parts || 1
  let next = 0
  await eachWindow((r, at, score) => {
    if (at < from || at > to) return
    const part = isWhole ? next++ : Math.min(parts - 1, Math.floor((at - from) / width))
    if (!(score >= low[part])) low[part] = score
    if (score <= high[part]) return
    high[part] = score
    row[part] = r
    // A part stands where its highest window does, so that a peak is found where it is drawn.
    time[part] = at
  })
  const order = Array.from({ length: parts }, (_, i) => i)
    .filter((i) => !Number.isNaN(high[i]))
    .sort((a, b) => time[a] - time[b] || row[a] - row[b])
  // Windows of several units that start at once are one point of the line.
  const kept: number[] = []
  for (const i of order) {
    const last = kept.at(-1)
    if (last === undefined || time[last] !== time[i]) kept.push(i)
    else {
      const highest = high[i] > high[last] ? i : last
      low[highest] = Math.min(low[i], low[last])
      kept[kept.length - 1] = highest
    }
  }
  return {
    units,
    isDate,
    range: { from: least, to: most },
    windows: inside,
    time: Float64Array.from(kept, (i) => time[i]),
    low: Float32Array.from(kept, (i) => low[i]),
    high: Float32Array.from(kept, (i) => high[i]),
    row: Float64Array.from(kept, (i) => row[i]),
  }
}

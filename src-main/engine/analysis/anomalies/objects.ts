/**
 * Contiguous objects of a scene, found while lines stream past: pixels above a threshold that touch in any of 8 directions, or pixels of one
 * class that share a side.
 *
 * Runs of a line are joined to those of the line before by union-find (Rosenfeld & Pfaltz, JACM 1966, on runs); an object no run of the
 * newest line belongs to is complete. Memory: two lines and the objects that cross them, beside the finished ones; with outlines 16 bytes
 * for each side of these that borders something else, up to 64 MB.
 */
import { StratumError } from '#common/errors.ts'

export interface GridObject {
  /** What its pixels have in common: their class, or 1 of pixels above a threshold. */
  readonly key: number
  /** Row number of its highest pixel, the first of equals. */
  readonly peak: number
  readonly pixels: number
  readonly maxScore: number
  readonly meanScore: number
  /** Mean of its pixels' centres: the first pixel's is 0.5, 0.5. */
  readonly x: number
  readonly y: number
  readonly bounds: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number }
  /** Sums over its pixels of what `note` gave. */
  readonly noted: ReadonlyMap<number, number>
  /** With outlines: its sides, for `polygonsOf`. */
  readonly sides: readonly number[]
}

interface Part {
  readonly key: number
  parent: Part | null
  lastLine: number
  pixels: number
  scoreSum: number
  xSum: number
  ySum: number
  peak: number
  maxScore: number
  x0: number
  y0: number
  x1: number
  y1: number
  noted: Map<number, number>
  sides: number[]
}
interface Run {
  readonly from: number
  /** The last pixel. */
  readonly to: number
  readonly part: Part
}

/** Of what lies above a threshold. */
export const scoringAbove = (threshold: number): Pick<ObjectOptions, 'keyOf' | 'corners'> => ({
  keyOf: (value) => (value > threshold ? 1 : 0),
  corners: true,
})

const nothing = new Map<number, number>()

/** Numbers for sides that are kept at once. */
const mostSides = 1 << 23

export interface ObjectOptions {
  readonly width: number
  readonly minimumPixels: number
  /** What pixels of an object have in common, from 1; 0 of those that belong to none. */
  readonly keyOf: (value: number) => number
  /** Whether pixels that touch at a corner only belong together; of classes none do, or two would cross there. */
  readonly corners: boolean
  /** Keeps the sides of objects, so that they can be drawn. */
  readonly outlines?: boolean
  /** Facts of a flagged pixel to be summed over its object, e.g. blame by column; called once for each, in order. */
  readonly note?: (row: number, add: (key: number, amount: number) => void) => void
  readonly found: (object: GridObject) => void
}

export class ObjectFinder {
  readonly #options: ObjectOptions
  #above: Run[] = []
  #line = 0
  #kept = 0

  constructor(options: ObjectOptions) {
    this.#options = options
  }

  /** The next line's scores [width], NaN where there is no data. */
  addLine(scores: ArrayLike<number>): void {
    const runs: Run[] = []
    const reach = this.#options.corners ? 1 : 0
    let touching = 0
    for (const { from, to, part: own } of this.#runsOf(scores)) {
      let part = own
      while (touching < this.#above.length && this.#above[touching].to < from - reach) touching++
      for (let j = touching; j < this.#above.length && this.#above[j].from <= to + reach; j++)
        if (this.#above[j].part.key === own.key) part = joined(rootOf(this.#above[j].part), part)
      runs.push({ from, to, part })
    }
    if (this.#options.outlines) this.#addSides(runs)
    this.#finishAbove()
    this.#above = runs
    this.#line++
  }

  finish(): void {
    if (this.#options.outlines) this.#addSides([])
    this.#finishAbove()
    this.#above = []
  }

  *#runsOf(scores: ArrayLike<number>): Generator<Run> {
    const { width, keyOf, note } = this.#options
    const [y, start] = [this.#line, this.#line * width]
    for (let x = 0; x < width; x++) {
      const key = keyOf(scores[x])
      if (key === 0) continue
      const from = x
      const noted = note ? new Map<number, number>() : nothing
      let [scoreSum, maxScore, peak] = [0, Number.NEGATIVE_INFINITY, 0]
      for (; x < width && keyOf(scores[x]) === key; x++) {
        scoreSum += scores[x]
        if (scores[x] > maxScore) [maxScore, peak] = [scores[x], start + x]
        note?.(start + x, (key, amount) => noted.set(key, (noted.get(key) ?? 0) + amount))
      }
      const to = --x
      const pixels = x + 1 - from
      const xSum = (pixels * (from + to + 1)) / 2
      const area = { pixels, scoreSum, xSum, ySum: pixels * (y + 0.5), x0: from, y0: y, x1: to, y1: y }
      yield { from, to, part: { key, parent: null, lastLine: y, ...area, peak, maxScore, noted, sides: [] } }
    }
  }

  /** Sides between the line before and the newest one, and those left and right of the newest; each with its object on the right of the way it goes. */
  #addSides(runs: readonly Run[]): void {
    const at = (x: number, y: number): number => y * (this.#options.width + 1) + x
    const y = this.#line
    const add = (run: Run, from: number, to: number): void => {
      rootOf(run.part).sides.push(from, to)
      this.#kept += 2
    }
    uncovered(runs, this.#above, (run, from, to) => add(run, at(from, y), at(to + 1, y)))
    uncovered(this.#above, runs, (run, from, to) => add(run, at(to + 1, y), at(from, y)))
    for (const run of runs) {
      add(run, at(run.to + 1, y), at(run.to + 1, y + 1))
      add(run, at(run.from, y + 1), at(run.from, y))
    }
    if (this.#kept > mostSides)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `Regions with more than ${mostSides / 2} sides would have to be kept in mind at once.`,
        'Sweep up small regions first, or raise the threshold: what is drawn is then simpler.',
      )
  }

  /** Hands over what nothing of the newest line belongs to. */
  #finishAbove(): void {
    const complete = new Set(this.#above.map(({ part }) => rootOf(part)))
    for (const part of complete) {
      if (part.lastLine >= this.#line) continue
      this.#kept -= part.sides.length
      if (part.pixels >= this.#options.minimumPixels)
        this.#options.found({
          key: part.key,
          peak: part.peak,
          pixels: part.pixels,
          maxScore: part.maxScore,
          meanScore: part.scoreSum / part.pixels,
          x: part.xSum / part.pixels,
          y: part.ySum / part.pixels,
          bounds: { x0: part.x0, y0: part.y0, x1: part.x1, y1: part.y1 },
          noted: part.noted,
          sides: part.sides,
        })
    }
  }
}

function rootOf(part: Part): Part {
  let root = part
  while (root.parent) root = root.parent
  for (let at = part; at.parent; ) {
    const next = at.parent
    at.parent = root
    at = next
  }
  return root
}

/** Stretches of `runs` beside which none of `others` is of the same key. Both rising. */
function uncovered(runs: readonly Run[], others: readonly Run[], visit: (run: Run, from: number, to: number) => void): void {
  let first = 0
  for (const run of runs) {
    while (first < others.length && others[first].to < run.from) first++
    let from = run.from
    for (let j = first; j < others.length && others[j].from <= run.to; j++) {
      const other = others[j]
      if (other.part.key !== run.part.key) continue
      if (other.from > from) visit(run, from, other.from - 1)
      from = Math.max(from, other.to + 1)
    }
    if (from <= run.to) visit(run, from, run.to)
  }
}

/** The smaller one becomes part of the larger one. */
function joined(a: Part, b: Part): Part {
  if (a === b) return a
  const [into, from] = a.pixels >= b.pixels ? [a, b] : [b, a]
  from.parent = into
  into.lastLine = Math.max(into.lastLine, from.lastLine)
  if (from.maxScore > into.maxScore || (from.maxScore === into.maxScore && from.peak < into.peak)) {
    into.maxScore = from.maxScore
    into.peak = from.peak
  }
  for (const sum of ['pixels', 'scoreSum', 'xSum', 'ySum'] as const) into[sum] += from[sum]
  for (const least of ['x0', 'y0'] as const) into[least] = Math.min(into[least], from[least])
  for (const most of ['x1', 'y1'] as const) into[most] = Math.max(into[most], from[most])
  // Small into large, so that each side moves a few times only.
  for (const side of from.sides) into.sides.push(side)
  from.sides = []
  for (const [key, amount] of from.noted) into.noted.set(key, (into.noted.get(key) ?? 0) + amount)
  return into
}

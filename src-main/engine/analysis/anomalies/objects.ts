/**
 * Contiguous objects of a scene: pixels above a threshold that touch in any of 8 directions, found while lines stream past.
 *
 * Runs of a line are joined to those of the line before by union-find (Rosenfeld & Pfaltz, JACM 1966, on runs); an object no run of the
 * newest line belongs to is complete. Memory: two lines and the objects that cross them, beside the finished ones.
 */
export interface GridObject {
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
}

interface Part {
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
}
interface Run {
  readonly from: number
  /** The last pixel. */
  readonly to: number
  readonly part: Part
}

interface ObjectOptions {
  readonly width: number
  readonly threshold: number
  readonly minimumPixels: number
  /** Facts of a flagged pixel to be summed over its object, e.g. blame by column; called once for each, in order. */
  readonly note?: (row: number, add: (key: number, amount: number) => void) => void
  readonly found: (object: GridObject) => void
}

export class ObjectFinder {
  readonly #options: ObjectOptions
  #above: Run[] = []
  #line = 0

  constructor(options: ObjectOptions) {
    this.#options = options
  }

  /** The next line's scores [width], NaN where there is no data. */
  addLine(scores: ArrayLike<number>): void {
    const runs: Run[] = []
    let touching = 0
    for (const { from, to, part: own } of this.#runsOf(scores)) {
      let part = own
      while (touching < this.#above.length && this.#above[touching].to < from - 1) touching++
      for (let j = touching; j < this.#above.length && this.#above[j].from <= to + 1; j++) part = joined(rootOf(this.#above[j].part), part)
      runs.push({ from, to, part })
    }
    this.#finishAbove()
    this.#above = runs
    this.#line++
  }

  finish(): void {
    this.#finishAbove()
    this.#above = []
  }

  *#runsOf(scores: ArrayLike<number>): Generator<Run> {
    const { width, threshold, note } = this.#options
    const [y, start] = [this.#line, this.#line * width]
    for (let x = 0; x < width; x++) {
      if (!(scores[x] > threshold)) continue
      const from = x
      const noted = new Map<number, number>()
      let [scoreSum, maxScore, peak] = [0, Number.NEGATIVE_INFINITY, 0]
      for (; x < width && scores[x] > threshold; x++) {
        scoreSum += scores[x]
        if (scores[x] > maxScore) [maxScore, peak] = [scores[x], start + x]
        note?.(start + x, (key, amount) => noted.set(key, (noted.get(key) ?? 0) + amount))
      }
      const to = x - 1
      const pixels = x - from
      const xSum = (pixels * (from + to + 1)) / 2
      const area = { pixels, scoreSum, xSum, ySum: pixels * (y + 0.5), x0: from, y0: y, x1: to, y1: y }
      yield { from, to, part: { parent: null, lastLine: y, ...area, peak, maxScore, noted } }
    }
  }

  /** Hands over what nothing of the newest line belongs to. */
  #finishAbove(): void {
    const complete = new Set(this.#above.map(({ part }) => rootOf(part)))
    for (const part of complete)
      if (part.lastLine < this.#line && part.pixels >= this.#options.minimumPixels)
        this.#options.found({
          peak: part.peak,
          pixels: part.pixels,
          maxScore: part.maxScore,
          meanScore: part.scoreSum / part.pixels,
          x: part.xSum / part.pixels,
          y: part.ySum / part.pixels,
          bounds: { x0: part.x0, y0: part.y0, x1: part.x1, y1: part.y1 },
          noted: part.noted,
        })
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
  for (const [key, amount] of from.noted) into.noted.set(key, (into.noted.get(key) ?? 0) + amount)
  return into
}

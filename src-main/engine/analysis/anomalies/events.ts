/**
 * Events of a time series: windows of one unit above a threshold, joined where at most `mergeGap` windows of that unit lie between them.
 * Windows are counted, not hours: where data are missing, those before and after follow each other. Units may be mixed; within one, windows
 * come in the order of time. Memory: one open event for each unit, beside the finished ones.
 */
export interface SeriesEvent {
  readonly unit: number
  /** Row numbers of its first and last flagged window, and of the highest one (the first of equals). */
  readonly first: number
  readonly last: number
  readonly peak: number
  readonly flagged: number
  readonly peakScore: number
  /** Mean over the flagged windows. */
  readonly meanScore: number
  /** Sums over its flagged windows of what `note` gave. */
  readonly noted: ReadonlyMap<number, number>
}

interface EventOptions {
  readonly threshold: number
  readonly mergeGap: number
  /** Windows from the first to the last flagged one, those between with them. */
  readonly minimumLength: number
  readonly note?: (row: number, add: (key: number, amount: number) => void) => void
  readonly found: (event: SeriesEvent) => void
}

interface Open {
  unit: number
  first: number
  last: number
  /** Position among the windows of the unit. */
  firstPosition: number
  lastPosition: number
  peak: number
  peakScore: number
  scoreSum: number
  flagged: number
  noted: Map<number, number>
}

export class EventFinder {
  readonly #options: EventOptions
  readonly #open = new Map<number, Open>()
  readonly #seen = new Map<number, number>()

  constructor(options: EventOptions) {
    this.#options = options
  }

  /** Rows in order; NaN is a window without data, which ends nothing by itself. */
  add(unit: number, row: number, score: number): void {
    const position = this.#seen.get(unit) ?? 0
    this.#seen.set(unit, position + 1)
    if (!(score > this.#options.threshold)) return
    let event = this.#open.get(unit)
    if (event && position - event.lastPosition - 1 > this.#options.mergeGap) {
      this.#close(event)
      event = undefined
    }
    if (!event) {
      const none = { last: row, lastPosition: position, peak: row, peakScore: score, scoreSum: 0, flagged: 0, noted: new Map() }
      event = { unit, first: row, firstPosition: position, ...none }
      this.#open.set(unit, event)
    }
    event.last = row
    event.lastPosition = position
    event.flagged++
    event.scoreSum += score
    if (score > event.peakScore) [event.peak, event.peakScore] = [row, score]
    const { noted } = event
    this.#options.note?.(row, (key, amount) => noted.set(key, (noted.get(key) ?? 0) + amount))
  }

  finish(): void {
    for (const event of this.#open.values()) this.#close(event)
    this.#open.clear()
  }

  #close({ unit, first, last, peak, flagged, peakScore, scoreSum, noted, firstPosition, lastPosition }: Open): void {
    if (lastPosition - firstPosition + 1 < this.#options.minimumLength) return
    this.#options.found({ unit, first, last, peak, flagged, peakScore, meanScore: scoreSum / flagged, noted })
  }
}

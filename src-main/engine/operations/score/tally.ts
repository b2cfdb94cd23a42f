/** Figures of scores while they stream by: range, histogram, flagged rows, events, objects, the highest rows. Memory: the 100 000 highest, and a line. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { EventFinder } from '#engine/analysis/anomalies/events.ts'
import { HighestRows } from '#engine/analysis/anomalies/highestRows.ts'
import { ObjectFinder, scoringAbove } from '#engine/analysis/anomalies/objects.ts'
import { addToHistogram, quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'
import { mostDetailed } from './findings.ts'

const bins = 1024

interface TallyOptions {
  /** Scores of held-out rows, rising. */
  readonly calibration: Float64Array
  readonly data: Pick<DatasetMeta, 'kind' | 'grid'>
  /** Null where it is not known yet: what lies above it is counted after `restart`. */
  readonly threshold: number | null
  readonly unit: Uint16Array | null
  readonly mergeGap: number
  readonly minimumLength: number
  readonly minimumPixels: number
}

export class ScoreTally {
  readonly #options: TallyOptions
  readonly #median: number
  #threshold: number
  #from = 0
  #to = 1
  #all = new Float64Array(bins)
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  #flagged = 0
  #scored = 0
  #belowMedian = 0
  #events = 0
  #objects = 0
  #highest = new HighestRows(mostDetailed)
  #eventFinder: EventFinder | null = null
  #objectFinder: ObjectFinder | null = null
  #line: Float32Array = new Float32Array()
  #filled = 0

  constructor(options: TallyOptions) {
    this.#options = options
    this.#median = quantileOfSorted(options.calibration, 0.5)
    this.#threshold = options.threshold ?? Number.POSITIVE_INFINITY
    this.#begin()
  }

  /** All rows again, now that the threshold is known. */
  restart(threshold: number): void {
    this.#threshold = threshold
    this.#begin()
  }

  #begin(): void {
    const { calibration, data, mergeGap, minimumLength, minimumPixels } = this.#options
    const threshold = Number.isFinite(this.#threshold) ? this.#threshold : calibration[calibration.length - 1]
    // Errors begin at zero; logarithms of likelihoods where the lowest held-out ones do.
    this.#from = calibration[0] >= 0 ? 0 : calibration[0] - 0.1 * (quantileOfSorted(calibration, 0.999) - calibration[0])
    const reach = (quantileOfSorted(calibration, 0.999) - this.#from) * 1.5
    this.#to = this.#from + Math.max((threshold - this.#from) * 2, reach, 1e-12)
    this.#all = new Float64Array(bins)
    this.#min = Number.POSITIVE_INFINITY
    this.#max = Number.NEGATIVE_INFINITY
    this.#flagged = 0
    this.#scored = 0
    this.#belowMedian = 0
    this.#events = 0
    this.#objects = 0
    this.#highest = new HighestRows(mostDetailed)
    const above = this.#threshold
    this.#eventFinder =
      data.kind === 'series' ? new EventFinder({ threshold: above, mergeGap, minimumLength, found: () => this.#events++ }) : null
    this.#objectFinder = data.grid
      ? new ObjectFinder({ width: data.grid.width, ...scoringAbove(above), minimumPixels, found: () => this.#objects++ })
      : null
    this.#line = new Float32Array(data.grid?.width ?? 0)
    this.#filled = 0
  }

  /** Rows from `start` on, in order. */
  add(start: number, scores: Float32Array): void {
    for (const score of scores) {
      if (Number.isNaN(score)) continue
      this.#scored++
      if (score < this.#min) this.#min = score
      if (score > this.#max) this.#max = score
      if (score > this.#threshold) this.#flagged++
      if (score < this.#median) this.#belowMedian++
    }
    addToHistogram(scores, this.#from, this.#to, this.#all)
    this.#highest.add(start, scores)
    if (this.#eventFinder)
      for (let i = 0; i < scores.length; i++) this.#eventFinder.add(this.#options.unit?.[start + i] ?? 0, start + i, scores[i])
    if (this.#objectFinder) this.#addPixels(this.#objectFinder, scores)
  }

  #addPixels(finder: ObjectFinder, scores: Float32Array): void {
    const width = this.#line.length
    for (let from = 0; from < scores.length; ) {
      const take = Math.min(width - this.#filled, scores.length - from)
      this.#line.set(scores.subarray(from, from + take), this.#filled)
      this.#filled += take
      from += take
      if (this.#filled < width) return
      finder.addLine(this.#line)
      this.#filled = 0
    }
  }

  finish() {
    this.#eventFinder?.finish()
    this.#objectFinder?.finish()
    const holdout = new Float64Array(bins)
    addToHistogram(this.#options.calibration, this.#from, this.#to, holdout)
    const isEmpty = this.#scored === 0
    return {
      min: isEmpty ? 0 : this.#min,
      max: isEmpty ? 0 : this.#max,
      scored: this.#scored,
      flagged: this.#flagged,
      belowMedian: this.#belowMedian,
      histogram: { from: this.#from, to: this.#to, all: [...this.#all], holdout: [...holdout] },
      highest: this.#highest.finish(),
      events: this.#eventFinder ? this.#events : null,
      objects: this.#objectFinder ? this.#objects : null,
    }
  }
}

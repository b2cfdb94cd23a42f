/** Points of the training curves: the loss and its terms averaged over about a hundredth of a pass. */
export interface MetricPoint {
  readonly step: number
  readonly name: string
  readonly value: number
}

/** What the next point and the mean of the current pass are made of; plain JSON, so that a resumed run draws the same curve. */
export interface CurveState {
  readonly sums: Readonly<Record<string, number>>
  readonly count: number
  readonly passSum: number
  readonly passCount: number
  readonly latest: number | null
}

export class Curve {
  readonly #prefix: string
  readonly #window: number
  #sums: Record<string, number> = {}
  #count = 0
  #passSum = 0
  #passCount = 0
  #latest: number | null = null

  constructor(prefix: string, stepsPerPass: number, state?: CurveState) {
    this.#prefix = prefix
    this.#window = Math.max(1, Math.ceil(stepsPerPass / 100))
    if (!state) return
    this.#sums = { ...state.sums }
    this.#count = state.count
    this.#passSum = state.passSum
    this.#passCount = state.passCount
    this.#latest = state.latest
  }

  /** The loss of the latest point, NaN before the first. */
  get latest(): number {
    return this.#latest ?? Number.NaN
  }

  get state(): CurveState {
    return { sums: { ...this.#sums }, count: this.#count, passSum: this.#passSum, passCount: this.#passCount, latest: this.#latest }
  }

  /** @param firstStep  the global number of the first of these steps */
  add(firstStep: number, out: Readonly<Record<string, ArrayLike<number>>>, passOf: (step: number) => number): MetricPoint[] {
    const points: MetricPoint[] = []
    for (let i = 0; i < out.loss.length; i++) {
      for (const [name, values] of Object.entries(out)) this.#sums[name] = (this.#sums[name] ?? 0) + values[i]
      this.#passSum += out.loss[i]
      this.#passCount++
      if (++this.#count < this.#window) continue
      const step = firstStep + i + 1
      for (const [name, sum] of Object.entries(this.#sums)) points.push({ step, name: `${this.#prefix}/${name}`, value: sum / this.#count })
      points.push({ step, name: `${this.#prefix}/epoch`, value: passOf(step) })
      this.#latest = this.#sums.loss / this.#count
      this.#sums = {}
      this.#count = 0
    }
    return points
  }

  /** Mean loss of the steps of the pass that ends here. */
  endPass(): number {
    const mean = this.#passSum / this.#passCount
    this.#passSum = 0
    this.#passCount = 0
    return mean
  }
}

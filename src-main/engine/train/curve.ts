/** Points of the training curves: the loss and its terms averaged over about a hundredth of a pass. */
export interface MetricPoint {
  readonly step: number
  readonly name: string
  readonly value: number
}

export class Curve {
  readonly #prefix: string
  readonly #window: number
  #sums: Record<string, number> = {}
  #count = 0
  /** Mean loss of the current pass. */
  #epochSum = 0
  #epochCount = 0
  #latest = Number.NaN

  constructor(prefix: string, stepsPerEpoch: number) {
    this.#prefix = prefix
    this.#window = Math.max(1, Math.ceil(stepsPerEpoch / 100))
  }

  get latest(): number {
    return this.#latest
  }

  /** @param firstStep  the global number of the first of these steps */
  add(firstStep: number, out: Readonly<Record<string, ArrayLike<number>>>, epochOf: (step: number) => number): MetricPoint[] {
    const points: MetricPoint[] = []
    for (let i = 0; i < out.loss.length; i++) {
      for (const [name, values] of Object.entries(out)) this.#sums[name] = (this.#sums[name] ?? 0) + values[i]
      this.#epochSum += out.loss[i]
      this.#epochCount++
      if (++this.#count < this.#window) continue
      const step = firstStep + i + 1
      for (const [name, sum] of Object.entries(this.#sums)) points.push({ step, name: `${this.#prefix}/${name}`, value: sum / this.#count })
      points.push({ step, name: `${this.#prefix}/epoch`, value: epochOf(step) })
      this.#latest = this.#sums.loss / this.#count
      this.#sums = {}
      this.#count = 0
    }
    return points
  }

  /** Mean loss since the last call. */
  endEpoch(): number {
    const mean = this.#epochSum / this.#epochCount
    this.#epochSum = 0
    this.#epochCount = 0
    return mean
  }
}

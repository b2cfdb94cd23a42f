/** The rows with the highest scores of a stream. Memory: twice as many as are wanted. */
export class HighestRows {
  readonly #most: number
  #rows: Float64Array
  #scores: Float32Array
  #n = 0
  /** What a row has to exceed to matter. */
  #floor = Number.NEGATIVE_INFINITY

  constructor(most: number) {
    this.#most = most
    const room = Math.max(1, Math.min(2 * most, 4096))
    this.#rows = new Float64Array(room)
    this.#scores = new Float32Array(room)
  }

  /** Scores of rows from, from + 1, …; NaN is no score. */
  add(from: number, scores: Float32Array): void {
    for (let i = 0; i < scores.length; i++) {
      if (!(scores[i] > this.#floor)) continue
      if (this.#n === this.#scores.length) this.#makeRoom()
      if (!(scores[i] > this.#floor)) continue
      this.#rows[this.#n] = from + i
      this.#scores[this.#n++] = scores[i]
    }
  }

  /** Falling; of equal scores the earlier row first, and the earlier row kept. */
  finish(): { readonly rows: Float64Array; readonly scores: Float32Array } {
    this.#cut()
    return { rows: this.#rows.slice(0, this.#n), scores: this.#scores.slice(0, this.#n) }
  }

  #makeRoom(): void {
    if (this.#scores.length >= 2 * this.#most) {
      this.#cut()
      return
    }
    const room = Math.min(2 * this.#most, 2 * this.#scores.length)
    const [rows, scores] = [new Float64Array(room), new Float32Array(room)]
    rows.set(this.#rows)
    scores.set(this.#scores)
    this.#rows = rows
    this.#scores = scores
  }

  #cut(): void {
    const [rows, scores] = [this.#rows, this.#scores]
    const order = Uint32Array.from({ length: this.#n }, (_, i) => i).sort((a, b) => scores[b] - scores[a] || rows[a] - rows[b])
    const kept = order.subarray(0, this.#most)
    const [keptRows, keptScores] = [Float64Array.from(kept, (i) => rows[i]), Float32Array.from(kept, (i) => scores[i])]
    rows.set(keptRows)
    scores.set(keptScores)
    this.#n = kept.length
    if (this.#n === this.#most) this.#floor = scores[this.#n - 1]
  }
}

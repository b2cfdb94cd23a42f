/**
 * How much a class map looks like a map and how much like noise: the mean share of a pixel's neighbours (8 of them) that have its class,
 * and the share of pixels none of whose neighbours has it. Pixels without a class are neither counted nor neighbours; a pixel alone among
 * them says nothing. Says nothing of being right: a map of one class has 1.
 * Rows of pixels come one after the other. Memory: three of them.
 */
export class LocalAgreementTally {
  readonly #width: number
  #above: Uint16Array | null = null
  #here: Uint16Array | null = null
  #agreement = 0
  #isolated = 0
  #pixels = 0

  constructor(width: number) {
    this.#width = width
  }

  /** The next rows of pixels, whole ones: class of each, 0 without. */
  add(labels: Uint16Array): void {
    if (labels.length % this.#width !== 0)
      throw new RangeError(`expected whole rows of ${this.#width} pixels, found ${labels.length} pixels`)
    for (let from = 0; from < labels.length; from += this.#width) this.#push(labels.slice(from, from + this.#width))
  }

  /** After the last row. Null when no pixel has a neighbour. */
  result(): { agreement: number; isolated: number; pixels: number } | null {
    this.#push(null)
    return this.#pixels === 0
      ? null
      : { agreement: this.#agreement / this.#pixels, isolated: this.#isolated / this.#pixels, pixels: this.#pixels }
  }

  #push(below: Uint16Array | null): void {
    if (this.#here) this.#count(this.#above, this.#here, below)
    this.#above = this.#here
    this.#here = below
  }

  #count(above: Uint16Array | null, here: Uint16Array, below: Uint16Array | null): void {
    const width = this.#width
    for (let x = 0; x < width; x++) {
      const own = here[x]
      if (own === 0) continue
      let same = 0
      let valid = 0
      const see = (label: number): void => {
        if (label === 0) return
        valid++
        if (label === own) same++
      }
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        if (above) see(above[nx])
        if (nx !== x) see(here[nx])
        if (below) see(below[nx])
      }
      if (valid === 0) continue
      this.#agreement += same / valid
      if (same === 0) this.#isolated++
      this.#pixels++
    }
  }
}

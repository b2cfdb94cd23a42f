/**
 * Rows with the same values in all columns, found by a 64-bit hash of each row in one pass.
 *
 * Up to `most` different contents every row is compared. Beyond that only contents whose hash ends in enough zero bits are kept
 * (Wegman's adaptive sampling, in Flajolet 1990): all rows with a kept content are still counted, so counts divided by the kept
 * share are unbiased. Two different rows share a hash with a chance of n² / 2⁶⁵: below one in a million for two million contents.
 *
 * Memory: 29 bytes for each of 2 · `most` places: 122 MB at the default, less for fewer rows.
 */
import type { DuplicateRows as Found } from '#common/domain/examination.ts'

const mostExamples = 10
const learned = 1
const heldOut = 2

export class DuplicateRows {
  readonly #d: number
  readonly #most: number
  readonly #isHeldOut: (row: number) => boolean
  #mask = 1023
  #high = new Uint32Array(1024)
  #low = new Uint32Array(1024)
  #count = new Uint32Array(1024)
  #first = new Float64Array(1024)
  #second = new Float64Array(1024)
  #sides = new Uint8Array(1024)
  /** Held-out rows are counted at the end only for contents that were seen on both sides. */
  #contents = 0
  #level = 0

  /** @param isHeldOut what a split would do with a row */
  constructor(d: number, isHeldOut: (row: number) => boolean, most = 2 ** 21) {
    this.#d = d
    this.#most = most
    this.#isHeldOut = isHeldOut
  }

  take(start: number, n: number, X: Float32Array, valid: Uint8Array): void {
    const bits = new Uint32Array(X.buffer, X.byteOffset, n * this.#d)
    for (let i = 0; i < n; i++) if (valid[i] === 1) this.#add(start + i, bits, i * this.#d)
  }

  #add(row: number, bits: Uint32Array, at: number): void {
    let a = 0x9747b28c
    let b = 0x3c6ef372
    for (let k = at; k < at + this.#d; k++) {
      let word = bits[k]
      // −0 is 0, and every NaN is missing.
      if (word === 0x80000000) word = 0
      else if ((word & 0x7fffffff) > 0x7f800000) word = 0x7fc00000
      a = Math.imul(a ^ word, 0xcc9e2d51)
      a = (a << 15) | (a >>> 17)
      b = Math.imul(b ^ word, 0x1b873593) + a
      b = (b << 13) | (b >>> 19)
    }
    const low = mix(a ^ this.#d)
    // A place whose two halves are both 0 is empty.
    const high = mix(b ^ low) || 1
    if ((low & ((1 << this.#level) - 1)) !== 0) return
    const side = this.#isHeldOut(row) ? heldOut : learned
    const place = this.#placeOf(high, low)
    if (this.#count[place] === 0) {
      this.#high[place] = high
      this.#low[place] = low
      this.#first[place] = row
      this.#contents++
    } else if (this.#count[place] === 1) this.#second[place] = row
    this.#count[place] = this.#count[place] + 1
    this.#sides[place] = this.#sides[place] | side
    if (this.#contents > this.#most) this.#thin()
    else if (this.#contents * 2 > this.#mask) this.#rebuild((this.#mask + 1) * 2)
  }

  #placeOf(high: number, low: number): number {
    let place = (high ^ (low >>> 7)) & this.#mask
    while (this.#count[place] !== 0 && (this.#high[place] !== high || this.#low[place] !== low)) place = (place + 1) & this.#mask
    return place
  }

  #thin(): void {
    while (this.#contents > this.#most) {
      this.#level++
      this.#rebuild(this.#mask + 1)
    }
  }

  #rebuild(capacity: number): void {
    const [high, low, count, first, second, sides] = [this.#high, this.#low, this.#count, this.#first, this.#second, this.#sides]
    this.#mask = capacity - 1
    this.#high = new Uint32Array(capacity)
    this.#low = new Uint32Array(capacity)
    this.#count = new Uint32Array(capacity)
    this.#first = new Float64Array(capacity)
    this.#second = new Float64Array(capacity)
    this.#sides = new Uint8Array(capacity)
    this.#contents = 0
    for (let i = 0; i < count.length; i++) {
      if (count[i] === 0 || (low[i] & ((1 << this.#level) - 1)) !== 0) continue
      const place = this.#placeOf(high[i], low[i])
      this.#high[place] = high[i]
      this.#low[place] = low[i]
      this.#count[place] = count[i]
      this.#first[place] = first[i]
      this.#second[place] = second[i]
      this.#sides[place] = sides[i]
      this.#contents++
    }
  }

  /** @param holdoutShare of the split that `isHeldOut` stands for */
  result(holdoutShare: number): Found {
    const compared = 2 ** -this.#level
    let contents = 0
    let rows = 0
    let across = 0
    const examples: { first: number; second: number; rows: number }[] = []
    for (let i = 0; i < this.#count.length; i++) {
      const count = this.#count[i]
      if (count < 2) continue
      contents++
      rows += count - 1
      // Of a content on both sides, the expected number of rows held out.
      if (this.#sides[i] === (learned | heldOut)) across += Math.min(count - 1, Math.max(1, count * holdoutShare))
      if (examples.length < mostExamples || count >= (examples.at(-1) as { rows: number }).rows)
        insert(examples, { first: this.#first[i], second: this.#second[i], rows: count })
    }
    return {
      contents: Math.round(contents / compared),
      rows: Math.round(rows / compared),
      compared,
      acrossSplit: contents === 0 ? null : Math.round(across / compared),
      examples,
    }
  }
}

/** Most rows first, then earliest. */
function insert(
  examples: { first: number; second: number; rows: number }[],
  example: { first: number; second: number; rows: number },
): void {
  examples.push(example)
  examples.sort((a, b) => b.rows - a.rows || a.first - b.first)
  if (examples.length > mostExamples) examples.pop()
}

/** The finaliser of MurmurHash3. */
function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Distinct short texts by their bytes, numbered in the order they came. Memory: the texts and 12 bytes for each. */
export class ByteTable {
  readonly #most: number
  readonly #longest: number
  #n = 0
  #starts = new Int32Array(9)
  #heap = new Uint8Array(64)
  /** Open addressing; 0 is free, else 1 + the number of the text. */
  #slots = new Int32Array(16)

  /** @param longest texts of more bytes than this are not taken in */
  constructor(most: number, longest = 256) {
    this.#most = most
    this.#longest = longest
  }

  get size(): number {
    return this.#n
  }

  /** The number of the text; −1 when it is new and was not, or could not be, taken in. */
  indexOf(bytes: Uint8Array, from: number, to: number, add: boolean): number {
    let hash = 0
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193) + 0x9e37
    hash ^= hash >>> 15
    const length = to - from
    for (let slot = hash & (this.#slots.length - 1); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const found = (this.#slots[slot] as number) - 1
      if (found < 0) return add ? this.#add(bytes, from, to, slot) : -1
      const start = this.#starts[found] as number
      if ((this.#starts[found + 1] as number) - start !== length) continue
      let same = 0
      while (same < length && this.#heap[start + same] === bytes[from + same]) same++
      if (same === length) return found
    }
  }

  text(i: number): Uint8Array {
    return this.#heap.subarray(this.#starts[i], this.#starts[i + 1])
  }

  #add(bytes: Uint8Array, from: number, to: number, slot: number): number {
    if (this.#n >= this.#most || to - from > this.#longest) return -1
    const start = this.#starts[this.#n] as number
    const end = start + to - from
    if (end > this.#heap.length) {
      const heap = new Uint8Array(2 * end)
      heap.set(this.#heap)
      this.#heap = heap
    }
    for (let i = from; i < to; i++) this.#heap[start + i - from] = bytes[i] as number
    if (this.#n + 2 > this.#starts.length) {
      const starts = new Int32Array(2 * this.#starts.length)
      starts.set(this.#starts)
      this.#starts = starts
    }
    this.#starts[++this.#n] = end
    this.#slots[slot] = this.#n
    if (2 * this.#n > this.#slots.length) this.#widen()
    return this.#n - 1
  }

  #widen(): void {
    const size = 4 * this.#slots.length
    this.#slots = new Int32Array(size)
    for (let i = 0; i < this.#n; i++) {
      let hash = 0
      for (let at = this.#starts[i] as number; at < (this.#starts[i + 1] as number); at++)
        hash = Math.imul(hash ^ (this.#heap[at] as number), 0x01000193) + 0x9e37
      hash ^= hash >>> 15
      let slot = hash & (size - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      this.#slots[slot] = i + 1
    }
  }
}

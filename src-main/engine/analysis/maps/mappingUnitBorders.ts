/** How many pixel edges pairs of regions share: an open-addressing table. Memory: 24 to 48 bytes a pair. */
import { StratumError } from '#common/errors.ts'

const bytesPerSlot = 12

export class BorderTable {
  readonly #mostBytes: number
  /** The lower region of a pair + 1, 0 where the slot is free; the higher one; what they share. */
  #lower = new Uint32Array(1024)
  #higher = new Uint32Array(1024)
  #borders = new Uint32Array(1024)
  #used = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** @throws MEMORY_EXCEEDED when too many pairs touch */
  add(a: number, b: number, border: number): void {
    if (this.#used * 2 >= this.#borders.length) this.#grow()
    if (a < b) this.#put(a + 1, b, border)
    else this.#put(b + 1, a, border)
  }

  each(visit: (a: number, b: number, border: number) => void): void {
    const [lower, higher, borders] = [this.#lower, this.#higher, this.#borders]
    for (let slot = 0; slot < lower.length; slot++) if (lower[slot] > 0) visit(lower[slot] - 1, higher[slot], borders[slot])
  }

  #put(a: number, b: number, border: number): void {
    const [lower, higher] = [this.#lower, this.#higher]
    const mask = lower.length - 1
    let slot = Math.imul(Math.imul(a, 0x85ebca6b) ^ b, 0x9e3779b1)
    slot = (slot ^ (slot >>> 15)) & mask
    while (lower[slot] > 0 && (lower[slot] !== a || higher[slot] !== b)) slot = (slot + 1) & mask
    if (lower[slot] === 0) {
      lower[slot] = a
      higher[slot] = b
      this.#used++
    }
    this.#borders[slot] += border
  }

  #grow(): void {
    const [lower, higher, borders] = [this.#lower, this.#higher, this.#borders]
    const slots = borders.length * 2
    if (slots * bytesPerSlot > this.#mostBytes)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `The map has more than ${this.#used.toLocaleString('en')} places where specks touch, and their list does not fit into memory.`,
        'Tidy the classes with a majority filter first.',
      )
    this.#lower = new Uint32Array(slots)
    this.#higher = new Uint32Array(slots)
    this.#borders = new Uint32Array(slots)
    this.#used = 0
    for (let slot = 0; slot < lower.length; slot++) if (lower[slot] > 0) this.#put(lower[slot], higher[slot], borders[slot])
  }
}

/** How many pixel edges pairs of regions share: an open-addressing table. Memory: 24 to 48 bytes a pair. */
import { StratumError } from '#common/errors.ts'

const bytesPerSlot = 12

export class BorderTable {
  readonly #regions: number
  readonly #mostBytes: number
  /** a · regions + b with a < b; −1 is free. */
  #keys = new Float64Array(1024).fill(-1)
  #borders = new Uint32Array(1024)
  #used = 0

  constructor(regions: number, mostBytes: number) {
    this.#regions = regions
    this.#mostBytes = mostBytes
  }

  /** @throws MEMORY_EXCEEDED when too many pairs touch */
  add(a: number, b: number, border: number): void {
    if (this.#used * 2 >= this.#keys.length) this.#grow()
    this.#put(a < b ? a * this.#regions + b : b * this.#regions + a, border)
  }

  each(visit: (a: number, b: number, border: number) => void): void {
    for (let slot = 0; slot < this.#keys.length; slot++) {
      const key = this.#keys[slot]
      if (key >= 0) visit(Math.floor(key / this.#regions), key % this.#regions, this.#borders[slot])
    }
  }

  #put(key: number, border: number): void {
    const keys = this.#keys
    const mask = keys.length - 1
    // Both halves of the key go into the hash: neighbours differ in the lower one only.
    let slot = Math.imul((key % 0x100000000) ^ Math.imul(Math.floor(key / 0x100000000), 0x85ebca6b), 0x9e3779b1) >>> 0
    slot = (slot ^ (slot >>> 15)) & mask
    while (keys[slot] >= 0 && keys[slot] !== key) slot = (slot + 1) & mask
    if (keys[slot] < 0) {
      keys[slot] = key
      this.#used++
    }
    this.#borders[slot] += border
  }

  #grow(): void {
    const [keys, borders] = [this.#keys, this.#borders]
    if (keys.length * 2 * bytesPerSlot > this.#mostBytes)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `The map has more than ${this.#used.toLocaleString('en')} places where specks touch, and their list does not fit into memory.`,
        'Tidy the classes with a majority filter first.',
      )
    this.#keys = new Float64Array(keys.length * 2).fill(-1)
    this.#borders = new Uint32Array(keys.length * 2)
    this.#used = 0
    for (let slot = 0; slot < keys.length; slot++) if (keys[slot] >= 0) this.#put(keys[slot], borders[slot])
  }
}

/** Little-endian bytes put together piece by piece. Memory: twice what was written. */
export class ByteWriter {
  #view = new DataView(new ArrayBuffer(1024))
  #size = 0

  get size(): number {
    return this.#size
  }

  #room(bytes: number): number {
    const at = this.#size
    this.#size += bytes
    if (this.#size > this.#view.byteLength) {
      const larger = new Uint8Array(Math.max(this.#size, 2 * this.#view.byteLength))
      larger.set(new Uint8Array(this.#view.buffer))
      this.#view = new DataView(larger.buffer)
    }
    return at
  }

  u8(...values: readonly number[]): this {
    for (const value of values) {
      const at = this.#room(1)
      this.#view.setUint8(at, value)
    }
    return this
  }
  u16(value: number): this {
    const at = this.#room(2)
    this.#view.setUint16(at, value, true)
    return this
  }
  u32(value: number): this {
    const at = this.#room(4)
    this.#view.setUint32(at, value, true)
    return this
  }
  /** A length or an address; null is the undefined address, all ones. */
  u64(value: number | null): this {
    const at = this.#room(8)
    this.#view.setBigUint64(at, value === null ? 0xffff_ffff_ffff_ffffn : BigInt(value), true)
    return this
  }
  bytes(bytes: Uint8Array): this {
    const at = this.#room(bytes.length)
    new Uint8Array(this.#view.buffer).set(bytes, at)
    return this
  }
  ascii(text: string): this {
    return this.bytes(new TextEncoder().encode(text))
  }
  zeros(n: number): this {
    this.#room(n)
    return this
  }
  /** A copy of what was written. */
  done(): Uint8Array {
    return new Uint8Array(this.#view.buffer).slice(0, this.#size)
  }
}

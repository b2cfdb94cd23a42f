/** Reading FlatBuffers: tables of optional fields, vectors and texts. Every access is checked by DataView or against the bytes there are. */

export class FlatTable {
  readonly #view: DataView
  readonly #at: number
  readonly #fields: number

  constructor(view: DataView, at: number) {
    this.#view = view
    this.#at = at
    this.#fields = at - view.getInt32(at, true)
  }

  /** The table that a whole buffer begins with. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return new FlatTable(view, view.getUint32(0, true))
  }

  /** Where field `id` lies; 0 when it is left out. */
  #place(id: number): number {
    const size = this.#view.getUint16(this.#fields, true)
    const slot = 4 + id * 2
    const offset = slot + 2 <= size ? this.#view.getUint16(this.#fields + slot, true) : 0
    return offset === 0 ? 0 : this.#at + offset
  }

  #target(place: number): number {
    return place + this.#view.getUint32(place, true)
  }

  int8(id: number, otherwise = 0): number {
    const place = this.#place(id)
    return place === 0 ? otherwise : this.#view.getInt8(place)
  }

  bool(id: number): boolean {
    return this.int8(id) !== 0
  }

  int16(id: number, otherwise = 0): number {
    const place = this.#place(id)
    return place === 0 ? otherwise : this.#view.getInt16(place, true)
  }

  int32(id: number, otherwise = 0): number {
    const place = this.#place(id)
    return place === 0 ? otherwise : this.#view.getInt32(place, true)
  }

  int64(id: number): number {
    const place = this.#place(id)
    return place === 0 ? 0 : Number(this.#view.getBigInt64(place, true))
  }

  text(id: number): string {
    const place = this.#place(id)
    if (place === 0) return ''
    const at = this.#target(place)
    const length = this.#view.getUint32(at, true)
    if (at + 4 + length > this.#view.byteLength) throw new RangeError('a text goes beyond the structure')
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 4, length))
  }

  table(id: number): FlatTable | null {
    const place = this.#place(id)
    return place === 0 ? null : new FlatTable(this.#view, this.#target(place))
  }

  tables(id: number): FlatTable[] {
    return this.#items(id, 4, (at) => new FlatTable(this.#view, this.#target(at)))
  }

  /** A vector of structures of `size` bytes, each read by `read(view, at)`. */
  structs<T>(id: number, size: number, read: (view: DataView, at: number) => T): T[] {
    return this.#items(id, size, (at) => read(this.#view, at))
  }

  #items<T>(id: number, size: number, read: (at: number) => T): T[] {
    const place = this.#place(id)
    if (place === 0) return []
    const at = this.#target(place)
    const length = this.#view.getUint32(at, true)
    if (at + 4 + length * size > this.#view.byteLength) throw new RangeError('a list goes beyond the structure')
    return Array.from({ length }, (_, i) => read(at + 4 + i * size))
  }
}

/** Builds small TIFF files byte by byte, so that a test says exactly what is in them, sound or not. */

export interface TinyTag {
  readonly id: number
  /** 1 byte, 2 text, 3 short, 4 long, 12 double. */
  readonly type: 1 | 2 | 3 | 4 | 12
  readonly values: readonly number[] | string
  /** Says another count than there are values. */
  readonly claimedCount?: number
  /** Says another place than where the values are. */
  readonly claimedOffset?: number
}

export interface TinyDirectory {
  readonly tags: readonly TinyTag[]
  /** Blocks of this directory; their offsets and sizes are filled in as tags 273 and 279 (324 and 325 when tiled). */
  readonly blocks?: readonly Uint8Array[]
  /** Link to this byte instead of the next directory. */
  readonly next?: number
}

const sizeOf = { 1: 1, 2: 1, 3: 2, 4: 4, 12: 8 } as const

export function tinyTiff(directories: readonly TinyDirectory[], littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(1 << 20)
  const view = new DataView(bytes.buffer)
  let end = 8
  const allocate = (length: number): number => {
    const at = end + (end % 2)
    end = at + length
    return at
  }
  bytes.set(littleEndian ? [0x49, 0x49] : [0x4d, 0x4d])
  view.setUint16(2, 42, littleEndian)
  let linkAt = 4
  for (const { tags, blocks = [], next } of directories) {
    const tiled = tags.some((tag) => tag.id === 322)
    const placed = blocks.map((block) => {
      const at = allocate(block.length)
      bytes.set(block, at)
      return { at, length: block.length }
    })
    const own: TinyTag[] =
      placed.length === 0
        ? []
        : [
            { id: tiled ? 324 : 273, type: 4, values: placed.map(({ at }) => at) },
            { id: tiled ? 325 : 279, type: 4, values: placed.map(({ length }) => length) },
          ]
    const all = [...own.filter((tag) => !tags.some((given) => given.id === tag.id)), ...tags].sort((a, b) => a.id - b.id)
    const at = allocate(2 + all.length * 12 + 4)
    view.setUint32(linkAt, at, littleEndian)
    view.setUint16(at, all.length, littleEndian)
    for (const [i, tag] of all.entries()) writeTag(at + 2 + i * 12, tag)
    linkAt = at + 2 + all.length * 12
    if (next !== undefined) view.setUint32(linkAt, next, littleEndian)
  }
  return bytes.slice(0, end)

  function writeTag(at: number, tag: TinyTag): void {
    const values = typeof tag.values === 'string' ? [...new TextEncoder().encode(`${tag.values}\0`)] : tag.values
    const size = sizeOf[tag.type]
    view.setUint16(at, tag.id, littleEndian)
    view.setUint16(at + 2, tag.type, littleEndian)
    view.setUint32(at + 4, tag.claimedCount ?? values.length, littleEndian)
    const inline = size * values.length <= 4
    const valuesAt = inline ? at + 8 : allocate(size * values.length)
    if (!inline) view.setUint32(at + 8, valuesAt, littleEndian)
    for (const [i, value] of values.entries()) {
      if (tag.type === 3) view.setUint16(valuesAt + i * 2, value, littleEndian)
      else if (tag.type === 4) view.setUint32(valuesAt + i * 4, value, littleEndian)
      else if (tag.type === 12) view.setFloat64(valuesAt + i * 8, value, littleEndian)
      else view.setUint8(valuesAt + i, value)
    }
    if (tag.claimedOffset !== undefined) view.setUint32(at + 8, tag.claimedOffset, littleEndian)
  }
}

/** The tags of a plain image in one strip. */
export const imageTags = (
  width: number,
  height: number,
  bands: number,
  bits: number,
  { compression = 1, predictor = 1, format = 1, photometric = 1, planar = 1 } = {},
): TinyTag[] => [
  { id: 256, type: 4, values: [width] },
  { id: 257, type: 4, values: [height] },
  { id: 258, type: 3, values: new Array<number>(bands).fill(bits) },
  { id: 259, type: 3, values: [compression] },
  { id: 262, type: 3, values: [photometric] },
  { id: 277, type: 3, values: [bands] },
  { id: 278, type: 4, values: [height] },
  { id: 284, type: 3, values: [planar] },
  { id: 317, type: 3, values: [predictor] },
  { id: 339, type: 3, values: new Array<number>(bands).fill(format) },
]

/** The marker segments of a JPEG stream (ITU-T T.81, annex B): frame, tables and scans, checked before anything is allocated. */

export interface Component {
  readonly id: number
  /** Sampling factors, 1 … 4. */
  readonly h: number
  readonly v: number
  readonly table: number
  /** Size in samples as stored, without padding. */
  readonly width: number
  readonly height: number
  /** Blocks held: whole MCUs. */
  readonly blocksAcross: number
  readonly blocksDown: number
}

export interface Frame {
  readonly progressive: boolean
  readonly width: number
  readonly height: number
  readonly mostH: number
  readonly mostV: number
  readonly mcusAcross: number
  readonly mcusDown: number
  readonly components: readonly Component[]
}

/** Number of codes of each length and the values in order, and a table from the next 9 bits to length · 256 + value. */
export interface HuffmanTable {
  readonly quick: Uint16Array
  /** Per length 1 … 16: largest code (−1: none) and what to add to a code to find its value. */
  readonly largest: Int32Array
  readonly shift: Int32Array
  readonly values: Uint8Array
}

export interface Tables {
  readonly quantisation: (Uint16Array | undefined)[]
  readonly dc: (HuffmanTable | undefined)[]
  readonly ac: (HuffmanTable | undefined)[]
  restartInterval: number
}

export const newTables = (): Tables => ({ quantisation: [], dc: [], ac: [], restartInterval: 0 })

/** Position in the block of the k-th coefficient of the stream. */
// biome-ignore format: a table
export const zigzag = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)

export function readQuantisation(segment: Uint8Array, tables: Tables): void {
  let at = 0
  while (at < segment.length) {
    const head = segment[at++] as number
    const wide = head >> 4 !== 0
    if (at + (wide ? 128 : 64) > segment.length) throw new Error('a quantisation table of the JPEG is cut off')
    const table = new Uint16Array(64)
    for (let k = 0; k < 64; k++) {
      table[zigzag[k] as number] = wide ? ((segment[at] as number) << 8) | (segment[at + 1] as number) : (segment[at] as number)
      at += wide ? 2 : 1
    }
    tables.quantisation[head & 3] = table
  }
}

export function readHuffman(segment: Uint8Array, tables: Tables): void {
  let at = 0
  while (at + 17 <= segment.length) {
    const head = segment[at] as number
    const counts = segment.subarray(at + 1, at + 17)
    const n = counts.reduce((sum, count) => sum + count, 0)
    at += 17
    if (n > 256 || at + n > segment.length) throw new Error('a Huffman table of the JPEG is cut off')
    const kind = head >> 4 === 0 ? tables.dc : tables.ac
    kind[head & 3] = huffmanTable(counts, segment.slice(at, at + n))
    at += n
  }
}

function huffmanTable(counts: Uint8Array, values: Uint8Array): HuffmanTable {
  const quick = new Uint16Array(512)
  const largest = new Int32Array(18).fill(-1)
  const shift = new Int32Array(18)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const n = counts[length - 1] as number
    shift[length] = index - code
    if (code + n > 1 << length) throw new Error('a Huffman table of the JPEG has too many codes')
    for (let i = 0; i < n; i++, code++, index++) {
      if (length <= 9) quick.fill((length << 8) | (values[index] as number), code << (9 - length), (code + 1) << (9 - length))
    }
    if (n > 0) largest[length] = code - 1
    code <<= 1
  }
  return { quick, largest, shift, values }
}

/** @throws Error when the frame is not of the size and components that the TIFF says */
export function readFrame(segment: Uint8Array, progressive: boolean, mostWidth: number, mostHeight: number, samples: number): Frame {
  const [precision = 0, h1 = 0, h2 = 0, w1 = 0, w2 = 0, n = 0] = segment
  const [height, width] = [(h1 << 8) | h2, (w1 << 8) | w2]
  if (precision !== 8) throw new Error(`the JPEG has ${precision} bits per value, and 8 can be read`)
  if (width < 1 || height < 1 || width > mostWidth || height > mostHeight || n !== samples || segment.length < 6 + 3 * n)
    throw new Error(`the JPEG is ${width} × ${height} with ${n} components, and ${mostWidth} × ${mostHeight} with ${samples} was expected`)
  const raw = Array.from({ length: n }, (_, i) => {
    const [id = 0, factors = 0, table = 0] = segment.subarray(6 + 3 * i, 9 + 3 * i)
    return { id, h: factors >> 4, v: factors & 15, table: table & 3 }
  })
  if (raw.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) throw new Error('the JPEG has nonsense sampling factors')
  const mostH = Math.max(...raw.map(({ h }) => h))
  const mostV = Math.max(...raw.map(({ v }) => v))
  const mcusAcross = Math.ceil(width / (8 * mostH))
  const mcusDown = Math.ceil(height / (8 * mostV))
  return {
    progressive,
    width,
    height,
    mostH,
    mostV,
    mcusAcross,
    mcusDown,
    components: raw.map((component) => ({
      ...component,
      width: Math.ceil((width * component.h) / mostH),
      height: Math.ceil((height * component.v) / mostV),
      blocksAcross: mcusAcross * component.h,
      blocksDown: mcusDown * component.v,
    })),
  }
}

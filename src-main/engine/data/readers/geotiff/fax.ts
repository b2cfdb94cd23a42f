/**
 * CCITT fax coding of black and white lines (ITU-T T.4 and T.6): one-dimensional runs (compressions 2 and 3) and lines
 * described by where they change against the line above (3 with option bit 0, and 4).
 */

// Codes of runs by length: 0 … 63, then 64, 128 … 1728.
const white =
  '00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 ' +
  '11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 010011010 011000 010011011'
const black =
  '0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111 ' +
  '0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 0000001011011 0000001100100 0000001100101'
/** 1792, 1856 … 2560, of both colours. */
const long =
  '00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111 000000011100 000000011101 000000011110 000000011111'
/** Pass, horizontal, and vertical by −3 … 3. */
const modes = '0001 001 0000010 000010 010 1 011 000011 0000011'
const [pass, horizontal, straight] = [0, 1, 5]

/** From the next 13 bits to length · 4096 + value; 0 where there is no code. */
function tableOf(codes: readonly (readonly [code: string, value: number])[]): Uint16Array {
  const table = new Uint16Array(1 << 13)
  for (const [code, value] of codes) {
    const from = Number.parseInt(code, 2) << (13 - code.length)
    table.fill((code.length << 12) | value, from, from + (1 << (13 - code.length)))
  }
  return table
}
const runsOf = (codes: string): Uint16Array =>
  tableOf([
    ...codes.split(' ').map((code, i) => [code, i < 64 ? i : (i - 63) * 64] as const),
    ...long.split(' ').map((code, i) => [code, 1792 + 64 * i] as const),
  ])

interface Tables {
  readonly white: Uint16Array
  readonly black: Uint16Array
  readonly modes: Uint16Array
}
let tables: Tables | undefined

export interface FaxShape {
  readonly width: number
  readonly rows: number
  /** The TIFF's number of the compression: 2, 3 or 4. */
  readonly compression: number
  /** Of compression 3: bit 0 says that lines may refer to the line above. */
  readonly options: number
}

/**
 * @returns whole bytes per line, 0 for white; fewer lines than asked for when the stream ends early
 */
export function decodeFax(input: Uint8Array, shape: FaxShape): Uint8Array<ArrayBuffer> {
  tables ??= { white: runsOf(white), black: runsOf(black), modes: tableOf(modes.split(' ').map((code, i) => [code, i] as const)) }
  const { width, rows, compression } = shape
  const bits = new FaxBits(input)
  const bytesPerLine = Math.ceil(width / 8)
  const output = new Uint8Array(bytesPerLine * rows)
  // Where colours change, first to black; ends with the width, several times.
  let above = new Int32Array(width + 4).fill(width)
  let line = new Int32Array(width + 4)
  for (let row = 0; row < rows; row++) {
    if (compression === 2) bits.alignToByte()
    let twoDimensional = compression === 4
    if (compression === 3) {
      bits.skipEndOfLine()
      if (shape.options & 1) twoDimensional = bits.take(1) === 0
    }
    const n = twoDimensional ? readAgainst(bits, above, line, width, tables) : readRuns(bits, line, width, tables)
    if (n < 0) return output.subarray(0, row * bytesPerLine)
    line.fill(width, n)
    for (let i = 0; i + 1 <= n; i += 2) paint(output, row * bytesPerLine, line[i] as number, line[i + 1] as number)
    ;[above, line] = [line, above]
  }
  return output
}

class FaxBits {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** The next 13 bits, zeros beyond the end. */
  peek(): number {
    const byte = this.at >> 3
    const { bytes } = this
    const three = ((bytes[byte] ?? 0) << 16) | ((bytes[byte + 1] ?? 0) << 8) | (bytes[byte + 2] ?? 0)
    return (three >> (11 - (this.at & 7))) & 0x1fff
  }

  take(n: number): number {
    const value = this.peek() >> (13 - n)
    this.at += n
    return value
  }

  alignToByte(): void {
    this.at = (this.at + 7) & ~7
  }

  get ended(): boolean {
    return this.at >= this.bytes.length * 8
  }

  /** Value of the next code, or −1. */
  code(table: Uint16Array): number {
    const found = table[this.peek()] as number
    if (found === 0 || this.ended) return -1
    this.at += found >> 12
    return found & 0xfff
  }

  /** Eleven zeros and a one, after any number of fill bits. */
  skipEndOfLine(): void {
    const from = this.at
    let zeros = 0
    while (!this.ended && this.take(1) === 0) zeros++
    if (zeros < 11) this.at = from
  }
}

/** A run of one colour: any number of make-up codes and a terminating one; −1 when there is none. */
function readRun(bits: FaxBits, table: Uint16Array): number {
  let total = 0
  for (;;) {
    const length = bits.code(table)
    if (length < 0) return -1
    total += length
    if (length < 64) return total
  }
}

/** @returns how many changes the line has, −1 when it cannot be read */
function readRuns(bits: FaxBits, line: Int32Array, width: number, { white, black }: Tables): number {
  let [position, n, colour] = [0, 0, 0]
  while (position < width) {
    const run = readRun(bits, colour === 0 ? white : black)
    if (run < 0) return -1
    position = Math.min(width, position + run)
    line[n++] = position
    colour ^= 1
  }
  return n
}

/** Two-dimensional: each change is placed against those of the line above. */
function readAgainst(bits: FaxBits, above: Int32Array, line: Int32Array, width: number, { white, black, modes }: Tables): number {
  let [position, n, colour] = [0, 0, 0]
  let first = true
  while (position < width) {
    // b1: first change above, right of the position, towards the other colour.
    let b = colour
    while ((above[b] as number) < width && (first ? (above[b] as number) < position : (above[b] as number) <= position)) b += 2
    const mode = bits.code(modes)
    if (mode < 0) return -1
    if (mode === pass) position = above[b + 1] ?? width
    else if (mode === horizontal) {
      const one = readRun(bits, colour === 0 ? white : black)
      const other = readRun(bits, colour === 0 ? black : white)
      if (one < 0 || other < 0) return -1
      line[n++] = Math.min(width, position + one)
      position = Math.min(width, position + one + other)
      line[n++] = position
    } else {
      const change = (above[b] as number) + mode - straight
      if (change < position || change > width) return -1
      line[n++] = position = change
      colour ^= 1
    }
    first = false
    if (n > width + 1) return -1
  }
  return n
}

function paint(output: Uint8Array, at: number, from: number, to: number): void {
  for (let x = from; x < to; x++) output[at + (x >> 3)] = (output[at + (x >> 3)] as number) | (0x80 >> (x & 7))
}

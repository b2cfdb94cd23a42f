/**
 * Entropy-coded scans (ITU-T T.81, annexes F and G): Huffman codes → coefficients, sequential and progressive.
 * Damaged streams give zeros from where they end, as libjpeg does; nothing is read beyond the stream.
 */
import { type Component, type Frame, type HuffmanTable, type Tables, zigzag } from './frame.ts'

/** Coefficients of a component: 64 per block, in the order of the block. */
export type Coefficients = Int16Array

export interface Scan {
  readonly components: readonly { readonly index: number; readonly dc: number; readonly ac: number }[]
  readonly from: number
  readonly to: number
  readonly high: number
  readonly low: number
}

/** Bits of a scan, most significant first; stops at a marker. */
class Bits {
  readonly bytes: Uint8Array
  at: number
  buffer = 0
  held = 0
  /** Bits wanted after the end: a stream that lacks many is damaged. */
  missing = 0

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  fill(): void {
    while (this.held <= 16) {
      let byte = 0
      const { bytes, at } = this
      if (at >= bytes.length || (bytes[at] === 0xff && bytes[at + 1] !== 0)) this.missing += 8
      else {
        byte = bytes[at] as number
        this.at = at + (byte === 0xff ? 2 : 1)
      }
      this.buffer = ((this.buffer << 8) | byte) & 0xffffff
      this.held += 8
    }
  }

  read(n: number): number {
    if (n === 0) return 0
    if (this.held < n) this.fill()
    this.held -= n
    return (this.buffer >>> this.held) & ((1 << n) - 1)
  }

  /** A value of n bits, whose upper half is positive (table F.1). */
  extended(n: number): number {
    if (n === 0) return 0
    const value = this.read(n)
    return value < 1 << (n - 1) ? value - (1 << n) + 1 : value
  }

  code({ quick, largest, shift, values }: HuffmanTable): number {
    if (this.held < 16) this.fill()
    const found = quick[(this.buffer >>> (this.held - 9)) & 511] as number
    if (found !== 0) {
      this.held -= found >> 8
      return found & 255
    }
    for (let length = 10; length <= 16; length++) {
      const code = (this.buffer >>> (this.held - length)) & ((1 << length) - 1)
      if (code <= (largest[length] as number)) {
        this.held -= length
        return values[code + (shift[length] as number)] as number
      }
    }
    throw new Error('the JPEG has a code that is in no table')
  }

  /** Goes on after the next restart marker. */
  restart(): void {
    this.held = 0
    this.buffer = 0
    const { bytes } = this
    while (this.at + 1 < bytes.length) {
      if (bytes[this.at] === 0xff) {
        const marker = bytes[this.at + 1] as number
        if (marker >= 0xd0 && marker <= 0xd7) {
          this.at += 2
          return
        }
        if (marker !== 0 && marker !== 0xff) return
      }
      this.at++
    }
  }
}

/** @returns where the scan's bytes end */
export function readScan(
  bytes: Uint8Array,
  start: number,
  frame: Frame,
  scan: Scan,
  tables: Tables,
  planes: readonly Coefficients[],
): number {
  const bits = new Bits(bytes, start)
  const previous = new Int32Array(frame.components.length)
  const run = { end: 0 }
  const decode = frame.progressive ? progressiveBlock(scan) : sequentialBlock
  const members = scan.components.map(({ index, dc, ac }) => ({
    index,
    component: frame.components[index] as Component,
    plane: planes[index] as Coefficients,
    dc: tables.dc[dc],
    ac: tables.ac[ac],
  }))
  const single = members.length === 1 ? members[0] : undefined
  // A scan of one component has no padding to whole MCUs.
  const across = single ? Math.ceil(single.component.width / 8) : frame.mcusAcross
  const down = single ? Math.ceil(single.component.height / 8) : frame.mcusDown
  let left = tables.restartInterval
  for (let mcu = 0; mcu < across * down; mcu++) {
    if (tables.restartInterval > 0 && left-- === 0) {
      bits.restart()
      previous.fill(0)
      run.end = 0
      left = tables.restartInterval - 1
    }
    const [x, y] = [mcu % across, Math.floor(mcu / across)]
    for (const member of members) {
      const { component, plane } = member
      const [h, v] = single ? [1, 1] : [component.h, component.v]
      for (let r = 0; r < v; r++) {
        for (let c = 0; c < h; c++) decode(bits, plane, ((y * v + r) * component.blocksAcross + x * h + c) * 64, member, previous, run)
      }
    }
    if (bits.missing > 1 << 12) break
  }
  return bits.at
}

interface Member {
  readonly index: number
  readonly dc: HuffmanTable | undefined
  readonly ac: HuffmanTable | undefined
}
type DecodeBlock = (bits: Bits, plane: Coefficients, at: number, member: Member, previous: Int32Array, run: { end: number }) => void

function needed(table: HuffmanTable | undefined): HuffmanTable {
  if (!table) throw new Error('the JPEG uses a Huffman table that it does not have')
  return table
}

const sequentialBlock: DecodeBlock = (bits, plane, at, { index, dc, ac }, previous) => {
  const difference = bits.extended(bits.code(needed(dc)) & 15)
  plane[at] = previous[index] = (previous[index] as number) + difference
  const table = needed(ac)
  for (let k = 1; k < 64; ) {
    const symbol = bits.code(table)
    const size = symbol & 15
    const zeros = symbol >> 4
    if (size === 0) {
      if (zeros !== 15) break
      k += 16
      continue
    }
    k += zeros
    if (k > 63) break
    plane[at + (zigzag[k] as number)] = bits.extended(size)
    k++
  }
}

function progressiveBlock({ from, to, high, low }: Scan): DecodeBlock {
  if (from === 0)
    return high === 0
      ? firstDc(low)
      : (bits, plane, at) => {
          if (bits.read(1)) plane[at] = (plane[at] as number) | (1 << low)
        }
  return high === 0 ? firstAc(from, to, low) : refinedAc(from, to, low)
}

const firstDc =
  (low: number): DecodeBlock =>
  (bits, plane, at, { index, dc }, previous) => {
    const difference = bits.extended(bits.code(needed(dc)) & 15)
    previous[index] = (previous[index] as number) + difference
    plane[at] = (previous[index] as number) << low
  }

const firstAc =
  (from: number, to: number, low: number): DecodeBlock =>
  (bits, plane, at, { ac }, _previous, run) => {
    if (run.end > 0) {
      run.end--
      return
    }
    const table = needed(ac)
    for (let k = from; k <= to; ) {
      const symbol = bits.code(table)
      const size = symbol & 15
      const zeros = symbol >> 4
      if (size === 0) {
        if (zeros < 15) {
          run.end = (1 << zeros) - 1 + bits.read(zeros)
          return
        }
        k += 16
        continue
      }
      k += zeros
      if (k > 63) return
      plane[at + (zigzag[k] as number)] = bits.extended(size) * (1 << low)
      k++
    }
  }

/** Successive approximation: one more bit of coefficients already known, new ones of size one in between (figure G.7). */
const refinedAc =
  (from: number, to: number, low: number): DecodeBlock =>
  (bits, plane, at, { ac }, _previous, run) => {
    const one = 1 << low
    const table = needed(ac)
    const refine = (position: number): void => {
      const value = plane[position] as number
      if (bits.read(1) && (value & one) === 0) plane[position] = value + (value >= 0 ? one : -one)
    }
    let k = from
    if (run.end === 0) {
      for (; k <= to; k++) {
        const symbol = bits.code(table)
        let zeros = symbol >> 4
        let fresh = 0
        if ((symbol & 15) === 0) {
          if (zeros < 15) {
            run.end = (1 << zeros) + bits.read(zeros)
            break
          }
        } else fresh = bits.read(1) ? one : -one
        for (; k <= to; k++) {
          const position = at + (zigzag[k] as number)
          if (plane[position] !== 0) refine(position)
          else if (zeros-- === 0) {
            if (fresh !== 0) plane[position] = fresh
            break
          }
        }
      }
    }
    if (run.end > 0) {
      for (; k <= to; k++) {
        const position = at + (zigzag[k] as number)
        if (plane[position] !== 0) refine(position)
      }
      run.end--
    }
  }

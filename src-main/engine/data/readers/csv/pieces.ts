/**
 * A piece of a file, read by the records that begin in it. Its begin may be a guess: then the first line end from there on is
 * taken for the end of a record, which is wrong inside a quoted text; whoever puts pieces together compares where one ends with
 * where the next began, and has it read again from the right place.
 */
import { readSync } from 'node:fs'
import { StratumError } from '#common/errors.ts'
import { EndlessRecord, type Layout, carriageReturn, lineFeed, longestRecord } from './layout.ts'
import type { Scanner } from './scanner.ts'

export interface Piece {
  readonly start: number
  readonly end: number
  /** A record begins at `start`. */
  readonly exact: boolean
}

/** Where its first record begins, and the first that is not its own. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** Read beyond a piece for its last record; doubled while that is not enough. */
const overhang = 64 << 10

export function endlessRecord(path: string, { line, quoted }: { line: number; quoted: boolean }, firstLine: number): StratumError {
  const at = line + firstLine
  return new StratumError(
    'FILE_CORRUPT',
    `The record that begins on line ${at} goes on for more than ${longestRecord >> 20} MB${quoted ? '; a quote is probably not closed' : ''}.`,
    `Look at line ${at} in a text editor, or choose another quote character.`,
    { path, line: at },
  )
}

/** Collects bytes that come in any cut and runs a scanner over the whole records among them. */
export class RecordBuffer {
  #bytes = new Uint8Array(0)
  #from = 0
  #to = 0
  /** A record that did not end is looked at again when twice as much is held: else a long one is gone through once per piece. */
  #enough = 0

  /** Room for `length` more bytes; they count once `added`. */
  room(length: number): Uint8Array {
    const held = this.#to - this.#from
    // One byte more, for the line feed behind the last record.
    if (this.#to + length + 1 > this.#bytes.length) {
      const bytes = held + length + 1 > this.#bytes.length ? new Uint8Array(held + length + 1) : this.#bytes
      if (bytes === this.#bytes) bytes.copyWithin(0, this.#from, this.#to)
      else bytes.set(this.#bytes.subarray(this.#from, this.#to))
      this.#bytes = bytes
      this.#from = 0
      this.#to = held
    }
    return this.#bytes.subarray(this.#to, this.#to + length)
  }

  added(length: number): void {
    this.#to += length
  }

  clear(): void {
    this.#from = this.#to = this.#enough = 0
  }

  get held(): number {
    return this.#to - this.#from
  }

  /** Leaves out the bytes up to behind the first line end from `at` on. @returns how many, or −1 when there is none yet */
  skipLine(): number {
    const bytes = this.#bytes
    for (let p = this.#from; p < this.#to; p++) {
      if (bytes[p] !== lineFeed && bytes[p] !== carriageReturn) continue
      if (bytes[p] === carriageReturn && p + 1 === this.#to) return -1
      const next = bytes[p] === carriageReturn && bytes[p + 1] === lineFeed ? p + 2 : p + 1
      const skippedBytes = next - this.#from
      this.#from = next
      return skippedBytes
    }
    return -1
  }

  /**
   * Runs over the whole records that begin among the first `limit` bytes held.
   * @param check is given the bytes done and the line they begin on
   * @returns bytes done
   */
  run(scanner: Scanner, limit: number, final: boolean, layout: Layout, check?: (bytes: Uint8Array, line: number) => void): number {
    if (!final && this.held < Math.min(this.#enough, longestRecord + 1)) return 0
    const line = scanner.line
    this.#bytes[this.#to] = lineFeed
    const next = scanner.run(this.#bytes, this.#from, Math.min(this.#from + limit, this.#to), this.#to, final)
    const done = next - this.#from
    check?.(this.#bytes.subarray(this.#from, next), line)
    this.#from = next
    this.#enough = done === 0 ? 2 * this.held : 0
    if (this.held > longestRecord && done === 0)
      throw new EndlessRecord(
        scanner.line,
        layout.quote !== 0 && this.#bytes.subarray(this.#from, this.#from + longestRecord).includes(layout.quote),
      )
    return done
  }
}

/** Reads pieces of one file into one buffer. Memory: a piece and its longest record. */
export class PieceReader {
  readonly #fd: number
  readonly #size: number
  readonly #layout: Layout
  readonly #buffer = new RecordBuffer()

  constructor(fd: number, size: number, layout: Layout) {
    this.#fd = fd
    this.#size = size
    this.#layout = layout
  }

  read(piece: Piece, scanner: Scanner, check?: (bytes: Uint8Array, line: number) => void): Extent {
    const buffer = this.#buffer
    buffer.clear()
    // A guessed begin is right when the byte before it ends a line.
    let offset = piece.exact ? piece.start : piece.start - 1
    let readTo = offset
    const fill = (to: number): void => {
      const length = Math.min(to, this.#size) - readTo
      if (length <= 0) return
      const room = buffer.room(length)
      let filled = 0
      while (filled < length) {
        const got = readSync(this.#fd, room, filled, length - filled, readTo + filled)
        if (got === 0) break
        filled += got
      }
      buffer.added(filled)
      // A file that has become shorter ends here.
      readTo = filled < length ? this.#size : readTo + filled
    }
    fill(piece.end + overhang)
    if (!piece.exact) {
      const line = buffer.skipLine()
      if (line < 0 || offset + line >= piece.end) return { start: piece.end, end: piece.end }
      offset += line
    }
    const start = offset
    for (let more = overhang; ; more *= 2) {
      const final = readTo >= this.#size
      offset += buffer.run(scanner, piece.end - offset, final, this.#layout, check)
      if (offset >= piece.end || final) return { start, end: offset }
      fill(readTo + more)
    }
  }
}

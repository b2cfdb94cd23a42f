/**
 * Bytes of a delimited file → numbers and fields, record by record (RFC 4180, leniently): a field may be quoted, a quote
 * inside is doubled, and a quoted field may hold delimiters and line ends. Text after a closing quote is kept as part of the
 * field. Blank lines and comments are no records.
 *
 * Plain numbers are read on the way, without making texts of them. Up to 2^53 and 10^±22 the quotient of digits and power of
 * ten is exact (Clinger, PLDI 1990). Beyond, its relative error is below 10^−15; it is kept when that cannot change the
 * float32 it will become, and left to Number() else. So every value, as float32, is that of Number(text).
 */
import { EndlessRecord, type Layout, blank, carriageReturn, lineFeed, longestRecord, tabulator } from './layout.ts'
import { mostExactPower, mostPower, powersOfTen } from './powers.ts'

/** What is done with a column's fields. */
export const skipped = 0
/** Plain numbers are read here; what is none goes to `field`. */
export const plainNumbers = 1
/** Every field goes to `field`. */
export const everyField = 2
/** Plain numbers without zeros in front are read here, as 00123 may be a name and no quantity; all others go to `field`. */
export const unpaddedNumbers = 3

export interface Receiver {
  /**
   * What is stored for a field that is not read here: bytes[from … to) without quotes, possibly with blanks around. Asked for once
   * the record is known to be whole.
   */
  field(column: number, line: number, bytes: Uint8Array, from: number, to: number): number
  /** A record that has not as many fields as there are columns. Missing fields are NaN and are not asked for. */
  ragged(line: number, fields: number): void
  /** The rows in X are complete; they are overwritten afterwards. */
  rows(X: Float64Array, n: number): void
}

const scratchValues = 1 << 14
const exactIntegers = 2 ** 53

export class Scanner {
  readonly #layout: Layout
  readonly #kinds: Uint8Array
  /** Place of each column in a row of X, −1 for those left out. */
  readonly #places: Int32Array
  readonly #d: number
  readonly #X: Float64Array
  readonly #capacity: number
  readonly #receiver: Receiver
  #n = 0
  /** Line of the file, counted from where the scanner began. */
  line = 0
  comments = 0
  /** Quoted fields with more text behind the closing quote: the quote may not be one. */
  oddQuotes = 0
  /** Line of a quoted field that nothing closed before the end of the file. */
  openQuote: number | null = null
  /** The text of the field just ended; null when it lies in the bytes. */
  #text: Uint8Array | null = null
  #textFrom = 0
  #textTo = 0
  /** Column, begin and end of the fields of a record that wait for its end: of a record that is cut off, none is handed over. */
  #held = new Int32Array(3 * 64)
  readonly #heldTexts: (Uint8Array | null)[] = []
  #nHeld = 0

  constructor(layout: Layout, kinds: Uint8Array, places: Int32Array, receiver: Receiver) {
    this.#layout = layout
    this.#kinds = kinds
    this.#places = places
    this.#d = places.reduce((most, place) => Math.max(most, place + 1), 0)
    this.#capacity = Math.max(1, Math.floor(scratchValues / Math.max(1, this.#d)))
    this.#X = new Float64Array(this.#capacity * this.#d)
    this.#receiver = receiver
  }

  /** Hands over the rows that are still held. */
  flush(): void {
    if (this.#n > 0) this.#receiver.rows(this.#X, this.#n)
    this.#n = 0
  }

  /**
   * Reads the records that begin in bytes[from … limit). bytes[to] must exist and be a line feed, which ends the last record when
   * the file ends there (`final`); else a record that reaches it is left.
   * @returns where the next record begins
   */
  run(bytes: Uint8Array, from: number, limit: number, to: number, final: boolean): number {
    const { delimiter, runs, comment, mark } = this.#layout
    const kinds = this.#kinds
    const places = this.#places
    const width = kinds.length
    const X = this.#X
    const d = this.#d
    let p = from
    while (p < limit) {
      const first = bytes[p] as number
      if (first === lineFeed && p < to) {
        p++
        this.line++
        continue
      }
      if (first === lineFeed || first === carriageReturn) {
        const next = lineEndAfter(bytes, p, to, final)
        if (next < 0) return p
        p = next
        this.line++
        continue
      }
      if (first === comment) {
        let q = p
        while (bytes[q] !== lineFeed && bytes[q] !== carriageReturn) q++
        const next = lineEndAfter(bytes, q, to, final)
        if (next < 0) return p
        p = next
        this.line++
        this.comments++
        continue
      }
      const record = p
      const line = this.line
      const base = this.#n * d
      let c = 0
      this.#nHeld = 0
      if (runs) while (bytes[p] === blank || bytes[p] === tabulator) p++
      for (;;) {
        const kind = c < width ? (kinds[c] as number) : skipped
        let stop = -1
        if (kind === plainNumbers || kind === unpaddedNumbers) {
          let q = p
          let b = bytes[q] as number
          while (b === blank && delimiter !== blank) b = bytes[++q] as number
          const isPadded = b === 48 && kind === unpaddedNumbers && ((bytes[q + 1] as number) ^ 48) < 10
          let negative = false
          if (b === 45) {
            negative = true
            b = bytes[++q] as number
          } else if (b === 43) b = bytes[++q] as number
          // Digits in parts of nine, which fit an integer.
          let part = 0
          let inPart = 0
          let whole = 0
          let digits = 0
          let markAt = -1
          for (;;) {
            if ((b ^ 48) < 10) {
              part = (Math.imul(part, 10) + (b ^ 48)) | 0
              if (++inPart === 9) {
                whole = whole * 1e9 + part
                digits += 9
                part = 0
                inPart = 0
              }
            } else if (b === mark && markAt < 0) markAt = digits + inPart
            else break
            b = bytes[++q] as number
          }
          digits += inPart
          if (digits > 0 && digits <= 27 && !isPadded) {
            let scale = markAt < 0 ? 0 : digits - markAt
            if ((b | 32) === 101) {
              let sign = 1
              b = bytes[++q] as number
              if (b === 45) {
                sign = -1
                b = bytes[++q] as number
              } else if (b === 43) b = bytes[++q] as number
              let power = 0
              const begin = q
              while ((b ^ 48) < 10 && power < 10_000) {
                power = power * 10 + (b ^ 48)
                b = bytes[++q] as number
              }
              // An exponent without digits is no number; the line end looked for below is not here.
              if (q === begin) b = 0
              scale -= sign * power
            }
            while (b === blank && delimiter !== blank) b = bytes[++q] as number
            if ((b === delimiter || b === lineFeed || b === carriageReturn) && scale <= mostPower && scale >= -mostPower) {
              const integer = digits < 9 ? part : whole * (powersOfTen[inPart] as number) + part
              let value =
                scale === 0 ? integer : scale > 0 ? integer / (powersOfTen[scale] as number) : integer * (powersOfTen[-scale] as number)
              if (integer > exactIntegers || scale > mostExactPower || scale < -mostExactPower) {
                if (Math.fround(value * (1 - 1e-15)) !== Math.fround(value * (1 + 1e-15))) value = exactly(bytes, p, q, mark)
              }
              X[base + (places[c] as number)] = negative ? -value : value
              stop = q
            }
          }
        }
        if (stop < 0) {
          stop = this.#endOfField(bytes, p, to, final)
          if (stop < 0) {
            this.line = line
            return record
          }
          if (kind !== skipped) this.#hold(c)
        }
        c++
        const end = bytes[stop] as number
        if (end === delimiter || (runs && (end === blank || end === tabulator))) {
          p = stop + 1
          if (!runs) continue
          while (bytes[p] === blank || bytes[p] === tabulator) p++
          if (bytes[p] !== lineFeed && bytes[p] !== carriageReturn) continue
          stop = p
        }
        p = lineEndAfter(bytes, stop, to, final)
        if (p < 0) {
          this.line = line
          return record
        }
        break
      }
      this.line++
      if (p - record > longestRecord)
        throw new EndlessRecord(line, this.#layout.quote !== 0 && bytes.subarray(record, p).includes(this.#layout.quote))
      for (let i = 0; i < this.#nHeld; i++) {
        const column = this.#held[3 * i] as number
        const text = this.#heldTexts[i] ?? bytes
        const value = this.#receiver.field(column, line, text, this.#held[3 * i + 1] as number, this.#held[3 * i + 2] as number)
        const place = places[column] as number
        if (place >= 0) X[base + place] = value
      }
      if (c !== width) {
        for (let missing = c; missing < width; missing++) {
          const place = places[missing] as number
          if (place >= 0) X[base + place] = Number.NaN
        }
        this.#receiver.ragged(line, c)
      }
      if (++this.#n === this.#capacity) this.flush()
    }
    return p
  }

  #hold(column: number): void {
    const at = 3 * this.#nHeld
    if (at === this.#held.length) {
      const held = new Int32Array(2 * at)
      held.set(this.#held)
      this.#held = held
    }
    this.#held[at] = column
    this.#held[at + 1] = this.#textFrom
    this.#held[at + 2] = this.#textTo
    this.#heldTexts[this.#nHeld++] = this.#text
  }

  /** Where the field that begins at p is ended by a delimiter or line end; −1 when the bytes end before. Sets the text. */
  #endOfField(bytes: Uint8Array, p: number, to: number, final: boolean): number {
    const { delimiter, runs, quote } = this.#layout
    let q = p
    if (!runs) while (bytes[q] === blank && delimiter !== blank) q++
    if (quote !== 0 && bytes[q] === quote) return this.#endOfQuoted(bytes, q + 1, to, final)
    q = p
    for (;;) {
      const b = bytes[q] as number
      if (b === delimiter || b === lineFeed || b === carriageReturn || (runs && b === tabulator)) break
      q++
    }
    this.#text = null
    this.#textFrom = p
    this.#textTo = q
    return q
  }

  /** The same from behind an opening quote. Line ends inside are counted. */
  #endOfQuoted(bytes: Uint8Array, from: number, to: number, final: boolean): number {
    const { delimiter, quote, escape: backslash, runs } = this.#layout
    let q = from
    let lines = 0
    let escapes = 0
    for (;;) {
      if (q >= to) {
        if (!final) return -1
        this.openQuote = this.line
        break
      }
      const b = bytes[q] as number
      if (b === quote) {
        if (bytes[q + 1] !== quote) break
        q++
        escapes++
      } else if (backslash !== 0 && b === backslash && q + 1 < to) {
        q++
        escapes++
      } else if (b === lineFeed || (b === carriageReturn && bytes[q + 1] !== lineFeed)) lines++
      q++
    }
    const close = Math.min(q, to)
    q = close < to ? close + 1 : to
    const after = q
    let blanks = 0
    for (;;) {
      const b = bytes[q] as number
      if (b === delimiter || b === lineFeed || b === carriageReturn || (runs && b === tabulator)) break
      if (b === blank) blanks++
      q++
    }
    if (q >= to && !final) return -1
    this.line += lines
    if (escapes === 0 && blanks === q - after) {
      this.#text = null
      this.#textFrom = from
      this.#textTo = close
      return q
    }
    if (blanks !== q - after) this.oddQuotes++
    this.#unquote(bytes, from, close, after, q)
    return q
  }

  /** The text with quotes and escapes resolved, and what follows the closing quote. */
  #unquote(bytes: Uint8Array, from: number, close: number, after: number, end: number): void {
    const { quote, escape: backslash } = this.#layout
    const text = new Uint8Array(close - from + end - after)
    let n = 0
    for (let q = from; q < close; q++) {
      const b = bytes[q] as number
      const next = bytes[q + 1]
      if (q + 1 < close && (b === quote || (b === backslash && backslash !== 0 && (next === quote || next === backslash)))) q++
      text[n++] = bytes[q] as number
    }
    for (let q = after; q < end; q++) text[n++] = bytes[q] as number
    this.#text = text
    this.#textFrom = 0
    this.#textTo = n
  }
}

/** Where the next line begins, the line end being at `stop`; −1 when the bytes end before that is known. */
function lineEndAfter(bytes: Uint8Array, stop: number, to: number, final: boolean): number {
  if (final) return stop >= to ? to : bytes[stop] === carriageReturn && stop + 1 < to && bytes[stop + 1] === lineFeed ? stop + 2 : stop + 1
  if (stop >= to) return -1
  if (bytes[stop] !== carriageReturn) return stop + 1
  if (stop + 1 >= to) return -1
  return bytes[stop + 1] === lineFeed ? stop + 2 : stop + 1
}

/** Without its sign. */
function exactly(bytes: Uint8Array, from: number, to: number, mark: number): number {
  let text = ''
  for (let i = from; i < to; i++) text += bytes[i] === mark ? '.' : String.fromCharCode(bytes[i] as number)
  return Math.abs(Number(text.trim()))
}

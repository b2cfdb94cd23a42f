/** How the bytes of a delimited file are cut into fields. Every mark is one ASCII byte, so UTF-8 and one-byte encodings are cut alike. */
export interface Layout {
  readonly delimiter: number
  /** Several delimiters in a row are one, and those around a line are none: columns padded with blanks. */
  readonly runs: boolean
  /** 0: no field is quoted. */
  readonly quote: number
  /** A byte that takes the next one literally inside quotes, besides the doubled quote; 0: none. */
  readonly escape: number
  /** A line that begins with this byte is no record; 0: none. */
  readonly comment: number
  /** Decimal mark: '.' or ','. */
  readonly mark: number
}

export const byteOf = (character: string): number => character.charCodeAt(0)

/** Stands for a delimiter of several bytes: what ASCII has for it (unit separator). */
export const unitSeparator = 31
export const lineFeed = 10
export const carriageReturn = 13
export const blank = 32
export const tabulator = 9

/** A record longer than this is an unclosed quote or a file without line ends. */
export const longestRecord = 16 << 20

/** The record that begins on this line, counted from the beginning of the piece, is longer than any record may be. */
export class EndlessRecord extends Error {
  readonly line: number
  readonly quoted: boolean
  constructor(line: number, quoted: boolean) {
    super(`the record on line ${line} does not end`)
    this.line = line
    this.quoted = quoted
  }
}

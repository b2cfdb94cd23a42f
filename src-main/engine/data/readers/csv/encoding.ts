/** Which encoding the bytes are of, and texts out of them. */
import { isAscii, isUtf8 } from 'node:buffer'

export const encodings = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'iso-8859-2',
  'windows-1251',
  'koi8-r',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
] as const
export type Encoding = (typeof encodings)[number]

/** Their bytes below 128 are ASCII wherever they stand, so records can be cut without decoding; the others are made UTF-8 on the way. */
export const cutAsBytes = (encoding: Encoding): boolean =>
  encoding === 'utf-8' || encoding === 'windows-1252' || encoding === 'iso-8859-2' || encoding === 'windows-1251' || encoding === 'koi8-r'

/** By the byte-order mark, else by where the zero bytes are, else UTF-8, which the survey then proves or refutes. */
export function detectEncoding(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  const zeros = [0, 0]
  const n = Math.min(head.length, 4096)
  for (let i = 0; i < n; i++) if (head[i] === 0) zeros[i & 1] = (zeros[i & 1] as number) + 1
  if ((zeros[1] as number) > n / 8 && zeros[0] === 0) return 'utf-16le'
  if ((zeros[0] as number) > n / 8 && zeros[1] === 0) return 'utf-16be'
  return 'utf-8'
}

export interface TextCheck {
  /** Bytes that are not UTF-8, and characters that are and lie beyond ASCII. */
  foreign: number
  beyondAscii: number
  /** Line of the first foreign byte. */
  firstLine: number | null
}

/** @param line of the first byte */
export function checkUtf8(bytes: Uint8Array, line: number): TextCheck {
  if (isAscii(bytes)) return { foreign: 0, beyondAscii: 0, firstLine: null }
  if (isUtf8(bytes)) {
    let beyondAscii = 0
    for (const byte of bytes) if (byte >= 0xc0) beyondAscii++
    return { foreign: 0, beyondAscii, firstLine: null }
  }
  const text = new TextDecoder('utf-8').decode(bytes)
  let [foreign, beyondAscii, firstLine, at] = [0, 0, null as number | null, line]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 10) at++
    else if (code === 0xfffd) {
      foreign++
      firstLine ??= at
    } else if (code > 127) beyondAscii++
  }
  return { foreign, beyondAscii, firstLine }
}

export function addTextCheck(sum: TextCheck, next: TextCheck): void {
  sum.foreign += next.foreign
  sum.beyondAscii += next.beyondAscii
  sum.firstLine ??= next.firstLine
}

/** Text of one character per byte → text. Bytes that fit nowhere become U+FFFD. */
export function decoderFor(encoding: Encoding): (bytes: string) => string {
  // A byte order mark inside the file is a character like others.
  const decoder = new TextDecoder(cutAsBytes(encoding) ? encoding : 'utf-8', { ignoreBOM: true })
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) > 127) return decoder.decode(Buffer.from(bytes, 'latin1'))
    return bytes
  }
}

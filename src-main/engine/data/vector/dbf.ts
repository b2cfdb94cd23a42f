/** The attribute table of a shapefile (dBASE III): fixed records of text. Memory: 1 MB of records. */
import { StratumError } from '#common/errors.ts'
import { openRandomAccess } from '../readers/randomAccess.ts'
import type { AttributeValue } from './layer.ts'

export interface AttributeTable {
  readonly fields: readonly string[]
  /** A row by its number; null when it was deleted; without values behind the last. */
  row(i: number): Promise<Record<string, AttributeValue> | null>
  close(): Promise<void>
}

const blockBytes = 1 << 20

/** @param encoding of texts where a .cpg file says it; otherwise the table's own mark, or Latin-1 */
export async function openDbf(path: string, encoding: string | null): Promise<AttributeTable> {
  const file = await openRandomAccess(path)
  try {
    const head = await file.read(0, 32, 'the header of the table')
    const view = new DataView(head.buffer, head.byteOffset, 32)
    const [count, headerBytes, recordBytes] = [view.getUint32(4, true), view.getUint16(8, true), view.getUint16(10, true)]
    if (headerBytes < 33 || recordBytes < 1) throw wrong(path, 'its header is nonsense')
    const described = await file.read(32, headerBytes - 32, 'the fields of the table')
    const decoder = decoderOf(encoding ?? (head[29] === 0x57 || head[29] === 0x03 ? 'windows-1252' : 'latin1'))
    const fields: { name: string; type: string; from: number; length: number }[] = []
    let from = 1
    for (let at = 0; at + 32 <= described.length && described[at] !== 0x0d; at += 32) {
      const name = decoder.decode(described.subarray(at, at + 11)).replace(/\0.*$/s, '')
      const length = described[at + 16] as number
      if (from + length > recordBytes) throw wrong(path, `the field "${name}" lies outside its record`)
      fields.push({ name, type: String.fromCharCode(described[at + 11] as number), from, length })
      from += length
    }
    const perBlock = Math.max(1, Math.floor(blockBytes / recordBytes))
    let block: Uint8Array = new Uint8Array(0)
    let first = -1

    return {
      fields: fields.map(({ name }) => name),
      async row(i) {
        if (i >= count) return {}
        if (first < 0 || i < first || i >= first + perBlock) {
          first = i - (i % perBlock)
          block = await file.readUpTo(headerBytes + first * recordBytes, perBlock * recordBytes)
        }
        const record = block.subarray((i - first) * recordBytes, (i - first + 1) * recordBytes)
        if (record.length < recordBytes)
          throw new StratumError(
            'FILE_TRUNCATED',
            `The attribute table ends before row ${i + 1} of ${count}.`,
            'Fetch the .dbf file again.',
            { path, row: i + 1 },
          )
        if (record[0] === 0x2a) return null
        return Object.fromEntries(
          fields.map(({ name, type, from: start, length }) => [
            name,
            attributeOf(decoder.decode(record.subarray(start, start + length)), type),
          ]),
        )
      },
      close: () => file.close(),
    }
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

const wrong = (path: string, what: string): StratumError =>
  new StratumError('FILE_CORRUPT', `The attribute table (.dbf) is damaged: ${what}.`, 'Fetch the .dbf file again.', { path })

function decoderOf(encoding: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(encoding)
  } catch {
    // An unknown name of an encoding: letters beyond ASCII may be wrong, nothing else.
    return new TextDecoder('latin1')
  }
}

function attributeOf(text: string, type: string): AttributeValue {
  const trimmed = text.replace(/\0+$/, '').trim()
  if (trimmed === '' || /^\*+$/.test(trimmed)) return null
  if (type !== 'N' && type !== 'F') return trimmed
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : null
}

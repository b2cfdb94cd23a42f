import { describe, expect, it } from 'vitest'
import { lz4Block, lz4Frame, lz4Hadoop } from '#engine/data/readers/codecs/lz4.ts'
import { snappyBlock } from '#engine/data/readers/codecs/snappy.ts'
import { readDeltas, readHybrid } from '#engine/data/readers/parquet/bits.ts'
import { readThrift, ThriftEndError } from '#engine/data/readers/parquet/thrift.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const ascii = (letters: string): number[] => [...new TextEncoder().encode(letters)]

describe('LZ4', () => {
  // Token 0x35: 3 literals "abc", then a match of 5 + 4 bytes from 3 back; token 0x10: the last literal.
  const block = Uint8Array.of(0x35, ...ascii('abc'), 3, 0, 0x10, ...ascii('!'))

  it('copies matches that overlap themselves', () => {
    expect(text(lz4Block(block, 13))).toBe('abcabcabcabc!')
  })

  it('is read in frames and with lengths in front', () => {
    const frame = Uint8Array.of(
      0x04,
      0x22,
      0x4d,
      0x18,
      0x60,
      0x40,
      0,
      block.length,
      0,
      0,
      0,
      ...block,
      3,
      0,
      0,
      0x80,
      ...ascii('raw'),
      0,
      0,
      0,
      0,
    )
    expect(text(lz4Frame(frame, 16))).toBe('abcabcabcabc!raw')
    expect(text(lz4Hadoop(Uint8Array.of(0, 0, 0, 13, 0, 0, 0, block.length, ...block), 13))).toBe('abcabcabcabc!')
    expect(text(lz4Hadoop(block, 13))).toBe('abcabcabcabc!')
  })

  it.each([
    ['a match from before the start', Uint8Array.of(0x11, 97, 9, 0)],
    ['a match from nowhere', Uint8Array.of(0x11, 97, 0, 0)],
    ['more literals than there are', Uint8Array.of(0xf0, 255, 255, 1)],
    ['a length without end', Uint8Array.of(0xf0, 255, 255, 255)],
    ['more than was said', Uint8Array.of(0x1f, 97, 1, 0, 255, 255, 0)],
    ['less than was said', Uint8Array.of(0x10, 97)],
  ])('refuses %s', (_, bytes) => {
    expect(() => lz4Block(bytes, 20)).toThrow('LZ4')
  })
})

describe('Snappy', () => {
  it('reads literals and the three kinds of copies', () => {
    // 3 literals; 4 bytes from 3 back (1-byte place); 2 from 7 back (2 bytes); 1 from 1 back (4 bytes).
    const block = Uint8Array.of(10, 0x08, ...ascii('abc'), 0x01, 3, 0x06, 7, 0, 0x03, 1, 0, 0, 0)
    expect(text(snappyBlock(block, 10))).toBe('abcabcaabb')
  })

  it.each([
    ['another size than said', Uint8Array.of(3, 0x08, 97, 98, 99), 4],
    ['a copy from before the start', Uint8Array.of(4, 0x01, 1), 4],
    ['a copy from nowhere', Uint8Array.of(5, 0x00, 97, 0x01, 0), 5],
    ['a literal beyond the block', Uint8Array.of(4, 0x0c, 97), 4],
    ['a block that ends too early', Uint8Array.of(4, 0x00, 97), 4],
    ['no length', Uint8Array.of(255, 255, 255, 255, 255, 1), 4],
  ])('refuses %s', (_, bytes, size) => {
    expect(() => snappyBlock(bytes, size)).toThrow('Snappy')
  })
})

describe('runs and packed integers', () => {
  const read = (bytes: number[], width: number, n: number): number[] => {
    const out = new Int32Array(n)
    readHybrid(Uint8Array.from(bytes), 0, bytes.length, width, out)
    return [...out]
  }

  it('are read as the format describes them', () => {
    // The example of the format: 0 … 7 in 3 bits each.
    expect(read([0x03, 0x88, 0xc6, 0xfa], 3, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(read([0x06, 0x05, 0x03, 0x88, 0xc6, 0xfa], 3, 5)).toEqual([5, 5, 5, 0, 1])
    // 30 bits: 1 and 2^29 + 3, then padding.
    const packed = (1n | (((1n << 29n) + 3n) << 30n)).toString(16).padStart(60, '0')
    const bytes = Array.from({ length: 30 }, (_, i) => Number.parseInt(packed.slice(58 - i * 2, 60 - i * 2), 16))
    expect(read([0x03, ...bytes], 30, 2)).toEqual([1, 2 ** 29 + 3])
  })

  it('are refused when they end too early, and claims beyond what is wanted cost nothing', () => {
    expect(() => read([0x03, 0x88], 3, 8)).toThrow('beyond')
    expect(() => read([0xff, 0xff], 3, 8)).toThrow('beyond')
    expect(read([0xfe, 0xff, 0xff, 0xff, 0x0f, 0x07], 3, 4)).toEqual([7, 7, 7, 7])
  })

  it('as deltas wrap at their width', () => {
    // Blocks of 128 in 4 parts, 2 values, first 2^31 − 1 (zigzag), least delta 1, widths 0.
    const bytes = Uint8Array.of(0x80, 0x01, 4, 2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 2, 0, 0, 0, 0)
    expect([...readDeltas(bytes, 0, 2, 32).values]).toEqual([2 ** 31 - 1, -(2 ** 31)])
    expect(() => readDeltas(Uint8Array.of(0x80, 0x01, 0, 2, 0), 0, 2, 32)).toThrow('not possible')
    expect(() => readDeltas(Uint8Array.of(0x80, 0x01, 4, 200, 1, 0), 0, 200, 32)).toThrow('beyond')
  })
})

describe('Thrift', () => {
  it('reads fields, lists and numbers of 64 bits', () => {
    // 1: i32 −3; 2: binary "ab"; 3: list of two i32; 20: i64 2^40; stop.
    const bytes = Uint8Array.of(0x15, 5, 0x18, 2, 97, 98, 0x19, 0x25, 2, 4, 0x06, 40, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0)
    const { value, end } = readThrift(bytes)
    expect(end).toBe(bytes.length)
    expect([value.get(1), text(value.get(2) as Uint8Array), value.get(3), value.get(20)]).toEqual([-3, 'ab', [1, 2], 2 ** 40])
  })

  it.each([
    ['a list of more than there is', Uint8Array.of(0x19, 0xf5, 255, 255, 255, 255, 7)],
    ['a text of more than there is', Uint8Array.of(0x18, 255, 255, 3, 97)],
    ['no end', Uint8Array.of(0x15, 5)],
  ])('says that it needs more for %s', (_, bytes) => {
    expect(() => readThrift(bytes)).toThrow(ThriftEndError)
  })

  it('refuses structures within structures without end', () => {
    expect(() => readThrift(new Uint8Array(1000).fill(0x1c))).toThrow('nested')
  })
})

import { writeFileSync } from 'node:fs'
import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { rowHash } from '../../../../../src-main/engine/data/rowHash.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

/** An .npy of format 1.0 with the given header text and data. */
function npy(descr: string, shape: string, data: Uint8Array, fortran = false): Uint8Array {
  const fields = `{'descr': ${descr.startsWith('[') ? descr : `'${descr}'`}, 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape}), }`
  const header = `${fields.padEnd(117)}\n`
  const bytes = new Uint8Array(10 + header.length + data.length)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8])
  bytes.set(new TextEncoder().encode(header), 10)
  bytes.set(data, 10 + header.length)
  return bytes
}

/** A ZIP with the entries, deflated when asked. */
function zip(entries: readonly (readonly [name: string, bytes: Uint8Array])[], deflated: boolean): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const [name, bytes] of entries) {
    const stored = deflated ? deflateRawSync(bytes) : bytes
    const local = new DataView(new ArrayBuffer(30))
    const central = new DataView(new ArrayBuffer(46))
    local.setUint32(0, 0x04034b50, true)
    central.setUint32(0, 0x02014b50, true)
    for (const [view, at] of [
      [local, 8],
      [central, 10],
    ] as const) {
      view.setUint16(at, deflated ? 8 : 0, true)
      view.setUint32(at + 6, crc32(bytes), true)
      view.setUint32(at + 10, stored.length, true)
      view.setUint32(at + 14, bytes.length, true)
      view.setUint16(at + 18, name.length, true)
    }
    central.setUint32(42, offset, true)
    const text = new TextEncoder().encode(name)
    parts.push(new Uint8Array(local.buffer), text, stored)
    directory.push(new Uint8Array(central.buffer), text)
    offset += 30 + text.length + stored.length
  }
  const end = new DataView(new ArrayBuffer(22))
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(10, entries.length, true)
  end.setUint32(
    12,
    directory.reduce((sum, part) => sum + part.length, 0),
    true,
  )
  end.setUint32(16, offset, true)
  return Buffer.concat([...parts, ...directory, new Uint8Array(end.buffer)])
}

function write(bytes: Uint8Array, name: string): string {
  const path = folder.file(name)
  writeFileSync(path, bytes)
  return path
}

async function valuesOf(path: string, maxBytes = 32 << 20): Promise<number[]> {
  const source = await openSource(path)
  try {
    return Array.from((await readAll(source, { maxBytes })).X)
  } finally {
    await source.close()
  }
}

const view = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

describe('.npy', () => {
  const arrays: readonly [string, Uint8Array, number[]][] = [
    ['<f4', view(Float32Array.of(1.5, -2, 3, 4)), [1.5, -2, 3, 4]],
    ['>f8', Uint8Array.from(view(Float64Array.of(1.5, -2, 3, 4)).toReversed()), [4, 3, -2, 1.5]],
    ['<f2', view(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff)), [1, -2, 2 ** -24, 65_504]],
    ['|i1', view(Int8Array.of(-1, 2, -128, 127)), [-1, 2, -128, 127]],
    ['>u2', Uint8Array.of(1, 0, 0, 2, 255, 255, 0, 0), [256, 2, 65_535, 0]],
    ['<i8', view(BigInt64Array.of(-5n, 6n, 7n, 16_777_216n)), [-5, 6, 7, 16_777_216]],
    ['<u4', view(Uint32Array.of(4_294_967_295, 1, 2, 3)), [4_294_967_296, 1, 2, 3]],
    ['|b1', Uint8Array.of(1, 0, 0, 1), [1, 0, 0, 1]],
  ]

  it.each(arrays)('reads %s', async (descr, data, values) => {
    expect(await valuesOf(write(npy(descr, '2, 2', data), 'a.npy'), 8)).toEqual(values)
  })

  it('reads Fortran order by strides', async () => {
    // Columns 1 2 3 and 4 5 6 lie one after the other.
    const path = write(npy('<f4', '3, 2', view(Float32Array.of(1, 2, 3, 4, 5, 6)), true), 'f.npy')
    for (const maxBytes of [8, 16, 1000]) expect(await valuesOf(path, maxBytes)).toEqual([1, 4, 2, 5, 3, 6])
  })

  it('takes a list as one column and the last of many axes as columns', async () => {
    expect(await inspectSource(write(npy('<f4', '3,', new Uint8Array(12)), 'list.npy'))).toMatchObject({
      rows: 3,
      columns: [{ name: 'dimension 1' }],
    })
    const cube = await inspectSource(write(npy('<f4', '2, 3, 4', new Uint8Array(96)), 'cube.npy'))
    expect([cube.rows, cube.columns.length, cube.findings[0]?.code]).toEqual([6, 4, 'AXES_JOINED'])
  })

  it.each([
    ['Python objects', '|O', 'FORMAT_UNSUPPORTED'],
    ['complex numbers', '<c8', 'FORMAT_UNSUPPORTED'],
    ['text', '<U3', 'FORMAT_UNSUPPORTED'],
    ['records', "[('x', '<f4')]", 'FORMAT_UNSUPPORTED'],
  ])('refuses %s', async (_, descr, code) => {
    await expect(inspectSource(write(npy(descr, '2,', new Uint8Array(100)), 'x.npy'))).rejects.toMatchObject({ code })
  })

  it('refuses a shape larger than the file, and one beyond any file', async () => {
    await expect(inspectSource(write(npy('<f4', '1000, 1000', new Uint8Array(8)), 'x.npy'))).rejects.toMatchObject({
      code: 'FILE_TRUNCATED',
    })
    await expect(inspectSource(write(npy('<f8', '9007199254740991, 99', new Uint8Array(8)), 'x.npy'))).rejects.toMatchObject({
      code: 'FILE_CORRUPT',
    })
  })
})

describe('.npz', () => {
  const X = npy('<f4', '3, 2', view(Float32Array.of(1, 2, 3, 4, 5, 6)), true)
  const y = npy('<i8', '3,', view(BigInt64Array.of(0n, 1n, 0n)))
  const names = npy('<U2', '3,', view(Uint32Array.of(97, 0, 98, 99, 0x1f30b, 0)))

  it.each([[true], [false]])('takes X as the matrix and lists of as many rows as labels (deflated: %s)', async (deflated) => {
    const source = await openSource(
      write(
        zip(
          [
            ['names.npy', names],
            ['y.npy', y],
            ['X.npy', X],
          ],
          deflated,
        ),
        'a.npz',
      ),
    )
    expect(source.report).toMatchObject({ rows: 3, metadataFields: ['names', 'y'], details: { array: 'X' } })
    expect(Array.from((await readAll(source, { maxBytes: 8 })).X)).toEqual([1, 4, 2, 5, 3, 6])
    expect(await source.metadata?.('y')).toEqual([0, 1, 0])
    expect(await source.metadata?.('names')).toEqual(['a', 'bc', '\u{1f30b}'])
    expect((await source.preview(1, 1, 9)).rows).toEqual([[2, 5]])
    await source.close()
  })

  it('reads the array chosen by name', async () => {
    const path = write(
      zip(
        [
          ['X.npy', X],
          ['other.npy', npy('<f4', '1, 2', view(Float32Array.of(8, 9)))],
        ],
        true,
      ),
      'a.npz',
    )
    const source = await openSource(path, 'npz', { array: 'other' })
    expect(Array.from((await readAll(source)).X)).toEqual([8, 9])
    await source.close()
    await expect(openSource(path, 'npz', { array: 'none' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })

  it('notices a changed byte by the checksum', async () => {
    const bytes = zip(
      [
        [
          'X.npy',
          npy(
            '<f4',
            '500, 2',
            Uint8Array.from({ length: 4000 }, (_, i) => rowHash(1, i) & 63),
          ),
        ],
      ],
      true,
    )
    const path = write(
      bytes.map((byte, i) => (i === 1500 ? byte ^ 4 : byte)),
      'a.npz',
    )
    await expect(valuesOf(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })

  it('refuses a sparse matrix of SciPy whose parts do not fit together', async () => {
    const format = npy('|S3', '', new TextEncoder().encode('csr'))
    const entries = ['indices', 'indptr', 'shape', 'data'].map((name) => [`${name}.npy`, y] as const)
    entries.push(['format.npy', format])
    await expect(inspectSource(write(zip(entries, false), 's.npz'))).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })
})

import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { uniformsOf } from '#engine/compute/random/counter.ts'
import { createProject, openProject } from '#engine/project/open.ts'
import { packSparse, unpackSparse } from '#engine/project/sparseChunk.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const draw = uniformsOf(3, 'codes')
/** Rows of which each number is there with the given chance; every seventh row is NaN. */
const rowsOf = (rows: number, width: number, share: number): Float32Array =>
  Float32Array.from({ length: rows * width }, (_, at) => {
    if (Math.floor(at / width) % 7 === 3) return Number.NaN
    return draw(2 * at) < share ? draw(2 * at + 1) - 0.5 : 0
  })
const roundTrip = (values: Float32Array, width: number): Float32Array => {
  const bytes = unpackSparse(packSparse(values, width), values.length / width, width)
  if (!bytes) throw new Error('nothing came back')
  return new Float32Array(bytes.buffer, bytes.byteOffset, values.length)
}

describe('a chunk of mostly zeros', () => {
  test('comes back bit for bit, and takes what is not zero', () => {
    const values = rowsOf(50, 1000, 0.01)
    expect(roundTrip(values, 1000)).toStrictEqual(values)
    const kept = values.filter((value) => value !== 0 && !Number.isNaN(value)).length
    expect(packSparse(values, 1000).length).toBe(4 + 50 * 4 + 4 * Math.ceil(kept / 2) + 4 * kept)
  })

  test('of dense numbers is kept as it is', () => {
    const values = rowsOf(20, 8, 0.9)
    expect(packSparse(values, 8).length).toBe(4 + values.byteLength)
    expect(roundTrip(values, 8)).toStrictEqual(values)
  })

  test.each([
    ['negative zeros, infinities and the smallest numbers', Float32Array.of(-0, 0, Infinity, 0, 0, 0, 0, 0, 0, 1e-45, 0, 0, 0, 0, 0, 0), 8],
    ['single NaN', Float32Array.of(0, Number.NaN, 0, 0, 0, 0, 0, 0), 8],
    ['rows of one number', Float32Array.of(0, 0, 0, 0, 5, Number.NaN), 1],
    ['no rows', new Float32Array(0), 4],
  ])('keeps %s', (_, values, width) => {
    expect(roundTrip(values, width)).toStrictEqual(values)
  })

  test('may be wider than two bytes can count', () => {
    const width = 70_000
    const values = new Float32Array(2 * width)
    values[69_999] = 1
    values[width] = 2
    values[2 * width - 1] = 3
    expect(roundTrip(values, width)).toStrictEqual(values)
  })

  test('begins anywhere in memory', () => {
    const values = rowsOf(9, 100, 0.05)
    const packed = packSparse(values, 100)
    const moved = new Uint8Array(packed.length + 1)
    moved.set(packed, 1)
    expect(unpackSparse(moved.subarray(1), 9, 100)).toEqual(unpackSparse(packed, 9, 100))
  })

  test('is refused when it holds something else', () => {
    const packed = packSparse(rowsOf(9, 100, 0.05), 100)
    const changed = (at: number, value: number): Uint8Array => {
      const copy = packed.slice()
      new DataView(copy.buffer).setUint32(at, value, true)
      return copy
    }
    expect(unpackSparse(packed.subarray(0, 3), 9, 100)).toBeNull()
    expect(unpackSparse(packed.subarray(0, 20), 9, 100)).toBeNull()
    expect(unpackSparse(packed.subarray(0, packed.length - 4), 9, 100)).toBeNull()
    expect(unpackSparse(packed, 10, 100)).toBeNull()
    expect(unpackSparse(changed(0, 7), 9, 100)).toBeNull()
    expect(unpackSparse(changed(4, 99), 9, 100)).toBeNull()
    expect(unpackSparse(changed(4 + 9 * 4, 0xffff_ffff), 9, 100)).toBeNull()
  })
})

describe('an array of mostly zeros', () => {
  const folder = temporaryFolder()
  const [rows, width] = [100, 600]
  const values = rowsOf(rows, width, 0.02)
  function stored(name: string) {
    const project = createProject(folder.file(name))
    const draft = project.beginDraft(newArtifact({}), {})
    const writer = draft.writeArray('codes', { dtype: 'float32', shape: [rows, width], chunkRows: 16, sparse: true })
    writer.append(values.subarray(0, 1000))
    writer.append(values.subarray(1000))
    writer.finish()
    draft.finish({}, 0)
    return { project, id: draft.id, path: project.path }
  }

  test('is read like any other, in a small part of the space', async () => {
    const { project, id, path } = stored('p')
    const codes = project.array(id, 'codes')
    expect(codes).toMatchObject({ dtype: 'float32', shape: [rows, width], chunkRows: 16 })
    expect(codes.read(0, rows)).toStrictEqual(values)
    for (const [from, to] of [
      [15, 17],
      [99, 100],
      [3, 40],
    ])
      expect(codes.read(from, to)).toStrictEqual(values.slice(from * width, to * width))
    expect(await project.verify()).toMatchObject({ problems: [] })
    project.close()
    const file = new Database(path, { readonly: true })
    const { bytes } = file.prepare('SELECT sum(length(blob)) AS bytes FROM chunk').get() as { bytes: number }
    expect(bytes).toBeLessThan(0.05 * values.byteLength)
    file.close()
  })

  test('that was damaged is noticed when it is read and when the file is checked', async () => {
    const { project, id, path } = stored('damaged')
    project.close()
    const file = new Database(path)
    file.prepare('UPDATE chunk SET blob = substr(blob, 1, length(blob) - 4) WHERE i = 2').run()
    file.close()
    const again = openProject(path)
    expect(() => again.array(id, 'codes').read(32, 33)).toThrow('Chunk 2')
    expect(again.array(id, 'codes').read(0, 1)).toStrictEqual(values.slice(0, width))
    expect((await again.verify()).problems).toEqual([expect.stringContaining('chunk 2 does not match its checksum')])
    again.close()
  })

  test('has to be of float32', () => {
    const project = createProject(folder.file('q'))
    const draft = project.beginDraft(newArtifact({}), {})
    expect(() => draft.writeArray('a', { dtype: 'uint8', shape: [3, 3], sparse: true })).toThrow(TypeError)
    project.close()
  })
})

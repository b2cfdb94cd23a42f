import Database from 'better-sqlite3'
import { beforeEach, describe, expect, test } from 'vitest'
import type { DtypeName } from '#common/domain/artifact.ts'
import type { OwnedDraft } from '#engine/project/draft.ts'
import { createProject, openProject, type ProjectFile } from '#engine/project/open.ts'
import type { ArraySpec, NumberArray } from '#engine/project/project.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
let project: ProjectFile
let draft: OwnedDraft
beforeEach(() => {
  project = createProject(folder.file('p'))
  draft = project.beginDraft(newArtifact({}), {})
  return () => project.close()
})

const store = (name: string, spec: ArraySpec, ...pieces: NumberArray[]): void => {
  const writer = draft.writeArray(name, spec)
  for (const piece of pieces) writer.append(piece)
  writer.finish()
}

describe('an array', () => {
  test.each([
    ['uint8', Uint8Array.of(0, 255)],
    ['uint16', Uint16Array.of(0, 65_535)],
    ['uint32', Uint32Array.of(0, 4_294_967_295)],
    ['int32', Int32Array.of(-2_147_483_648, 2_147_483_647)],
    ['float32', Float32Array.of(Number.NaN, -0, Infinity)],
    ['float64', Float64Array.of(Math.PI, -Infinity, 5e-324)],
  ] as [DtypeName, NumberArray][])('of %s comes back bit for bit', (dtype, values) => {
    store('a', { dtype, shape: [values.length] }, values)
    expect(project.array(draft.id, 'a').read(0, values.length)).toStrictEqual(values)
  })

  test('comes back whatever the pieces it was written in and the rows it is read by', () => {
    const values = Float32Array.from({ length: 7 * 3 }, (_, i) => i)
    store('a', { dtype: 'float32', shape: [7, 3], chunkRows: 2 }, values.subarray(0, 1), values.subarray(1, 11), values.subarray(11))
    const reader = project.array(draft.id, 'a')
    expect(reader).toMatchObject({ dtype: 'float32', shape: [7, 3], chunkRows: 2 })
    for (let from = 0; from <= 7; from += 1)
      for (let to = from; to <= 7; to += 1) expect(reader.read(from, to)).toStrictEqual(values.slice(from * 3, to * 3))
    expect(draft.finish({}, 0).arrays).toEqual([{ name: 'a', dtype: 'float32', shape: [7, 3], chunkRows: 2 }])
  })

  test('without axes is a single number, kept in checkpoints too', async () => {
    store('threshold', { dtype: 'float32', shape: [] }, Float32Array.of(0.25))
    expect(project.array(draft.id, 'threshold')).toMatchObject({ shape: [] })
    expect(project.array(draft.id, 'threshold').read(0, 1)).toStrictEqual(Float32Array.of(0.25))
    draft.saveCheckpoint({ step: 3 }, { pull: { dtype: 'float32', shape: [], values: Float32Array.of(0.1) } })
    expect(draft.loadCheckpoint()?.arrays.pull).toStrictEqual({ shape: [], values: Float32Array.of(0.1) })
    expect(await project.verify()).toMatchObject({ problems: [] })
    expect(draft.finish({}, 0).arrays).toMatchObject([{ name: 'threshold', shape: [] }])
  })

  test('of float16 is half as large and comes back as float32, rounded to 11 bits', () => {
    const values = Float32Array.of(1, 0.1, -2.5, 3000.7, Number.NaN, 1e-6)
    store('a', { dtype: 'float16', shape: [3, 2], chunkRows: 2 }, values)
    const reader = project.array(draft.id, 'a')
    expect(reader).toMatchObject({ dtype: 'float16', shape: [3, 2] })
    // To be had by hand: 0.1 = 1638.4 · 2⁻¹⁴, 3000.7 = 1500.35 · 2, 1e-6 = 16.8 · 2⁻²⁴.
    const expected = Float32Array.of(1, 1638 * 2 ** -14, -2.5, 3000, Number.NaN, 17 * 2 ** -24)
    expect(reader.read(0, 3)).toStrictEqual(expected)
    for (let from = 0; from < 3; from++) expect(reader.read(from, from + 1)).toStrictEqual(expected.slice(from * 2, from * 2 + 2))
  })

  test('can be read into memory that several threads share, and into nothing of another type or length', () => {
    store(
      'a',
      { dtype: 'float32', shape: [4, 2], chunkRows: 3 },
      Float32Array.from({ length: 8 }, (_, i) => i),
    )
    const reader = project.array(draft.id, 'a')
    const shared = new Float32Array(new SharedArrayBuffer(6 * 4))
    reader.readInto(1, 3, shared.subarray(1, 5))
    expect(Array.from(shared)).toEqual([0, 2, 3, 4, 5, 0])
    expect(() => reader.readInto(0, 3, shared.subarray(1))).toThrow('3 rows of 2 float32 do not go into 5 of Float32Array')
    expect(() => reader.readInto(0, 3, new Int32Array(6))).toThrow('do not go into 6 of Int32Array')
  })

  test('may have no rows', () => {
    store('a', { dtype: 'float32', shape: [0, 3] })
    expect(project.array(draft.id, 'a').read(0, 0)).toHaveLength(0)
  })

  test('is cut into chunks of 1 MB, and never of more than 4 MB', () => {
    store('default', { dtype: 'float32', shape: [10, 1] }, new Float32Array(10))
    store('large', { dtype: 'float64', shape: [10, 100_000], chunkRows: 10 }, new Float64Array(1_000_000))
    expect(project.array(draft.id, 'default').chunkRows).toBe(262_144)
    expect(project.array(draft.id, 'large').chunkRows).toBe(5)
  })

  test('written again replaces the first', () => {
    store('a', { dtype: 'uint8', shape: [1] }, Uint8Array.of(1))
    store('a', { dtype: 'uint16', shape: [2] }, Uint16Array.of(2, 3))
    expect(project.array(draft.id, 'a').read(0, 2)).toEqual(Uint16Array.of(2, 3))
  })

  test('that gets too many, too few or other values than declared is a bug, not a result', () => {
    const writer = draft.writeArray('a', { dtype: 'float32', shape: [2, 2] })
    expect(() => writer.append(new Float64Array(1))).toThrow('a is float32, got Float64Array')
    writer.append(new Float32Array(3))
    expect(() => writer.append(new Float32Array(2))).toThrow('more than 2 rows of 2')
    expect(() => writer.finish()).toThrow('3 values came, shape [2, 2] needs 4')
    expect(() => draft.finish({}, 0)).toThrow('arrays not finished: a')
    expect(() => draft.writeArray('b', { dtype: 'float32', shape: [-1] })).toThrow('bad shape')
    expect(() => project.array(draft.id, 'none')).toThrow(expect.objectContaining({ code: 'ARTIFACT_NOT_FOUND' }))
  })

  test('refuses rows it does not have', () => {
    store('a', { dtype: 'uint8', shape: [3] }, new Uint8Array(3))
    expect(() => project.array(draft.id, 'a').read(2, 4)).toThrow('rows 2…4 of 3')
    expect(() => project.array(draft.id, 'a').read(2, 1)).toThrow(RangeError)
  })
})

describe('damage', () => {
  const damage = (sql: string): void => {
    store('a', { dtype: 'uint8', shape: [6], chunkRows: 2 }, Uint8Array.of(1, 2, 3, 4, 5, 6))
    draft.finish({}, 0)
    project.close()
    const db = new Database(project.path)
    db.exec(sql)
    db.close()
    project = openProject(project.path)
  }

  test('of one chunk is met only when that chunk is read, and names the place', async () => {
    damage("UPDATE chunk SET blob = x'0304ff' WHERE i = 1; UPDATE chunk SET blob = x'0305' WHERE i = 2")
    const reader = project.array(1, 'a')
    expect(reader.read(0, 2)).toEqual(Uint8Array.of(1, 2))
    expect(() => reader.read(1, 3)).toThrow(
      expect.objectContaining({ code: 'PROJECT_CORRUPT', where: { path: project.path, artifact: 1, array: 'a', chunk: 1 } }),
    )
    expect((await project.verify()).problems).toEqual([
      "artifact 1, array 'a', chunk 1 has 3 bytes, expected 2",
      "artifact 1, array 'a', chunk 2 does not match its checksum",
    ])
  })

  test('by loss of a chunk or one too many is found by verify', async () => {
    damage("DELETE FROM chunk WHERE i = 0; INSERT INTO chunk (array, i, crc, blob) VALUES (1, 9, 0, x'00'), (1, 10, 0, x'00')")
    expect((await project.verify()).problems).toEqual([
      "artifact 1, array 'a', chunk 0 is missing",
      "artifact 1, array 'a': 4 chunks are stored, its shape needs 3",
    ])
  })

  test('of the graph is found by verify', async () => {
    damage("PRAGMA foreign_keys = OFF; INSERT INTO edge VALUES (1, 'dataset', 77)")
    const { problems } = await project.verify()
    expect(problems).toHaveLength(3)
    expect(problems[0]).toMatch(/table edge.*points to a missing artifact/)
  })

  test('by a codec of a later version is no damage but asks for an update', () => {
    damage("UPDATE array SET codec = 'zstd'")
    expect(() => project.array(1, 'a')).toThrow(expect.objectContaining({ code: 'PROJECT_NEWER' }))
  })
})

describe('a draft', () => {
  const checkpoint = (step: number) => ({ weight: { dtype: 'float32' as const, shape: [2, 1], values: Float32Array.of(step, step) } })

  test('keeps its last checkpoint and its curve, and neither is left in the result', () => {
    expect(draft.loadCheckpoint()).toBeNull()
    draft.saveCheckpoint({ step: 1 }, { ...checkpoint(1), extra: { dtype: 'uint8', shape: [1], values: Uint8Array.of(1) } })
    draft.saveCheckpoint({ step: 2 }, checkpoint(2))
    draft.addMetrics([
      { step: 1, name: 'loss', value: 3 },
      { step: 2, name: 'loss', value: Number.NaN },
      { step: 1, name: 'loss', value: 2 },
    ])
    expect(draft.loadCheckpoint()).toEqual({ state: { step: 2 }, arrays: { weight: { shape: [2, 1], values: Float32Array.of(2, 2) } } })
    const artifact = draft.finish({}, 1)
    expect(artifact.arrays).toEqual([])
    expect(project.metrics(artifact.id, -1)).toEqual([{ step: 1, name: 'loss', value: 2 }])
  })

  test('a checkpoint of null removes it', () => {
    draft.saveCheckpoint({ step: 1 }, checkpoint(1))
    draft.saveCheckpoint(null, {})
    expect(draft.loadCheckpoint()).toBeNull()
  })

  test('that is discarded leaves no trace and ends whoever still writes', async () => {
    const writer = draft.writeArray('a', { dtype: 'uint8', shape: [4], chunkRows: 1 })
    writer.append(Uint8Array.of(1))
    draft.saveCheckpoint({}, checkpoint(1))
    draft.addMetrics([{ step: 1, name: 'loss', value: 1 }])
    draft.discard()
    expect(() => writer.append(Uint8Array.of(2))).toThrow(expect.objectContaining({ code: 'CANCELLED' }))
    expect(() => draft.addMetrics([])).toThrow(expect.objectContaining({ code: 'CANCELLED' }))
    project.close()
    const db = new Database(project.path, { readonly: true })
    const counts = ['artifact', 'array', 'chunk', 'metric', 'edge'].map((table) =>
      db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
    )
    expect(counts).toEqual([0, 0, 0, 0, 0])
    db.close()
  })

  test('that is taken up again has its checkpoint, and not the arrays it had half written', () => {
    store('half', { dtype: 'uint8', shape: [1] }, Uint8Array.of(1))
    draft.saveCheckpoint({ step: 5 }, checkpoint(5))
    draft.release()
    const again = project.resumeDraft(draft.id)
    expect(again.loadCheckpoint()?.state).toEqual({ step: 5 })
    expect(again.finish({}, 0).arrays).toEqual([])
  })
})

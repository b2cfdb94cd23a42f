import { describe, expect, it } from 'vitest'
import { sampleValidRows } from '#engine/analysis/sampleRows.ts'
import type { ArrayReader } from '#engine/project/project.ts'

function reader(values: Float32Array, columns: number, chunkRows: number): ArrayReader {
  return {
    dtype: 'float32',
    shape: [values.length / columns, columns],
    chunkRows,
    read: (from, to) => values.slice(from * columns, to * columns),
    readInto: (from, to, into) => into.set(values.subarray(from * columns, to * columns)),
  }
}

const rows = 10_000
const values = Float32Array.from({ length: rows * 2 }, (_, i) => (Math.floor(i / 2) % 10 === 0 ? Number.NaN : i))
const validRows = rows * 0.9

describe('sampleValidRows', () => {
  it('returns every valid row in order when more are asked for than there are', async () => {
    const sample = await sampleValidRows(reader(values, 2, 333), rows, validRows, 2, rows, 1)
    expect(sample.rows.length).toBe(validRows)
    expect(sample.rows[0]).toBe(1)
    expect([...sample.codes.slice(0, 2)]).toEqual([2, 3])
  })

  it('draws the same rows whatever the chunk size, near the number asked for, and never a missing one', async () => {
    const a = await sampleValidRows(reader(values, 2, 100), rows, validRows, 2, 900, 5)
    const b = await sampleValidRows(reader(values, 2, 977), rows, validRows, 2, 900, 5)
    expect(a.rows).toEqual(b.rows)
    // binomial with share 0.1: sd = √(9000 · 0.1 · 0.9) ≈ 28, five of them
    expect(Math.abs(a.rows.length - 900)).toBeLessThan(140)
    expect(a.rows.some((r) => r % 10 === 0)).toBe(false)
    expect(a.codes.some((v) => Number.isNaN(v))).toBe(false)
  })

  it('draws other rows under another seed', async () => {
    const a = await sampleValidRows(reader(values, 2, 100), rows, validRows, 2, 900, 1)
    const b = await sampleValidRows(reader(values, 2, 100), rows, validRows, 2, 900, 2)
    expect(a.rows).not.toEqual(b.rows)
  })
})

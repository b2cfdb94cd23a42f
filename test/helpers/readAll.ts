/** Streams a whole source into one array, checking on the way that rows come once, in order, and in chunks of the right size. */
import { expect } from 'vitest'
import type { ChunkOptions, OpenSource } from '../../src-main/engine/data/dataset.ts'

export async function readAll(source: OpenSource, options: ChunkOptions = {}): Promise<{ X: Float32Array; valid: Uint8Array }> {
  const d = options.columns?.length ?? source.report.columns.length
  const X = new Float32Array(source.report.rows * d)
  const valid = new Uint8Array(source.report.rows)
  let next = 0
  for await (const chunk of source.chunks(options)) {
    expect(chunk.start).toBe(next)
    expect(chunk.X.length).toBe(chunk.n * d)
    expect(chunk.valid.length).toBe(chunk.n)
    X.set(chunk.X, chunk.start * d)
    valid.set(chunk.valid, chunk.start)
    next += chunk.n
  }
  expect(next).toBe(source.report.rows)
  return { X, valid }
}

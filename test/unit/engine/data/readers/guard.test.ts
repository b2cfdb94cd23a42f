import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Reader } from '#engine/data/dataset.ts'
import { guardedReader } from '#engine/data/readers/guard.ts'

const readerThatThrows = (thrown: unknown): Reader =>
  guardedReader({
    id: 'test',
    title: 'Test',
    kind: 'table',
    extensions: [],
    options: z.object({}),
    probe: () => 2,
    open: () => Promise.reject(thrown),
  })

test('a read that a signal ended is cancelled, and not the fault of the file', async () => {
  const aborted = new DOMException('This operation was aborted', 'AbortError')
  await expect(readerThatThrows(aborted).open('x', {})).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('anything else that a decoder throws is', async () => {
  await expect(readerThatThrows(new RangeError('offset 12')).open('x', {})).rejects.toMatchObject({
    code: 'FILE_CORRUPT',
    message: 'The file cannot be read as Test: offset 12',
    where: { path: 'x' },
  })
})

/** Matrices are read again by HDF5's own library. */
import { expect, test } from 'vitest'
import { openH5, toNumbers } from '#engine/data/hdf5/file.ts'
import { csrWriter } from '#engine/export/h5ad/matrix.ts'
import { createHdf5 } from '#engine/export/hdf5/file.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

async function stored(blocks: readonly (readonly number[])[]): Promise<Record<string, number[]>> {
  const path = folder.file('a.h5')
  const out = await createHdf5(path, 4)
  const writer = csrWriter(out, 2, null)
  for (const block of blocks) await writer.append(Float32Array.from(block))
  await out.finish({ kind: 'group', children: { X: await writer.finish() } })
  const file = await openH5(path)
  const read = (name: string): number[] => {
    const dataset = file.dataset(`X/${name}`)
    return Array.from(toNumbers(dataset.read(0, dataset.shape[0])))
  }
  const parts = {
    indptr: read('indptr'),
    indices: read('indices'),
    data: read('data'),
    shape: Array.from(toNumbers(file.attribute('X', 'shape') as never)),
  }
  file.close()
  return parts
}

test('rows of a sparse matrix start once, whether or not the first blocks have any', async () => {
  const whole = { indptr: [0, 1, 1, 3], indices: [1, 0, 1], data: [5, 7, Number.NaN], shape: [3, 2] }
  expect(
    await stored([
      [0, 5, 0, 0],
      [7, Number.NaN],
    ]),
  ).toEqual(whole)
  expect(await stored([[], [], [0, 5], [], [0, 0, 7, Number.NaN], []])).toEqual(whole)
  for (const none of [[], [[]], [[], []]]) expect(await stored(none)).toEqual({ indptr: [0], indices: [], data: [], shape: [0, 2] })
})

/** Matrices with a row for each row of the data, written block by block. Memory: what is appended, and chunks (hdf5/file.ts). */
import type { H5Output } from '../hdf5/file.ts'
import type { H5Node } from '../hdf5/objects.ts'
import { array, csrMatrix } from './elements.ts'

export interface MatrixWriter {
  /** @param X  [n × width] row-major; NaN where missing */
  append(X: Float32Array): Promise<void>
  finish(): Promise<H5Node>
}

/** float32 of two axes. */
export function denseWriter(out: H5Output, width: number): MatrixWriter {
  const stream = out.array('float32', { width, chunkBytes })
  return { append: (X) => stream.append(X), finish: async () => array(await stream.finish()) }
}

/** Values are read by millions: larger chunks than those of many columns side by side. */
const chunkBytes = 1 << 19
const mostInt32 = 2 ** 31 - 1

/**
 * Compressed sparse rows of float32: what is not zero, in the order of the columns.
 * @param mostStored  an upper bound of these, which chooses the type of the row starts; int64 when it is not known
 */
export function csrWriter(out: H5Output, width: number, mostStored: number | null): MatrixWriter {
  const data = out.array('float32', { chunkBytes })
  const indices = out.array('int32', { chunkBytes })
  const indptr = out.array(mostStored !== null && mostStored <= mostInt32 ? 'int32' : 'int64')
  let [rows, stored] = [0, 0]
  /** The first row starts at 0, and blocks without rows may come before it. */
  const begin = async (): Promise<void> => {
    if (indptr.rows === 0) await indptr.append([0])
  }
  return {
    async append(X) {
      const n = X.length / width
      await begin()
      const starts = new Float64Array(n)
      let count = 0
      for (let i = 0; i < X.length; i++) if (X[i] !== 0) count++
      const [values, places] = [new Float32Array(count), new Int32Array(count)]
      for (let row = 0, at = 0; row < n; row++) {
        for (let j = 0, i = row * width; j < width; j++, i++) {
          if (X[i] === 0) continue
          values[at] = X[i]
          places[at++] = j
        }
        starts[row] = stored + at
      }
      rows += n
      stored += count
      await data.append(values)
      await indices.append(places)
      await indptr.append(starts)
    },
    async finish() {
      await begin()
      return csrMatrix(await data.finish(), await indices.finish(), await indptr.finish(), [rows, width])
    },
  }
}

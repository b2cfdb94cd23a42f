/** NumPy .npy, format 1.0, written as a stream: codes of every row for use in other tools. */
import { createOutputFile, type ExportedFile } from './outputFile.ts'

export type NpyDtype = 'float32' | 'float64' | 'uint8' | 'uint16' | 'int32'
const codes: Readonly<Record<NpyDtype, string>> = { float32: '<f4', float64: '<f8', uint8: '|u1', uint16: '<u2', int32: '<i4' }
const arrays = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array }

export interface NpyWriter {
  /** Next values in row-major order, in the dtype's own typed array. */
  write(values: Float32Array | Float64Array | Uint8Array | Uint16Array | Int32Array): Promise<void>
  /** Throws RangeError when values are missing. */
  finish(): Promise<ExportedFile[]>
  abort(): Promise<void>
}

/** Memory: what is passed to `write`. */
export async function createNpy(path: string, dtype: NpyDtype, shape: readonly number[]): Promise<NpyWriter> {
  const total = shape.reduce((product, n) => product * n, 1)
  const file = await createOutputFile(path, npyHeader(dtype, shape))
  let written = 0
  return {
    async write(values) {
      if (!(values instanceof arrays[dtype])) throw new TypeError(`expected ${arrays[dtype].name}, found ${values.constructor.name}`)
      if (written + values.length > total) throw new RangeError(`expected ${total} values, found more`)
      await file.append(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      written += values.length
    },
    async finish() {
      if (written !== total) {
        await file.abort()
        throw new RangeError(`expected ${total} values, found ${written}`)
      }
      return [{ path, sizeBytes: await file.commit(), what: 'NumPy array' }]
    },
    abort: () => file.abort(),
  }
}

/** Magic, version, and a Python dictionary padded with spaces so that the values start at a multiple of 64. */
function npyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dictionary = `{'descr': '${codes[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64
  const bytes = new Uint8Array(length).fill(0x20)
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, (length - 10) & 0xff, (length - 10) >> 8])
  bytes.set(new TextEncoder().encode(dictionary), 10)
  bytes[length - 1] = 0x0a
  return bytes
}

/** Bytes of a file as numbers, in either byte order. */

export const bytesOf = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8, float32: 4, float64: 8 } as const
export type NumberType = keyof typeof bytesOf
export type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/**
 * @param bytes whole items; they are turned round in place when their order is not this machine's
 * @returns 64-bit integers as float64, rounded beyond 2^53
 */
export function toNumbers(bytes: Uint8Array<ArrayBuffer>, type: NumberType, littleEndian: boolean): Numbers {
  const size = bytesOf[type]
  if (!littleEndian && size > 1) turnRound(bytes, size)
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  const { buffer, byteOffset } = aligned
  const n = Math.floor(aligned.length / size)
  switch (type) {
    case 'int8':
      return new Int8Array(buffer, byteOffset, n)
    case 'uint8':
      return new Uint8Array(buffer, byteOffset, n)
    case 'int16':
      return new Int16Array(buffer, byteOffset, n)
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, n)
    case 'int32':
      return new Int32Array(buffer, byteOffset, n)
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, n)
    case 'float32':
      return new Float32Array(buffer, byteOffset, n)
    case 'float64':
      return new Float64Array(buffer, byteOffset, n)
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, n), Number)
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, n), Number)
  }
}

function turnRound(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low] as number
      bytes[low] = bytes[high] as number
      bytes[high] = byte
    }
  }
}

/** What a stored number means: missing values, then the stored value × scale + offset. */
export interface Calibration {
  /** Stored values that mean no data, as the file's type holds them; at most three. */
  readonly missing: readonly number[]
  readonly scale: number
  readonly offset: number
  /** Stored values outside mean no data. */
  readonly validRange?: readonly [number, number]
}

export const plain: Calibration = { missing: [], scale: 1, offset: 0 }

/** `count` stored numbers, every `every`-th from `from` on, into every `step`-th place of X from `at` on. */
export function calibrate(
  values: Numbers,
  from: number,
  every: number,
  count: number,
  X: Float32Array,
  at: number,
  step: number,
  { missing, scale, offset, validRange }: Calibration,
): void {
  const unscaled = scale === 1 && offset === 0
  if (missing.length === 0 && !validRange && unscaled) {
    for (let i = 0; i < count; i++) X[at + i * step] = values[from + i * every] as number
    return
  }
  const [a, b, c] = [missing[0] ?? Number.NaN, missing[1] ?? Number.NaN, missing[2] ?? Number.NaN]
  const [low, high] = validRange ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let i = 0; i < count; i++) {
    const value = values[from + i * every] as number
    const isMissing = value === a || value === b || value === c || value < low || value > high
    X[at + i * step] = isMissing ? Number.NaN : unscaled ? value : value * scale + offset
  }
}

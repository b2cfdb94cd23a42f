/**
 * Numbers of two bytes (IEEE 754 binary16): 11 bits or 3 decimal digits, up to 65 504, for rows of which that is enough.
 * Written here because the oldest runtime the application runs on has no Float16Array.
 */
const largest = 65_504
/** Half of the last bit below infinity: from here on rounding would give it. */
const overflow = 65_520

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** The nearest, of two equally near the even one. Numbers beyond 65 520 become infinite; a missing one stays missing. */
function halfOf(value: number): number {
  float[0] = value
  const sign = (bits[0] >>> 16) & 0x8000
  const size = bits[0] & 0x7fffffff
  if (size > 0x7f800000) return sign | 0x7e00
  if (Math.abs(value) >= overflow) return sign | 0x7c00
  // Below the smallest normal number the step is 2⁻²⁴ throughout; adding 2⁻¹ rounds to it.
  if (size < 0x38800000) {
    float[0] = Math.abs(value) + 0.5
    return sign | (bits[0] - 0x3f000000)
  }
  const odd = (size >>> 13) & 1
  return sign | ((size - 0x38000000 + 0xfff + odd) >>> 13)
}

export function toFloat16(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) halves[i] = halfOf(values[i])
  return halves
}

/** Whether every number that is not missing has one of two bytes near it. */
export function fitsFloat16(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > largest) return false
  return true
}

/** The float32 bits of all 65 536 of them, 256 KB, made when first wanted. */
let table: Uint32Array | null = null
function makeTable(): Uint32Array {
  const values = Float32Array.from({ length: 65_536 }, (_, half) => {
    const [exponent, fraction] = [(half >>> 10) & 0x1f, half & 0x3ff]
    const sign = half & 0x8000 ? -1 : 1
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  })
  return new Uint32Array(values.buffer)
}

/** @param into  at least as long */
export function fromFloat16(halves: Uint16Array, into: Float32Array): void {
  table ??= makeTable()
  const known = table
  // As whole numbers, because a float read or written here would pass through a double.
  const target = new Uint32Array(into.buffer, into.byteOffset, halves.length)
  for (let i = 0; i < halves.length; i++) target[i] = known[halves[i]]
}

type Numbers = Float64Array | Float32Array | Int32Array | Uint8Array

/** Arrays of one type one after the other in a new one. Memory: all of them once more. @param parts  at least one */
export function joined<T extends Numbers>(parts: readonly T[]): T {
  const whole = new (parts[0].constructor as new (n: number) => T)(parts.reduce((sum, part) => sum + part.length, 0))
  let filled = 0
  for (const part of parts) {
    whole.set(part, filled)
    filled += part.length
  }
  return whole
}

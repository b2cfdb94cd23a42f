/**
 * Inverse discrete cosine transform of 8 × 8 coefficients in whole numbers: Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with
 * 13-bit constants, step by step as the accurate integer method of libjpeg, so that the bytes are the same.
 */
const constantBits = 13
const firstPassBits = 2
const fix = (value: number): number => Math.round(value * (1 << constantBits))
const [c0298, c0390, c0541, c0765, c0899, c1175, c1501, c1847, c1961, c2053, c2562, c3072] = [
  0.298631336, 0.390180644, 0.5411961, 0.765366865, 0.899976223, 1.175875602, 1.50132111, 1.847759065, 1.96157056, 2.053119869, 2.562915447,
  3.072711026,
].map(fix) as [number, number, number, number, number, number, number, number, number, number, number, number]

const workspace = new Int32Array(64)

/** Coefficients at `from`, times the quantisation table, into 8 lines of `output` that lie `stride` apart. */
export function inverseDct(
  coefficients: Int16Array,
  from: number,
  quantisation: Uint16Array,
  output: Uint8Array,
  at: number,
  stride: number,
): void {
  for (let column = 0; column < 8; column++) {
    pass(
      (coefficients[from + column] as number) * (quantisation[column] as number),
      (coefficients[from + column + 8] as number) * (quantisation[column + 8] as number),
      (coefficients[from + column + 16] as number) * (quantisation[column + 16] as number),
      (coefficients[from + column + 24] as number) * (quantisation[column + 24] as number),
      (coefficients[from + column + 32] as number) * (quantisation[column + 32] as number),
      (coefficients[from + column + 40] as number) * (quantisation[column + 40] as number),
      (coefficients[from + column + 48] as number) * (quantisation[column + 48] as number),
      (coefficients[from + column + 56] as number) * (quantisation[column + 56] as number),
      workspace,
      column,
      8,
      constantBits - firstPassBits,
    )
  }
  for (let row = 0; row < 8; row++) {
    const w = row * 8
    pass(
      workspace[w] as number,
      workspace[w + 1] as number,
      workspace[w + 2] as number,
      workspace[w + 3] as number,
      workspace[w + 4] as number,
      workspace[w + 5] as number,
      workspace[w + 6] as number,
      workspace[w + 7] as number,
      workspace,
      w,
      1,
      constantBits + firstPassBits + 3,
    )
    const line = at + row * stride
    for (let i = 0; i < 8; i++) {
      const value = (workspace[w + i] as number) + 128
      output[line + i] = value < 0 ? 0 : value > 255 ? 255 : value
    }
  }
}

function pass(
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  x4: number,
  x5: number,
  x6: number,
  x7: number,
  out: Int32Array,
  at: number,
  step: number,
  bits: number,
): void {
  const half = 1 << (bits - 1)
  // Even part.
  const e1 = Math.imul(x2 + x6, c0541)
  const e2 = e1 - Math.imul(x6, c1847)
  const e3 = e1 + Math.imul(x2, c0765)
  const s0 = (x0 + x4) << constantBits
  const s1 = (x0 - x4) << constantBits
  const t10 = s0 + e3
  const t13 = s0 - e3
  const t11 = s1 + e2
  const t12 = s1 - e2
  // Odd part.
  const z5 = Math.imul(x7 + x3 + x5 + x1, c1175)
  const z1 = -Math.imul(x7 + x1, c0899)
  const z2 = -Math.imul(x5 + x3, c2562)
  const z3 = z5 - Math.imul(x7 + x3, c1961)
  const z4 = z5 - Math.imul(x5 + x1, c0390)
  const o0 = Math.imul(x7, c0298) + z1 + z3
  const o1 = Math.imul(x5, c2053) + z2 + z4
  const o2 = Math.imul(x3, c3072) + z2 + z3
  const o3 = Math.imul(x1, c1501) + z1 + z4
  out[at] = (t10 + o3 + half) >> bits
  out[at + 7 * step] = (t10 - o3 + half) >> bits
  out[at + step] = (t11 + o2 + half) >> bits
  out[at + 6 * step] = (t11 - o2 + half) >> bits
  out[at + 2 * step] = (t12 + o1 + half) >> bits
  out[at + 5 * step] = (t12 - o1 + half) >> bits
  out[at + 3 * step] = (t13 + o0 + half) >> bits
  out[at + 4 * step] = (t13 - o0 + half) >> bits
}

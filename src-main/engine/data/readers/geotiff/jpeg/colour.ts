/** Components of smaller size brought to full size, and YCbCr turned into red, green, blue: as libjpeg does both, byte for byte. */

export interface Plane {
  readonly samples: Uint8Array
  /** Distance of lines. */
  readonly stride: number
  readonly width: number
  readonly height: number
}

/** One line of the component at full height and width, at least `width` samples. */
export function fullLine(plane: Plane, y: number, factorX: number, factorY: number, out: Uint8Array): void {
  const fancy = plane.width > 2
  const row = Math.floor(y / factorY)
  const at = row * plane.stride
  if (factorX === 1 && factorY === 1) out.set(plane.samples.subarray(at, at + plane.width))
  else if (factorX === 2 && factorY === 1 && fancy) doubled(plane, at, out)
  else if (factorX === 2 && factorY === 2 && fancy) doubledBothWays(plane, at, neighbour(plane, row, y % 2), out)
  else if (factorX === 1 && factorY === 2) doubledDown(plane, at, neighbour(plane, row, y % 2), y % 2 === 0 ? 1 : 2, out)
  else for (let x = 0; x < out.length; x++) out[x] = plane.samples[at + Math.min(plane.stride - 1, Math.floor(x / factorX))] as number
}

/** Where the line starts that is nearer to the upper (0) or lower (1) half; the edge repeats itself. */
function neighbour({ stride, height }: Plane, row: number, half: number): number {
  return (half === 0 ? Math.max(0, row - 1) : Math.min(height - 1, row + 1)) * stride
}

/** Triangle filter: ¾ of the nearer sample, ¼ of the farther; rounding alternates so that no brightness is gained. */
function doubled({ samples, width }: Plane, at: number, out: Uint8Array): void {
  out[0] = samples[at] as number
  out[1] = ((samples[at] as number) * 3 + (samples[at + 1] as number) + 2) >> 2
  for (let x = 1; x < width - 1; x++) {
    const three = (samples[at + x] as number) * 3
    out[2 * x] = (three + (samples[at + x - 1] as number) + 1) >> 2
    out[2 * x + 1] = (three + (samples[at + x + 1] as number) + 2) >> 2
  }
  const last = width - 1
  out[2 * last] = ((samples[at + last] as number) * 3 + (samples[at + last - 1] as number) + 1) >> 2
  out[2 * last + 1] = samples[at + last] as number
}

function doubledBothWays({ samples, width }: Plane, at: number, other: number, out: Uint8Array): void {
  let previous = 0
  let current = (samples[at] as number) * 3 + (samples[other] as number)
  for (let x = 0; x < width; x++) {
    const next = x + 1 < width ? (samples[at + x + 1] as number) * 3 + (samples[other + x + 1] as number) : 0
    out[2 * x] = x === 0 ? (current * 4 + 8) >> 4 : (current * 3 + previous + 8) >> 4
    out[2 * x + 1] = x === width - 1 ? (current * 4 + 7) >> 4 : (current * 3 + next + 7) >> 4
    previous = current
    current = next
  }
}

function doubledDown({ samples, width }: Plane, at: number, other: number, bias: number, out: Uint8Array): void {
  for (let x = 0; x < width; x++) out[x] = ((samples[at + x] as number) * 3 + (samples[other + x] as number) + bias) >> 2
}

const fix = (value: number): number => Math.floor(value * 65_536 + 0.5)
const table = (factor: number, rounding: number): Int32Array => Int32Array.from({ length: 256 }, (_, i) => factor * (i - 128) + rounding)
const redOfCr = table(fix(1.402), 1 << 15).map((value) => value >> 16)
const blueOfCb = table(fix(1.772), 1 << 15).map((value) => value >> 16)
const greenOfCr = table(-fix(0.71414), 0)
const greenOfCb = table(-fix(0.34414), 1 << 15)

/** In place of three samples at `at`. */
export function toRgb(out: Uint8Array | Uint8ClampedArray, at: number): void {
  const [y, cb, cr] = [out[at] as number, out[at + 1] as number, out[at + 2] as number]
  out[at] = limit(y + (redOfCr[cr] as number))
  out[at + 1] = limit(y + (((greenOfCb[cb] as number) + (greenOfCr[cr] as number)) >> 16))
  out[at + 2] = limit(y + (blueOfCb[cb] as number))
}

const limit = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value)

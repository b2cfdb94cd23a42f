/**
 * Differences turned back into values, row by row. One plain loop per width and step, because a loop that meets
 * several kinds of arrays runs at a quarter of the speed.
 */

/**
 * Predictor 2: each value was stored as its difference from the same band of the pixel before, modulo its width.
 * @param stride values of a pixel that lie together
 */
export function accumulate(bytes: Uint8Array<ArrayBuffer>, size: number, samplesPerRow: number, rows: number, stride: number): void {
  const { buffer, byteOffset, length } = bytes
  if (size === 1) eachRow(bytes, samplesPerRow, rows, stride, bytesOfRow)
  else if (size === 2) eachRow(new Uint16Array(buffer, byteOffset, length >> 1), samplesPerRow, rows, stride, shortsOfRow)
  else if (size === 4) eachRow(new Uint32Array(buffer, byteOffset, length >> 2), samplesPerRow, rows, stride, longsOfRow)
  else eachRow(new BigUint64Array(buffer, byteOffset, length >> 3), samplesPerRow, rows, stride, wideOfRow)
}

function eachRow<T>(
  values: T,
  samplesPerRow: number,
  rows: number,
  stride: number,
  ofRow: (v: T, from: number, to: number, n: number) => void,
): void {
  for (let row = 0; row < rows; row++) ofRow(values, row * samplesPerRow, (row + 1) * samplesPerRow, stride)
}

function bytesOfRow(v: Uint8Array, from: number, to: number, stride: number): void {
  if (stride === 1) {
    let sum = 0
    for (let i = from; i < to; i++) v[i] = sum = (sum + (v[i] as number)) & 0xff
  } else for (let i = from + stride; i < to; i++) v[i] = (v[i] as number) + (v[i - stride] as number)
}

function shortsOfRow(v: Uint16Array, from: number, to: number, stride: number): void {
  if (stride === 1) {
    let sum = 0
    for (let i = from; i < to; i++) v[i] = sum = (sum + (v[i] as number)) & 0xffff
  } else if (stride === 4) {
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let i = from; i < to; i += 4) {
      v[i] = a = (a + (v[i] as number)) & 0xffff
      v[i + 1] = b = (b + (v[i + 1] as number)) & 0xffff
      v[i + 2] = c = (c + (v[i + 2] as number)) & 0xffff
      v[i + 3] = d = (d + (v[i + 3] as number)) & 0xffff
    }
  } else for (let i = from + stride; i < to; i++) v[i] = (v[i] as number) + (v[i - stride] as number)
}

function longsOfRow(v: Uint32Array, from: number, to: number, stride: number): void {
  for (let i = from + stride; i < to; i++) v[i] = (v[i] as number) + (v[i - stride] as number)
}

function wideOfRow(v: BigUint64Array, from: number, to: number, stride: number): void {
  for (let i = from + stride; i < to; i++) v[i] = (v[i] as bigint) + (v[i - stride] as bigint)
}

/** Predictor 3 (Adobe Technical Note 3): bytes of a row sorted by significance, highest first, then differenced bytewise. */
export function accumulateFloat(bytes: Uint8Array<ArrayBuffer>, size: number, samplesPerRow: number, rows: number, stride: number): void {
  const perRow = samplesPerRow * size
  const row = new Uint8Array(perRow)
  for (let r = 0; r < rows; r++) {
    const at = r * perRow
    row.set(bytes.subarray(at, at + perRow))
    bytesOfRow(row, 0, perRow, stride)
    if (size === 4) unsortLongs(row, new Uint32Array(bytes.buffer, bytes.byteOffset + at, samplesPerRow), samplesPerRow)
    else unsort(row, bytes, at, size, samplesPerRow)
  }
}

function unsortLongs(row: Uint8Array, values: Uint32Array, n: number): void {
  for (let s = 0; s < n; s++)
    values[s] = ((row[s] as number) << 24) | ((row[n + s] as number) << 16) | ((row[2 * n + s] as number) << 8) | (row[3 * n + s] as number)
}

function unsort(row: Uint8Array, bytes: Uint8Array, at: number, size: number, n: number): void {
  for (let b = 0; b < size; b++) {
    const from = (size - 1 - b) * n
    for (let s = 0; s < n; s++) bytes[at + s * size + b] = row[from + s] as number
  }
}

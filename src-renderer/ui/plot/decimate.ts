/**
 * Curves of any length as a path of at most four points per pixel column: first, lowest, highest and last of the column.
 * What is drawn equals drawing every point, at a cost that depends on the width of the plot. x must not decrease.
 */
import type { Scale } from './scale.ts'

/** The SVG path of a polyline; a value that is not finite (or not positive on a log axis) breaks it. */
export function linePath(x: ArrayLike<number>, y: ArrayLike<number>, sx: Scale, sy: Scale): string {
  const n = Math.min(x.length, y.length)
  let path = ''
  let open = false
  let column = Number.NaN
  let first = 0,
    low = 0,
    high = 0,
    last = 0
  let filled = false

  const put = (i: number): void => {
    path += `${open ? 'L' : 'M'}${sx(x[i]).toFixed(1)} ${sy(y[i]).toFixed(1)}`
    open = true
  }
  const flush = (): void => {
    if (!filled) return
    const order = low < high ? [first, low, high, last] : [first, high, low, last]
    let previous = -1
    for (const i of order)
      if (i > previous) {
        put(i)
        previous = i
      }
    filled = false
  }

  for (let i = 0; i < n; i++) {
    if (!isDrawn(x[i], sx) || !isDrawn(y[i], sy)) {
      flush()
      open = false
      column = Number.NaN
      continue
    }
    const c = Math.round(sx(x[i]))
    if (c !== column) {
      flush()
      column = c
      first = low = high = last = i
      filled = true
    } else {
      if (y[i] < y[low]) low = i
      if (y[i] > y[high]) high = i
      last = i
    }
  }
  flush()
  return path
}

const isDrawn = (v: number, scale: Scale): boolean => Number.isFinite(v) && (!scale.log || v > 0)

/** Closed path between two curves over the same x, for the band of a spread. */
export function bandPath(x: ArrayLike<number>, low: ArrayLike<number>, high: ArrayLike<number>, sx: Scale, sy: Scale): string {
  const up: string[] = []
  const down: string[] = []
  for (let i = 0; i < x.length; i++) {
    if (!isDrawn(x[i], sx) || !isDrawn(low[i], sy) || !isDrawn(high[i], sy)) continue
    up.push(`${sx(x[i]).toFixed(1)} ${sy(high[i]).toFixed(1)}`)
    down.push(`${sx(x[i]).toFixed(1)} ${sy(low[i]).toFixed(1)}`)
  }
  return up.length < 2 ? '' : `M${up.join('L')}L${down.reverse().join('L')}Z`
}

/** Index of the x nearest to `value`; x must not decrease. −1 when empty. */
export function nearestIndex(x: ArrayLike<number>, value: number): number {
  let from = 0
  let to = x.length - 1
  if (to < 0) return -1
  while (to - from > 1) {
    const middle = (from + to) >> 1
    if (x[middle] <= value) from = middle
    else to = middle
  }
  return Math.abs(x[from] - value) <= Math.abs(x[to] - value) ? from : to
}

/** Positions moved apart until neighbours are `gap` away, each as little as possible and within [top, bottom]. Order is kept. */
export function spreadLabels(positions: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b])
  const out = positions.slice()
  let floor = top
  for (const i of order) {
    out[i] = Math.max(out[i], floor)
    floor = out[i] + gap
  }
  let ceiling = bottom
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i], ceiling)
    ceiling = out[i] - gap
  }
  return out
}

/** Where the names of points go so that they lie neither on each other nor outside: beside the point, above or below. */

export interface Placed {
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'end' | 'middle'
}
interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const gap = 9
const lineHeight = 12

/**
 * @param points  in pixels, the most important first: they choose first
 * @param within  the plot; labels stay inside
 * @param width   of a name in pixels
 */
export function placeLabels(
  points: readonly { x: number; y: number; name: string }[],
  within: Box,
  width: (name: string) => number,
): Placed[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }))
  return points.map(({ x, y, name }, own) => {
    const w = width(name)
    const candidates: readonly (readonly [Placed, Box])[] = [
      beside(x + gap, y - 4, 'start', w),
      beside(x - gap, y + 12, 'end', w),
      beside(x + gap, y + 12, 'start', w),
      beside(x - gap, y - 4, 'end', w),
      beside(x, y - gap - 2, 'middle', w),
      beside(x, y + gap + 10, 'middle', w),
    ]
    const cost = ([, box]: (typeof candidates)[number]): number =>
      1000 * outside(box, within) + taken.reduce((sum, other, i) => sum + (i === own ? 0 : overlap(box, other)), 0)
    const [placed, box] = candidates.reduce((best, next) => (cost(next) < cost(best) ? next : best))
    taken.push(box)
    return placed
  })
}

function beside(x: number, y: number, anchor: Placed['anchor'], width: number): readonly [Placed, Box] {
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  return [
    { x, y, anchor },
    { left, right: left + width, top: y - lineHeight + 2, bottom: y + 2 },
  ]
}
const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top))
const outside = (box: Box, within: Box): number =>
  Math.max(0, within.left - box.left) +
  Math.max(0, box.right - within.right) +
  Math.max(0, within.top - box.top) +
  Math.max(0, box.bottom - within.bottom)

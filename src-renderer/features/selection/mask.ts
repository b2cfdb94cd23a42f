/** Which of the rows that are drawn are selected, told here where what is drawn says it, so that a lasso answers in the same frame. */
import type { RowCondition, RowSelection } from '#common/domain/selection.ts'
import { insidePolygon, polygonBox } from '../scatter/points.ts'

/** Rows as a view has them, with what it knows of each. */
export interface DrawnRows {
  readonly rows: Float64Array
  /** Pixels in a line of the scene; null where rows have no place. */
  readonly gridWidth: number | null
  readonly labels?: { readonly artifact: number; readonly values: Uint16Array } | null
  readonly scores?: { readonly artifact: number; readonly values: Float32Array } | null
  /** Numbers of the code, [rows × size], or a plane with size 2. */
  readonly numbers: readonly { readonly artifact: number; readonly values: Float32Array; readonly size: number }[]
}

/** 1 for each drawn row that is selected; null where a condition is about something that is not drawn. */
export function maskHere(selection: RowSelection, drawn: DrawnRows): Uint8Array | null {
  const mask = new Uint8Array(drawn.rows.length).fill(1)
  for (const condition of selection.all) if (!mark(condition, drawn, mask)) return null
  return mask
}

function mark(condition: RowCondition, { rows, gridWidth, labels, scores, numbers }: DrawnRows, mask: Uint8Array): boolean {
  if (condition.kind === 'classes') {
    if (labels?.artifact !== condition.artifact) return false
    const wanted = new Set(condition.classes)
    return each(mask, (i) => wanted.has(labels.values[i]))
  }
  if (condition.kind === 'rows') {
    const wanted = new Set(condition.rows)
    return each(mask, (i) => wanted.has(rows[i]))
  }
  if (condition.kind === 'area') {
    if (gridWidth === null) return false
    const box = polygonBox(condition.points)
    return each(mask, (i) => {
      const [x, y] = [(rows[i] % gridWidth) + 0.5, Math.floor(rows[i] / gridWidth) + 0.5]
      return x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1 && insidePolygon(condition.points, x, y)
    })
  }
  if (condition.kind === 'range') {
    const low = condition.from ?? Number.NEGATIVE_INFINITY
    const high = condition.to ?? Number.POSITIVE_INFINITY
    const found = condition.array === 'codes' ? numbers.find((n) => n.artifact === condition.artifact) : undefined
    if (found) return each(mask, (i) => within(found.values[i * found.size + condition.unit], low, high))
    if (condition.array !== 'score' || scores?.artifact !== condition.artifact) return false
    return each(mask, (i) => within(scores.values[i], low, high))
  }
  const found = numbers.find((n) => n.artifact === condition.artifact)
  if (!found) return false
  const box = polygonBox(condition.points)
  const [first, second] = condition.axes
  return each(mask, (i) => {
    const x = found.values[i * found.size + first]
    const y = found.values[i * found.size + second]
    return x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1 && insidePolygon(condition.points, x, y)
  })
}

const within = (v: number, low: number, high: number): boolean => v >= low && v <= high

/** Leaves 1 where it was and the test holds. */
function each(mask: Uint8Array, test: (i: number) => boolean): true {
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1 && !test(i)) mask[i] = 0
  return true
}

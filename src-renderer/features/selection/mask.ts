/** Which of the rows that are drawn are selected, told here where what is drawn says it, so that a lasso answers in the same frame. */
import { createPolygon } from '#common/domain/polygon.ts'
import type { RowCondition, RowSelection, SelectionPart } from '#common/domain/selection.ts'

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
  const tests = selection.all.map((condition) => testFor(condition, drawn))
  if (!tests.every((test) => test !== null)) return null
  const mask = new Uint8Array(drawn.rows.length).fill(1)
  for (const test of tests) for (let i = 0; i < mask.length; i++) if (mask[i] === 1 && !test(i)) mask[i] = 0
  return mask
}

/** Whether any drawn row meets a condition; null where that cannot be told here. */
export function anyHere(condition: RowCondition, drawn: DrawnRows): boolean | null {
  const test = testFor(condition, drawn)
  if (!test) return null
  for (let i = 0; i < drawn.rows.length; i++) if (test(i)) return true
  return false
}

function testFor(condition: RowCondition, { rows, gridWidth, labels, scores, numbers }: DrawnRows): ((i: number) => boolean) | null {
  if (condition.kind === 'classes') {
    if (labels?.artifact !== condition.artifact) return null
    const wanted = new Uint8Array(2 ** 16)
    for (const id of condition.classes) wanted[id] = 1
    const { values } = labels
    return (i) => wanted[values[i]] === 1
  }
  if (condition.kind === 'rows') {
    const wanted = new Set(condition.rows)
    return (i) => wanted.has(rows[i])
  }
  if (condition.kind === 'span') return (i) => within(rows[i], condition.from, condition.to)
  if (condition.kind === 'area') {
    if (gridWidth === null) return null
    const { contains } = createPolygon(condition.points)
    return (i) => contains((rows[i] % gridWidth) + 0.5, Math.floor(rows[i] / gridWidth) + 0.5)
  }
  // Where in a tree a row lies, and what its label is, is known to the engine.
  if (condition.kind === 'branch' || condition.kind === 'labelled') return null
  if (condition.kind === 'combined') return testForParts(condition.parts, { rows, gridWidth, labels, scores, numbers })
  const found =
    condition.kind === 'polygon' || condition.array === 'codes' ? numbers.find((n) => n.artifact === condition.artifact) : undefined
  if (condition.kind === 'polygon') {
    if (!found) return null
    const { values, size } = found
    const { contains } = createPolygon(condition.points)
    const [first, second] = condition.axes
    return (i) => contains(values[i * size + first], values[i * size + second])
  }
  const low = condition.from ?? Number.NEGATIVE_INFINITY
  const high = condition.to ?? Number.POSITIVE_INFINITY
  if (found) return (i) => within(found.values[i * found.size + condition.unit], low, high)
  if (condition.array !== 'score' || scores?.artifact !== condition.artifact) return null
  return (i) => within(scores.values[i], low, high)
}

function testForParts(parts: readonly SelectionPart[], drawn: DrawnRows): ((i: number) => boolean) | null {
  const steps = parts.map(({ how, outside = false, all }) => {
    const tests = all.map((condition) => testFor(condition, drawn))
    return tests.every((test) => test !== null) ? { adds: how === 'add', outside, tests } : null
  })
  if (!steps.every((step) => step !== null)) return null
  // The last step that means a row decides; one that none means is out.
  const newestFirst = steps.toReversed()
  return (i) => {
    for (const { adds, outside, tests } of newestFirst) if (meetsAll(tests, i) !== outside) return adds
    return false
  }
}

function meetsAll(tests: readonly ((i: number) => boolean)[], i: number): boolean {
  for (const test of tests) if (!test(i)) return false
  return true
}

const within = (v: number, low: number, high: number): boolean => v >= low && v <= high

/** A walk along one number of the code, made ready to be drawn. */
import type { Column } from '#common/domain/dataset.ts'

export interface Traversal {
  readonly names: readonly string[]
  /** The number itself at each step. */
  readonly values: Float32Array
  /** [steps, columns], source units. */
  readonly profiles: Float32Array
}

export interface Traversed {
  readonly columns: readonly Column[]
  readonly values: readonly number[]
  readonly profiles: readonly number[][]
}

/** Columns that are numbers; where they are too many those that change most, so that what the code does can be seen. */
export function traversed({ names, values, profiles }: Traversal, columns: readonly Column[], most: number): Traversed {
  const D = names.length
  const steps = values.length
  const at = (step: number, j: number): number => profiles[step * D + j]
  const change = (j: number): number => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let step = 0; step < steps; step++) {
      low = Math.min(low, at(step, j))
      high = Math.max(high, at(step, j))
    }
    return high - low
  }
  const numbers = names.flatMap((name, j) => {
    const column = columns.find((candidate) => candidate.name === name)
    return column && !column.categories ? [{ column, j }] : []
  })
  const chosen =
    numbers.length <= most
      ? numbers
      : numbers
          .map((it) => ({ ...it, change: change(it.j) }))
          .sort((a, b) => b.change - a.change)
          .slice(0, most)
  return {
    columns: chosen.map(({ column }) => column),
    values: Array.from(values),
    profiles: Array.from({ length: steps }, (_, step) => chosen.map(({ j }) => at(step, j))),
  }
}

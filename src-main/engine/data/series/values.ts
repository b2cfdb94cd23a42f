/** What a window looks like as a row: all its values, the oldest first, or a few numbers of each column. */
import type { Column } from '#common/domain/dataset.ts'
import type { SeriesOptions } from './options.ts'
import type { Ring } from './windower.ts'

export interface RowShape {
  readonly columns: Column[]
  /** Positions among the columns of the table that a choice of window columns needs. */
  needs(wanted: readonly number[]): number[]
  /** Writes the wanted columns of one window; says whether any has a value. `base` are the table columns in the ring. */
  writer(wanted: readonly number[], base: readonly number[]): (ring: Ring, X: Float32Array, at: number) => boolean
}

const placesOf = (base: readonly number[]): Map<number, number> => new Map(base.map((column, place) => [column, place]))

const isUsable = (value: number): boolean => value - value === 0

/** [length × columns]: `load[-2] rain[-2] load[-1] rain[-1] load[0] rain[0]`, 0 being the newest row. */
function flat(columns: readonly Column[], length: number): RowShape {
  const D = columns.length
  return {
    columns: Array.from({ length: length * D }, (_, i) => {
      const column = columns[i % D] as Column
      return length === 1 ? column : { ...column, name: `${column.name}[${Math.floor(i / D) - length + 1}]` }
    }),
    needs: (wanted) => [...new Set(wanted.map((i) => i % D))].sort((a, b) => a - b),
    writer(wanted, base) {
      const steps = Uint32Array.from(wanted, (i) => Math.floor(i / D))
      const placeOf = placesOf(base)
      const places = Uint32Array.from(wanted, (i) => placeOf.get(i % D) as number)
      const d = base.length
      const isWhole = d === D && wanted.length === length * D && wanted.every((at, i) => at === i)
      return ({ values, head }, X, at) => {
        if (isWhole) {
          const older = (length - head) * d
          X.set(values.subarray(head * d), at)
          X.set(values.subarray(0, head * d), at + older)
        } else {
          for (let i = 0; i < wanted.length; i++) {
            const slot = head + (steps[i] as number)
            X[at + i] = values[(slot >= length ? slot - length : slot) * d + (places[i] as number)] as number
          }
        }
        for (let i = 0; i < wanted.length; i++) if (isUsable(X[at + i] as number)) return true
        return false
      }
    },
  }
}

const statistics = ['mean', 'sd', 'min', 'max'] as const

/** Numbers over the values that are there; the standard deviation divides by their count. */
function aggregated(columns: readonly Column[], length: number, names: readonly (typeof statistics)[number][]): RowShape {
  const S = names.length
  return {
    columns: columns.flatMap(({ name, unit, wavelengthNm }) =>
      names.map((what): Column => ({ name: `${name} ${what}`, type: 'number', unit, wavelengthNm })),
    ),
    needs: (wanted) => [...new Set(wanted.map((i) => Math.floor(i / S)))].sort((a, b) => a - b),
    writer(wanted, base) {
      const d = base.length
      const placeOf = placesOf(base)
      const places = Uint32Array.from(wanted, (i) => placeOf.get(Math.floor(i / S)) as number)
      const kinds = wanted.map((i) => names[i % S] as string)
      return ({ values }, X, at) => {
        let any = false
        for (let i = 0; i < kinds.length; i++) {
          const value = statisticOf(values, length, d, places[i] as number, kinds[i] as string)
          X[at + i] = value
          any ||= isUsable(value)
        }
        return any
      }
    },
  }
}

function statisticOf(values: Float32Array, length: number, d: number, j: number, what: string): number {
  let [n, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let k = 0; k < length; k++) {
    const value = values[k * d + j] as number
    if (!isUsable(value)) continue
    n++
    sum += value
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  if (n === 0) return Number.NaN
  if (what !== 'sd') return what === 'mean' ? sum / n : what === 'min' ? min : max
  let squares = 0
  for (let k = 0; k < length; k++) {
    const value = values[k * d + j] as number
    if (isUsable(value)) squares += (value - sum / n) ** 2
  }
  return Math.sqrt(squares / n)
}

export function shapeOf(columns: readonly Column[], length: number, aggregate: SeriesOptions['series.aggregate']): RowShape {
  if (aggregate === 'none') return flat(columns, length)
  return aggregated(columns, length, aggregate === 'mean' ? ['mean'] : statistics)
}

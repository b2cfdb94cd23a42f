/**
 * Days of a date, and what recurs in it as a point on a circle: sine and cosine of month, weekday and hour (UTC), so that December
 * lies beside January. The days come back; the rest follows from them.
 */
import type { DatePart } from '#common/domain/steps.ts'
import { defineStep, derived, type PreparedColumn } from './define.ts'

const isDate = ({ column, part }: PreparedColumn): boolean => column.type === 'date' && part === null

/** Place in the cycle, 0 … 1, of days since 1970. The first of them was a Thursday; weeks begin on Monday. */
const cycles: Readonly<Record<DatePart, (days: number) => number>> = {
  month: (days) => new Date(Math.floor(days) * 86_400_000).getUTCMonth() / 12,
  weekday: (days) => ((((Math.floor(days) + 3) % 7) + 7) % 7) / 7,
  hour: (days) => days - Math.floor(days),
}

const widthOf = (parts: readonly DatePart[] | null): number => 1 + 2 * (parts?.length ?? 0)

export const dates = defineStep<'dates', readonly DatePart[]>({
  id: 'dates',
  fit: ({ columns }, parts) =>
    columns.some(isDate) && parts.length > 0
      ? { id: 'dates', columns: columns.map((column) => (isDate(column) ? [...parts] : null)) }
      : null,
  columnsAfter: (step, columns) =>
    columns.flatMap((column, j) => [
      column,
      ...(step.columns[j] ?? []).flatMap((part) => [derived(column, `${part} sin`), derived(column, `${part} cos`)]),
    ]),
  apply({ columns }, X, n, d) {
    const wide = columns.reduce((sum, parts) => sum + widthOf(parts), 0)
    const out = new Float32Array(n * wide)
    for (let i = 0, to = 0; i < n; i++) {
      for (let j = 0; j < d; j++) {
        const days = X[i * d + j]
        out[to++] = days
        for (const part of columns[j] ?? []) {
          const angle = 2 * Math.PI * cycles[part](days)
          out[to++] = Math.sin(angle)
          out[to++] = Math.cos(angle)
        }
      }
    }
    return out
  },
  invert({ columns }, X, n, d) {
    const out = new Float32Array(n * columns.length)
    const places = columns.map((_, j) => columns.slice(0, j).reduce((sum, parts) => sum + widthOf(parts), 0))
    for (let i = 0, to = 0; i < n; i++) for (let j = 0; j < columns.length; j++) out[to++] = X[i * d + places[j]]
    return out
  },
})

/** Every single-cell file against anndata, h5py and scipy: test/fixtures/make/reference/cells.py. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../../helpers/sharedData.ts'

interface Reference {
  readonly path: string
  readonly options: Record<string, string>
  readonly rows: number
  readonly columns: number
  readonly total: number
  readonly at: number[]
  readonly described: {
    column: number
    name: string | null
    valid: number
    sum: number
    min: number
    max: number
    values: (number | null)[]
  }[]
  readonly fields: Record<string, { missing: number; distinct: number; values: (string | number | null)[] }>
}

const references = JSON.parse(readFileSync(new URL('../../fixtures/reference/cells.json', import.meta.url), 'utf8')) as Reference[]
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b))

describe.skipIf(!hasSharedData)('single-cell files', () => {
  it.each(references.map((reference) => [`${reference.path} ${Object.values(reference.options).join(' ')}`.trim(), reference] as const))(
    '%s has the values of the reference readers',
    async (_, reference) => {
      const source = await openSource(sharedData(reference.path), undefined, reference.options)
      try {
        const { rows, columns } = reference
        expect([source.report.rows, source.report.columns.length]).toEqual([rows, columns])
        const { X } = await readAll(source, { maxBytes: 300_000 })
        let total = 0
        for (const value of X) if (!Number.isNaN(value)) total += value
        expect(total).toBeCloseTo(reference.total, 4)
        for (const { column, name, valid, sum, min, max, values } of reference.described) {
          if (name !== null) expect(source.report.columns[column]?.name).toBe(name)
          const own = Array.from({ length: rows }, (__, r) => X[r * columns + column] as number).filter(Number.isFinite)
          expect(own.length).toBe(valid)
          expect([own.reduce((a, b) => Math.min(a, b)), own.reduce((a, b) => Math.max(a, b))]).toEqual([min, max])
          expect(
            close(
              own.reduce((a, b) => a + b, 0),
              sum,
            ),
          ).toBe(true)
          expect(reference.at.map((r) => X[r * columns + column])).toEqual(values.map((value) => value ?? Number.NaN))
        }
        for (const [field, { missing, distinct, values }] of Object.entries(reference.fields)) {
          const own = (await source.metadata?.(field)) ?? []
          expect(own, field).toHaveLength(rows)
          expect(own.filter((value) => value === null).length, field).toBe(missing)
          expect(new Set(own.filter((value) => value !== null)).size, field).toBe(distinct)
          const same = reference.at.every((r, i) => {
            const [a, b] = [own[r], values[i]]
            return typeof a === 'number' && typeof b === 'number' ? close(a, b) : a === b
          })
          expect(same, `${field}: ${reference.at.map((r) => own[r]).join()} instead of ${values.join()}`).toBe(true)
        }
      } finally {
        await source.close()
      }
    },
  )
})

import { expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { driftOf, verdictOf } from '../../../../../src-renderer/features/anomalies/drift.ts'

const made = (codes: object, error: object, columns: readonly (readonly [string, object])[]): Artifact =>
  ({
    meta: {
      rows: [
        { name: 'Codes', figures: codes },
        { name: 'Reconstruction error', figures: error },
        ...columns.map(([name, figures]) => ({ name, figures })),
      ],
    },
  }) as unknown as Artifact
const still = { psi: 0.01, ks: 0.02, p: 0.8, before: 1, after: 1 }
const words = ['band', 'bands'] as const

test('a column has moved where its test and its index both say so', () => {
  const { columns } = driftOf(
    made({ mmd: 0, p: 0.5, auc: 0.5 }, still, [
      ['a', { ...still, psi: 0.4, p: 1e-6 }],
      ['b', { ...still, psi: 0.15, p: 1e-6 }],
      ['c', { ...still, psi: 0.4, p: 0.2 }],
      ['d', { ...still, psi: 0.05, p: 1e-9 }],
    ]),
  )
  expect(columns.map(({ moved }) => moved)).toEqual(['much', 'some', 'no', 'no'])
})

test('nothing that moved is said plainly', () => {
  const verdict = verdictOf(driftOf(made({ mmd: 0, p: 0.5, auc: 0.5 }, still, [['a', still]])), words)
  expect(verdict).toMatchObject({ tone: 'ok', title: 'No drift that shows' })
})

test('codes that differ and errors that grew make a dataset another one', () => {
  const verdict = verdictOf(
    driftOf(made({ mmd: 0.2, p: 0.005, auc: 0.9 }, { ...still, psi: 0.3, p: 1e-4, after: 3 }, [['a', { ...still, psi: 0.12, p: 1e-4 }]])),
    words,
  )
  expect(verdict.title).toBe('These are not like what the model learned from')
  expect(verdict.text).toMatch(/1 of 1 band has moved; codes differ.*rebuilds these worse/)
})

test('one column that moved a little is worth a look', () => {
  const verdict = verdictOf(driftOf(made({ mmd: 0, p: 0.4, auc: 0.5 }, still, [['a', { ...still, psi: 0.12, p: 1e-4 }]])), words)
  expect(verdict).toMatchObject({ tone: 'warn', title: 'Something has moved' })
})

test('of thousands of columns those that moved most are listed, and all are counted', () => {
  const listed = made({ mmd: 0, p: 0.5, auc: 0.5 }, still, [['a', { ...still, psi: 0.4, p: 1e-6 }]])
  Object.assign(listed.meta, { drift: { columns: 3001, moved: 700, much: 12 } })
  const result = driftOf(listed)
  expect(result.counts).toEqual({ columns: 3001, moved: 700, much: 12 })
  expect(verdictOf(result, words).text).toMatch(/^700 of 3\u202f001 bands have moved, 12 of them much;/)
})

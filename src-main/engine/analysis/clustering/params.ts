/** Parameters that several clustering methods have: one schema object each, so that the form shows one field. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'

export const k = z
  .int()
  .min(2)
  .max(255)
  .nullable()
  .default(null)
  .meta({ title: 'Clusters, k', description: 'Left empty, it is chosen between 2 and the limit below.' })

export const kMax = z
  .int()
  .min(3)
  .max(60)
  .default(20)
  .meta({ title: 'Try up to', unit: 'clusters', description: 'Upper end of the range when k is chosen for you.', advanced: true })

export const nInit = z
  .int()
  .min(1)
  .max(100)
  .default(10)
  .meta({ title: 'Starts', description: 'Runs from different starting centres; the best is kept.', paperTerm: 'n_init' })

export const maxIterations = z
  .int()
  .min(1)
  .max(10_000)
  .default(300)
  .meta({ title: 'Passes at most', description: 'Each start ends earlier when the centres no longer move.', advanced: true })

export const everyRow = z.boolean().default(false).meta({
  title: 'Learn from every row',
  description:
    'Where there are more rows than the sample learned from: further passes over all rows follow until the centres settle. Takes minutes for 100 million rows and moves centres by a fraction of a percent.',
  advanced: true,
})

/** The k that was asked for or chosen. @throws PARAMETER_INVALID when there are fewer rows */
export function kFor(given: number | null, n: number): number {
  if (given === null) throw new RangeError('expected the number of clusters, found none')
  if (given <= n) return given
  throw new StratumError(
    'PARAMETER_INVALID',
    `${given} clusters were asked for, and there ${n === 1 ? 'is 1 usable row' : `are ${n} usable rows`}.`,
    'Choose fewer clusters.',
    {
      parameter: 'k',
    },
  )
}

import { expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { scoresText } from '#engine/cli/scoresText.ts'
import type { Project } from '#engine/project/project.ts'

const project = { artifact: () => ({ meta: { kind: 'series' } }) } as unknown as Project
const choice = { rule: 'percentile', intervalBy: 'order statistics', low: null, high: null, level: 0.95 }
const textOf = (meta: object): string =>
  scoresText(project, {
    meta: { method: 'error', dataset: 1, threshold: 1, thresholdRule: 'a percentile', flagged: 2, validRows: 60, choice, ...meta },
    annotations: {},
  } as unknown as Artifact)
const node = (name: string) => ({ name, rows: 30, flagged: 1, threshold: 0.25, explainedVariance: 0.9 })

it('gives the interval of a threshold', () => {
  expect(textOf({ choice: { ...choice, low: 0.5 } })).toMatch(/threshold +1, 0\.5 … ∞ at 95 % \(order statistics\)/)
})

it('gives no interval where each of several machines has a threshold of its own, but lists them', () => {
  const text = textOf({ nodes: [node('a'), node('b')] })
  expect(text).toMatch(/threshold +1, which stands for each machine’s own\n/)
  expect(text).not.toContain('∞')
  expect(text).toMatch(/^a +30 +1 +0\.25 +0\.900$/m)
})

it('gives the share of anomalous rows with its interval, or says that it cannot be told', () => {
  const method = 'Storey'
  const contamination = (value: number, high: number) => ({ contamination: { value, low: 0, high, level: 0.95, method } })
  expect(textOf(contamination(0.05505, 0.2049))).toMatch(/anomalous +about 5\.5 %, 0 % … 20 %: Storey/)
  expect(textOf(contamination(0, 0))).toMatch(/anomalous +cannot be told: rows score no higher than held-out ones/)
})

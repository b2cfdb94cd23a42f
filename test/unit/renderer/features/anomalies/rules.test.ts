import { expect, test } from 'vitest'
import type { ThresholdChoice } from '#common/domain/scores.ts'
import { valuesOf } from '../../../../../src-renderer/features/anomalies/rules.ts'

const choice: ThresholdChoice = {
  rule: 'labels',
  title: '',
  parameters: { labelShare: 40 },
  value: 1,
  low: null,
  high: null,
  level: 0.95,
  intervalBy: '',
  calibrationRows: 10,
  calibration: 'labelled',
  usesLabels: true,
}

test('labels of a threshold stand in the form again; of one from before, all but normal ones are anomalous', () => {
  const made = { labels: 'state', labelField: null }
  expect(valuesOf(choice, made)).toEqual({ rule: 'labels', labels: 'state', labelField: null, anomalous: [], labelShare: 40 })
  const labels = { where: 'faults.gpkg', field: 'kind', share: 40, seed: 7 }
  expect(valuesOf({ ...choice, anomalous: ['fault'], labels }, made)).toMatchObject({
    labels: 'faults.gpkg',
    labelField: 'kind',
    anomalous: ['fault'],
  })
})

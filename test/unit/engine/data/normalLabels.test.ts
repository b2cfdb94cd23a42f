import { expect, test } from 'vitest'
import { isNormalLabel } from '#engine/data/normalLabels.ts'

test('0, nothing and words for it are normal, whatever their case; everything else is anomalous', () => {
  for (const label of [0, '0', '0.0', '', null, 'Normal', ' benign ', 'INLIER', 'ok', 'false', 'nein'])
    expect(isNormalLabel(label), String(label)).toBe(true)
  for (const label of [1, '1', '-1', 'attack', 'abnormal', 'not normal', 'true', Number.NaN])
    expect(isNormalLabel(label), String(label)).toBe(false)
})

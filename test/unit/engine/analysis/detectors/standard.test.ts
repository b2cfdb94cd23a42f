import { expect, test } from 'vitest'
import { ScoreSpace } from '#common/domain/scores.ts'
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { standardAnomalies } from '#engine/analysis/detectors/standard.ts'
import { methodIn } from '#engine/analysis/methods/define.ts'
import { modelById } from '#engine/models/registry.ts'

test('the standard anomaly setting names a model, a preset, a detector and parameters there are', () => {
  const { model, preset, method, space, params } = standardAnomalies
  expect(modelById(model).presets.map(({ id }) => id)).toContain(preset)
  expect(methodIn(detectors, method).params.strict().parse(params)).toEqual(params)
  expect(ScoreSpace.options).toContain(space)
})

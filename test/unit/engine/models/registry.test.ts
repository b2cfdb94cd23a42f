import { expect, test } from 'vitest'
import { models, runName } from '#engine/models/registry.ts'

test('a run is named so that one knows its model', () => {
  expect(runName('vae', null)).toBe('vae')
  expect(runName('vae', 'default')).toBe('vae')
  expect(runName('stacked', 'geological-mapping')).toBe('geological-mapping')
  expect(runName('vae', 'scene')).toBe('vae scene')
})

test('two models never give the same name', () => {
  const names = models.flatMap(({ id, presets }) => [runName(id, null), ...presets.map((preset) => runName(id, preset.id))])
  const owners = new Map<string, Set<string>>()
  for (const { id, presets } of models)
    for (const name of [runName(id, null), ...presets.map((preset) => runName(id, preset.id))])
      owners.set(name, (owners.get(name) ?? new Set()).add(id))
  expect([...owners.values()].every((ids) => ids.size === 1)).toBe(true)
  expect(names.length).toBeGreaterThan(models.length)
})

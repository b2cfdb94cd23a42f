import { describe, expect, test } from 'vitest'
import type { Artifact } from '../../../../../src-main/common/domain/artifact.ts'
import { coloursOf, givenNames, legendOf, spokenName, withClass } from '../../../../../src-renderer/features/clusters/legend.ts'
import { columnAxis, namedTicks, setsApart } from '../../../../../src-renderer/features/clusters/profiles.ts'

const clustering = (id: number, over: Partial<Artifact> = {}): Artifact => ({
  id,
  kind: 'clustering',
  name: 'k-means',
  operation: 'cluster',
  operationVersion: 1,
  params: {},
  inputs: {},
  seed: 7,
  device: 'cpu',
  contentKey: 'k',
  status: 'done',
  createdAt: '',
  seconds: 1,
  meta: { k: 3 },
  annotations: {},
  arrays: [],
  error: null,
  ...over,
})

describe('a legend', () => {
  test('begins with numbers and the palette', () => {
    const legend = legendOf(clustering(1), new Map())
    expect([...legend.values()].map((s) => s.colour)).toEqual(['#2C71B7', '#E49921', '#399970'])
    expect(givenNames(legend).size).toBe(0)
  })
  test('changes one class and keeps the others and the other annotations', () => {
    const artifact = clustering(1, { annotations: { note: 'mine' } })
    const changed = withClass(artifact.annotations, legendOf(artifact, new Map()), 2, { name: ' Dune sand ' })
    expect(changed.note).toBe('mine')
    const legend = legendOf(clustering(1, { annotations: changed }), new Map())
    expect([...givenNames(legend)]).toEqual([[2, 'Dune sand']])
    expect(coloursOf(legend).get(2)).toBe('#E49921')
  })
  test('an emptied name is the number again', () => {
    const legend = legendOf(clustering(1, { annotations: { legend: [{ id: 1, name: 'Old', colour: '#000000' }] } }), new Map())
    const changed = withClass({}, legend, 1, { name: '  ' })
    expect(givenNames(legendOf(clustering(1, { annotations: changed }), new Map())).size).toBe(0)
  })
  test('a tidied map takes the names of the map it was made from', () => {
    const before = clustering(1, { annotations: { legend: [{ id: 1, name: 'Alluvium', colour: '#112233' }] } })
    const tidied = clustering(2, { inputs: { clustering: 1 } })
    expect(legendOf(tidied, new Map([[1, before]])).get(1)).toMatchObject({ name: 'Alluvium', colour: '#112233', named: true })
  })
})

const column = (name: string, wavelengthNm: number | null = null) => ({ name, type: 'number' as const, unit: null, wavelengthNm })

test('columns lie at their wavelengths only where all are known and rising', () => {
  expect(columnAxis([column('a', 490), column('b', 560)]).x).toEqual([490, 560])
  expect(columnAxis([column('a', 490), column('b')]).x).toEqual([1, 2])
  expect(columnAxis([column('a', 560), column('b', 490)]).x).toEqual([1, 2])
  expect(namedTicks([1, 2, 3, 4, 5], 2)).toEqual([1, 4])
})

test('what sets a class apart is measured in spreads of the column', () => {
  const summary = (mean: number, sd: number) => ({
    valid: 1,
    missing: 0,
    min: 0,
    max: 1,
    mean,
    sd,
    p2: 0,
    median: 0,
    p98: 1,
    histogram: null,
  })
  const found = setsApart([5, 1, 7], [column('a'), column('b'), column('c')], [summary(3, 1), summary(1, 2), summary(7, 0)])
  expect(found).toEqual([
    { name: 'a', effect: 2, p: null },
    { name: 'b', effect: 0, p: null },
  ])
})

test('noise comes after the classes, in grey and by its own name, until someone calls it otherwise', () => {
  const classes = [{ id: 1 }, { id: 2 }, { id: 3, isNoise: true }]
  const artifact = clustering(1, { meta: { k: 2, classes } })
  const legend = legendOf(artifact, new Map())
  expect(legend.get(3)).toMatchObject({ name: 'Noise', named: false })
  expect(coloursOf(legend).get(3)).not.toBe(coloursOf(legend).get(2))
  expect(spokenName(legend.get(3), 3)).toBe('Noise')
  expect(spokenName(legend.get(2), 2)).toBe('Class 2')
  const renamed = legendOf(clustering(1, { meta: { k: 2, classes }, annotations: withClass({}, legend, 3, { name: 'Stray' }) }), new Map())
  expect(spokenName(renamed.get(3), 3)).toBe('3 Stray')
})

import { fireEvent, render, screen, within } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import ClusteringList from '../../../../../src-renderer/features/clusters/ClusteringList.svelte'
import { familiesOf, stepWords } from '../../../../../src-renderer/features/clusters/families.ts'

function clustering(id: number, name: string, operation = 'cluster', meta: object = {}, from?: number, params: object = {}): Artifact {
  return {
    id,
    name,
    operation,
    kind: 'clustering',
    status: 'done',
    inputs: from === undefined ? {} : { clustering: from },
    params,
    annotations: {},
    meta: { k: 5, classes: [], silhouette: 0.4, tidied: 0, ...meta },
  } as unknown as Artifact
}
const edited = (from: number, what: string) => ({ edited: { from, what } })
const five = clustering(1, 'five')
const merged = clustering(2, 'five, 2 + 4 merged', 'merge-classes', { k: 4, ...edited(1, '2 + 4 merged') }, 1)
const other = clustering(3, 'HDBSCAN')
const parts = clustering(4, 'parts of 3', 'cluster', { within: { dataset: 1, all: [{ kind: 'classes', artifact: 2, classes: [3] }] } })
const split = clustering(5, 'split', 'split-class', { k: 6, ...edited(2, '3 split into 3') }, 2, { classes: [3] })
const tidied = clustering(6, 'tidied', 'tidy', { tidied: 5, k: 6 }, 5)
const all = [five, merged, other, parts, split, tidied]

test('what was made of a clustering by hand is a step of it, and the parts of a split stand nowhere', () => {
  const families = familiesOf(all, 3)
  expect(families.map(({ root, steps, shown }) => [root.id, steps.map(({ id }) => id), shown.id])).toEqual([
    [1, [1, 2, 5, 6], 6],
    [3, [3], 3],
  ])
  expect(familiesOf(all, 2)[0]?.shown.id).toBe(2)
  expect(all.map(stepWords).filter((_, i) => ![2, 3].includes(i))).toEqual([
    'As clustered',
    '2 + 4 merged',
    '3 split into 3',
    'Tidied, 5 × 5',
  ])
})

test('parts of a split are listed while they are looked at, and a step whose beginning was deleted begins anew', () => {
  expect(familiesOf(all, 4).map(({ root }) => root.id)).toContain(4)
  expect(familiesOf([merged, split], null).map(({ steps }) => steps.map(({ id }) => id))).toEqual([[2, 5]])
})

test('the steps of the chosen clustering are listed below it, and any of them can be gone back to', async () => {
  const onchoose = vi.fn()
  render(ClusteringList, { clusterings: all, chosen: 6, of: 'model', rowsWord: 'pixels', empty: '', onchoose })
  const steps = within(screen.getByRole('list', { name: 'Steps of five' })).getAllByRole('button')
  expect(steps.map((step) => step.getAttribute('aria-current'))).toEqual([null, null, null, 'step'])
  await fireEvent.click(steps[1] as HTMLElement)
  expect(onchoose).toHaveBeenLastCalledWith(2)
  await fireEvent.click(screen.getByRole('button', { name: /^HDBSCAN/ }))
  expect(onchoose).toHaveBeenLastCalledWith(3)
  expect(screen.queryByRole('list', { name: 'Steps of HDBSCAN' })).toBeNull()
})

/** Deleting a result, and computing a damaged one again. */
import { beforeEach, expect, test, vi } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { Deletion } from '../../../../../src-renderer/lib/state/deletion.svelte.ts'
import { Selection } from '../../../../../src-renderer/lib/state/selection.svelte.ts'

const classes = {
  id: 5,
  name: 'eight',
  operation: 'cluster',
  inputs: { latents: 4 },
  params: { k: 8 },
  seed: 3,
  annotations: { legend: { 1: { name: 'Basalt' } } },
} as unknown as Artifact

const session = { remove: vi.fn(), runToEnd: vi.fn(), annotate: vi.fn(), choose: vi.fn() }
let selection: Selection
let deletion: Deletion
beforeEach(() => {
  vi.resetAllMocks()
  session.remove.mockResolvedValue([5, 6])
  selection = new Selection()
  deletion = new Deletion(session as never, selection)
})

test('nothing is deleted before it was answered', async () => {
  deletion.ask(classes)
  expect(deletion.asked?.artifact.id).toBe(5)
  deletion.keep()
  await deletion.confirm()
  expect(session.remove).not.toHaveBeenCalled()
})

test('a selection that rests on what was deleted goes, in its past too', async () => {
  selection.selectClasses(1, 5, [2])
  selection.pick(1, { kind: 'rows', rows: [1, 2] })
  deletion.ask(classes)
  await deletion.confirm()
  expect([selection.value, selection.canUndo]).toEqual([null, false])
  expect(session.runToEnd).not.toHaveBeenCalled()
})

test('a selection of anything else stays', async () => {
  selection.selectClasses(1, 7, [2])
  deletion.ask(classes)
  await deletion.confirm()
  expect(selection.classesOf(7)).toEqual(new Set([2]))
})

test('what is damaged is made once more as it was, with its name and what was said of it', async () => {
  session.runToEnd.mockResolvedValue({ id: 9 })
  deletion.ask(classes, true)
  await deletion.confirm()
  expect(session.runToEnd.mock.calls).toEqual([
    [{ operation: 'cluster', inputs: { latents: 4 }, params: { k: 8 }, seed: 3, name: 'eight' }],
  ])
  expect(session.annotate).toHaveBeenCalledWith({ id: 9 }, classes.annotations)
  expect(session.choose).toHaveBeenCalledWith(9)
})

test('what could not be deleted is not made a second time', async () => {
  session.remove.mockResolvedValue([])
  deletion.ask(classes, true)
  await deletion.confirm()
  expect(session.runToEnd).not.toHaveBeenCalled()
})

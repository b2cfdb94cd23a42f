import { expect, test, vi } from 'vitest'
import { fail, ok } from '#common/result.ts'
import { Sources } from '../../../../../src-renderer/lib/state/sources.svelte.ts'

const missing = { dataset: 2, state: 'missing', path: '/d/a.csv', message: 'The file is missing: /d/a.csv' }
const present = { dataset: 1, state: 'present', path: '/d/b.csv', message: '' }

function make(calls: Record<string, unknown> = {}) {
  const engine = {
    sourceStates: vi.fn(async () => ok([present, missing])),
    relink: vi.fn(async () => ok({ id: 2 })),
    findSource: vi.fn(async () => ok({ path: '/e/a.csv', entries: 9, complete: true })),
    stopFindingSource: vi.fn(async () => ok({})),
    ...calls,
  }
  let told: (project: { path: string } | null) => void = () => {}
  const onEngine = (name: string, listener: typeof told): (() => void) => {
    if (name === 'projectChanged') told = listener
    return () => {}
  }
  const sources = new Sources(engine as never, onEngine as never)
  return { engine, sources, enter: (path: string | null) => told(path === null ? null : { path }) }
}

test('a project that opens tells of files that are gone, once', async () => {
  const { sources, enter, engine } = make()
  const onTrouble = vi.fn()
  sources.onTrouble = onTrouble
  enter('/p.stratum')
  await vi.waitFor(() => expect(onTrouble).toHaveBeenCalledWith([missing]))
  enter('/p.stratum')
  expect(engine.sourceStates).toHaveBeenCalledOnce()
  expect([...sources.troubled.keys()]).toEqual([2])
  enter(null)
  expect(sources.troubled.size).toBe(0)
})

test('a file found in a folder is linked', async () => {
  const { sources, engine } = make()
  expect(await sources.findIn(2, '/e')).toBe(true)
  expect(engine.relink).toHaveBeenCalledWith({ artifact: 2, path: '/e/a.csv' })
  expect(sources.attempt).toBeNull()
})

test('what is not found or refused is said', async () => {
  const nowhere = make({ findSource: async () => ok({ path: null, entries: 9, complete: false }) })
  expect(await nowhere.sources.findIn(2, '/e')).toBe(false)
  expect(nowhere.sources.attempt).toEqual({ status: 'not-found', folder: '/e', entries: 9, complete: false })
  const error = { code: 'SOURCE_CHANGED', message: 'other values', hint: '', where: {} } as const
  const other = make({ relink: async () => fail(error) })
  expect(await other.sources.link(2, '/x.csv')).toBe(false)
  expect(other.sources.attempt).toEqual({ status: 'refused', error })
})

test('a search that is stopped leaves nothing to say', async () => {
  const { sources } = make({ findSource: async () => fail({ code: 'CANCELLED', message: '', hint: '', where: {} }) })
  expect(await sources.findIn(2, '/e')).toBe(false)
  expect(sources.attempt).toBeNull()
})

import { expect, test, vi } from 'vitest'
import { StratumError } from '#common/errors.ts'
import { TileLoader } from '../../../../../src-renderer/features/map/tileLoader.ts'

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

test('loads a few at a time, in the order wanted', async () => {
  const started: string[] = []
  const release: (() => void)[] = []
  const loader = new TileLoader<string>(
    () => {},
    () => {},
    10,
    2,
  )
  loader.want(
    ['a', 'b', 'c'].map((key) => ({
      key,
      load: () => {
        started.push(key)
        return new Promise((resolve) => release.push(() => resolve(key)))
      },
    })),
  )
  expect(started).toEqual(['a', 'b'])
  release[0]?.()
  await settled()
  expect(started).toEqual(['a', 'b', 'c'])
  expect(loader.get('a')).toBe('a')
})

test('what is no longer wanted is cancelled and its answer dropped', async () => {
  let signal: AbortSignal | undefined
  let finish: (value: string) => void = () => {}
  const loader = new TileLoader<string>(
    () => {},
    () => {},
    10,
    1,
  )
  loader.want([
    {
      key: 'old',
      load: (s) => {
        signal = s
        return new Promise((resolve) => {
          finish = resolve
        })
      },
    },
  ])
  loader.want([{ key: 'new', load: async () => 'new' }])
  expect(signal?.aborted).toBe(true)
  finish('old')
  await settled()
  expect(loader.get('old')).toBeUndefined()
  expect(loader.get('new')).toBe('new')
})

test('a failure is told once and asked for again only on request', async () => {
  const problem = vi.fn()
  const load = vi.fn(async () => {
    throw new StratumError('FILE_UNREADABLE', 'The disk is gone.', 'Put it back.', { path: 'scene.tif' })
  })
  const loader = new TileLoader<string>(() => {}, problem)
  loader.want([{ key: 'a', load }])
  await settled()
  loader.want([{ key: 'a', load }])
  await settled()
  expect(problem.mock.calls).toEqual([
    [{ code: 'FILE_UNREADABLE', message: 'The disk is gone.', hint: 'Put it back.', where: { path: 'scene.tif' } }, 'a'],
  ])
  expect(load).toHaveBeenCalledTimes(1)
  loader.retry()
  loader.want([{ key: 'a', load }])
  await settled()
  expect(load).toHaveBeenCalledTimes(2)
})

test('the tile drawn longest ago is forgotten first', async () => {
  const loader = new TileLoader<string>(
    () => {},
    () => {},
    2,
  )
  for (const key of ['a', 'b']) {
    loader.want([{ key, load: async () => key }])
    await settled()
  }
  loader.get('a')
  loader.want([{ key: 'c', load: async () => 'c' }])
  await settled()
  expect(['a', 'b', 'c'].map((key) => loader.get(key))).toEqual(['a', undefined, 'c'])
})

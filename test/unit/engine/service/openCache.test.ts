import { describe, expect, it } from 'vitest'
import { OpenCache } from '#engine/service/openCache.ts'

describe('OpenCache', () => {
  it('opens once, closes the longest unused, and closes the rest on clear', async () => {
    const closed: string[] = []
    const opened: string[] = []
    const cache = new OpenCache<string>(2)
    const open = (id: number) =>
      cache.open(
        id,
        async () => {
          opened.push(`${id}`)
          return `${id}`
        },
        async (value) => {
          closed.push(value)
        },
      )
    await open(1)
    await open(2)
    await open(1)
    await open(3)
    expect(opened).toEqual(['1', '2', '3'])
    expect(closed).toEqual(['2'])
    await cache.clear()
    expect(closed.sort()).toEqual(['1', '2', '3'])
  })

  it('tries again after a failed opening', async () => {
    const cache = new OpenCache<string>(2)
    const close = async () => undefined
    await expect(
      cache.open(
        1,
        async () => {
          throw new Error('gone')
        },
        close,
      ),
    ).rejects.toThrow('gone')
    expect(await cache.open(1, async () => 'there', close)).toBe('there')
  })
})

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

  it('closes what was opened while an earlier opening, dropped since, was failing', async () => {
    const cache = new OpenCache<string>(2)
    const closed: string[] = []
    const close = async (value: string): Promise<void> => void closed.push(value)
    let fail = (_reason: Error): void => undefined
    const failing = new Promise<string>((_, reject) => {
      fail = reject
    })
    const first = cache.open(1, () => failing, close)
    const dropped = cache.drop(1)
    expect(await cache.open(1, async () => 'there', close)).toBe('there')
    fail(new Error('gone'))
    await expect(first).rejects.toThrow('gone')
    await dropped
    await cache.clear()
    expect(closed).toEqual(['there'])
  })

  it('closes the others although one of them could not be opened', async () => {
    const cache = new OpenCache<string>(2)
    const closed: string[] = []
    const close = async (value: string): Promise<void> => void closed.push(value)
    await cache.open(1, async () => 'there', close)
    const failing = cache.open(2, () => Promise.reject(new Error('gone')), close)
    await Promise.all([cache.clear(), expect(failing).rejects.toThrow('gone')])
    expect(closed).toEqual(['there'])
  })
})

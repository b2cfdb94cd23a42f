import { describe, expect, it } from 'vitest'
import { findRegions, type MappingUnitOptions, mappingUnits, type ReadLines } from '#engine/analysis/maps/mappingUnit.ts'
import { BorderTable } from '#engine/analysis/maps/mappingUnitBorders.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/sieve.json' with { type: 'json' }

const digits = (text: string): Uint16Array => Uint16Array.from(text, Number)
const reader =
  (map: Uint16Array, width: number): ReadLines =>
  (from, to) =>
    map.slice(from * width, to * width)

async function sieved(map: Uint16Array, width: number, options: Partial<MappingUnitOptions> & { minPixels: number }): Promise<Uint16Array> {
  const height = map.length / width
  const mapped = await mappingUnits(reader(map, width), width, height, { connectivity: 4, giveTo: 'longest border', ...options })
  const whole = mapped.open()(0, height)
  // However many lines are asked for at once.
  const [open, pieces] = [mapped.open(), [] as number[]]
  for (let y = 0; y < height; y += 3) pieces.push(...open(y, Math.min(height, y + 3)))
  expect(pieces).toEqual([...whole])
  return whole
}

/** Lines of digits. */
const drawn = (text: string): { map: Uint16Array; width: number } => {
  const lines = text.trim().split(/\s+/)
  return { map: digits(lines.join('')), width: lines[0].length }
}
const shown = (map: Uint16Array, width: number): string[] =>
  Array.from({ length: map.length / width }, (_, y) => map.slice(y * width, (y + 1) * width).join(''))

describe('regions', () => {
  const { width, height } = reference
  it.each([4, 8] as const)('are as many as scipy finds, over %i neighbours', async (connectivity) => {
    const regions = await findRegions(reader(digits(reference.classes), width), width, height, { connectivity })
    expect(regions.count).toBe(reference.regions[connectivity])
    expect(regions.size.reduce((a, b) => a + b)).toBe([...reference.classes].filter((digit) => digit !== '0').length)
  })

  it('are refused when their list does not fit into the memory allowed', async () => {
    const board = Uint16Array.from({ length: 200 * 200 }, (_, i) => 1 + ((i + Math.floor(i / 200)) % 2))
    const options = { connectivity: 4, mostBytes: 100_000 } as const
    await expect(findRegions(reader(board, 200), 200, 200, options)).rejects.toMatchObject({ code: 'MEMORY_EXCEEDED' })
    await expect(sieved(board, 200, { minPixels: 2, mostBytes: 1_500_000 })).rejects.toMatchObject({ code: 'MEMORY_EXCEEDED' })
  })
})

describe('the smallest mapping unit', () => {
  const { width, classes } = reference
  it.each(reference.sieved)('equals gdal_sieve: below $minPixels pixels, $connectivity neighbours', async (expected) => {
    const { minPixels, connectivity } = expected
    const found = await sieved(digits(classes), width, {
      minPixels,
      connectivity: connectivity as 4 | 8,
      giveTo: 'largest neighbour',
    })
    expect(shown(found, width)).toEqual(shown(digits(expected.classes), width))
  })

  it('is given to the neighbour with the longest border, whatever its size', async () => {
    const { map, width } = drawn(`
      1111111
      1111111
      1113222
      1122222
      1122222`)
    // The 3 shares two edges with 1 (above, left) and two with 2 (right, below): of equals the larger, which is 1.
    expect(shown(await sieved(map, width, { minPixels: 2 }), width)[2]).toBe('1111222')
    map[1 * 7 + 3] = 2
    map[1 * 7 + 4] = 2
    // Now 2 lies above it, too.
    expect(shown(await sieved(map, width, { minPixels: 2 }), width).slice(1, 3)).toEqual(['1112211', '1112222'])
  })

  it('goes on until no region with a neighbour is too small, and leaves no-data and islands alone', async () => {
    const random = randomStream(8, 'speckle')
    const [w, h] = [70, 50]
    const map = Uint16Array.from({ length: w * h }, () => random.below(5))
    map.fill(0, 0, 3 * w)
    map[w + 5] = 2
    for (const connectivity of [4, 8] as const) {
      const found = await sieved(map, w, { minPixels: 15, connectivity })
      expect([...found].map((label) => label === 0)).toEqual([...map].map((label) => label === 0))
      expect(found[w + 5]).toBe(2)
      const regions = await findRegions(reader(found, w), w, h, { connectivity })
      const small = [...regions.size].flatMap((size, i) => (size < 15 ? [i] : []))
      // What stays small touches nothing over a side.
      const { of } = regions
      expect(of.length).toBeGreaterThan(1)
      const isEdge = (i: number, j: number): boolean => found[i] !== 0 && found[j] !== 0 && found[i] !== found[j]
      const touching = new Set<number>()
      for (let i = 0; i < map.length; i++) for (const j of [i % w ? i - 1 : -1, i - w]) if (j >= 0 && isEdge(i, j)) touching.add(i).add(j)
      for (const i of small) expect(regions.size[i]).toBeLessThan(15)
      const alone = floodSizes(found, w, connectivity)
      for (const pixel of touching) expect(alone[pixel]).toBeGreaterThanOrEqual(15)
    }
  })

  it('gives nothing away below one pixel, and says how many regions it gave', async () => {
    const { map, width } = drawn('112 132 111')
    const options = { connectivity: 4, giveTo: 'longest border' } as const
    const none = await mappingUnits(reader(map, width), width, 3, { ...options, minPixels: 1 })
    expect([none.regions, none.given, ...none.open()(0, 3)]).toEqual([3, 0, ...map])
    const some = await mappingUnits(reader(map, width), width, 3, { ...options, minPixels: 3 })
    expect([some.given, ...some.open()(0, 3)]).toEqual([2, ...new Array(9).fill(1)])
  })

  it('takes the class of the largest where small regions choose each other', async () => {
    expect([...(await sieved(digits('1223330'), 7, { minPixels: 9 }))]).toEqual([3, 3, 3, 3, 3, 3, 0])
  })
})

/** Size of each pixel's region, found by filling. */
function floodSizes(map: Uint16Array, width: number, connectivity: 4 | 8): Float64Array {
  const sizes = new Float64Array(map.length)
  const seen = new Uint8Array(map.length)
  const steps = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
    ...(connectivity === 8
      ? [
          [1, 1],
          [1, -1],
          [-1, 1],
          [-1, -1],
        ]
      : []),
  ]
  for (let start = 0; start < map.length; start++) {
    if (seen[start] || map[start] === 0) continue
    const region = [start]
    seen[start] = 1
    for (let at = 0; at < region.length; at++) {
      const [x, y] = [region[at] % width, Math.floor(region[at] / width)]
      for (const [dx, dy] of steps) {
        const next = (y + dy) * width + x + dx
        if (x + dx < 0 || x + dx >= width || next < 0 || next >= map.length || seen[next] || map[next] !== map[start]) continue
        seen[next] = 1
        region.push(next)
      }
    }
    for (const pixel of region) sizes[pixel] = region.length
  }
  return sizes
}

describe('the table of borders', () => {
  it('adds up what is shared by a pair, in either order', () => {
    const random = randomStream(2, 'pairs')
    const expected = new Map<string, number>()
    const table = new BorderTable(1e9)
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [random.below(60) * 50_000, 1 + random.below(60)]
      table.add(i % 2 ? a : b, i % 2 ? b : a, 1 + (i % 3))
      const key = [Math.min(a, b), Math.max(a, b)].join(' ')
      expected.set(key, (expected.get(key) ?? 0) + 1 + (i % 3))
    }
    const found = new Map<string, number>()
    table.each((a, b, border) => found.set(`${a} ${b}`, border))
    expect([...found].sort()).toEqual([...expected].sort())
  })
})

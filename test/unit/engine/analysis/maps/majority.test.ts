import { describe, expect, test } from 'vitest'
import { createMajorityFilter, majorityFilter, type MajorityWindow } from '#engine/analysis/maps/majority.ts'
import { randomStream } from '#engine/analysis/random.ts'

/** The rule in words, pixel by pixel. */
function plainMajority(labels: Uint16Array, width: number, height: number, window: number): Uint16Array {
  const r = (window - 1) / 2
  return labels.map((own, i) => {
    if (own === 0) return 0
    const counts = new Map<number, number>()
    for (let y = Math.floor(i / width) - r; y <= Math.floor(i / width) + r; y++) {
      for (let x = (i % width) - r; x <= (i % width) + r; x++) {
        if (x < 0 || y < 0 || x >= width || y >= height) continue
        const id = labels[y * width + x]
        if (id > 0) counts.set(id, (counts.get(id) ?? 0) + 1)
      }
    }
    const most = Math.max(...counts.values())
    const winners = [...counts].filter(([, count]) => count === most).map(([id]) => id)
    return winners.includes(own) ? own : Math.min(...winners)
  })
}

function noisyMap(width: number, height: number, classes: number, nodata: number): Uint16Array {
  const random = randomStream(width * 31 + height, 'map')
  return Uint16Array.from({ length: width * height }, () => (random.uniform() < nodata ? 0 : 1 + random.below(classes)))
}

test('a lone pixel takes the class around it, nodata stays and does not vote', () => {
  const map = Uint16Array.from([1, 1, 1, 1, 2, 1, 1, 1, 0])
  expect([...majorityFilter(map, 3, 3, 3)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0])
})

test('in a tie the pixel keeps its class when it is among the tied, otherwise it gets the smallest id', () => {
  // Left pixel sees {3, 2}: tie, keeps 3. Middle of the second map sees {5 once, 4 twice, 2 twice}: gets 2.
  expect([...majorityFilter(Uint16Array.from([3, 2]), 2, 1, 3)]).toEqual([3, 2])
  expect(majorityFilter(Uint16Array.from([0, 4, 0, 2, 5, 2, 0, 4, 0]), 3, 3, 3)[4]).toBe(2)
})

describe.each([3, 5, 7, 9] as MajorityWindow[])('window %i', (window) => {
  test.each([
    [40, 33, 5, 0.1],
    [17, 3, 3, 0.3],
    [1, 20, 2, 0],
    [20, 1, 2, 0],
    [2, 2, 300, 0],
    [25, 25, 60_000, 0.05],
    [30, 30, 12, 0.95],
  ])('%i × %i with %i classes equals the rule in words', (width, height, classes, nodata) => {
    const map = noisyMap(width, height, classes, nodata)
    expect(majorityFilter(map, width, height, window)).toEqual(plainMajority(map, width, height, window))
  })

  test('rows in any portions give the same map', () => {
    const map = noisyMap(23, 41, 6, 0.2)
    const filter = createMajorityFilter(23, 41, window)
    const parts: number[] = []
    for (let row = 0, n = 1; row < 41; row += n, n = (n % 7) + 1)
      parts.push(...filter.push(map.subarray(row * 23, Math.min(41, row + n) * 23)))
    parts.push(...filter.flush())
    expect(parts).toEqual([...majorityFilter(map, 23, 41, window)])
  })
})

test('too many, too few or broken rows are refused', () => {
  const filter = createMajorityFilter(4, 3, 3)
  expect(() => filter.push(new Uint16Array(5))).toThrow(RangeError)
  expect(() => filter.flush()).toThrow(RangeError)
  filter.push(new Uint16Array(12))
  expect(() => filter.push(new Uint16Array(4))).toThrow(RangeError)
})

import { describe, expect, test } from 'vitest'
import { EventFinder, type SeriesEvent } from '#engine/analysis/anomalies/events.ts'
import { HighestRows } from '#engine/analysis/anomalies/highestRows.ts'
import { localRx } from '#engine/analysis/anomalies/localRx.ts'
import { type GridObject, ObjectFinder, scoringAbove } from '#engine/analysis/anomalies/objects.ts'
import { randomStream } from '#engine/analysis/random.ts'

describe('objects of a scene', () => {
  const find = (lines: readonly string[], minimumPixels = 1): GridObject[] => {
    const objects: GridObject[] = []
    const finder = new ObjectFinder({
      width: lines[0].length,
      ...scoringAbove(0),
      minimumPixels,
      note: (row, add) => add(row % 2, 1),
      found: (object) => void objects.push(object),
    })
    for (const line of lines)
      finder.addLine(Array.from(line, (letter) => (letter === '.' ? 0 : letter === '#' ? Number.NaN : Number(letter))))
    finder.finish()
    return objects.sort((a, b) => a.peak - b.peak)
  }

  test('touch by corners, and join from two sides', () => {
    // A ring that closes in its last line, with a pixel inside that touches nothing but its corners.
    const [object, ...others] = find(['1...1', '.1.2.', '..1..', '.....', '1....'])
    expect(object).toMatchObject({ pixels: 5, maxScore: 2, peak: 8, bounds: { x0: 0, y0: 0, x1: 4, y1: 2 } })
    expect(object.x).toBeCloseTo((0.5 + 4.5 + 1.5 + 3.5 + 2.5) / 5, 12)
    expect(object.y).toBeCloseTo((0.5 + 0.5 + 1.5 + 1.5 + 2.5) / 5, 12)
    expect(object.meanScore).toBeCloseTo(6 / 5, 12)
    expect(others.map(({ pixels, peak }) => [pixels, peak])).toEqual([[1, 20]])
  })

  test('runs that a later line joins become one object', () => {
    expect(find(['1.1.1', '1.1.1', '11111']).map(({ pixels }) => pixels)).toEqual([11])
  })

  test('missing pixels part them, and small ones are left out', () => {
    expect(find(['11#11', '11#11', '..#..', '1....']).map(({ pixels }) => pixels)).toEqual([4, 4, 1])
    expect(find(['11#11', '11#11', '..#..', '1....'], 2).map(({ pixels }) => pixels)).toEqual([4, 4])
  })

  test('what is noted of pixels is summed over the object', () => {
    const [object] = find(['111'])
    expect([...object.noted].sort()).toEqual([
      [0, 2],
      [1, 1],
    ])
  })

  test('equal a flood fill on noise, whatever the scene', () => {
    const random = randomStream(2, 'noise')
    for (const width of [1, 2, 17, 40]) {
      const lines = Array.from({ length: 30 }, () => Array.from({ length: width }, () => (random.uniform() < 0.4 ? '1' : '.')).join(''))
      const found = find(lines).map(({ pixels }) => pixels)
      expect(found.sort((a, b) => a - b)).toEqual(flooded(lines).sort((a, b) => a - b))
    }
  })
})

function flooded(lines: readonly string[]): number[] {
  const open = new Set<string>()
  for (const [y, line] of lines.entries()) for (const [x, letter] of Array.from(line).entries()) if (letter === '1') open.add(`${x} ${y}`)
  const sizes: number[] = []
  for (const first of [...open]) {
    if (!open.delete(first)) continue
    const waiting = [first]
    let size = 0
    for (let at = waiting.pop(); at; at = waiting.pop()) {
      size++
      const [x, y] = at.split(' ').map(Number)
      for (const dy of [-1, 0, 1])
        for (const dx of [-1, 0, 1]) {
          const next = `${x + dx} ${y + dy}`
          if (open.delete(next)) waiting.push(next)
        }
    }
    sizes.push(size)
  }
  return sizes
}

describe('events of a time series', () => {
  const find = (text: string, mergeGap: number, minimumLength: number, units = 1): SeriesEvent[] => {
    const events: SeriesEvent[] = []
    const finder = new EventFinder({ threshold: 0, mergeGap, minimumLength, found: (event) => void events.push(event) })
    for (const [row, letter] of Array.from(text).entries()) finder.add(row % units, row, letter === '.' ? 0 : Number(letter))
    finder.finish()
    return events
  }

  test('are joined across small gaps', () => {
    const summary = ({ first, last, flagged, peak, peakScore, meanScore }: SeriesEvent) => [
      first,
      last,
      flagged,
      peak,
      peakScore,
      meanScore,
    ]
    expect(find('.12..3...1', 0, 1).map(summary)).toEqual([
      [1, 2, 2, 2, 2, 1.5],
      [5, 5, 1, 5, 3, 3],
      [9, 9, 1, 9, 1, 1],
    ])
    expect(find('.12..3...1', 2, 1).map(summary)).toEqual([
      [1, 5, 3, 5, 3, 2],
      [9, 9, 1, 9, 1, 1],
    ])
    expect(find('.12..3...1', 2, 2)).toHaveLength(1)
  })

  test('are each of one unit, however units are mixed', () => {
    // Unit 0: 1 1 . 1, unit 1: . . 2 2.
    expect(find('1.1..212', 0, 1, 2).map(({ unit, first, last }) => [unit, first, last])).toEqual([
      [0, 0, 2],
      [0, 6, 6],
      [1, 5, 7],
    ])
  })
})

test('the highest rows are kept in order, the earlier of equals first', () => {
  const random = randomStream(4, 'scores')
  const scores = Float32Array.from({ length: 30_000 }, () => Math.round(random.uniform() * 500))
  scores[17] = Number.NaN
  const highest = new HighestRows(2500)
  for (let from = 0; from < scores.length; from += 777) highest.add(from, scores.subarray(from, from + 777))
  const expected = Array.from(scores.keys())
    .filter((row) => !Number.isNaN(scores[row]))
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, 2500)
  const { rows, scores: kept } = highest.finish()
  expect([...rows]).toEqual(expected)
  expect([...kept]).toEqual(expected.map((row) => scores[row]))
})

describe('local RX', () => {
  const [width, height, d, outer, inner] = [13, 11, 2, 3, 1]
  const random = randomStream(6, 'pixels')
  const X = Float32Array.from({ length: width * height * d }, () => 1000 + random.uniform())
  X[(4 * width + 5) * d] += 5
  for (let j = 0; j < d; j++) X[(2 * width + 2) * d + j] = Number.NaN

  test('agrees with a ring taken pixel by pixel', async () => {
    const scores: number[] = []
    let parts: number[] = []
    await localRx({
      width,
      height,
      d,
      outer,
      inner,
      line: async (y) => X.slice(y * width * d, (y + 1) * width * d),
      scored: (_, line) => void scores.push(...line),
      blamed: (row, own) => {
        if (row === 4 * width + 5) parts = [...own]
      },
    })
    // With two numbers: what is left of the distance is that of the other number alone.
    expect(parts[0]).toBeGreaterThan(50 * parts[1])
    expect(parts[0]).toBeLessThanOrEqual(scores[4 * width + 5] * (1 + 1e-9))
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [found, expected] = [scores[y * width + x], byHand(x, y)]
        if (Number.isNaN(expected)) expect(found).toBeNaN()
        else expect(found / expected).toBeCloseTo(1, 4)
      }
    const highest = scores.reduce((best, score, i) => (score > (scores[best] || 0) ? i : best), 0)
    expect(highest).toBe(4 * width + 5)
  })

  function byHand(x0: number, y0: number): number {
    const at = (x: number, y: number) => [0, 1].map((j) => X[(y * width + x) * d + j])
    const pixel = at(x0, y0)
    if (Number.isNaN(pixel[0])) return Number.NaN
    const ring: number[][] = []
    for (let y = Math.max(0, y0 - outer); y <= Math.min(height - 1, y0 + outer); y++)
      for (let x = Math.max(0, x0 - outer); x <= Math.min(width - 1, x0 + outer); x++)
        if (Math.max(Math.abs(x - x0), Math.abs(y - y0)) > inner && !Number.isNaN(at(x, y)[0])) ring.push(at(x, y))
    const mean = [0, 1].map((j) => ring.reduce((sum, one) => sum + one[j], 0) / ring.length)
    const cov = (j: number, k: number) => ring.reduce((sum, one) => sum + (one[j] - mean[j]) * (one[k] - mean[k]), 0) / ring.length
    const ridge = (1e-3 * (cov(0, 0) + cov(1, 1))) / 2
    const [a, b, c] = [cov(0, 0) + ridge, cov(0, 1), cov(1, 1) + ridge]
    const [u, v] = [pixel[0] - mean[0], pixel[1] - mean[1]]
    return (c * u * u - 2 * b * u * v + a * v * v) / (a * c - b * b)
  }
})

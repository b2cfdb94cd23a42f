import { beforeAll, describe, expect, test, vi } from 'vitest'
import {
  classLayer,
  flaggedLayer,
  paintClasses,
  paintComposite,
  paintVeil,
  poolHighest,
  type RasterReader,
} from '../../../../../src-renderer/features/map/layers.ts'

beforeAll(() => {
  // jsdom has no ImageData without a canvas library.
  vi.stubGlobal(
    'ImageData',
    class {
      readonly data: Uint8ClampedArray
      readonly width: number
      readonly height: number
      constructor(width: number, height: number) {
        this.width = width
        this.height = height
        this.data = new Uint8ClampedArray(width * height * 4)
      }
    },
  )
})
const pixel = (image: ImageData, i: number): number[] => [...image.data.subarray(i * 4, i * 4 + 4)]
const window = { x: 0, y: 0, width: 4, height: 1, outWidth: 4, outHeight: 1 }

describe('a composite', () => {
  test('stretches each band on its own and clamps', () => {
    const values = Float32Array.from([0, 5, 10, 20, 0, 1, 2, 3, 7, 7, 7, 7])
    const image = paintComposite(
      values,
      [0, 1, 2],
      [
        [0, 10],
        [0, 2],
        [7, 9],
      ],
      4,
      1,
    )
    expect(pixel(image, 1)).toEqual([128, 128, 0, 255])
    expect(pixel(image, 3)).toEqual([255, 255, 0, 255])
  })
  test('is transparent where a shown band has no value', () => {
    const image = paintComposite(
      Float32Array.from([1, Number.NaN]),
      [0],
      [
        [0, 2],
        [0, 2],
        [0, 2],
      ],
      2,
      1,
    )
    expect(pixel(image, 0)).toEqual([128, 128, 128, 255])
    expect(pixel(image, 1)[3]).toBe(0)
  })
})

describe('classes', () => {
  const colours = new Map([
    [1, '#FF0000'],
    [2, '#00FF00'],
  ])
  test('have their exact colour, and no data is transparent', () => {
    const image = paintClasses(Uint16Array.from([0, 1, 2, 9]), colours, new Set(), 4, 1)
    expect([0, 1, 2, 3].map((i) => pixel(image, i))).toEqual([
      [0, 0, 0, 0],
      [255, 0, 0, 255],
      [0, 255, 0, 255],
      [0, 0, 0, 0],
    ])
  })
  test('fade where another one is raised', () => {
    const image = paintClasses(Uint16Array.from([1, 2]), colours, new Set([2]), 2, 1)
    expect([pixel(image, 0)[3], pixel(image, 1)[3]]).toEqual([64, 255])
  })
  test('are read once however often they are recoloured', async () => {
    const readMap = vi.fn(async () => ({ ok: true as const, value: { values: Uint16Array.from([1, 2, 0, 1]) } }))
    const engine = { readMap } as unknown as RasterReader
    const common = { id: 'c', name: 'c', visible: true, opacity: 1, artifact: 77 }
    const first = classLayer(engine, { ...common, colours })
    const second = classLayer(engine, { ...common, colours: new Map([[1, '#0000FF']]) })
    expect(first.revision).not.toBe(second.revision)
    await first.load(window)
    expect(pixel(await second.load(window), 0)).toEqual([0, 0, 255, 255])
    expect(readMap).toHaveBeenCalledTimes(1)
  })
})

describe('flagged pixels', () => {
  test('are those above the threshold', async () => {
    const engine = {
      readMap: async () => ({ ok: true, value: { values: Float32Array.from([0.1, 0.6, Number.NaN, 0.5]) } }),
    } as unknown as RasterReader
    const image = await flaggedLayer(engine, { id: 'f', name: 'f', visible: true, opacity: 1, artifact: 78, threshold: 0.5 }).load(window)
    expect([0, 1, 2, 3].map((i) => pixel(image, i)[3])).toEqual([0, 255, 0, 0])
  })
  test('are read finer when zoomed out, so that one pixel does not vanish', async () => {
    const readMap = vi.fn(async ({ window: w }: { window: typeof window }) => ({
      ok: true as const,
      value: { values: new Float32Array(w.outWidth * w.outHeight).fill(0).with(5, 9) },
    }))
    const image = await flaggedLayer({ readMap } as unknown as RasterReader, {
      id: 'f',
      name: 'f',
      visible: true,
      opacity: 1,
      artifact: 79,
      threshold: 1,
    }).load({ x: 0, y: 0, width: 16, height: 16, outWidth: 4, outHeight: 4 })
    expect(readMap.mock.calls[0]?.[0].window).toMatchObject({ outWidth: 16, outHeight: 16 })
    expect(pixel(image, 1)[3]).toBe(255)
  })
  test('pooling keeps the highest value and no data only where all is', () => {
    const nan = Number.NaN
    expect([...poolHighest(Float32Array.from([1, nan, nan, nan, 3, 2, nan, nan]), 2, 1, 2)]).toEqual([3, nan])
  })
})

test('an engine that refuses says why, and of which result', async () => {
  const error = { code: 'PROJECT_CORRUPT', message: 'Chunk 0 is missing.', hint: 'Delete it.', where: { artifact: 80 } }
  const engine = { readMap: async () => ({ ok: false, error }) } as unknown as RasterReader
  await expect(
    classLayer(engine, { id: 'c', name: 'c', visible: true, opacity: 1, artifact: 80, colours: new Map() }).load(window),
  ).rejects.toMatchObject(error)
})

test('selected pixels stay clear while the rest is veiled', () => {
  const image = paintVeil(Uint8Array.of(1, 0, 0, 1), 2, 2, 1)
  expect([0, 1, 2, 3].map((i) => pixel(image, i)[3] > 0)).toEqual([false, true, true, false])
})

test('a single selected pixel is not lost when several share a place on the screen', () => {
  // Two places side by side, each of 2 × 2 pixels; the last pixel of the second is selected.
  const image = paintVeil(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1), 2, 1, 2)
  expect([0, 1].map((i) => pixel(image, i)[3] > 0)).toEqual([true, false])
})

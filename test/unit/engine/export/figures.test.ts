import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import type { Grid } from '#common/domain/grid.ts'
import { anomaly, parseHex } from '#common/domain/palettes.ts'
import { scaleBar } from '#engine/export/mapFurniture.ts'
import { classPicture, scorePicture } from '#engine/export/mapRaster.ts'
import { exportPng, figureSvg } from '#engine/export/png.ts'
import { encodePng } from '#engine/export/pngEncoder.ts'
import { classQml, rampQml } from '#engine/export/qml.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-figures-'))
afterAll(() => rmSync(folder, { recursive: true }))

const grid: Grid = {
  width: 6,
  height: 4,
  transform: [30, 0, 0, 0, -30, 0],
  georeferenced: true,
  crs: { code: 'EPSG:32754', name: 'WGS 84 / UTM zone 54S', unit: 'metre', proj4: null },
  geoKeys: {},
}
const legend = [
  { id: 1, name: 'Sand & <gravel>', colour: '#FF0000' },
  { id: 2, name: 'Clay', colour: '#00FF00' },
]
const labels = Uint16Array.from({ length: 24 }, (_, i) => i % 3)

test('the scale bar fits and says its length on the ground', () => {
  expect(scaleBar(grid, 100)).toEqual({ pixels: 2000 / 30, label: '2 km' })
  expect(scaleBar({ ...grid, transform: [0.5, 0, 0, 0, -0.5, 0] }, 3)).toEqual({ pixels: 2, label: '1 m' })
  expect(scaleBar({ ...grid, georeferenced: false }, 130)).toEqual({ pixels: 100, label: '100 px' })
})

test('class pixels carry the colours of the legend, nodata is transparent', async () => {
  const { rgba, width, height, step } = await classPicture({ width: 6, height: 4, read: (from, to) => labels.slice(from, to) }, legend, 100)
  expect([width, height, step]).toEqual([6, 4, 1])
  expect([...rgba.subarray(0, 12)]).toEqual([0, 0, 0, 0, 255, 0, 0, 255, 0, 255, 0, 255])
})

test('a thinned score map still shows its highest pixel', async () => {
  const scores = new Float32Array(40 * 40)
  scores[17 * 40 + 23] = 1
  scores.fill(Number.NaN, 0, 40)
  const { rgba, width, step } = await scorePicture(
    { width: 40, height: 40, read: (from, to) => scores.slice(from, to) },
    anomaly,
    { from: 0, to: 1 },
    10,
  )
  expect([width, step]).toEqual([10, 4])
  expect([...rgba.subarray((4 * 10 + 5) * 4, (4 * 10 + 5) * 4 + 4)]).toEqual([...parseHex(anomaly.at(-1) as string), 255])
  expect([...rgba.subarray(0, 4)]).toEqual([...parseHex(anomaly[0]), 255])
})

test('the PNG inside a figure holds the pixels', () => {
  const rgba = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => i * 9)
  const png = Buffer.from(encodePng(rgba, 3, 2))
  expect(png.subarray(12, 24).toString('hex')).toBe('494844520000000300000002')
  const at = png.indexOf('IDAT')
  const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
  expect([...lines]).toEqual([0, ...rgba.subarray(0, 12), 0, ...rgba.subarray(12)])
})

test('a figure names title, classes, shares, scale and CRS, with markup escaped', async () => {
  const picture = await classPicture({ width: 6, height: 4, read: (from, to) => labels.slice(from, to) }, legend, 100)
  const svg = figureSvg(
    {
      kind: 'classes',
      path: '',
      grid: { ...grid, width: 60, height: 40 },
      title: 'Map <1>',
      labels: () => labels,
      legend,
      shares: new Map([[1, 0.625]]),
    },
    picture,
    2,
  )
  for (const text of ['Map &lt;1&gt;', 'Sand &amp; &lt;gravel&gt;', 'Clay', '62.5', 'WGS 84 / UTM zone 54S, EPSG:32754', '60 × 40 pixels'])
    expect(svg).toContain(text)
})

test('a figure is a PNG with text drawn by the shipped font', async () => {
  const read = (from: number, to: number) => labels.slice(from, to)
  const withTitle = join(folder, 'title.png')
  const [file] = await exportPng({ kind: 'classes', path: withTitle, grid, title: 'Classes', labels: read, legend, scale: 1 })
  await exportPng({ kind: 'classes', path: join(folder, 'blank.png'), grid, title: ' ', labels: read, legend, scale: 1 })
  const [png, blank] = [readFileSync(withTitle), readFileSync(join(folder, 'blank.png'))]
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect(file).toEqual({ path: withTitle, sizeBytes: png.length, what: 'map figure' })
  expect(png.equals(blank)).toBe(false)
  expect(png.length).toBeGreaterThan(blank.length)
})

test('a score figure marks the threshold', async () => {
  const path = join(folder, 'scores.png')
  const scores = (from: number, to: number) => new Float32Array(to - from).map((_, i) => i / 24)
  const [{ sizeBytes }] = await exportPng({
    kind: 'scores',
    path,
    grid,
    title: 'Anomaly score',
    scores,
    range: { from: 0, to: 1 },
    threshold: 0.6,
  })
  expect(sizeBytes).toBe(readFileSync(path).length)
})

test('styles list every class and every stop, escaped', () => {
  const classes = classQml(legend)
  expect(classes).toContain('<paletteEntry value="1" color="#FF0000" alpha="255" label="Sand &amp; &lt;gravel&gt;"/>')
  expect(classes.match(/paletteEntry/g)).toHaveLength(2)
  const ramp = rampQml(['#000000', '#888888', '#FFFFFF'], 0, 0.5)
  expect([...ramp.matchAll(/<item value="([^"]+)" color="([^"]+)"/g)].map(([, value, colour]) => [Number(value), colour])).toEqual([
    [0, '#000000'],
    [0.25, '#888888'],
    [0.5, '#FFFFFF'],
  ])
})

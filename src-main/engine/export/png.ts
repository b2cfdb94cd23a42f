/**
 * A map as a figure: title, map with scale bar and north arrow, legend with shares or a colour ramp, and a line that says what it is.
 * Drawn as SVG and rendered by resvg with the font the project ships, so it looks the same on a machine without any font.
 * Always in the light theme.
 */
import { setImmediate } from 'node:timers/promises'
import { Resvg } from '@resvg/resvg-js'
import type { LegendEntry } from '#common/domain/artifact.ts'
import type { Grid } from '#common/domain/grid.ts'
import { northAngle } from '#common/domain/ground.ts'
import { anomaly } from '#common/domain/palettes.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { resourceFile } from '../resources.ts'
import { xmlText } from './geotiff/metadata.ts'
import { scaleBar } from './mapFurniture.ts'
import { classPicture, type MapPicture, scorePicture } from './mapRaster.ts'
import { type ExportedFile, writeOutputFile } from './outputFile.ts'
import { encodePng } from './pngEncoder.ts'

interface FigureExport {
  readonly path: string
  readonly grid: Grid
  readonly title: string
  /** Under the title, e.g. the method. */
  readonly subtitle?: string
  /** Picture pixels per point, 1 … 4; default 2. */
  readonly scale?: number
  readonly signal?: AbortSignal
}

export interface ClassFigure extends FigureExport {
  readonly kind: 'classes'
  readonly labels: (from: number, to: number) => Uint16Array
  readonly legend: readonly LegendEntry[]
  /** Share of the valid pixels by class id, 0…1. */
  readonly shares?: ReadonlyMap<number, number>
}

export interface ScoreFigure extends FigureExport {
  readonly kind: 'scores'
  readonly scores: (from: number, to: number) => Float32Array
  readonly range: { readonly from: number; readonly to: number }
  /** Marked on the ramp. */
  readonly threshold?: number
}

interface Legend {
  readonly svg: string
  readonly width: number
  readonly height: number
}

const ink = '#1C1B19'
const muted = '#66625C'
const frame = '#C9C6C0'
/** Behind the map: pixels without data. */
const ground = '#E6E4E0'
const margin = 24
const legendWidth = 264
const legendRow = 22
/** Side of the map in points: enough for print at 2 ×, and small maps are enlarged in whole steps towards it. */
const mapSide = 900

export async function exportPng(figure: ClassFigure | ScoreFigure): Promise<ExportedFile[]> {
  const { grid, path, signal, scale = 2 } = figure
  if (!(scale >= 1 && scale <= 4)) throw new RangeError(`expected a scale of 1 to 4, found ${scale}`)
  const source = { width: grid.width, height: grid.height, signal }
  const map =
    figure.kind === 'classes'
      ? await classPicture({ ...source, read: figure.labels }, figure.legend, mapSide * scale)
      : await scorePicture({ ...source, read: figure.scores }, anomaly, figure.range, mapSide * scale)
  // Drawing takes a second at most and cannot be interrupted: a cancel is met before and after it.
  const pause = async (): Promise<void> => {
    await setImmediate()
    if (signal) throwIfCancelled(signal)
  }
  await pause()
  const svg = figureSvg(figure, map, scale)
  await pause()
  const png = renderSvg(svg, scale)
  await pause()
  return [await writeOutputFile(path, 'map figure', async (file) => void (await file.append(png)))]
}

/** No system font is looked at: the same bytes on every machine. */
function renderSvg(svg: string, scale: number): Uint8Array {
  const fontFiles = ['fonts/Inter-Regular.ttf', 'fonts/Inter-SemiBold.ttf'].map(resourceFile)
  return new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    background: '#FFFFFF',
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: 'Inter' },
  })
    .render()
    .asPng()
}

export function figureSvg(figure: ClassFigure | ScoreFigure, map: MapPicture, scale: number): string {
  // Points per picture pixel: whole picture pixels up, or as many as the scale gives down.
  const enlarged = Math.floor((mapSide * scale) / Math.max(map.width, map.height))
  const points = Math.max(1, enlarged) / scale
  const mapWidth = map.width * points
  const mapHeight = map.height * points
  const top = figure.subtitle ? 84 : 64
  const legend = figure.kind === 'classes' ? classLegend(figure, mapHeight) : rampLegend(figure)
  const width = Math.ceil(2 * margin + mapWidth + 24 + legend.width)
  const height = Math.ceil(Math.max(top + mapHeight, top + legend.height) + 48)
  const image = Buffer.from(encodePng(map.rgba, map.width, map.height)).toString('base64')
  const { grid } = figure
  const thinned =
    map.step === 1
      ? ''
      : figure.kind === 'classes'
        ? ` · shown 1 : ${map.step}`
        : ` · each dot is the highest of ${map.step} × ${map.step} pixels`
  const place =
    [
      grid.crs ? `${grid.crs.name}${grid.crs.code ? `, ${grid.crs.code}` : ''}` : 'No coordinate system',
      `${grid.width} × ${grid.height} pixels`,
    ].join(' · ') + thinned
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter" font-size="13" fill="${ink}">
<text x="${margin}" y="42" font-size="20" font-weight="600">${xmlText(figure.title)}</text>
${figure.subtitle ? `<text x="${margin}" y="64" fill="${muted}">${xmlText(figure.subtitle)}</text>` : ''}
<rect x="${margin}" y="${top}" width="${mapWidth}" height="${mapHeight}" fill="${ground}"/>
<image x="${margin}" y="${top}" width="${mapWidth}" height="${mapHeight}" image-rendering="optimizeSpeed" href="data:image/png;base64,${image}"/>
<rect x="${margin - 0.5}" y="${top - 0.5}" width="${mapWidth + 1}" height="${mapHeight + 1}" fill="none" stroke="${frame}"/>
${furniture(grid, margin + 12, top + mapHeight - 12, mapWidth, points / map.step)}
<g transform="translate(${margin + mapWidth + 24} ${top})">${legend.svg}</g>
<text x="${margin}" y="${height - 20}" font-size="11" fill="${muted}">${xmlText(place)}</text>
</svg>`
}

/** North arrow and scale bar in a white box whose lower left corner is at (x, y). `points` per map pixel. */
function furniture(grid: Grid, x: number, y: number, mapWidth: number, points: number): string {
  const most = Math.min(160, mapWidth - 90)
  if (most < 24) return ''
  const bar = scaleBar(grid, most / points)
  const length = bar.pixels * points
  const angle = northAngle(grid)
  const barX = angle === null ? 12 : 38
  const boxWidth = barX + length + 18 + bar.label.length * 7.2 + 6
  const arrow =
    angle === null
      ? ''
      : `<g transform="translate(20 18) rotate(${angle.toFixed(2)})"><path d="M0 -9 L5 5 L0 2 L-5 5 Z"/></g><text x="20" y="32" font-size="8" font-weight="600" text-anchor="middle">N</text>`
  return `<g transform="translate(${x} ${y - 36})"><rect width="${boxWidth.toFixed(1)}" height="36" rx="4" fill="#FFFFFF" fill-opacity="0.92"/>${arrow}<path d="M${barX} 14 V22 H${(barX + length).toFixed(2)} V14" fill="none" stroke="${ink}" stroke-width="1.25"/><text x="${(barX + length + 8).toFixed(1)}" y="22">${bar.label}</text></g>`
}

/** In columns no taller than the map; beyond 200 classes the rest is only counted. */
function classLegend({ legend, shares }: ClassFigure, mapHeight: number): Legend {
  const listed = legend.slice(0, 200)
  const perColumn = Math.min(listed.length, Math.max(12, Math.floor((mapHeight - 28) / legendRow)))
  const nColumns = Math.max(1, Math.ceil(listed.length / perColumn))
  const columnOf = (i: number): number => Math.floor(i / perColumn) * (legendWidth + 24)
  const rows = listed.map(({ id, name, colour }, i) => {
    const x = columnOf(i)
    const y = 28 + (i % perColumn) * legendRow
    const share = shares?.get(id)
    const percent =
      share === undefined
        ? ''
        : `<text x="${x + legendWidth}" y="${y + 11}" text-anchor="end" fill="${muted}">${share > 0 && share < 0.0005 ? '&lt; 0.1' : (share * 100).toFixed(1)}</text>`
    return `<rect x="${x + 0.5}" y="${y + 0.5}" width="13" height="13" rx="3" fill="${colour}" stroke="#000000" stroke-opacity="0.25"/><text x="${x + 40}" y="${y + 11}" text-anchor="end">${id}</text><text x="${x + 48}" y="${y + 11}">${xmlText(shorten(name, shares ? 24 : 30))}</text>${percent}`
  })
  const headings = Array.from({ length: nColumns }, (_, column) => {
    const x = column * (legendWidth + 24)
    return `<text x="${x}" y="12" font-weight="600">Class</text>${shares ? `<text x="${x + legendWidth}" y="12" text-anchor="end" font-weight="600">%</text>` : ''}`
  })
  const left = legend.length - listed.length
  const rest = left > 0 ? `<text x="0" y="${28 + perColumn * legendRow + 14}" fill="${muted}">and ${left} more</text>` : ''
  return { svg: [...headings, ...rows, rest].join(''), width: nColumns * (legendWidth + 24) - 24, height: 28 + perColumn * legendRow + 20 }
}

function rampLegend({ range, threshold }: ScoreFigure): Legend {
  const stops = anomaly.map((colour, i) => `<stop offset="${i / (anomaly.length - 1)}" stop-color="${colour}"/>`).join('')
  const at = (value: number): number => legendWidth * Math.max(0, Math.min(1, (value - range.from) / (range.to - range.from)))
  const number = (value: number): string => String(Number(value.toPrecision(3))).replace('-', '−')
  const mark =
    threshold === undefined
      ? ''
      : `<path d="M${at(threshold).toFixed(1)} 22 V44" stroke="${ink}" stroke-width="1.5"/><text x="0" y="84">Flagged above ${number(threshold)}</text>`
  const svg = `<text x="0" y="12" font-weight="600">Anomaly score</text><defs><linearGradient id="ramp">${stops}</linearGradient></defs><rect x="0" y="26" width="${legendWidth}" height="14" rx="2" fill="url(#ramp)"/>${mark}<text x="0" y="58" fill="${muted}">${number(range.from)}</text><text x="${legendWidth}" y="58" text-anchor="end" fill="${muted}">${number(range.to)}</text>`
  return { svg, width: legendWidth, height: 90 }
}

const shorten = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)

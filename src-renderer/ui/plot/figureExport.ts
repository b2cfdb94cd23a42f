/**
 * A drawn plot as a file: SVG with every style written into its elements, PNG made from that, CSV from its table.
 * Exports use the light theme whatever the window shows, so that a figure looks the same in every paper.
 */
import { guardedText } from '#common/domain/tableText.ts'
import { addLegend, type LegendEntry } from './exportLegend.ts'

/** What a plot shows, as rows under column names. Also its "Show as table". */
export interface PlotTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** The light values of the tokens that plots are drawn with. */
const lightTokens: Readonly<Record<string, string>> = {
  '--bg-2': '#FFFFFF',
  '--bg-3': '#FFFFFF',
  '--line': '#DEDCD7',
  '--line-2': '#C9C6C0',
  '--text-1': '#1C1B19',
  '--text-2': '#504D48',
  '--text-3': '#66625C',
  '--accent-text': '#234FAE',
  '--select': '#DCE6FA',
  '--select-line': '#2A59BF',
  '--ok': '#1B7042',
  '--danger': '#AE231B',
  '--flag': '#D6006C',
  '--track': '#D4D1CB',
  '--grid': '#E9E7E3',
  '--axis': '#66625C',
  '--mute': '#B4B0A8',
  '--ink': '#1C1B19',
}
const inlined = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'stroke-linejoin',
  'opacity',
  'paint-order',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
] as const

interface Picture {
  readonly svg: string
  /** In pixels of the drawing. */
  readonly width: number
  readonly height: number
}

/** A free-standing copy of the drawing, as SVG. Anything marked data-screen (hover, handles) stays behind; the legend goes below it. */
export const toSvg = (drawing: SVGSVGElement, legend: readonly LegendEntry[] = []): string => pictureOf(drawing, legend).svg

function pictureOf(drawing: SVGSVGElement, legend: readonly LegendEntry[]): Picture {
  const stage = document.createElement('div')
  stage.style.cssText = 'position:fixed;left:-99999px;top:0'
  for (const [name, value] of Object.entries(lightTokens)) stage.style.setProperty(name, value)
  const copy = drawing.cloneNode(true) as SVGSVGElement
  copy.classList.add('export')
  for (const element of copy.querySelectorAll('[data-screen]')) element.remove()
  const { width, height: tall } = drawing.getBoundingClientRect()
  const height = tall + addLegend(copy, legend, width, tall)
  stage.append(copy)
  document.body.append(stage)
  try {
    const elements = [...copy.querySelectorAll<SVGElement>('*')]
    for (const element of elements) {
      const style = getComputedStyle(element)
      for (const name of inlined) element.setAttribute(name, style.getPropertyValue(name))
    }
    // Only now: colours of a group reach the lines in it through its style.
    for (const element of elements) {
      element.removeAttribute('class')
      element.removeAttribute('style')
    }
  } finally {
    stage.remove()
  }
  const background = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of [
    ['width', '100%'],
    ['height', '100%'],
    ['fill', '#FFFFFF'],
  ])
    background.setAttribute(name, value)
  copy.prepend(background)
  for (const [name, value] of [
    ['width', width],
    ['height', height],
    ['viewBox', `0 0 ${width} ${height}`],
  ] as const)
    copy.setAttribute(name, String(value))
  copy.removeAttribute('class')
  copy.removeAttribute('style')
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return { svg: new XMLSerializer().serializeToString(copy), width, height }
}

export async function toPng(drawing: SVGSVGElement, factor: number, legend: readonly LegendEntry[] = []): Promise<Blob> {
  const { svg, width, height } = pictureOf(drawing, legend)
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width * factor)
  canvas.height = Math.round(height * factor)
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))), 'image/png')
  })
}

/** RFC 4180: quoted where needed, a full stop as decimal sign, NaN as an empty field, no text that a spreadsheet would run. */
export function toCsv({ columns, rows }: PlotTable): string {
  const field = (v: string | number): string => {
    if (typeof v === 'number') return Number.isFinite(v) ? String(v) : ''
    const text = guardedText(v)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return `${[columns, ...rows].map((row) => row.map(field).join(',')).join('\r\n')}\r\n`
}

/** Hands a file to the browser's own save dialog. */
export function saveFile(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export const fileStem = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '') || 'plot'

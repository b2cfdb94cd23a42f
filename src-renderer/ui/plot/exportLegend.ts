/**
 * What the lines of a saved picture are called, in rows below its drawing. In the window names stand at line ends, in read-outs and in
 * legends of buttons; none of these goes along with the picture.
 */
import { lineColours } from './colour.ts'

export interface LegendEntry {
  readonly name: string
  /** Any CSS colour; a hex is moved towards the ink as the line itself is. */
  readonly colour: string
  /** A line, with dashes or without; a ring or a dot for single values; a field for what is filled. */
  readonly mark?: 'line' | 'ring' | 'dot' | 'field'
  readonly dash?: string
  readonly width?: number
  /** A figure behind the name, e.g. the area below the line. */
  readonly figure?: string
}
interface Placed {
  readonly entry: LegendEntry
  readonly words: string
  readonly x: number
  readonly row: number
}

const signWidth = 6.2
const swatchWidth = 18
/** From the beginning of a swatch to that of its words. */
const wordsAt = swatchWidth + 6
const gap = 14
const rowHeight = 18
const padding = 6

const cut = (name: string, most: number): string => (name.length > most ? `${name.slice(0, Math.max(1, most - 1)).trimEnd()}…` : name)

/** The entries one after another, in as many rows as they need; of what is longer than a row the name is cut. All lengths in pixels of the drawing. */
export function placeLegend(entries: readonly LegendEntry[], width: number): Placed[] {
  const most = Math.max(4, Math.floor((width - wordsAt) / signWidth))
  let [x, row] = [0, 0]
  return entries.map((entry) => {
    const words = entry.figure ? `${cut(entry.name, most - entry.figure.length - 1)} ${entry.figure}` : cut(entry.name, most)
    const needed = wordsAt + words.length * signWidth
    if (x > 0 && x + needed > width) [x, row] = [0, row + 1]
    const placed = { entry, words, x, row }
    x += needed + gap
    return placed
  })
}

const element = (name: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  return made
}

function swatch({ mark = 'line', dash, width = 2 }: LegendEntry, x: number, y: number): SVGElement {
  const line = 'stroke:var(--c-light)'
  const shapes = {
    line: () =>
      element('path', {
        d: `M${x} ${y}h${swatchWidth}`,
        style: `${line};stroke-width:${width}px;stroke-dasharray:${dash ?? 'none'};fill:none`,
      }),
    ring: () => element('circle', { cx: x + swatchWidth / 2, cy: y, r: 3.5, style: `${line};stroke-width:2px;fill:var(--bg-2)` }),
    dot: () => element('circle', { cx: x + swatchWidth / 2, cy: y, r: 3.5, style: 'fill:var(--c-light)' }),
    field: () =>
      element('rect', {
        x,
        y: y - 4,
        width: swatchWidth,
        height: 8,
        style: `${line};stroke-width:1.3px;fill:var(--c-light);fill-opacity:0.12`,
      }),
  }
  return shapes[mark]()
}

/**
 * Writes the legend into a drawing, from `top` on.
 * @returns how much taller the drawing is then, in pixels
 */
export function addLegend(drawing: SVGSVGElement, entries: readonly LegendEntry[], width: number, top: number): number {
  if (entries.length === 0) return 0
  const placed = placeLegend(entries, width)
  for (const { entry, words, x, row } of placed) {
    const y = top + padding + (row + 0.5) * rowHeight
    const group = element('g', { style: lineColours(entry.colour) })
    const text = element('text', { x: x + wordsAt, y: y + 4 })
    text.textContent = words
    group.append(swatch(entry, x, y), text)
    drawing.append(group)
  }
  return 2 * padding + rowHeight * ((placed.at(-1)?.row ?? 0) + 1)
}

/**
 * The layers of a scene as pictures: three bands, class colours, an anomaly score, the mask of flagged pixels.
 * Values of maps (labels, scores) are kept per window, so that recolouring and moving the threshold read nothing again.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls, RasterWindow } from '#common/contract/engine.ts'
import { anomaly, parseHex, rampColour, sequential } from '#common/domain/palettes.ts'
import { toError } from '#common/errors.ts'
import type { RowSelection } from '#common/domain/selection.ts'
import type { Result } from '#common/result.ts'
import type { MapLayer } from './types.ts'

export type RasterReader = Pick<Client<EngineCalls>, 'readRaster' | 'readMap'>
type Common = Pick<MapLayer, 'visible' | 'opacity' | 'side'>
export type Stretch = readonly [from: number, to: number]

function settled<T>(result: Result<T>): T {
  if (!result.ok) throw toError(result.error)
  return result.value
}

/** Windows of one map, newest last; 200 tiles of scores are 52 MB. */
class WindowCache<T> {
  readonly #kept = new Map<string, Promise<T>>()
  readonly #most: number
  constructor(most = 200) {
    this.#most = most
  }

  get(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key)
    if (known) return known
    const reading = read()
    this.#kept.set(key, reading)
    reading.catch(() => this.#kept.delete(key))
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break
      this.#kept.delete(oldest)
    }
    return reading
  }

  forget(): void {
    this.#kept.clear()
  }
}
const labelWindows = new WindowCache<Uint16Array>()
const scoreWindows = new WindowCache<Float32Array>()
/** Artifacts of another project have the same numbers. */
export function forgetWindows(): void {
  labelWindows.forget()
  scoreWindows.forget()
}
const keyOf = (artifact: number, w: RasterWindow): string => `${artifact}:${w.x},${w.y},${w.width},${w.height},${w.outWidth},${w.outHeight}`

// composite ------------------------------------------------------------------------------------------------------------
export interface Composite extends Common {
  readonly id: string
  readonly name: string
  readonly dataset: number
  /** Three bands for red, green and blue, or one for grey. */
  readonly bands: readonly number[]
  /** Per band: the values shown as black and as full colour. */
  readonly stretch: readonly Stretch[]
}

export function compositeLayer(engine: RasterReader, c: Composite): MapLayer {
  return {
    ...c,
    kind: 'composite',
    revision: `${c.dataset}:${c.bands.join(',')}:${c.stretch.flat().join(',')}`,
    async load(window) {
      const distinct = [...new Set(c.bands)]
      const { values } = settled(await engine.readRaster({ dataset: c.dataset, bands: distinct, window }))
      return paintComposite(
        values,
        c.bands.map((b) => distinct.indexOf(b)),
        c.stretch,
        window.outWidth,
        window.outHeight,
      )
    },
  }
}

/** values [bands, height, width]; a pixel without a value in any shown band is transparent. */
export function paintComposite(
  values: Float32Array,
  bands: readonly number[],
  stretch: readonly Stretch[],
  width: number,
  height: number,
): ImageData {
  const image = new ImageData(width, height)
  const n = width * height
  const channels = [0, 1, 2].map((c) => (bands.length >= 3 ? c : 0))
  const starts = channels.map((c) => bands[c] * n)
  const lows = channels.map((c) => stretch[c][0])
  const gains = channels.map((c) => 255 / (stretch[c][1] - stretch[c][0] || 1))
  for (let i = 0; i < n; i++) {
    let alpha = 255
    for (let c = 0; c < 3; c++) {
      const v = values[starts[c] + i]
      if (Number.isNaN(v)) alpha = 0
      // Uint8ClampedArray rounds and clamps.
      image.data[i * 4 + c] = (v - lows[c]) * gains[c]
    }
    image.data[i * 4 + 3] = alpha
  }
  return image
}

// classes --------------------------------------------------------------------------------------------------------------
export interface Classes extends Common {
  readonly id: string
  readonly name: string
  readonly artifact: number
  /** By class id. */
  readonly colours: ReadonlyMap<number, string>
  /** Classes that keep their colour while the rest fades; empty means all. */
  readonly raised?: ReadonlySet<number>
}

export function classLayer(engine: RasterReader, c: Classes): MapLayer {
  return {
    ...c,
    kind: 'classes',
    revision: `${c.artifact}:${[...c.colours].flat().join(',')}:${[...(c.raised ?? [])].join(',')}`,
    async load(window) {
      const labels = await labelWindows.get(keyOf(c.artifact, window), async () =>
        Uint16Array.from(settled(await engine.readMap({ artifact: c.artifact, window })).values),
      )
      return paintClasses(labels, c.colours, c.raised ?? new Set(), window.outWidth, window.outHeight)
    },
  }
}

const fadedAlpha = 64
export function paintClasses(
  labels: Uint16Array,
  colours: ReadonlyMap<number, string>,
  raised: ReadonlySet<number>,
  width: number,
  height: number,
): ImageData {
  const image = new ImageData(width, height)
  const most = Math.max(0, ...colours.keys())
  const table = new Uint8Array((most + 1) * 4)
  for (const [id, hex] of colours) table.set([...parseHex(hex), raised.size === 0 || raised.has(id) ? 255 : fadedAlpha], id * 4)
  for (let i = 0; i < labels.length; i++) {
    const id = labels[i]
    if (id > 0 && id <= most) image.data.set(table.subarray(id * 4, id * 4 + 4), i * 4)
  }
  return image
}

// scores ---------------------------------------------------------------------------------------------------------------
export interface Scores extends Common {
  readonly id: string
  readonly name: string
  readonly artifact: number
  readonly from: number
  readonly to: number
  readonly palette?: 'anomaly' | 'sequential'
}

const rampTable = (ramp: readonly string[]): Uint8Array =>
  Uint8Array.from(Array.from({ length: 256 }, (_, i) => rampColour(ramp, i / 255)).flat())
const ramps = { anomaly: rampTable(anomaly), sequential: rampTable(sequential) } as const

export function scoreLayer(engine: RasterReader, s: Scores): MapLayer {
  return {
    ...s,
    kind: 'scores',
    revision: `${s.artifact}:${s.from}:${s.to}:${s.palette ?? 'anomaly'}`,
    load: async (window) =>
      paintScores(
        await highestScores(engine, s.artifact, window),
        s.from,
        s.to,
        ramps[s.palette ?? 'anomaly'],
        window.outWidth,
        window.outHeight,
      ),
  }
}

export function paintScores(scores: Float32Array, from: number, to: number, table: Uint8Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height)
  const gain = 255 / (to - from || 1)
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) continue
    const t = Math.round(Math.min(255, Math.max(0, (scores[i] - from) * gain)))
    image.data.set(table.subarray(t * 3, t * 3 + 3), i * 4)
    image.data[i * 4 + 3] = 255
  }
  return image
}

export interface Flagged extends Common {
  readonly id: string
  readonly name: string
  readonly artifact: number
  readonly threshold: number
}

export function flaggedLayer(engine: RasterReader, f: Flagged): MapLayer {
  return {
    ...f,
    kind: 'outlines',
    revision: `${f.artifact}:${f.threshold}`,
    async load(window) {
      const scores = await highestScores(engine, f.artifact, window)
      const image = new ImageData(window.outWidth, window.outHeight)
      for (let i = 0; i < scores.length; i++) if (scores[i] > f.threshold) image.data[i * 4 + 3] = 255
      return image
    },
  }
}

/** Finer values are read up to this factor per side and only the highest kept: a single pixel must not vanish when zoomed out. */
const finerFactor = 4

const finerFor = (window: RasterWindow): number => Math.max(1, Math.min(finerFactor, Math.round(window.width / window.outWidth)))

function highestScores(engine: RasterReader, artifact: number, window: RasterWindow): Promise<Float32Array> {
  return scoreWindows.get(keyOf(artifact, window), async () => {
    const factor = finerFor(window)
    const finer = { ...window, outWidth: window.outWidth * factor, outHeight: window.outHeight * factor }
    const { values } = settled(await engine.readMap({ artifact, window: finer }))
    return poolHighest(Float32Array.from(values), window.outWidth, window.outHeight, factor)
  })
}

/** Highest of each factor × factor block; NaN only where the whole block is. */
export function poolHighest(values: Float32Array, width: number, height: number, factor: number): Float32Array {
  if (factor === 1) return values
  const out = new Float32Array(width * height).fill(Number.NaN)
  const wide = width * factor
  for (let y = 0; y < height * factor; y++) {
    const row = Math.floor(y / factor) * width
    for (let x = 0; x < wide; x++) {
      const v = values[y * wide + x]
      const i = row + Math.floor(x / factor)
      if (v > out[i] || (Number.isNaN(out[i]) && !Number.isNaN(v))) out[i] = v
    }
  }
  return out
}

// selection ------------------------------------------------------------------------------------------------------------
const veil: readonly [number, number, number, number] = [140, 138, 134, 175]

/** Lets the rest fade, so that selected pixels keep their colours. */
export function selectionLayer(engine: Pick<Client<EngineCalls>, 'selectionMap'>, selection: RowSelection): MapLayer {
  return {
    id: 'selection',
    name: 'Selection',
    visible: true,
    opacity: 1,
    kind: 'classes',
    revision: JSON.stringify(selection),
    async load(window) {
      const factor = finerFor(window)
      const finer = { ...window, outWidth: window.outWidth * factor, outHeight: window.outHeight * factor }
      const { values } = settled(await engine.selectionMap({ selection, window: finer }))
      return paintVeil(values, window.outWidth, window.outHeight, factor)
    },
  }
}

/** inside [height · factor, width · factor]: 1 for selected pixels; a place with any of them is left clear. */
export function paintVeil(inside: Uint8Array, width: number, height: number, factor: number): ImageData {
  const image = new ImageData(width, height)
  for (let i = 0; i < image.data.length; i += 4) image.data.set(veil, i)
  const wide = width * factor
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] === 0) continue
    const place = Math.floor(Math.floor(i / wide) / factor) * width + Math.floor((i % wide) / factor)
    image.data[place * 4 + 3] = 0
  }
  return image
}

export const compositeName = (bands: readonly number[]): string =>
  new Set(bands).size === 1 ? `Scene, band ${bands[0] + 1}` : `Scene, bands ${bands.map((b) => b + 1).join(' ')}`

/**
 * The rows that fit least. For a scene they are places: read from the score map, neighbours of a higher pixel left out.
 * For other data they are the highest of a large sample of rows. Memory: at most 16 MB of scores, or the sample.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Grid } from '#common/domain/grid.ts'
import type { ErrorReport } from '#common/errors.ts'
import { highestPlaces, topIndices } from './highest.ts'

export interface HighRow {
  readonly row: number
  readonly score: number
  /** Pixel of a scene. */
  readonly x: number | null
  readonly y: number | null
}
export interface HighRequest {
  readonly scores: number
  readonly latents: number
  readonly grid: Grid | null
}

const mostSide = 2048
const sampleRows = 200_000
const listed = 50

export class HighestRows {
  status = $state<'none' | 'reading' | 'ready' | 'failed'>('none')
  rows = $state.raw<readonly HighRow[]>([])
  /** True when a coarser map or a sample was looked at instead of every row. */
  partial = $state(false)
  error = $state.raw<ErrorReport | null>(null)
  readonly #engine: Pick<Client<EngineCalls>, 'readMap' | 'sampleLatents'>
  #asked = ''

  constructor(engine: Pick<Client<EngineCalls>, 'readMap' | 'sampleLatents'>) {
    this.#engine = engine
  }

  async read(request: HighRequest | null): Promise<void> {
    const key = request ? `${request.scores}` : ''
    if (key === this.#asked) return
    this.#asked = key
    this.rows = []
    this.error = null
    if (!request) {
      this.status = 'none'
      return
    }
    this.status = 'reading'
    const found = request.grid ? await this.#places(request.scores, request.grid) : await this.#sampled(request)
    if (this.#asked !== key) return
    if (Array.isArray(found)) this.rows = found
    else this.error = found
    this.status = Array.isArray(found) ? 'ready' : 'failed'
  }

  async #places(scores: number, grid: Grid): Promise<HighRow[] | ErrorReport> {
    const step = Math.max(1, Math.ceil(Math.max(grid.width, grid.height) / mostSide))
    const [outWidth, outHeight] = [Math.ceil(grid.width / step), Math.ceil(grid.height / step)]
    this.partial = step > 1
    const read = await this.#engine.readMap({
      artifact: scores,
      window: { x: 0, y: 0, width: grid.width, height: grid.height, outWidth, outHeight },
    })
    if (!read.ok) return read.error
    const places = highestPlaces(Float32Array.from(read.value.values), outWidth, listed, Math.max(2, Math.ceil(6 / step)))
    return places.map(({ x, y, score }) => {
      const px = Math.min(grid.width - 1, Math.floor(((x + 0.5) * grid.width) / outWidth))
      const py = Math.min(grid.height - 1, Math.floor(((y + 0.5) * grid.height) / outHeight))
      return { row: py * grid.width + px, score, x: px, y: py }
    })
  }

  async #sampled({ scores, latents }: HighRequest): Promise<HighRow[] | ErrorReport> {
    const read = await this.#engine.sampleLatents({ latents, scores, count: sampleRows })
    if (!read.ok) return read.error
    const { n, rows, scores: values } = read.value
    this.partial = n >= sampleRows
    if (!values) return []
    return topIndices(values, listed).map((i) => ({ row: rows[i], score: values[i], x: null, y: null }))
  }
}

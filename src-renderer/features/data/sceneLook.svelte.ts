/** How one raster is looked at: bands, stretch, picked pixels and their spectra, the values under the pointer. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ErrorReport } from '#common/errors.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { bandPresets, pickColours, type Rgb, type StretchRule, stretchOf } from '../../lib/bands.ts'

export interface PickedPixel {
  readonly label: string
  readonly x: number
  readonly y: number
  readonly colour: string
  /** Mean of the square around the pixel, per band; null where there is no data. */
  readonly values: readonly (number | null)[]
}
type Reader = Pick<Client<EngineCalls>, 'readSpectrum' | 'readPixel'>

export class SceneLook {
  readonly dataset: Artifact
  readonly meta: DatasetMeta
  rgb = $state.raw<Rgb>([0, 0, 0])
  stretchRule = $state<StretchRule>('percentile')
  picks = $state.raw<readonly PickedPixel[]>([])
  /** Side of the square a spectrum is the mean of: 1, 3 or 5 pixels. */
  square = $state(3)
  /** Values of all bands at the pointer; null beside the data. */
  under = $state.raw<readonly (number | null)[] | null>(null)
  /** Why the last spectrum could not be read. */
  problem = $state.raw<ErrorReport | null>(null)
  stretch = $derived(this.rgb.map((band) => stretchOf(this.meta.summaries[band], this.stretchRule)))
  readonly #engine: Reader
  #reading = false
  #wanted: { x: number; y: number } | null = null

  constructor(dataset: Artifact, engine: Reader) {
    this.dataset = dataset
    this.meta = metaOf(dataset, 'dataset')
    this.#engine = engine
    this.rgb = bandPresets(this.meta.columns)[0]?.rgb ?? [0, 0, 0]
  }

  /** Reads the spectrum at a pixel and keeps it; the oldest goes when there are too many. */
  async pick(x: number, y: number): Promise<void> {
    const width = this.meta.grid?.width ?? 0
    const result = await this.#engine.readSpectrum({ dataset: this.dataset.id, row: y * width + x, radius: (this.square - 1) / 2 })
    this.problem = result.ok ? null : result.error
    if (!result.ok) return
    const kept = this.picks.slice(this.picks.length >= pickColours.length ? 1 : 0)
    const taken = new Set(kept.map((other) => other.colour))
    const free = pickColours.findIndex((colour) => !taken.has(colour))
    this.picks = [...kept, { label: 'ABCDEF'.charAt(free), x, y, colour: pickColours[free] ?? pickColours[0], values: result.value.values }]
  }

  unpick(label: string): void {
    this.picks = this.picks.filter((other) => other.label !== label)
  }

  /** Follows the pointer with one request at a time: the newest place waits, those between are skipped. */
  async look(at: { x: number; y: number } | null): Promise<void> {
    this.#wanted = at
    if (!at) this.under = null
    if (this.#reading) return
    this.#reading = true
    while (this.#wanted) {
      const { x, y } = this.#wanted
      this.#wanted = null
      const result = await this.#engine.readPixel({ dataset: this.dataset.id, x, y })
      if (result.ok && result.value.values.some((value) => value !== null)) this.under = result.value.values
      else this.under = null
    }
    this.#reading = false
  }
}

/**
 * What the map shows of a scene: its classes and scores, the layers over one another, and which of its pixels are selected or picked. One for
 * the panels of the view; it follows the session and the selection.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { pixelMetres } from '#common/domain/ground.ts'
import type { SimpleCondition } from '#common/domain/selection.ts'
import { thresholds } from '../../features/anomalies/thresholds.svelte.ts'
import { coloursOf, type Legend, legendOf, spokenName, withClass } from '../../features/clusters/legend.ts'
import { type LayerDefinition, LayerStack } from '../../features/map/layerStack.svelte.ts'
import { classLayer, compositeLayer, compositeName, flaggedLayer, scoreLayer, selectionLayer } from '../../features/map/layers.ts'
import { PixelProbe } from '../../features/map/pixelProbe.svelte.ts'
import type { MapLayer, MapPosition, MapTool } from '../../features/map/types.ts'
import type { View } from '../../features/map/viewport.ts'
import { everyRow } from '../../features/selection/words.ts'
import { selection, session } from '../../lib/app.ts'
import { ancestor, metaOf } from '../../lib/artifacts.ts'
import { bandPresets, stretchOf } from '../../lib/bands.ts'
import { engine } from '../../lib/bridge.ts'
import { formatSignificant } from '../../lib/format.ts'
import { OperationDraft } from '../../lib/state/operationDraft.svelte.ts'
import { cornersOf, type SelectHow } from '../../lib/state/selection.svelte.ts'

const hasGrid = (a: { meta: Record<string, unknown> }): boolean => a.meta.grid != null
const ofScene = <T extends { id: number }>(found: T | null, all: readonly T[]): T | null =>
  all.find((a) => a.id === found?.id) ?? all.at(-1) ?? null
/** At most so many rows of a list are dots; more would be a surface. */
const mostDots = 2000

export class MapLook {
  readonly stack = new LayerStack()
  readonly probe = new PixelProbe(engine)
  readonly sieveDraft = new OperationDraft(session, 'sieve')
  /** The scene on the left of a line, its classes on the right. */
  swiping = $state(false)
  tidying = $state(false)
  /** The bands shown; empty before one is chosen. */
  preset = $state('')
  tool = $state<MapTool>('pan')
  /** The scene and its classes in two maps. */
  besides = $state(false)
  /** Where the line of a swipe stands, as a share of the width. */
  swipe = $state<number | null>(0.4)
  /** The part of the scene that is looked at; null: all of it. */
  view = $state.raw<View | null>(null)
  picks = $state.raw<readonly { readonly label: string; readonly x: number; readonly y: number }[]>([])

  /** The dataset that is looked at, or the newest one that has a place on the ground. */
  dataset: Artifact | null = $derived.by(() => {
    const current = session.current('dataset')
    return current && hasGrid(current) ? current : (session.ofKind('dataset').findLast((a) => a.status === 'done' && hasGrid(a)) ?? current)
  })
  meta: DatasetMeta | null = $derived(this.dataset ? metaOf(this.dataset, 'dataset') : null)
  grid = $derived(this.meta?.grid ?? null)
  clusterings = $derived(this.#ofDataset('clustering'))
  allScores = $derived(this.#ofDataset('scores'))
  clustering = $derived(ofScene(session.current('clustering'), this.clusterings))
  scores = $derived(ofScene(session.current('scores'), this.allScores))
  classes = $derived(this.clustering ? metaOf(this.clustering, 'clustering') : null)
  scored = $derived(this.scores ? metaOf(this.scores, 'scores') : null)
  legend: Legend = $derived(this.clustering ? legendOf(this.clustering, session.byId) : new Map())
  threshold = $derived(this.scores ? thresholds.of(this.scores) : 0)
  metres = $derived(this.grid ? pixelMetres(this.grid) : null)
  rowKm2 = $derived(this.metres ? (this.metres[0] * this.metres[1]) / 1e6 : null)
  nouns = $derived(rowNoun[this.meta?.kind ?? 'raster'])

  presets = $derived(this.meta ? bandPresets(this.meta.columns) : [])
  rgb = $derived((this.presets.find((p) => p.id === this.preset) ?? this.presets[0])?.rgb ?? [0, 0, 0])
  /** One of each kind: a tidied or another clustering takes over visibility, opacity and place of the one before. */
  #definitions: readonly LayerDefinition[] = $derived([
    ...(this.scores ? [{ id: 'flagged', name: 'Anomalies', kind: 'outlines' as const, visible: true, opacity: 1 }] : []),
    ...(this.scores ? [{ id: 'scores', name: 'Anomaly score', kind: 'scores' as const, visible: false, opacity: 0.9 }] : []),
    ...(this.clustering ? [{ id: 'classes', name: this.clustering.name, kind: 'classes' as const, visible: true, opacity: 0.78 }] : []),
    { id: 'scene', name: compositeName(this.rgb), kind: 'composite', visible: true, opacity: 1 },
  ])
  arranged = $derived(this.stack.arrange(this.#definitions))
  sides = $derived<Record<string, 'left' | 'right'>>(this.swiping && this.clustering ? { scene: 'left', classes: 'right' } : {})
  #dataLayers: readonly MapLayer[] = $derived(this.arranged.flatMap((layer) => this.#layerOf(layer) ?? []))
  /** Classes chosen in the legend fade the other classes; a few listed pixels are dots; of anything else the rest fades. */
  chosen = $derived(this.clustering ? selection.classesOf(this.clustering.id) : new Set<number>())
  listed = $derived.by((): readonly number[] => {
    const only = selection.value?.all.length === 1 ? selection.value.all[0] : undefined
    return only?.kind === 'rows' && only.rows.length <= mostDots ? only.rows : []
  })
  #veil = $derived(
    selection.value && selection.value.dataset === this.dataset?.id && this.chosen.size === 0 && this.listed.length === 0
      ? selectionLayer(engine, selection.value)
      : null,
  )
  layers = $derived.by((): readonly MapLayer[] => {
    if (!this.#veil) return this.#dataLayers
    const isLine = (l: MapLayer): boolean => l.kind === 'outlines'
    return [...this.#dataLayers.filter(isLine), this.#veil, ...this.#dataLayers.filter((l) => !isLine(l))]
  })
  sceneOnly = $derived(this.#dataLayers.filter((l) => l.kind === 'composite').map((l) => ({ ...l, visible: true, opacity: 1 })))
  /** Pixels with a code; before there are codes the whole scene. */
  every: SimpleCondition | null = $derived.by(() => {
    const codes = this.clustering ?? this.scores
    const latents = codes ? ancestor(codes, 'latents', session.byId) : null
    if (latents) return everyRow(latents.id)
    return this.meta?.grid ? { kind: 'span', from: 0, to: this.meta.rows - 1 } : null
  })
  /** What the pixel under the pointer has in the bands shown. */
  stripValues = $derived(
    this.probe.pixel
      ? this.rgb
          .filter((b, i) => this.rgb.indexOf(b) === i)
          .map((b) => {
            const value = this.probe.pixel?.values[b]
            return { name: this.meta?.columns[b]?.name ?? `${b + 1}`, value: value == null ? 'no data' : formatSignificant(value, 4) }
          })
      : [],
  )
  /** The classes before they were tidied. */
  untidied = $derived(
    this.clustering && this.classes && this.classes.tidied > 0
      ? (session.byId.get(this.clustering.inputs.clustering ?? 0) ?? null)
      : this.clustering,
  )

  #ofDataset(kind: 'clustering' | 'scores'): Artifact[] {
    return session.ofKind(kind).filter((a) => a.status === 'done' && ancestor(a, 'dataset', session.byId)?.id === this.dataset?.id)
  }
  #layerOf({ id, name, kind, visible, opacity }: LayerDefinition): MapLayer | null {
    const { dataset, meta, rgb, clustering, scores, scored } = this
    const common = { id, name, visible, opacity, side: this.sides[id] }
    if (kind === 'composite') {
      const stretch = rgb.map((b) => stretchOf(meta?.summaries[b], 'percentile'))
      return dataset && compositeLayer(engine, { ...common, side: undefined, dataset: dataset.id, bands: rgb, stretch })
    }
    if (kind === 'classes')
      return clustering && classLayer(engine, { ...common, artifact: clustering.id, colours: coloursOf(this.legend), raised: this.chosen })
    if (!scores || !scored) return null
    if (kind === 'scores')
      return scoreLayer(engine, { ...common, artifact: scores.id, from: scored.histogram.from, to: scored.histogram.to })
    return flaggedLayer(engine, { ...common, artifact: scores.id, threshold: this.threshold })
  }

  className = (artifact: number, id: number): string =>
    artifact === this.clustering?.id ? spokenName(this.legend.get(id), id) : `Class ${id}`

  hover = (position: MapPosition | null): void => {
    const { dataset, grid, clustering, scores } = this
    if (dataset) this.probe.point(position?.pixel ?? null, { dataset: dataset.id, clustering: clustering?.id, scores: scores?.id })
    selection.hoveredRow = position?.pixel && grid ? position.pixel.y * grid.width + position.pixel.x : null
  }
  /** A letter for the pixel, and its class chosen. */
  pick = (position: MapPosition): void => {
    if (!position.pixel) return
    const used = new Set(this.picks.map((p) => p.label))
    const label = [...'ABCDEFGH'].find((letter) => !used.has(letter)) ?? 'A'
    this.picks = [...this.picks.filter((p) => p.label !== label), { label, ...position.pixel }]
    const id = this.probe.pixel?.label
    if (id) this.toggleClass(id, false)
  }
  lasso = (polygon: readonly (readonly [number, number])[], how: SelectHow): void => {
    if (this.dataset) selection.pick(this.dataset.id, { kind: 'area', points: cornersOf(polygon) }, how)
  }

  #of: number | null = null
  /** Another scene is looked at whole, and nothing is picked of it. */
  lookAt(dataset: number | null): void {
    if (dataset === this.#of) return
    this.#of = dataset
    this.view = null
    this.picks = []
  }

  async tidy(window: number): Promise<void> {
    const { untidied } = this
    if (!untidied) return
    if (window === 0) return session.choose(untidied.id)
    this.tidying = true
    const made = await session.runToEnd({ operation: 'tidy', inputs: { clustering: untidied.id }, params: { window } })
    this.tidying = false
    if (!made) return
    session.choose(made.id)
    // The names go along, so that an export of the tidied map has them too.
    if (!made.annotations.legend && untidied.annotations.legend)
      await session.annotate(made, { ...made.annotations, legend: untidied.annotations.legend })
  }
  toggleClass(id: number, keepOthers: boolean): void {
    if (this.dataset && this.clustering) selection.toggleClass(this.dataset.id, this.clustering.id, id, keepOthers)
  }
  chooseClasses(ids: readonly number[]): void {
    if (this.dataset && this.clustering) selection.selectClasses(this.dataset.id, this.clustering.id, ids)
  }
  changeClass(id: number, what: { name?: string; colour?: string }): void {
    if (this.clustering) void session.annotate(this.clustering, withClass(this.clustering.annotations, this.legend, id, what))
  }
  async setThreshold(value: number): Promise<void> {
    if (!this.scores) return
    await session.annotate(this.scores, { threshold: value })
    thresholds.settled(this.scores)
  }
}

let shown = new MapLook()
/** That of the open project: layers, window and picks stay while another view is shown. */
export const mapLook = (): MapLook => shown
export const forgetMap = (): void => {
  shown = new MapLook()
}

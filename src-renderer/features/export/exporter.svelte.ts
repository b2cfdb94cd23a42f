/** Exports of results to files: what can be written from which kind, and the run of one export after another. */
import type { Client } from '#common/contract/calls.ts'
import type { WindowCalls } from '#common/contract/window.ts'
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { isDictionary } from '#common/domain/dictionaries.ts'
import { metaOf } from '../../lib/artifacts.ts'
import type { Session } from '../../lib/state/session.svelte.ts'

type Format = 'geotiff' | 'geopackage' | 'geojson' | 'png' | 'csv' | 'json' | 'npy' | 'report' | 'onnx' | 'safetensors' | 'saelens' | 'h5ad'

type List = 'classes' | 'flagged' | 'events' | 'objects'

export interface ExportTarget {
  readonly id: Format | List
  /** What a table lists instead of every row. */
  readonly list?: List
  readonly title: string
  readonly what: string
  /** Empty for a folder. */
  readonly extension: string
  /** Only for rows that lie on a grid. */
  readonly needsGrid: boolean
  /** Only for artifacts that can be told in this format; absent means all of the kind. */
  readonly fits?: (artifact: Artifact) => boolean
}

const target = (id: ExportTarget['id'], title: string, what: string, extension: string, needsGrid = false): ExportTarget => ({
  id,
  title,
  what,
  extension,
  needsGrid,
})

const annData = target('h5ad', 'AnnData', 'For scanpy: all that is ticked for it, one file', 'h5ad')

/** What each kind can become, the usual one first. */
export const targetsOf: Readonly<Partial<Record<ArtifactKind, readonly ExportTarget[]>>> = {
  clustering: [
    target('geotiff', 'GeoTIFF', 'Class numbers, with colour table and names', 'tif', true),
    target('geopackage', 'GeoPackage', 'Polygons with class, name and area', 'gpkg', true),
    target('geojson', 'GeoJSON', 'The same polygons, in degrees', 'geojson', true),
    target('png', 'PNG', 'Figure with legend, scale and north', 'png', true),
    target('csv', 'CSV', 'One class per row', 'csv'),
    { ...target('classes', 'Class table', 'Size, share, area and profile of each, CSV', 'csv'), list: 'classes' },
    target('json', 'JSON', 'The same table, for programs', 'json'),
    annData,
    target('report', 'Report', 'What was done and found, one HTML file', 'html'),
  ],
  scores: [
    target('geotiff', 'GeoTIFF', 'Anomaly score, 32-bit', 'tif', true),
    target('geopackage', 'GeoPackage', 'Objects above the threshold, with score and verdict', 'gpkg', true),
    target('geojson', 'GeoJSON', 'The same objects, in degrees', 'geojson', true),
    target('png', 'PNG', 'Figure with ramp, scale and north', 'png', true),
    target('csv', 'CSV', 'One score per row', 'csv'),
    { ...target('flagged', 'Flagged', 'What is above the threshold, with blame and reviews, CSV', 'csv'), list: 'flagged' },
    {
      ...target('events', 'Events', 'With start, end, blame and reviews, CSV', 'csv'),
      list: 'events',
      fits: (scores) => metaOf(scores, 'scores').events != null,
    },
    {
      ...target('objects', 'Objects', 'With place, area, blame and reviews, CSV', 'csv', true),
      list: 'objects',
      fits: (scores) => metaOf(scores, 'scores').objects != null,
    },
    annData,
  ],
  latents: [
    target('npy', 'NumPy', 'One code per row', 'npy'),
    target('geotiff', 'GeoTIFF', 'Codes, one band each', 'tif', true),
    target('csv', 'CSV', 'One code per row', 'csv'),
    annData,
  ],
  embedding2d: [annData],
  model: [
    target('onnx', 'ONNX', 'Encoder and decoder, weights inside', 'onnx'),
    target('safetensors', 'Weights', 'To load again: safetensors and JSON', 'safetensors'),
    { ...target('saelens', 'SAELens', 'Folder that SAELens opens', ''), fits: (model) => isDictionary(metaOf(model, 'model').model) },
  ],
}

/** Settings of the export operation that a target heeds, beside file and format. */
export const optionsOf: Readonly<Partial<Record<ExportTarget['id'], readonly string[]>>> = {
  onnx: ['takes', 'parts'],
  csv: ['beside'],
  h5ad: ['beside', 'matrix'],
}

export interface ExportItem {
  readonly source: Artifact
  readonly target: ExportTarget
  /** Added to the name of the whole export, e.g. '-classes'. */
  readonly suffix: string
  /** Other results of the same dataset in the same file. */
  readonly beside?: readonly Artifact[]
  readonly dataset?: Artifact | null
}
const suffixes: Readonly<Partial<Record<ArtifactKind, string>>> = {
  clustering: '-classes',
  scores: '-anomalies',
  latents: '-codes',
  model: '-model',
}
const namedByTarget: ReadonlySet<ExportTarget['id']> = new Set(['report', 'saelens', 'flagged', 'events', 'objects'])
const suffixOf = ({ kind }: Artifact, { id }: ExportTarget): string =>
  id === 'classes' ? '-class-table' : namedByTarget.has(id) ? `-${id}` : (suffixes[kind] ?? '')
/** `mark` keeps two results of one kind apart in one export. */
export const itemOf = (source: Artifact, chosen: ExportTarget, mark = ''): ExportItem => ({
  source,
  target: chosen,
  suffix: `${suffixOf(source, chosen)}${mark}`,
})
/**
 * The files of what is ticked. Two results of one kind are kept apart by their numbers; those that become AnnData go into one file for
 * each dataset, which is named like the whole export.
 */
export function itemsOf(
  ticked: readonly Pick<ExportItem, 'source' | 'target'>[],
  datasetOf: (source: Artifact) => Artifact | null,
): readonly ExportItem[] {
  const [gathered, single] = [ticked.filter(isGathered), ticked.filter((one) => !isGathered(one))]
  const clashes = ({ source, target: { id } }: Pick<ExportItem, 'source' | 'target'>): boolean =>
    single.some((other) => other.source.id !== source.id && other.source.kind === source.kind && other.target.id === id)
  const datasets = new Map(gathered.map(({ source }) => [datasetOf(source)?.id, datasetOf(source)]))
  const files = [...datasets].flatMap(([id, dataset]): ExportItem[] => {
    const [first, ...others] = gathered.filter(({ source }) => datasetOf(source)?.id === id)
    if (!first) return []
    return [{ ...first, suffix: datasets.size > 1 ? `-${id}` : '', beside: others.map(({ source }) => source), dataset }]
  })
  return [
    ...files,
    ...single.map((one) => ({
      ...itemOf(one.source, one.target, clashes(one) ? `-${one.source.id}` : ''),
      dataset: datasetOf(one.source),
    })),
  ]
}
const isGathered = ({ target: { id } }: Pick<ExportItem, 'target'>): boolean => id === 'h5ad'

/** The path that is asked for; a target may make several files of it, see namesOf. */
export const fileNameOf = (stem: string, { suffix, target: { extension } }: ExportItem): string =>
  `${stem}${suffix}${extension === '' ? '' : `.${extension}`}`

/** The files that will be there. A model's two ways are two files unless they are wanted together. */
export function namesOf(stem: string, item: ExportItem, options: Readonly<Record<string, unknown>>): string[] {
  if (item.target.id === 'safetensors') return ['safetensors', 'json'].map((extension) => `${stem}${item.suffix}.${extension}`)
  if (item.target.id === 'saelens') return ['sae_weights.safetensors', 'cfg.json'].map((file) => `${fileNameOf(stem, item)}/${file}`)
  if (item.target.id !== 'onnx' || options.parts === 'together') return [fileNameOf(stem, item)]
  return ['encoder', 'decoder'].map((part) => `${stem}${item.suffix}.${part}.${item.target.extension}`)
}

/** Names that stand free of folders and signs that file systems refuse. */
export const safeName = (name: string): string =>
  name
    .normalize('NFC')
    .replace(/[\\/:*?"<>|,\s\u0000-\u001f-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '') || 'export'

/** /a/b/name-classes.tif → /a/b/name, so that the other files get the same name. */
export function stemOf(path: string, first: ExportItem): string {
  const withoutExtension = path.replace(/\.[^.\\/]+$/, '')
  return withoutExtension.endsWith(first.suffix)
    ? withoutExtension.slice(0, withoutExtension.length - first.suffix.length)
    : withoutExtension
}

export class Exporter {
  status = $state<'idle' | 'running' | 'done' | 'failed'>('idle')
  /** How many of the files are written. */
  done = $state(0)
  total = $state(0)
  results = $state.raw<readonly Artifact[]>([])
  readonly #session: Session
  readonly #native: Client<WindowCalls>

  constructor(session: Session, native: Client<WindowCalls>) {
    this.#session = session
    this.#native = native
  }

  /** Asks where, then writes one after the other. Ends at the first failure; its job says why. */
  async write(items: readonly ExportItem[], name: string, options: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const [first] = items
    if (!first || this.status === 'running') return
    const path = await this.#askWhere(first, items.length, name)
    if (path === null) return
    const stem = stemOf(path, first)
    // Some dialogs leave a name without the ending that it was proposed with.
    const { extension } = first.target
    const named = extension === '' || path.toLowerCase().endsWith(`.${extension}`) ? path : `${path}.${extension}`
    this.status = 'running'
    this.total = items.length
    this.done = 0
    this.results = []
    for (const [i, item] of items.entries()) {
      const made = await this.#writeOne(item, i === 0 ? named : fileNameOf(stem, item), options)
      if (!made) {
        this.status = 'failed'
        return
      }
      this.results = [...this.results, made]
      this.done = i + 1
    }
    this.status = 'done'
  }

  async #askWhere(first: ExportItem, count: number, name: string): Promise<string | null> {
    const title = count === 1 ? 'Export' : `Export ${count} files`
    const chosen = await this.#native.chooseSavePath({
      title,
      defaultName: fileNameOf(safeName(name), first),
      extensions: first.target.extension === '' ? [] : [first.target.extension],
    })
    return this.#session.settle('The place for the export could not be chosen', chosen)
  }

  #writeOne(
    { source, target: chosen, beside = [] }: ExportItem,
    path: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<Artifact | null> {
    const heeded = Object.fromEntries((optionsOf[chosen.id] ?? []).flatMap((name) => (name in options ? [[name, options[name]]] : [])))
    const inputs = this.#session.registry?.operations.find((o) => o.id === 'export')?.inputs ?? {}
    const role = Object.entries(inputs).find(([, input]) => input.kinds.includes(source.kind))?.[0] ?? 'source'
    const format = chosen.list ? { target: 'csv', list: chosen.list } : { target: chosen.id }
    const others = Object.fromEntries(beside.map(({ id }, i) => [`with${i + 1}`, id]))
    return this.#session.runToEnd({ operation: 'export', inputs: { [role]: source.id, ...others }, params: { path, ...format, ...heeded } })
  }
}

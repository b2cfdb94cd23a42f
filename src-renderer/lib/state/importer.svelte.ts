/**
 * A file on its way into the project: inspected, looked into, its reader options set, then imported. Changing an option reads the
 * header again. Several files wait in line, or are read as one stack. Project files are opened instead.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { WindowCalls } from '#common/contract/window.ts'
import type { SourceReport } from '#common/domain/dataset.ts'
import { sameGrid } from '#common/domain/grid.ts'
import type { ErrorReport } from '#common/errors.ts'
import { bandPresets } from '../bands.ts'
import { fileName } from '../format.ts'
import type { Session } from './session.svelte.ts'

type Values = Readonly<Record<string, unknown>>
export type SourcePreview = Extract<Awaited<ReturnType<Client<EngineCalls>['previewSource']>>, { ok: true }>['value']

/** One thing in line: a file or folder, or several rasters of one folder. */
interface Waiting {
  readonly path: string
  /** All files that were dropped together and could be one stack; empty for one alone. */
  readonly files: readonly string[]
  readonly options?: Values
  readonly name?: string
}
/** Typing in a field should not read the file at every key. */
const settleMs = 250

export class Importer {
  /** The file looked at now; null when none is on its way. */
  path = $state<string | null>(null)
  report = $state.raw<SourceReport | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  inspecting = $state(false)
  preview = $state.raw<SourcePreview | null>(null)
  /** Why there is no preview although the header could be read. */
  previewError = $state.raw<ErrorReport | null>(null)
  previewing = $state(false)
  name = $state('')
  /** Reader options the user changed. */
  options = $state.raw<Values>({})
  as = $state<string | null>(null)
  /** Files that came together with this one and can be read as one stack. */
  files = $state.raw<readonly string[]>([])
  together = $state(false)
  waiting = $state.raw<readonly Waiting[]>([])

  #asked = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #engine: Client<EngineCalls>
  readonly #native: Client<WindowCalls>
  readonly #session: Session

  constructor(engine: Client<EngineCalls>, native: Client<WindowCalls>, session: Session) {
    this.#engine = engine
    this.#native = native
    this.#session = session
  }

  async chooseFiles(): Promise<void> {
    const extensions = this.#session.registry?.formats.flatMap((format) => format.extensions) ?? []
    const paths = this.#session.settle(
      'No file could be chosen',
      await this.#native.chooseFiles({
        title: 'Import data',
        extensions: [...new Set(extensions.map((extension) => extension.replace(/^\./, '')))],
        multiple: true,
      }),
    )
    if (paths) await this.open(paths)
  }

  /** A folder that is read as one dataset, such as a scene kept one file per band. */
  async chooseFolder(): Promise<void> {
    const paths = this.#session.settle(
      'No folder could be chosen',
      await this.#native.chooseFiles({ title: 'Import a folder', folder: true }),
    )
    if (paths) await this.open(paths)
  }

  /** Dropped or chosen files: a project is opened, data is inspected. */
  async open(paths: readonly string[]): Promise<void> {
    const project = paths.find((path) => path.endsWith('.stratum'))
    if (project) {
      await this.#session.openProject(project)
      return
    }
    const [first] = paths
    if (!first) return
    if (!this.#session.project && !(await this.#session.createNamed(stem(first)))) return
    this.waiting = [...this.waiting, ...inLine(paths)]
    this.#session.show('data')
    // One that cannot be read gives way to those that were chosen instead.
    if (this.path === null || this.error !== null) await this.#next()
  }

  /** A file that is in the project already, to be read in another way as a dataset of its own. */
  async openAgain(path: string, options: Values, name: string): Promise<void> {
    this.waiting = [{ path, files: [], options, name }, ...this.waiting]
    this.#session.show('data')
    if (this.path === null) await this.#next()
  }

  /** Reads the header again after the kind of data was changed by hand. */
  async inspectAs(as: string | null): Promise<void> {
    this.as = as
    // Options of windows would make a series of it again.
    if (as !== 'series') this.options = Object.fromEntries(Object.entries(this.options).filter(([name]) => !name.startsWith('series.')))
    await this.#inspect()
  }

  /** Once more as it was asked for, when the file has been put right. */
  async readAgain(): Promise<void> {
    await this.#inspect()
  }

  /** Reads the header again once no further change follows. */
  setOptions(options: Values): void {
    this.options = options
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#inspect(), settleMs)
  }

  /** All files that came together as one stack, or one after another. */
  async readTogether(together: boolean): Promise<void> {
    if (together === this.together) return
    const { files } = this
    this.together = together
    this.options = {}
    this.as = null
    if (together) this.waiting = this.waiting.filter(({ path }) => !files.includes(path))
    else this.waiting = [...files.slice(1).map((path) => ({ path, files: [] })), ...this.waiting]
    this.name = this.#nameOf()
    await this.#inspect()
  }

  /** Begins the import; the next file in line follows. The job's failure comes back as this file's error. */
  async import(): Promise<void> {
    if (!this.path) return
    const { name } = this
    const { path, as, options } = this.#request()
    const begun = await this.#session.run({
      operation: 'import',
      params: { path, as: as ?? null, options },
      name: name.trim() || undefined,
    })
    if (!begun.ok) {
      this.error = begun.error
      return
    }
    void this.#session.ended(begun.value).then((job) => {
      if (job.status === 'done' && job.artifact !== null) this.#session.choose(job.artifact)
    })
    await this.#next()
  }

  async dismiss(): Promise<void> {
    await this.#next()
  }

  async #next(): Promise<void> {
    const [entry, ...rest] = this.waiting
    clearTimeout(this.#timer)
    this.waiting = rest
    this.path = entry?.path ?? null
    this.files = entry?.files ?? []
    this.together = this.files.length > 1 && this.files.every(isBandFile)
    // Those that are not read together wait behind the first.
    if (this.files.length > 1 && !this.together)
      this.waiting = [...this.files.slice(1).map((path) => ({ path, files: [] })), ...this.waiting]
    this.report = null
    this.options = entry?.options ?? {}
    this.as = null
    this.name = entry ? (entry.name ?? this.#nameOf()) : ''
    await this.#inspect()
    if (this.files.length > 1 && !this.together) await this.#gatherBands()
  }

  /** Files that are the bands of one scene, whatever they are called, are offered as one stack. */
  async #gatherBands(): Promise<void> {
    const { files, options, report: first } = this
    const asked = this.#asked
    if (!first) return
    for (const path of files.slice(1)) {
      const other = await this.#engine.inspect({ path, options: {} })
      // What the user does meanwhile goes before.
      if (asked !== this.#asked || options !== this.options || !other.ok || !isBandBeside(first, other.value)) return
    }
    await this.readTogether(true)
  }

  #nameOf(): string {
    const path = this.path ?? ''
    return this.together ? commonStem(this.files) : stem(path)
  }

  #request(): { path: string; as?: string; options: Values } {
    const path = this.path ?? ''
    // A folder of rasters is read as a stack of those that are named.
    if (this.together) return { path: folderOf(path), as: 'raster', options: { files: this.files.map(fileName), ...this.options } }
    return { path, ...(this.as ? { as: this.as } : {}), options: this.options }
  }

  async #inspect(): Promise<void> {
    const asked = ++this.#asked
    this.error = null
    this.preview = null
    this.previewError = null
    this.previewing = false
    if (!this.path) return
    const request = this.#request()
    this.inspecting = true
    const result = await this.#engine.inspect(request)
    // Another file or another option may have taken its place meanwhile.
    if (asked !== this.#asked) return
    this.inspecting = false
    this.error = result.ok ? null : result.error
    // A wrong option leaves the form where it can be put right.
    if (!result.ok) return
    this.report = result.value
    this.previewing = true
    const preview = await this.#engine.previewSource({ ...request, bands: bandsOf(result.value) })
    if (asked !== this.#asked) return
    this.previewing = false
    this.preview = preview.ok ? preview.value : null
    this.previewError = preview.ok ? null : preview.error
  }
}

/** Of the small picture. */
const bandsOf = ({ kind, columns }: SourceReport): number[] => (kind === 'raster' ? [...(bandPresets(columns)[0]?.rgb ?? [])] : [])

const isRaster = (path: string): boolean => /\.(tiff?|jp2)$/i.test(path)
/** One file per band, as Landsat and Sentinel-2 name them. */
const isBandFile = (path: string): boolean => /_(?:SR_|ST_)?B\d{1,2}A?(?:_\d+m)?\.(tiff?|jp2)$/i.test(path)
/** One band of the same type and system on the same pixels. */
const isBandBeside = (one: SourceReport, other: SourceReport): boolean =>
  one.grid !== null &&
  other.grid !== null &&
  sameGrid(one.grid, other.grid) &&
  one.grid.crs?.code === other.grid.crs?.code &&
  one.dtype === other.dtype &&
  [one, other].every(({ columns }) => columns.length === 1)
const folderOf = (path: string): string => path.slice(0, path.length - fileName(path).length)

/** Rasters of one folder that come together stand in line as one. */
function inLine(paths: readonly string[]): Waiting[] {
  const rasters = paths.filter(isRaster)
  const [first] = rasters
  if (first === undefined || rasters.length < 2 || rasters.some((path) => folderOf(path) !== folderOf(first)))
    return paths.map((path) => ({ path, files: [] }))
  const files = rasters.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return [{ path: files[0] ?? first, files }].concat(paths.filter((path) => !isRaster(path)).map((path) => ({ path, files: [] })))
}

/** What the names begin with, up to a break: LC08_190024_B2, LC08_190024_B3 → LC08_190024. */
function commonStem(paths: readonly string[]): string {
  const names = paths.map(fileName)
  let end = 0
  while (end < (names[0]?.length ?? 0) && names.every((name) => name[end] === names[0]?.[end])) end++
  const shared = (names[0] ?? '').slice(0, end).replace(/[_\-. ]+(?:SR|ST)?_?B?\d*$/i, '')
  return shared.length >= 3 ? shared : 'stack'
}

export const stem = (path: string): string => fileName(path).replace(/\.(csv|tsv|txt|tar|npy)?\.?[^.]+$/i, '') || fileName(path)

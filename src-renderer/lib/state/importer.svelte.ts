/**
 * A file on its way into the project: inspected, its findings shown, its reader options set, then imported.
 * Several files wait in line. Project files are opened instead.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { WindowCalls } from '#common/contract/window.ts'
import type { SourceReport } from '#common/domain/dataset.ts'
import type { ErrorReport } from '#common/errors.ts'
import { fileName } from '../format.ts'
import type { Session } from './session.svelte.ts'

export class Importer {
  /** The file looked at now; null when none is on its way. */
  path = $state<string | null>(null)
  report = $state.raw<SourceReport | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  inspecting = $state(false)
  name = $state('')
  /** Reader options the user changed. */
  options = $state.raw<Readonly<Record<string, unknown>>>({})
  as = $state<string | null>(null)
  waiting = $state.raw<readonly string[]>([])

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
        extensions: extensions.map((extension) => extension.replace(/^\./, '')),
        multiple: true,
      }),
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
    this.waiting = [...this.waiting, ...paths]
    this.#session.show('data')
    if (this.path === null) await this.#next()
  }

  /** Reads the header again after the kind of data was changed by hand. */
  async inspectAs(as: string | null): Promise<void> {
    this.as = as
    if (this.path) await this.#inspect(this.path)
  }

  /** Begins the import; the next file in line follows. The job's failure comes back as this file's error. */
  async import(): Promise<void> {
    const { path, as, options, name } = this
    if (!path) return
    const begun = await this.#session.run({ operation: 'import', params: { path, as, options }, name: name.trim() || undefined })
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
    const [path = null, ...rest] = this.waiting
    this.waiting = rest
    this.path = path
    this.report = null
    this.error = null
    this.options = {}
    this.as = null
    this.name = path ? stem(path) : ''
    if (path) await this.#inspect(path)
  }

  async #inspect(path: string): Promise<void> {
    this.inspecting = true
    const result = await this.#engine.inspect(this.as ? { path, as: this.as } : { path })
    this.inspecting = false
    // Another file may have taken its place meanwhile.
    if (this.path !== path) return
    this.report = result.ok ? result.value : null
    this.error = result.ok ? null : result.error
  }
}

export const stem = (path: string): string => fileName(path).replace(/\.(csv|tsv|txt|tar|npy)?\.?[^.]+$/i, '') || fileName(path)

/**
 * The open project as the window sees it: artifacts, jobs, registries, and which of them is looked at.
 * It follows the engine's events; views read it and call its verbs. It renders nothing.
 */
import type { Client, Subscribe } from '#common/contract/calls.ts'
import type { DeviceDescription, EngineCalls, EngineEvents, ProjectInfo } from '#common/contract/engine.ts'
import type { WindowCalls } from '#common/contract/window.ts'
import type { Annotations, Artifact, ArtifactKind, Job } from '#common/domain/artifact.ts'
import type { ErrorCode, ErrorReport } from '#common/errors.ts'
import type { Result } from '#common/result.ts'
import { type ViewId, viewOf } from '../viewOf.ts'
import { Chosen } from './chosen.svelte.ts'
import { JobList, type RunRequest } from './jobList.svelte.ts'

export { isActive, type RunRequest } from './jobList.svelte.ts'

export type Registry = Extract<Awaited<ReturnType<Client<EngineCalls>['describe']>>, { ok: true }>['value']
export interface LogLine {
  readonly time: string
  readonly level: 'info' | 'warning' | 'error'
  readonly message: string
}
/** A call that failed outside any job: shown above the view until it is dismissed. */
export interface Failure {
  readonly title: string
  readonly report: ErrorReport
  readonly fixes?: readonly Fix[]
}
interface Fix {
  readonly title: string
  readonly reason: string
  readonly button: string
  readonly run: () => void
}

/** A project that cannot be written is opened to be read: the file is protected, or there is no room beside it for a lock. */
const readable: readonly ErrorCode[] = ['PROJECT_READ_ONLY', 'FOLDER_READ_ONLY']

const logLimit = 500

export class Session {
  project = $state.raw<ProjectInfo | null>(null)
  registry = $state.raw<Registry | null>(null)
  devices = $state.raw<readonly DeviceDescription[]>([])
  /** By id, ascending. */
  artifacts = $state.raw<readonly Artifact[]>([])
  log = $state.raw<readonly LogLine[]>([])
  failure = $state.raw<Failure | null>(null)
  view = $state<ViewId>('start')
  /** The last job's failures the user has not looked at, by view. */
  unseenFailures = $state.raw<ReadonlySet<ViewId>>(new Set())

  byId = $derived(new Map(this.artifacts.map((artifact) => [artifact.id, artifact])))
  readonly #chosen = new Chosen(
    () => this.artifacts,
    () => this.byId,
  )
  readonly #jobs: JobList
  readonly #engine: Client<EngineCalls>
  readonly #native: Client<WindowCalls>
  /** Grows with each other project: what a view keeps is of one of them. */
  entered = $state(0)
  #path: string | null = null
  readonly #forgetting: (() => void)[] = []
  /** Called once for each job that ends, for toasts. */
  onJobEnded: ((job: Job) => void) | null = null

  constructor(engine: Client<EngineCalls>, native: Client<WindowCalls>, onEngine: Subscribe<EngineEvents>) {
    this.#engine = engine
    this.#native = native
    this.#jobs = new JobList(engine, (job, wasKnown) => {
      if (job.status === 'failed') this.#markFailed(job)
      if (wasKnown) this.onJobEnded?.(job)
    })
    onEngine('jobChanged', (job) => this.#jobs.changed(job))
    onEngine('artifactChanged', ({ artifact, id }) => this.#artifactChanged(id, artifact))
    onEngine('projectChanged', (project) => {
      this.project = project
    })
    onEngine('logged', (line) => {
      this.log = [...this.log.slice(1 - logLimit), line]
    })
  }

  /** Registries, devices and, after a reload of the window, the project that is still open. */
  async start(): Promise<void> {
    const [registry, devices, project] = await Promise.all([this.#engine.describe({}), this.#engine.devices({}), this.#engine.project({})])
    this.registry = this.settle('The engine did not answer', registry)
    this.devices = this.settle('The devices could not be listed', devices) ?? []
    const open = this.settle('The project could not be read', project)
    if (open) await this.#entered(open)
  }

  /** A card whose driver takes its time is there only when it is asked for again. */
  async readDevices(): Promise<void> {
    const devices = this.settle('The devices could not be listed', await this.#engine.devices({}))
    if (devices) this.devices = devices
  }

  /** The value of a call, or null with the failure shown above the view. */
  settle<T>(title: string, result: Result<T>): T | null {
    if (result.ok) return result.value
    this.failure = { title, report: result.error }
    return null
  }

  // projects ---------------------------------------------------------------------------------------------------------
  async createProject(path: string): Promise<boolean> {
    const project = this.settle('The project could not be made', await this.#engine.createProject({ path }))
    if (project) await this.#entered(project)
    return project !== null
  }

  /** A project in the default folder, named after the data that asked for it; a number is added when the name is taken. */
  async createNamed(name: string): Promise<boolean> {
    const folder = this.settle('There is no folder for projects', await this.#native.defaultFolder({}))
    if (!folder) return false
    const separator = folder.includes('\\') ? '\\' : '/'
    for (let n = 1; ; n++) {
      const made = await this.#engine.createProject({ path: `${folder}${separator}${name}${n === 1 ? '' : `-${n}`}.stratum` })
      if (!made.ok && made.error.code === 'PROJECT_EXISTS' && n < 1000) continue
      const project = this.settle('The project could not be made', made)
      if (project) await this.#entered(project)
      return project !== null
    }
  }

  async openProject(path: string, readOnly = false): Promise<boolean> {
    const result = await this.#engine.openProject({ path, readOnly })
    if (!result.ok && !readOnly && readable.includes(result.error.code)) return this.openProject(path, true)
    if (!result.ok && !readOnly && result.error.code === 'PROJECT_LOCKED') {
      this.failure = { title: 'The project is open elsewhere', report: result.error, fixes: this.#waysIn(path) }
      return false
    }
    const project = this.settle('The project could not be opened', result)
    if (project) await this.#entered(project)
    return project !== null
  }

  /** One writes, any number read: nobody can spoil what another is making. */
  #waysIn(path: string): readonly Fix[] {
    return [
      {
        title: 'Open it to read',
        reason: 'Everything that is finished can be looked at and exported; nothing can be changed.',
        button: 'Open to read',
        run: () => void this.openProject(path, true),
      },
      {
        title: 'Close it there, then try again',
        reason: 'It is free as soon as the other window or command has ended, however it ends.',
        button: 'Try again',
        run: () => void this.openProject(path),
      },
    ]
  }

  async closeProject(): Promise<void> {
    this.settle('The project could not be closed', await this.#engine.closeProject({}))
    this.project = null
    this.#leave(null)
    this.show('start')
  }

  /** Called when another project is entered or this one closed: numbers of artifacts mean others then, so what was kept by them must go. */
  onLeft(forget: () => void): void {
    this.#forgetting.push(forget)
  }
  #leave(next: string | null): void {
    this.#path = next
    this.artifacts = []
    this.#jobs.all = []
    this.#chosen.clear()
    for (const forget of this.#forgetting) forget()
    this.entered++
  }

  /** The engine was restarted: opens the same file again and reads everything anew. */
  async recover(): Promise<void> {
    const path = this.project?.path
    this.#jobs.lost()
    if (path) await this.openProject(path)
  }

  async #entered(project: ProjectInfo): Promise<void> {
    if (project.path !== this.#path) this.#leave(project.path)
    this.project = project
    this.failure = null
    this.#chosen.clear()
    const [artifacts, jobs] = await Promise.all([this.#engine.listArtifacts({}), this.#engine.listJobs({})])
    this.artifacts = [...(this.settle('The results could not be listed', artifacts) ?? [])].sort((a, b) => a.id - b.id)
    this.#jobs.all = this.settle('The jobs could not be listed', jobs) ?? []
    void this.#native.rememberProject({ path: project.path })
    void this.#native.setTitle({ title: `${project.name} – Stratum` })
    if (this.view === 'start') this.show('data')
  }

  // what is looked at ------------------------------------------------------------------------------------------------
  show(view: ViewId): void {
    this.view = view
    if (!this.unseenFailures.has(view)) return
    this.unseenFailures = new Set([...this.unseenFailures].filter((other) => other !== view))
  }

  ofKind(kind: ArtifactKind): Artifact[] {
    return this.artifacts.filter((artifact) => artifact.kind === kind)
  }

  /** The chosen artifact of a kind, else the newest usable one that belongs to the chosen dataset. */
  current(kind: ArtifactKind): Artifact | null {
    return this.#chosen.current(kind)
  }
  /** Looks at an artifact and at what it was made from. */
  choose(id: number): void {
    this.#chosen.choose(id)
  }
  get lastChosen(): number | null {
    return this.#chosen.last
  }

  /** Looks at it in its view. */
  reveal(artifact: Artifact): void {
    this.choose(artifact.id)
    this.show(viewOf(artifact))
  }

  /** 'Train stacked-07': the job with what it makes, once that has a name. */
  titleOf(job: Job): string {
    const name = job.artifact === null ? this.requests.get(job.id)?.name : this.byId.get(job.artifact)?.name
    // Default names repeat what the job is called.
    const short = name?.replace(/ (codes|prepared|anomalies)$/, '')
    return short && short !== job.title ? `${job.title} ${short}` : job.title
  }

  // verbs ------------------------------------------------------------------------------------------------------------
  get jobs(): readonly Job[] {
    return this.#jobs.all
  }
  get activeJobs(): readonly Job[] {
    return this.#jobs.active
  }
  get running(): Job | null {
    return this.#jobs.running
  }
  get asked(): JobList['asked'] {
    return this.#jobs.asked
  }
  get requests(): JobList['requests'] {
    return this.#jobs.requests
  }

  /** Begins an operation; the answer is the job, or the reason why it could not begin. */
  run(request: RunRequest): Promise<Result<Job>> {
    return this.#jobs.run(request)
  }
  /** The job once it is no longer active. */
  ended(job: Job): Promise<Job> {
    return this.#jobs.ended(job)
  }

  /** Runs an operation and waits for its end; null when it failed or was cancelled (the job then says why). */
  async runToEnd(request: RunRequest): Promise<Artifact | null> {
    const job = this.settle('The step could not begin', await this.run(request))
    if (!job) return null
    return this.resultOf(await this.ended(job))
  }

  /** Where what a job makes is looked at. */
  viewOfJob({ operation }: Pick<Job, 'operation'>): ViewId {
    const kind = this.registry?.operations.find(({ id }) => id === operation)?.produces as ArtifactKind | undefined
    return kind ? viewOf({ kind, operation }) : 'data'
  }

  /** What a job that ended has made; null when it failed or was cancelled. */
  async resultOf(ended: Job): Promise<Artifact | null> {
    if (ended.status !== 'done' || ended.artifact === null) return null
    // The job's last event may come before that of its artifact, which is then still empty.
    const known = this.byId.get(ended.artifact)
    return known?.status === 'done' ? known : this.#fetched(ended.artifact)
  }

  async cancel(job: Job, keep = false): Promise<void> {
    this.settle('It could not be cancelled', await this.#jobs.cancel(job, keep))
  }
  async pause(job: Job): Promise<void> {
    this.settle('It could not be paused', await this.#jobs.pause(job))
  }
  async resume(job: Job): Promise<void> {
    this.settle('It could not go on', await this.#jobs.resume(job))
  }

  async rename(artifact: Artifact, name: string): Promise<void> {
    if (!name.trim() || name === artifact.name) return
    const renamed = this.settle(
      'The name could not be changed',
      await this.#engine.renameArtifact({ artifact: artifact.id, name: name.trim() }),
    )
    if (renamed) this.#artifactChanged(renamed.id, renamed)
  }

  async annotate(artifact: Artifact, annotations: Annotations): Promise<void> {
    const changed = this.settle(
      'The change could not be saved',
      await this.#engine.annotateArtifact({ artifact: artifact.id, annotations }),
    )
    if (changed) this.#artifactChanged(changed.id, changed)
  }

  /** What went: it and everything made from it; nothing where it could not be deleted. */
  async remove(artifact: Artifact): Promise<readonly number[]> {
    const gone = this.settle('It could not be deleted', await this.#engine.deleteArtifact({ artifact: artifact.id }))
    for (const id of gone?.deleted ?? []) this.#artifactChanged(id, null)
    return gone?.deleted ?? []
  }

  async undo(): Promise<void> {
    await this.#stepped('Nothing could be undone', this.#engine.undo({}))
  }
  async redo(): Promise<void> {
    await this.#stepped('Nothing could be done again', this.#engine.redo({}))
  }

  async #stepped(title: string, call: Promise<Result<ProjectInfo>>): Promise<void> {
    const project = this.settle(title, await call)
    if (project) this.project = project
  }

  #markFailed(job: Job): void {
    const view = this.viewOfJob(job)
    if (view !== this.view) this.unseenFailures = new Set([...this.unseenFailures, view])
  }

  #artifactChanged(id: number, artifact: Artifact | null): void {
    const others = this.artifacts.filter((other) => other.id !== id)
    this.artifacts = artifact ? [...others, artifact].sort((a, b) => a.id - b.id) : others
  }

  async #fetched(id: number): Promise<Artifact | null> {
    const all = this.settle('The results could not be listed', await this.#engine.listArtifacts({}))
    if (all) this.artifacts = [...all].sort((a, b) => a.id - b.id)
    return this.byId.get(id) ?? null
  }
}

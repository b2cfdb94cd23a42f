/** The one project an engine has open, with its runner, its views, and the events that tell the window what changed. */
import type { Emit } from '#common/contract/calls.ts'
import type { EngineEvents, ProjectInfo } from '#common/contract/engine.ts'
import { StratumError } from '#common/errors.ts'
import { operations } from '../operations/registry.ts'
import { createRunner, type Runner, type RunnerHooks } from '../operations/runner.ts'
import type { MetricPoint } from '../project/metrics.ts'
import type { ProjectFile } from '../project/open.ts'
import { projectName } from '../project/projectFile.ts'
import { type Anomalies, createAnomalies } from './anomalies.ts'
import { createReports, type Reports } from './reports.ts'
import { createViews, type Views } from './views.ts'

/** Curves are sent at most ten times a second per run. */
const metricsIntervalMs = 100

export interface Session {
  /** @throws PROJECT_NOT_OPEN */
  project(): ProjectFile
  runner(): Runner
  readonly views: Views
  readonly reports: Reports
  readonly anomalies: Anomalies
  info(): ProjectInfo | null
  /** Takes over an opened project; the one that was open is closed. */
  use(project: ProjectFile): Promise<ProjectInfo>
  close(): Promise<void>
  /** Tells the window that the project's own line (undo, size) changed. */
  touched(): void
}

const notOpen = (): StratumError => new StratumError('PROJECT_NOT_OPEN', 'No project is open.', 'Open a project or create one.')

export const infoOf = (project: ProjectFile): ProjectInfo => ({
  path: project.path,
  name: projectName(project.path),
  readOnly: project.readOnly,
  sizeBytes: project.sizeBytes(),
  createdAt: project.createdAt,
  undo: project.undoLabel(),
  redo: project.redoLabel(),
})

export function createSession(emit: Emit<EngineEvents>): Session {
  let open: { readonly project: ProjectFile; readonly runner: Runner; readonly metrics: MetricBuffer } | null = null

  const project = (): ProjectFile => {
    if (!open) throw notOpen()
    return open.project
  }
  const info = (): ProjectInfo | null => (open ? infoOf(open.project) : null)
  const touched = (): void => emit('projectChanged', info())
  const views = createViews({ project })
  const reports = createReports({ project, preparedRow: views.preparedRow })
  const anomalies = createAnomalies({
    project,
    announce(artifact) {
      emit('artifactChanged', { id: artifact.id, artifact, deleted: false })
      touched()
      return artifact
    },
  })

  const close = async (): Promise<void> => {
    if (!open) return
    const { project: closing, runner, metrics } = open
    await runner.dispose()
    open = null
    metrics.flush()
    await reports.dispose()
    await anomalies.dispose()
    await views.dispose()
    closing.close()
  }

  return {
    project,
    runner: () => {
      if (!open) throw notOpen()
      return open.runner
    },
    views,
    reports,
    anomalies,
    info,
    async use(next) {
      await close()
      const metrics = metricBuffer((artifact, points) => emit('metricsAdded', { artifact, points }))
      const hooks: RunnerHooks = {
        jobChanged: (job) => emit('jobChanged', job),
        artifactChanged: (id, artifact) => {
          metrics.flush()
          emit('artifactChanged', { id, artifact, deleted: artifact === null })
          touched()
        },
        metricsAdded: metrics.add,
        logged: (level, message) => emit('logged', { time: new Date().toISOString(), level, message }),
      }
      open = { project: next, runner: createRunner(next, operations, { hooks }), metrics }
      touched()
      return infoOf(next)
    },
    async close() {
      await close()
      touched()
    },
    touched,
  }
}

interface MetricBuffer {
  add(artifact: number, points: readonly MetricPoint[]): void
  flush(): void
}

/** Gathers points and hands them on at most every `metricsIntervalMs`. */
function metricBuffer(send: (artifact: number, points: MetricPoint[]) => void): MetricBuffer {
  const waiting = new Map<number, MetricPoint[]>()
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    for (const [artifact, points] of waiting) send(artifact, points)
    waiting.clear()
  }
  return {
    add(artifact, points) {
      // The same points that are stored: the others are gaps in the curve.
      const finite = points.filter(({ value }) => Number.isFinite(value))
      waiting.set(artifact, [...(waiting.get(artifact) ?? []), ...finite])
      timer ??= setTimeout(flush, metricsIntervalMs)
    },
    flush,
  }
}

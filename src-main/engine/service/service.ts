/** The handlers of the engine's call table. Reads of pixels, rows and codes are in views.ts; everything that computes goes through `run`. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Emit, Handlers } from '#common/contract/calls.ts'
import type { CacheInfo, EngineCalls, EngineEvents } from '#common/contract/engine.ts'
import { StratumError } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { listDevices } from '../compute/devices.ts'
import { probe } from '../compute/devices/probe.ts'
import { computeSettings, defaultThreads, deviceFor, setComputeSettings } from '../compute/devices/settings.ts'
import { chunkStore } from '../data/chunkStore/chunkStore.ts'
import { inspectSource } from '../data/inspect.ts'
import { previewSource } from '../data/previewSource.ts'
import { readers } from '../data/readers/registry.ts'
import { findMoved } from '../data/source/find.ts'
import { datasetMeta, relinkDataset } from '../data/source/relink.ts'
import { sourceStates } from '../data/source/state.ts'
import { buildFor } from '../models/build.ts'
import { modelById, models } from '../models/registry.ts'
import { describeOperation } from '../operations/describe.ts'
import { parseParams } from '../operations/parameters.ts'
import { readConfusion } from '../operations/evaluate/confusion.ts'
import { readCurves } from '../operations/evaluate/curves.ts'
import { operationById, operations } from '../operations/registry.ts'
import { createProject, openProject } from '../project/open.ts'
import { recipeOf } from '../operations/recipe.ts'
import { layoutOf } from '../train/layout.ts'
import { version } from '../version.ts'
import { compareClasses } from './classes.ts'
import { describeModel, describeReader } from './describe.ts'
import { jobPicture, readEmbedding } from './embeddings.ts'
import { estimateFor, type Place } from './estimates.ts'
import { estimatePlane } from './planeEstimate.ts'
import { readExamination } from './examinations.ts'
import { listLabels } from './labels.ts'
import { readScoreLine } from './scoreLine.ts'
import { createSelections } from './selections.ts'
import { createSession } from './session.ts'
import { createTrees } from './trees.ts'
import { readValues } from './values.ts'

/** A call that starts a job answers by then, known or not whether the result was there already. */
const decideMs = 250
/** The window opens whether or not a graphics driver has answered. */
const devicesWithinMs = 1000

export type Service = Handlers<EngineCalls> & { dispose(): Promise<void> }

export function createService(emit: Emit<EngineEvents>): Service {
  const session = createSession(emit)
  const { views, reports, anomalies } = session
  const selections = createSelections(session)
  const trees = createTrees(session)
  let search = new AbortController()
  let estimating = new AbortController()
  let readingValues = new AbortController()

  /** A newer question ends the one before. */
  function estimatingPlace(): Place {
    estimating.abort()
    estimating = new AbortController()
    const isBusy = session
      .runner()
      .jobs()
      .some(({ status }) => status === 'running')
    return { project: session.project(), isBusy, signal: estimating.signal }
  }

  const announce = (artifact: Artifact | null): void => {
    if (artifact) emit('artifactChanged', { id: artifact.id, artifact, deleted: false })
    session.touched()
  }
  /** A step through the journal may have linked a dataset to another place. */
  const restored = async (artifact: Artifact | null): Promise<void> => {
    if (artifact?.kind === 'dataset') await views.forget(artifact.id)
    announce(artifact)
  }
  const announced = (artifact: Artifact): Artifact => {
    announce(artifact)
    return artifact
  }
  const infoNow = () => session.info() as NonNullable<ReturnType<typeof session.info>>

  return {
    describe: () => ({
      version,
      operations: operations.map(describeOperation),
      models: models.map(describeModel),
      formats: readers.map(describeReader),
    }),
    devices: () => listDevices(devicesWithinMs),
    probeDevice: ({ device, threads }) => probe(device, threads ?? defaultThreads()),
    computeSettings: () => computeSettings(session.project()),
    setComputeSettings: (settings) => setComputeSettings(session.project(), settings),
    inspect: ({ path, as, options }) => inspectSource(path, as, options),
    previewSource: (request) => previewSource(request),

    // The project that is open is closed only once the other one has opened.
    createProject: ({ path }) => session.use(createProject(path)),
    async openProject({ path, readOnly }) {
      const current = session.info()
      if (current && isSame(current.path, path)) await session.close()
      return session.use(openProject(path, { readOnly }))
    },
    async closeProject() {
      await session.close()
      return {}
    },
    project: () => session.info(),

    listArtifacts: () => session.project().artifacts(),
    renameArtifact: ({ artifact, name }) => announced(session.project().rename(artifact, name)),
    annotateArtifact: ({ artifact, annotations }) => announced(session.project().annotate(artifact, annotations)),
    deleteArtifact({ artifact }) {
      const project = session.project()
      const job = session.runner().jobUsing(project.downstream(artifact))
      if (job)
        throw new StratumError('ARTIFACT_IN_USE', `'${job.title}' is working on it.`, 'Cancel that job first, or wait for it.', {
          artifact,
          job: job.id,
        })
      const deleted = project.remove(artifact)
      for (const id of deleted) emit('artifactChanged', { id, artifact: null, deleted: true })
      session.touched()
      return { deleted }
    },
    async undo() {
      await restored(session.project().undo())
      return infoNow()
    },
    async redo() {
      await restored(session.project().redo())
      return infoNow()
    },

    cacheInfo,
    async clearCache() {
      await chunkStore()?.clear()
      return cacheInfo()
    },
    async setCacheLimit({ limitBytes }) {
      await chunkStore()?.setLimit(limitBytes)
      return cacheInfo()
    },

    sourceStates: () => sourceStates(session.project()),
    async relink({ artifact, path }) {
      const project = session.project()
      const relinked = await relinkDataset(project, artifact, path)
      await views.forget(artifact)
      return announced(relinked)
    },
    async findSource({ artifact, folder }) {
      search.abort()
      search = new AbortController()
      return findMoved(datasetMeta(session.project(), artifact).source, folder, search.signal)
    },
    stopFindingSource() {
      search.abort()
      return {}
    },

    async run(request) {
      const device = await deviceFor(session.project(), operationById(request.operation), request.device)
      const job = session.runner().run({ ...request, device })
      await Promise.race([job.decided, wait(decideMs)])
      const state = job.snapshot()
      // It failed before it began: the question was wrong, so the answer is the error and not a failed job.
      if (state.status === 'failed' && state.startedAt === null) await job.finished
      return state
    },
    listJobs: () => session.runner().jobs(),
    cancelJob({ job: id, keep }) {
      const job = session.runner().job(id)
      job.cancel(keep)
      return job.snapshot()
    },
    pauseJob({ job: id }) {
      const job = session.runner().job(id)
      job.pause()
      return job.snapshot()
    },
    resumeJob({ job: id }) {
      const job = session.runner().job(id)
      job.resume()
      return job.snapshot()
    },

    modelLayout({ model: id, params, columns, conditions }) {
      const model = modelById(id)
      return layoutOf(buildFor(model, parseParams(model.title, model.params, params), columns, conditions))
    },
    estimate: (asked) => estimateFor(asked, estimatingPlace()),
    estimatePlane: (asked) => estimatePlane(asked, estimatingPlace()),
    metrics: ({ artifact, afterStep }) => session.project().metrics(session.project().artifact(artifact).id, afterStep),

    readRaster: views.readRaster,
    readMap: views.readMap,
    readRows: views.readRows,
    readSpectrum: views.readSpectrum,
    compareClasses: (request) => compareClasses(session.project(), request),
    readConfusion: (request) => readConfusion(session.project(), request),
    readCurves: (request) => readCurves(session.project(), request),
    readExamination: (request) => readExamination(session.project(), request),
    sampleLatents: views.sampleLatents,
    readEmbedding: (request) => readEmbedding(session.project(), request),
    jobPicture: ({ job, count }) => jobPicture(session.runner().job(job), count),
    readPixel: views.readPixel,
    readValues(request) {
      readingValues.abort()
      readingValues = new AbortController()
      return readValues(session.project(), request, readingValues.signal)
    },
    readTree: trees.readTree,
    previewCut: trees.previewCut,
    selectRows: selections.selectRows,
    readSelectedRows: selections.readSelectedRows,
    selectionMap: selections.selectionMap,
    selectionProfile: selections.selectionProfile,
    readReport: reports.readReport,
    readTraversal: reports.readTraversal,
    listFeatures: reports.listFeatures,
    readFeature: reports.readFeature,
    readActivations: reports.readActivations,
    listFlagged: anomalies.listFlagged,
    listEvents: anomalies.listEvents,
    listObjects: anomalies.listObjects,
    listLabels: (given) => listLabels(session.project(), given, new AbortController().signal),
    chooseThreshold: anomalies.chooseThreshold,
    review: anomalies.review,
    readScoreLine: (request) => readScoreLine(session.project(), request),

    getSetting: ({ key }) => session.project().setting(key),
    setSetting({ key, value }) {
      session.project().setSetting(key, value)
      return {}
    },
    verify: () => session.project().verify(),
    recipe: ({ artifact }) => ({ yaml: recipeOf(session.project(), artifact) }),

    dispose() {
      search.abort()
      estimating.abort()
      return session.close()
    },
  }
}

const cacheInfo = async (): Promise<CacheInfo | null> => (await chunkStore()?.info()) ?? null

const isSame = (open: string, wanted: string): boolean => open === wanted || open === `${wanted}.stratum`

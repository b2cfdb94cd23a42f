/**
 * Anomaly scores of every row, with a threshold from held-out rows the model never saw, and what lies above it: flagged rows with blame,
 * events of a time series, objects of a scene.
 *
 * Rows stream: stored errors or codes where those are enough, else the dataset through its preparation; and once more for the highest
 * rows. Memory: blocks of 8 MB, the rows a method is fitted on (score/scorer.ts), the 100 000 highest rows; of local RX every score.
 */
import type { ScoresMeta } from '#common/domain/scores.ts'
import { counted } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { methodIn } from '../analysis/methods/define.ts'
import { keyedAnomalous } from './anomalousLabels.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'
import { calibrate, calibrationRows } from './score/calibration.ts'
import { finish, type ScoreParams } from './score/finish.ts'
import { type Frame, openFrame } from './score/frame.ts'
import { localRx, reconstruction, scoreMethods, spaceTitles } from './score/methods.ts'
import { notesOf } from './score/notes.ts'
import { params } from './score/params.ts'
import { ringBlame, ringScores, ringSpace } from './score/ring.ts'
import { openScorer } from './score/scorer.ts'
import { scoredRows } from './score/stream.ts'

type Context = OperationContext<ScoreParams>

export const scoreOperation = defineOperation({
  id: 'score',
  version: 5,
  title: 'Score anomalies',
  summary: 'Says how unusual each row is to the model, and flags those beyond what held-out rows show.',
  citation: 'Borghesi et al., Anomaly detection using autoencoders in high performance computing systems, arXiv 1811.05269',
  inputs: { latents: { kinds: ['latents'], description: 'Codes with their reconstruction error' } },
  params,
  produces: 'scores',
  ignores: ['device'],
  // Labels that lie in a file belong to the key: the file may change.
  keyed: (given) => ({
    ...given,
    labels: given.labels === null ? null : keyedLabels(given.labels),
    anomalous: keyedAnomalous(given.anomalous),
  }),
  identity: async ({ method, rule, labels }) => {
    const { id, version } = methodIn(scoreMethods, method)
    return `${id} ${version} ${rule === 'labels' && labels !== null ? await labelsIdentity(labels) : ''}`
  },
  nameFor: ({ method }, { latents }) => {
    const of = latents?.name.replace(/ codes$/, '') ?? 'model'
    return method === reconstruction.id ? `${of} anomalies` : `${of} anomalies, ${methodIn(scoreMethods, method).title}`
  },
  async run(ctx) {
    const given = ctx as unknown as Context
    const { project, threads, signal } = given
    const frame = openFrame({ project, latents: given.inputs.latents!, threads, signal })
    try {
      return await (given.params.method === localRx.id ? scoreRing(given, frame) : scoreByRow(given, frame))
    } finally {
      await frame.close()
    }
  },
})

async function scoreByRow(ctx: Context, frame: Frame): Promise<ScoresMeta> {
  const { project, seed, threads, signal, params } = ctx
  const latents = ctx.inputs.latents!.id
  const dataset = project.artifact(frame.latents.dataset)
  ctx.report({ stage: 'Learning what is usual', fraction: null })
  const options = { project, frame, latents, params, seed, threads, signal }
  const scorer = await openScorer({
    ...options,
    report: (fraction) => ctx.report({ stage: 'Learning what is usual', fraction: 0.15 * fraction }),
  })
  const request = {
    project,
    frame,
    latents,
    scorer,
    seed,
    signal,
    report: (fraction: number) => ctx.report({ stage: 'Scoring held-out rows', fraction: 0.15 + 0.15 * fraction }),
  }
  const calibration = await calibrate(request)
  const isOwn = dataset.id === frame.model.dataset
  const notes = await notesOf(options, request, calibration, { isOwn })
  if (!isOwn) ctx.log('warning', 'The threshold comes from the dataset the model was trained on; this dataset may be shifted against it.')
  const { id, title, space, spaceTitle, width, fitRows, paper } = scorer
  const isError = id === reconstruction.id
  return finish(ctx, frame, latents, {
    scorer,
    scoring: { id, title, space, spaceTitle, width, fitRows, paper },
    method: isError
      ? `reconstruction error${frame.model.errorsOf === undefined ? '' : ` of ${frame.model.errorsOf}`}, mean over columns`
      : `${title}, ${spaceTitle}${fitRows > 0 ? `, learned from ${counted(fitRows, 'row')}` : ''}`,
    calibration: Float64Array.from(calibration.scores).sort(),
    of: calibration.of,
    notes,
    blocks: (stop, report) => scoredRows({ project, dataset, frame, latents, scorer, signal: stop, report }),
  })
}

/** A pixel is held against its neighbours, so that held-out pixels are scored where they lie. */
async function scoreRing(ctx: Context, frame: Frame): Promise<ScoresMeta> {
  const { project, params, seed, signal } = ctx
  const latents = ctx.inputs.latents!.id
  const dataset = project.artifact(frame.latents.dataset)
  if (dataset.id !== frame.model.dataset)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'Local RX is calibrated on held-out pixels of the scene itself, and this scene is not the one the model learned from.',
      'Score the scene with another method, or train a model on this scene.',
      { parameter: 'method' },
    )
  const report = (fraction: number): void => ctx.report({ stage: 'Comparing pixels with their surroundings', fraction: 0.7 * fraction })
  const ring = { project, dataset, frame, latents, params, signal, report }
  const all = await ringScores(ring)
  const { part, rows } = calibrationRows({ project, frame, seed }, Number.POSITIVE_INFINITY)
  const calibration = Float64Array.from(rows, (row) => all[row])
    .filter(Number.isFinite)
    .sort()
  const { id, title, paper } = localRx
  const space = ringSpace(params.space)
  return finish(ctx, frame, latents, {
    scorer: null,
    scoring: { id, title, space, spaceTitle: spaceTitles[space], width: frame.widthOf(space), fitRows: 0, paper },
    method: `${title}, ${spaceTitles[space]}, ring from ${params.guardRadius + 1} to ${params.ringRadius} pixels`,
    calibration,
    of: part === 'holdout' ? 'held-out' : 'learning',
    notes: part === 'holdout' ? [] : ['No row was held out, so the threshold comes from rows the model learned from.'],
    ...(space !== 'codes' && { blame: (rows: Float64Array) => ringBlame({ ...ring, report: () => undefined }, rows) }),
    async *blocks() {
      yield { start: 0, scores: all }
    },
  })
}

/**
 * What a window asks of reports and of feature data: pages of what is stored, and one code varied through the decoder.
 * Memory: the answer; for traversals the weights of at most two models and 2000 codes.
 */
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { StratumError } from '#common/errors.ts'
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ReportMeta } from '#common/domain/report.ts'
import { type MatrixMeta, type ModelMeta, rebuiltOf, sourcesOf } from '#common/domain/results.ts'
import { invertPipeline } from '../data/pipeline/pipeline.ts'
import type { RowFacts } from '../data/pipeline/define.ts'
import { featureDetail, featureLines, featuresMetaOf } from '../operations/features/read.ts'
import { type Forward, openForward } from '../operations/report/forward.ts'
import { drawRows } from '../operations/report/rows.ts'
import { rangeStride, rangesOf } from '../operations/report/ranges.ts'
import { traversal } from '../operations/report/traversal.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'
import { OpenCache } from './openCache.ts'

type ReportCalls = Pick<EngineCalls, 'readReport' | 'readTraversal' | 'listFeatures' | 'readFeature' | 'readActivations'>

/** Rows behind the ranges of a traversal for which there is no report. */
const rangeRows = 2000

/** Codes that one answer may go through: 1 GB, a second. Whole rows are read, all features of them. */
const mostReadNumbers = 2 ** 28

interface Given {
  project(): Project
  /** One row of a dataset as a model takes it. */
  preparedRow(dataset: number, row: number, matrix: MatrixMeta): Promise<{ X: Float32Array; facts: RowFacts }>
}

export interface Reports extends Handlers<ReportCalls> {
  dispose(): Promise<void>
}

export function createReports(given: Given): Reports {
  const models = new OpenCache<{ forward: Forward; ranges: Float32Array | null }>(2)

  const artifactOf = (id: number, kind: ArtifactKind): Artifact => finishedArtifact(given.project(), id, kind)
  const modelOf = (model: number) =>
    models.open(
      model,
      async () => ({ forward: openForward(given.project(), artifactOf(model, 'model')), ranges: null }),
      ({ forward }) => forward.close(),
    )

  /** Of every code [Z, 5], from the report or from a sample. */
  async function rangesFor(model: number, report: number | undefined): Promise<Float32Array> {
    const project = given.project()
    if (report !== undefined) {
      const artifact = artifactOf(report, 'report')
      const { codeSize, model: reported } = artifact.meta as unknown as ReportMeta
      if (reported !== model)
        throw new StratumError('ARTIFACT_KIND', `“${artifact.name}” is a report on another model.`, 'Choose the report on this model.', {
          artifact: report,
          model,
        })
      return project.array(report, 'unitRange').read(0, codeSize) as Float32Array
    }
    const opened = await modelOf(model)
    if (opened.ranges) return opened.ranges
    const { matrix } = artifactOf(model, 'model').meta as unknown as ModelMeta
    const { X, n } = drawRows(project, matrix, rangeRows, 1)
    opened.ranges = await rangesOf(await opened.forward.codes(X, n), n, opened.forward.codeSize)
    return opened.ranges
  }

  return {
    readReport({ report }) {
      const meta = artifactOf(report, 'report').meta as unknown as ReportMeta
      const project = given.project()
      const model = project.artifact(meta.model).meta as unknown as ModelMeta
      const whole = (name: string): Float32Array => {
        const reader = project.array(report, name)
        return reader.read(0, reader.shape[0]) as Float32Array
      }
      return {
        names: sourcesOf(model).map(({ name }) => name),
        rows: Float64Array.from(meta.gallery, ({ row }) => row),
        x: whole('galleryX'),
        reconstruction: whole('galleryModel'),
        pca: whole('galleryPca'),
        rebuiltNames: rebuiltOf(model).map(({ name }) => name),
        explained: whole('columnExplained'),
        pcaExplained: whole('columnPca'),
      }
    },

    async readTraversal({ model, report, unit, row, steps }) {
      const { matrix: matrixId, dataset } = artifactOf(model, 'model').meta as unknown as ModelMeta
      const project = given.project()
      const matrix = project.artifact(matrixId).meta as unknown as MatrixMeta
      const { forward } = await modelOf(model)
      if (unit >= forward.codeSize)
        throw new StratumError(
          'PARAMETER_INVALID',
          `The code has ${forward.codeSize} numbers, so there is no number ${unit} (they count from 0).`,
          'Choose one of them.',
          { parameter: 'unit' },
        )
      const ranges = await rangesFor(model, report)
      const from = row === undefined ? null : await given.preparedRow(dataset, row, matrix)
      const { values, decoded } = await traversal(forward, ranges, unit, steps, from?.X ?? null)
      const groups = from?.facts.groups && new Int32Array(steps).fill(from.facts.groups[0])
      const divisors =
        from?.facts.divisors && new Map([...from.facts.divisors].map(([id, [one]]) => [id, new Float64Array(steps).fill(one)]))
      return {
        names: sourcesOf(matrix).map(({ name }) => name),
        values,
        profiles: invertPipeline(matrix.steps, decoded, steps, forward.rebuilt, {
          groups: groups ?? undefined,
          divisors: divisors ?? undefined,
        }),
        median: ranges[unit * rangeStride + 2],
      }
    },

    listFeatures: (request) => featureLines(given.project(), artifactOf(request.features, 'features'), request),
    readFeature({ features, feature }) {
      return featureDetail(given.project(), artifactOf(features, 'features'), feature)
    },
    readActivations({ features, feature, rows }) {
      const project = given.project()
      const meta = featuresMetaOf(artifactOf(features, 'features'), feature)
      const most = Math.min(100_000, Math.floor(mostReadNumbers / meta.features))
      if (rows.length > most)
        throw new StratumError('PARAMETER_INVALID', `${rows.length} rows were asked for, and ${most} is the most.`, 'Ask for fewer.', {
          parameter: 'rows',
        })
      const { rows: total } = project.artifact(meta.dataset).meta as unknown as DatasetMeta
      const codes = project.array(meta.latents, 'codes')
      return {
        values: Float32Array.from(rows, (row) =>
          Number.isInteger(row) && row >= 0 && row < total ? codes.read(row, row + 1)[feature] : Number.NaN,
        ),
      }
    },

    dispose: () => models.clear(),
  }
}

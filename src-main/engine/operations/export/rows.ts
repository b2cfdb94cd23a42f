/** Tables and arrays of rows, of classes, and of what was found. Memory: a block of rows, or what was found. */
import type { Artifact } from '#common/domain/artifact.ts'
import { rowNoun } from '#common/domain/dataset.ts'
import type { ComparisonMeta } from '#common/domain/results.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { exportEvents, exportFlagged, exportObjects } from '../../export/anomalies.ts'
import { exportComparison } from '../../export/comparisonCsv.ts'
import { createNpy } from '../../export/npy.ts'
import type { ExportedFile } from '../../export/outputFile.ts'
import { openScores } from '../score/findings.ts'
import { writeClassTable } from './classTable.ts'
import type { Params } from './params.ts'
import type { Context, Subject } from './subject.ts'
import { writeRowTable } from './table.ts'

const rowsAtOnce = 1 << 16

/** One line per row of the dataset; of a comparison its own table, of scores what lies above the threshold where that is asked for. */
export async function tableFile(ctx: Context, { artifact, dataset, data, path }: Subject): Promise<ExportedFile[]> {
  const { project, signal, params } = ctx
  if (artifact.kind === 'comparison')
    return exportComparison(path, artifact.meta as unknown as ComparisonMeta, { formulas: params.formulas })
  if (artifact.kind === 'scores' && params.list !== 'rows' && params.list !== 'classes') return listFile(ctx, artifact, params.list, path)
  if (artifact.kind === 'clustering' && params.list === 'classes') return classesFile(ctx, { artifact, dataset, data, path }, 'csv')
  const { within, beside, formulas } = params
  const report = (fraction: number, done: number): void =>
    ctx.report({ stage: 'Writing rows', fraction, done, unit: rowNoun[data.kind][1] })
  return writeRowTable({ project, artifact, dataset, data, path, within, beside, formulas, signal, report })
}

export const classesFile = (ctx: Context, { artifact, data, path }: Subject, format: 'csv' | 'json'): Promise<ExportedFile[]> =>
  writeClassTable(ctx.project, artifact, data, {
    path,
    format,
    formulas: ctx.params.formulas,
    run: { signal: ctx.signal, report: (fraction) => ctx.report({ stage: 'Measuring areas', fraction }) },
  })

/** What lies above the threshold of scores. */
async function listFile(
  { project, params, signal }: Context,
  artifact: Artifact,
  list: Exclude<Params['list'], 'rows' | 'classes'>,
  path: string,
): Promise<ExportedFile[]> {
  const scores = await openScores(project, artifact, signal)
  const file = { path, signal, formulas: params.formulas }
  if (list === 'flagged') return exportFlagged(project, scores, file)
  return list === 'events' ? exportEvents(project, scores, file) : exportObjects(project, scores, file, params.minimumPixels)
}

export async function arrayFile(ctx: Context, { artifact, data, path }: Subject): Promise<ExportedFile[]> {
  const [name, dtype] =
    artifact.kind === 'latents'
      ? (['codes', 'float32'] as const)
      : artifact.kind === 'scores'
        ? (['score', 'float32'] as const)
        : (['labels', 'uint16'] as const)
  const reader = ctx.project.array(artifact.id, name)
  const writer = await createNpy(path, dtype, data.grid ? [data.grid.height, data.grid.width, ...reader.shape.slice(1)] : reader.shape)
  try {
    for (let from = 0; from < data.rows; from += rowsAtOnce) {
      throwIfCancelled(ctx.signal)
      const to = Math.min(data.rows, from + rowsAtOnce)
      await writer.write(reader.read(from, to) as Float32Array | Uint16Array)
      ctx.report({ stage: 'Writing the array', fraction: to / data.rows })
    }
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}

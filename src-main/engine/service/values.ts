/**
 * One number of each of many rows, to colour them by: the class, the score, a number of the code, or a column of the dataset.
 * Memory: the answer and one chunk. A column is read through once, from the first to the last of the rows; a newer question ends it.
 */
import type { z } from 'zod'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { openDataset } from '../data/import.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'

type Request = z.output<EngineCalls['readValues']['input']>
type Answer = z.output<EngineCalls['readValues']['output']>

export async function readValues(project: Project, { rows, of }: Request, signal: AbortSignal): Promise<Answer> {
  checkRising(rows)
  if (of.kind === 'column') return { values: await columnAt(project, of.artifact, of.column, rows, signal) }
  const [kind, array] =
    of.kind === 'class'
      ? ['clustering' as const, 'labels']
      : of.kind === 'score'
        ? ['scores' as const, 'score']
        : ['latents' as const, 'codes']
  finishedArtifact(project, of.artifact, kind)
  const reader = project.array(of.artifact, array)
  const width = reader.shape[1] ?? 1
  const unit = of.kind === 'code' ? of.unit : 0
  if (unit >= width) throw missing(`There are ${width} numbers, and none at ${unit}.`, 'unit')
  checkLast(rows, reader.shape[0])
  const values = new Float32Array(rows.length)
  let from = 0
  let block: ArrayLike<number> = []
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] >= from + block.length / width) {
      from = rows[i] - (rows[i] % reader.chunkRows)
      block = reader.read(from, Math.min(reader.shape[0], from + reader.chunkRows))
    }
    values[i] = block[(rows[i] - from) * width + unit]
  }
  return { values }
}

async function columnAt(
  project: Project,
  dataset: number,
  column: number,
  rows: Float64Array,
  signal: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const meta = finishedArtifact(project, dataset, 'dataset').meta as unknown as DatasetMeta
  if (column >= meta.columns.length) throw missing(`The dataset has ${meta.columns.length} columns, and none at ${column}.`, 'column')
  checkLast(rows, meta.rows)
  const values = new Float32Array(rows.length).fill(Number.NaN)
  const source = await openDataset(meta, project.path)
  try {
    let next = 0
    for await (const { start, n, X, valid } of source.chunks({ columns: [column], signal })) {
      throwIfCancelled(signal)
      for (; next < rows.length && rows[next] < start + n; next++) if (valid[rows[next] - start]) values[next] = X[rows[next] - start]
      if (next === rows.length) break
    }
  } finally {
    await source.close()
  }
  return values
}

function checkRising(rows: Float64Array): void {
  for (let i = 0; i < rows.length; i++)
    if (!(Number.isInteger(rows[i]) && rows[i] > (i === 0 ? -1 : rows[i - 1])))
      throw missing('Row numbers rise, and each stands once.', 'rows')
}
const checkLast = (rows: Float64Array, all: number): void => {
  const last = rows.at(-1) ?? 0
  if (last >= all) throw missing(`There is no row number ${last}.`, 'rows')
}
const missing = (message: string, parameter: string): StratumError =>
  new StratumError('PARAMETER_INVALID', message, 'Ask for what is there.', { parameter })

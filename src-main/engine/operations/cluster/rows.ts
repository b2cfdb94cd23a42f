/** What is clustered: the codes that count, and those of them that are learned from. */
import type { LatentsMeta } from '#common/domain/results.ts'
import type { ClusteringMethod } from '../../analysis/clustering/define.ts'
import { type SampledRows, sampleValidRows } from '../../analysis/sampleRows.ts'
import { openSelection } from '../../data/selection.ts'
import type { ArrayReader } from '../../project/project.ts'
import { codesWithin, countValid } from './codes.ts'
import { type Context, methodFor } from './params.ts'

export interface ClusteredRows {
  readonly latents: LatentsMeta
  readonly method: ClusteringMethod
  /** [rows × codeSize]; rows without data, and those outside the selection, begin with NaN. */
  readonly codes: ArrayReader
  readonly validRows: number
  /** Rows that are learned from: all valid ones, where the method can hold as many. */
  readonly sample: SampledRows
  readonly isSampled: boolean
}

export async function readClusteredRows(ctx: Context): Promise<ClusteredRows> {
  const { project, inputs, params, seed, signal } = ctx
  const { id, meta } = inputs.latents!
  const latents = meta as unknown as LatentsMeta
  const stored = project.array(id, 'codes')
  const codes = params.within ? codesWithin(stored, openSelection(project, params.within, latents.dataset)) : stored
  const told = (stage: string) => (fraction: number) => ctx.report({ stage, fraction })
  const validRows = params.within ? await countValid(codes, signal, told('Counting rows')) : latents.validRows
  const method = methodFor(params.method, validRows)
  const most = Math.min(params.fitRows, method.mostRows)
  const report = told('Reading codes')
  const sample = await sampleValidRows(codes, latents.rows, validRows, latents.codeSize, most, seed, { signal, report })
  return { latents, method, codes, validRows, sample, isSampled: sample.rows.length < validRows }
}

/**
 * Cluster: groups the codes of every row, or of the rows of a selection, by any method of analysis/clustering. Classes are learned from
 * all valid rows, or from a seeded sample where there are more than the method can hold; then every row gets its class, streamed.
 * Memory: the rows learned from (at most `fitRows`, and 0.5 GB of codes), what the method needs beside them, labels of up to 128 MB and two
 * blocks of rows, whatever the size of the scene.
 */
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ClusteringMeta, ModelMeta } from '#common/domain/results.ts'
import type { Clustering } from '../analysis/clustering/define.ts'
import { clusterings } from '../analysis/clustering/registry.ts'
import { paramsOf } from '../analysis/methods/define.ts'
import { atPace, createPace } from '../analysis/pace.ts'
import { describedClasses, sampleSilhouette } from './cluster/describe.ts'
import { type LabelledRows, labelRows } from './cluster/labelRows.ts'
import { learnClasses } from './cluster/learn.ts'
import { type Context, clusterParams, methodFor, type Params } from './cluster/params.ts'
import { type ClusteredRows, readClusteredRows } from './cluster/rows.ts'
import { placesWriter, writeTree } from './cluster/trees.ts'
import { defineOperation } from './define.ts'
import { type DrawnRows, drawnRowsSteps, LabelPicker } from './profiles.ts'

/** Every row's class, and what is told of it on the way: how surely it belongs there, and where in the tree it lies. */
async function label(ctx: Context, { latents, codes, sample }: ClusteredRows, found: Clustering): Promise<LabelledRows> {
  const { rows, dataset } = latents
  const unit = rowNoun[(ctx.project.artifact(dataset).meta as unknown as DatasetMeta).kind][1]
  const members = found.membership ? ctx.draft.writeArray('membership', { dtype: 'float32', shape: [rows] }) : null
  const places = found.tree ? placesWriter(ctx, rows, found.tree.lambda !== undefined) : null
  const labelled = await labelRows({
    codes,
    sample,
    found,
    signal: ctx.signal,
    threads: ctx.threads,
    report: (progress) => ctx.report({ ...progress, unit }),
    ...(members && { members: (values) => members.append(values) }),
    ...(places && { places: (place) => places.append(place) }),
  })
  members?.finish()
  places?.finish()
  return labelled
}

/** Rows that were drawn for learning, where the codes are of the same dataset. */
async function drawnRows({ project, signal }: Context, { latents }: ClusteredRows): Promise<DrawnRows | null> {
  const model = project.artifact(latents.model).meta as unknown as ModelMeta
  return latents.dataset === model.dataset ? await atPace(drawnRowsSteps(project, model.matrix), createPace(signal)) : null
}

/** Stores labels and centres; picks the labels of the drawn rows on the way. */
async function write(
  { draft }: Context,
  { latents }: ClusteredRows,
  labelled: LabelledRows,
  drawn: DrawnRows | null,
): Promise<Uint16Array> {
  const picker = new LabelPicker(drawn?.index ?? new Float64Array(0))
  const labels = draft.writeArray('labels', { dtype: 'uint16', shape: [latents.rows] })
  await labelled.eachBlock((from, block) => {
    picker.see(from, block)
    labels.append(block)
  })
  labels.finish()
  const centres = draft.writeArray('centres', { dtype: 'float32', shape: [labelled.k, latents.codeSize] })
  centres.append(labelled.centres)
  centres.finish()
  return picker.labels
}

export const clusterOperation = defineOperation({
  id: 'cluster',
  version: 3,
  title: 'Cluster',
  summary: 'Groups rows with similar codes into classes, the largest first.',
  citation: [...new Set(clusterings.map(({ paper }) => paper))].join('; '),
  inputs: { latents: { kinds: ['latents'], description: 'Codes of every row' } },
  params: clusterParams,
  produces: 'clustering',
  ignores: ['device'],
  // Only what the method reads, so that a method that comes along does not change the keys of the others.
  keyed: (given) => {
    const { method: id, fitRows, within, k, chooseBy, criteria } = given as unknown as Params
    const method = methodFor(id)
    const choosesK = method.takesK && k === null
    return {
      ...paramsOf(method, given),
      method: id,
      fitRows,
      ...(within && { within }),
      ...(choosesK && chooseBy !== 'elbow' && { chooseBy }),
      ...(choosesK && criteria !== 'quick' && { criteria }),
      ...(method.version > 1 && { methodVersion: method.version }),
    }
  },
  nameFor: (given) => {
    const { method: id, k, within } = given as unknown as Params
    const method = methodFor(id)
    return `${method.title}${method.takesK && k !== null && !method.doesWithoutK?.(paramsOf(method, given)) ? `, k = ${k}` : ''}${within ? ', selected rows' : ''}`
  },
  async run(context) {
    const ctx = context as unknown as Context
    const rows = await readClusteredRows(ctx)
    const { found, choice, isFromEveryRow } = await learnClasses(ctx, rows)
    const labelled = await label(ctx, rows, found)
    const drawn = await drawnRows(ctx, rows)
    const labels = await write(ctx, rows, labelled, drawn)
    if (found.tree) writeTree(ctx, found.tree, labelled.newId)
    ctx.report({ stage: 'Describing classes', fraction: null })
    const { latents, method, validRows, sample, isSampled } = rows
    const { within } = ctx.params
    const result: ClusteringMeta = {
      method: method.id,
      dataset: latents.dataset,
      latents: ctx.inputs.latents!.id,
      k: labelled.k,
      rows: latents.rows,
      validRows,
      classes: await describedClasses(ctx, labelled, validRows, drawn, labels),
      inertia: labelled.inertia,
      silhouette: await sampleSilhouette(ctx, rows, found),
      kCurve: choice?.curve ?? [],
      ...(choice && { recommendations: choice.recommendations }),
      chosenBecause: choice?.reason ?? found.reason ?? 'given',
      tidied: 0,
      figures: found.figures,
      ...(isSampled && !isFromEveryRow && { fitRows: sample.rows.length }),
      ...(found.tree && { tree: { kind: found.tree.kind, leaves: found.tree.leaves } }),
      ...(within && { within }),
    }
    return result
  },
})

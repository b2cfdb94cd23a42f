/** uns["stratum"]: where every number comes from, so that the file can be made again. */
import { basename } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { dict, scalar, textArray } from '../../../export/h5ad/elements.ts'
import type { H5Output } from '../../../export/hdf5/file.ts'
import type { H5Node } from '../../../export/hdf5/objects.ts'
import type { Project } from '../../../project/project.ts'
import { version } from '../../../version.ts'
import { lineage } from '../../lineage.ts'
import { recipeOf } from '../../recipe.ts'

export interface Told {
  readonly artifact: Artifact
  /** Places in the file that say it, e.g. obs/Leiden. */
  readonly places: readonly string[]
}

/** Everything by the number of its artifact; settings are JSON, the recipe is YAML. */
export async function provenance(
  out: H5Output,
  project: Project,
  dataset: Artifact,
  told: readonly Told[],
  rows: { readonly written: number; readonly of: number },
): Promise<H5Node> {
  const ids = told.map(({ artifact }) => artifact.id)
  const models = new Map(
    ids.flatMap((id) => lineage(project, id).flatMap((it) => (it.kind === 'model' ? [[String(it.id), modelTold(it)] as const] : []))),
  )
  const results: Record<string, H5Node> = {}
  for (const { artifact, places } of told) results[artifact.id] = dict({ ...resultTold(artifact), places: await textArray(out, places) })
  return dict({
    version: scalar(version),
    dataset: dict(datasetTold(dataset)),
    rows_written: scalar(rows.written),
    rows_of_dataset: scalar(rows.of),
    models: dict(Object.fromEntries(models)),
    results: dict(results),
    recipe: scalar(recipeOf(project, ids)),
  })
}

function datasetTold({ name, contentKey, meta }: Artifact): Record<string, H5Node> {
  const { formatTitle, source, readerOptions } = meta as unknown as DatasetMeta
  return texts({
    name,
    format: formatTitle,
    file: basename(source.absolutePath),
    xxh64: source.hash,
    options: JSON.stringify(readerOptions),
    content_key: contentKey,
  })
}

const texts = (values: Readonly<Record<string, string>>): Record<string, H5Node> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, scalar(value)]))

const made = ({ name, operation, seed, params, contentKey }: Artifact): Record<string, H5Node> => ({
  ...texts({ name, operation, params: JSON.stringify(params), content_key: contentKey }),
  seed: scalar(seed),
})

function modelTold(artifact: Artifact): H5Node {
  const { model, title, settings, explainedVariance } = artifact.meta as unknown as ModelMeta
  return dict({
    ...made(artifact),
    ...texts({ model, title, settings: JSON.stringify(settings) }),
    explained_variance: scalar(explainedVariance),
  })
}

function resultTold(artifact: Artifact): Record<string, H5Node> {
  const { kind, annotations, meta } = artifact
  const threshold = kind === 'scores' ? (annotations.threshold ?? (meta as unknown as ScoresMeta).threshold) : null
  return { ...made(artifact), kind: scalar(kind), ...(threshold !== null && { threshold: scalar(threshold) }) }
}

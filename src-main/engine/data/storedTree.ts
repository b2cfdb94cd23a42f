/**
 * The tree of a clustering as it is kept. A clustering that was tidied or cut has the tree of the one it was made from; only the classes of
 * the leaves are its own. Memory: 44 bytes a node, and of condensed trees 12 bytes a row learned from.
 */
import { StratumError } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import type { CuttableTree } from '../analysis/clustering/treeCut.ts'
import type { Project } from '../project/project.ts'

export interface StoredTree extends CuttableTree {
  readonly children: Int32Array<ArrayBuffer>
  readonly height: Float64Array<ArrayBuffer>
  readonly size: Float64Array<ArrayBuffer>
  /** [leaves] from 1, 0 for noise. */
  readonly leafClass: Int32Array<ArrayBuffer>
  /** The clustering that made the tree, and keeps at which node each row lies; null in trees that do not. */
  readonly holder: Artifact | null
}

/** @throws ARTIFACT_KIND where there is none */
export function storedTree(project: Project, clustering: Artifact): StoredTree {
  const tree = clustering.kind === 'clustering' ? (clustering.meta as unknown as ClusteringMeta).tree : undefined
  const [own, made] = [withArray(project, clustering, 'tree/class'), withArray(project, clustering, 'tree/children')]
  if (!tree || !own || !made)
    throw new StratumError('ARTIFACT_KIND', `“${clustering.name}” has no tree.`, 'Cluster by a method that makes one: Ward or HDBSCAN.', {
      artifact: clustering.id,
    })
  const read = (artifact: Artifact, name: string) => {
    const array = project.array(artifact.id, `tree/${name}`)
    return array.read(0, array.shape[0])
  }
  const has = (name: string): boolean => made.arrays.some((array) => array.name === `tree/${name}`)
  return {
    ...tree,
    children: read(made, 'children') as Int32Array<ArrayBuffer>,
    height: read(made, 'height') as Float64Array<ArrayBuffer>,
    size: read(made, 'size') as Float64Array<ArrayBuffer>,
    leafClass: read(own, 'class') as Int32Array<ArrayBuffer>,
    lambda: has('birth')
      ? {
          birth: read(made, 'birth') as Float64Array,
          rowNode: read(made, 'learned/node') as Int32Array,
          row: read(made, 'learned/lambda') as Float64Array,
        }
      : null,
    holder: has('node') ? made : null,
  }
}

function withArray(project: Project, artifact: Artifact, name: string): Artifact | null {
  if (artifact.arrays.some((array) => array.name === name)) return artifact
  return artifact.inputs.clustering === undefined ? null : withArray(project, project.artifact(artifact.inputs.clustering), name)
}

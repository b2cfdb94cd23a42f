/** How the classes of a clustering hang together. Memory: the tree, some 40 bytes a leaf. */
import type { z } from 'zod'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import type { Project } from '../project/project.ts'

type Output = z.output<EngineCalls['readTree']['output']>

export function readTree(project: Project, clustering: number): Output {
  const artifact = project.artifact(clustering)
  const tree = artifact.kind === 'clustering' ? (artifact.meta as unknown as ClusteringMeta).tree : undefined
  if (!tree)
    throw new StratumError('ARTIFACT_KIND', `“${artifact.name}” has no tree.`, 'Cluster by a method that makes one: Ward or HDBSCAN.', {
      artifact: clustering,
    })
  const read = (name: string) => {
    const array = project.array(clustering, `tree/${name}`)
    return array.read(0, array.shape[0])
  }
  return {
    ...tree,
    children: read('children') as Int32Array<ArrayBuffer>,
    height: read('height') as Float64Array<ArrayBuffer>,
    size: read('size') as Float64Array<ArrayBuffer>,
    leafClass: read('class') as Int32Array<ArrayBuffer>,
  }
}

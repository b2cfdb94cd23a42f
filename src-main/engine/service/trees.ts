/** How the classes of a clustering hang together, and what a cut elsewhere would give. The tree asked for last is kept: a cut is dragged. */
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { cutTree, lastLambda, sharesOf } from '../analysis/clustering/treeCut.ts'
import { type StoredTree, storedTree } from '../data/storedTree.ts'
import { selectionOf } from '../operations/cutTree.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'

type TreeCalls = Pick<EngineCalls, 'readTree' | 'previewCut'>

export function createTrees(session: { project(): Project }): Handlers<TreeCalls> {
  let last: { readonly project: Project; readonly artifact: Artifact; readonly tree: StoredTree } | null = null
  function treeOf(clustering: number): StoredTree {
    const project = session.project()
    const artifact = finishedArtifact(project, clustering, 'clustering')
    if (last?.project !== project || last.artifact.id !== clustering) last = { project, artifact, tree: storedTree(project, artifact) }
    return last.tree
  }
  return {
    async readTree({ clustering }) {
      const { kind, leaves, children, height, size, leafClass, lambda, holder } = treeOf(clustering)
      const ends = lambda && lastLambda(lambda.birth.length, lambda.rowNode, lambda.row).slice(0, leaves)
      return { kind, leaves, children, height, size, leafClass, ends: ends?.map((at) => 1 / at) ?? null, holder: holder?.id ?? null }
    },
    async previewCut({ clustering, cut }) {
      const tree = treeOf(clustering)
      const classes = cutTree(tree, cut, selectionOf(session.project(), tree))
      return { k: classes.k, ...sharesOf(tree, classes), nodeClass: Int32Array.from(classes.nodeClass) }
    },
  }
}

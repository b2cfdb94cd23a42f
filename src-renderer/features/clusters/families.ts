/**
 * Clusterings and what was made of them by hand: merging, splitting, sieving, tidying and cutting are steps of one clustering, so that a
 * list shows each clustering once, as it is now, and its steps below.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'

export interface Family {
  /** As it was clustered. */
  readonly root: Artifact
  /** The root, and what was made of it, in the order it was made. */
  readonly steps: readonly Artifact[]
  /** The step that is looked at, or else the newest one. */
  readonly shown: Artifact
}

const metaOf = ({ meta }: Artifact): Partial<ClusteringMeta> => meta as Partial<ClusteringMeta>
const madeFrom = (artifact: Artifact): number | undefined => metaOf(artifact).edited?.from ?? artifact.inputs.clustering

/** @param clusterings in any order; families come with the one that changed last first */
export function familiesOf(clusterings: readonly Artifact[], chosen: number | null): Family[] {
  const byId = new Map(clusterings.map((artifact) => [artifact.id, artifact]))
  const rootOf = (artifact: Artifact): Artifact => {
    const before = byId.get(madeFrom(artifact) ?? 0)
    return before && before.id < artifact.id ? rootOf(before) : artifact
  }
  const parts = clusterings.filter((artifact) => artifact.id !== chosen && isPartOfSplit(artifact, clusterings))
  const families = new Map<number, Artifact[]>()
  for (const artifact of clusterings.toSorted((a, b) => a.id - b.id)) {
    if (parts.includes(artifact)) continue
    const root = rootOf(artifact).id
    families.set(root, [...(families.get(root) ?? []), artifact])
  }
  return [...families.values()]
    .map((steps): Family => {
      const newest = steps[steps.length - 1] as Artifact
      return { root: steps[0] as Artifact, steps, shown: steps.find(({ id }) => id === chosen) ?? newest }
    })
    .sort((a, b) => (b.steps.at(-1)?.id ?? 0) - (a.steps.at(-1)?.id ?? 0))
}

/** A split clusters the rows of its classes by themselves first; that is no clustering of its own in a list. */
function isPartOfSplit(artifact: Artifact, all: readonly Artifact[]): boolean {
  const only = metaOf(artifact).within?.all
  const condition = only?.length === 1 ? only[0] : undefined
  if (condition?.kind !== 'classes') return false
  const classes = String([...condition.classes].sort((a, b) => a - b))
  return all.some(
    ({ operation, inputs, params }) =>
      operation === 'split-class' &&
      inputs.clustering === condition.artifact &&
      String([...((params.classes as number[] | undefined) ?? [])].sort((a, b) => a - b)) === classes,
  )
}

/** What a step did, in few words. */
export function stepWords(artifact: Artifact): string {
  const { edited, tidied = 0 } = metaOf(artifact)
  if (artifact.operation === 'tidy') return `Tidied, ${tidied} × ${tidied}`
  if (!edited) return 'As clustered'
  if (artifact.operation === 'sieve') return `Regions of ${artifact.params.smallest ?? 10} ${artifact.params.unit ?? 'px'} and more`
  return edited.what.charAt(0).toUpperCase() + edited.what.slice(1)
}

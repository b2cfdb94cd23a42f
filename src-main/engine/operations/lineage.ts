/** The artifacts behind an artifact, sources first: the graph as provenance. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { Project } from '../project/project.ts'

/** Every ancestor once and the artifact itself last, in an order in which each comes after its inputs. */
export function lineage(project: Project, id: number): Artifact[] {
  const seen = new Map<number, Artifact>()
  const visit = (artifact: Artifact) => {
    if (seen.has(artifact.id)) return
    for (const input of Object.values(artifact.inputs)) visit(project.artifact(input))
    seen.set(artifact.id, artifact)
  }
  visit(project.artifact(id))
  return [...seen.values()]
}

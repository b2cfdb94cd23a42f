/** Names and colours of classes that go along when classes are merged or split. */
import type { Artifact, LegendEntry } from '#common/domain/artifact.ts'
import { categorical, defaultStyle } from '#common/domain/palettes.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import type { Project } from '../../project/project.ts'

/** Every class as it is shown: as the user named and coloured it, here or in the map this one was tidied from, or by default. */
function shownLegend(project: Project, clustering: Artifact): Map<number, LegendEntry> {
  const given = new Map(givenEntries(project, clustering).map((entry) => [entry.id, entry]))
  return new Map((clustering.meta as unknown as ClusteringMeta).classes.map((one) => [one.id, given.get(one.id) ?? defaultStyle(one)]))
}

function givenEntries(project: Project, { annotations, inputs }: Artifact): readonly LegendEntry[] {
  if (annotations.legend) return annotations.legend
  return inputs.clustering === undefined ? [] : givenEntries(project, project.artifact(inputs.clustering))
}

/** A class of a new clustering and the classes of the old one that are in it. */
export interface Descent {
  readonly id: number
  readonly isNoise: boolean
  /** Old ids; the first one gives the colour. */
  readonly of: readonly number[]
  /** Of a part of an old class: which part, from 1; the first keeps the colour. */
  readonly part?: number
}

/** The legend of the new classes. A name that nobody gave follows the number; a merged class is called by all names given. */
export function inheritedLegend(project: Project, source: Artifact, descents: readonly Descent[]): LegendEntry[] {
  const old = shownLegend(project, source)
  const { classes } = source.meta as unknown as ClusteringMeta
  const plain = new Map(classes.map((one) => [one.id, defaultStyle(one).name]))
  const taken = new Set(descents.flatMap(({ of, part = 1 }) => (of.length && part === 1 ? [old.get(of[0])?.colour] : [])))
  const fresh = categorical.filter((colour) => !taken.has(colour))
  return descents.map(({ id, isNoise, of, part }) => {
    const entries = of.flatMap((from) => old.get(from) ?? [])
    const own = defaultStyle({ id, isNoise })
    const keepsColour = entries.length > 0 && (part ?? 1) === 1
    const names = [...new Set(entries.filter((entry) => entry.name !== plain.get(entry.id)).map(({ name }) => name))]
    const name = names.length === 0 ? own.name : `${names.join(' + ')}${part === undefined ? '' : ` ${part}`}`
    const colour = keepsColour ? entries[0].colour : isNoise ? own.colour : (fresh.shift() ?? own.colour)
    return { id, name: name.slice(0, 200), colour }
  })
}

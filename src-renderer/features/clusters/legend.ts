/** The legend of a clustering: what its classes are called and which colour they have, as named by the user or by default. */
import type { Annotations, Artifact, LegendEntry } from '#common/domain/artifact.ts'
import { defaultStyle } from '#common/domain/palettes.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'

export interface ClassStyle extends LegendEntry {
  /** False while the name is the default one. */
  readonly named: boolean
  readonly plainName: string
}
export type Legend = ReadonlyMap<number, ClassStyle>

/** Classes 1 … k, and noise after them. A tidied map has no names of its own at first: it takes those of the map it was made from. */
export function legendOf(clustering: Artifact, byId: ReadonlyMap<number, Artifact>): Legend {
  const given = entriesOf(clustering, byId)
  const { k = 0, classes = Array.from({ length: k }, (_, i) => ({ id: i + 1 })) } = clustering.meta as Partial<ClusteringMeta>
  const styles = new Map<number, ClassStyle>()
  for (const one of classes) {
    const plain = defaultStyle(one)
    const entry = given.get(one.id)
    const name = entry?.name || plain.name
    styles.set(one.id, { id: one.id, name, colour: entry?.colour ?? plain.colour, named: name !== plain.name, plainName: plain.name })
  }
  return styles
}

/** The class after the last one, where a method leaves rows out; 0 where it leaves none. */
export const noiseOf = (clustering: Artifact): number =>
  (clustering.meta as Partial<ClusteringMeta>).classes?.find(({ isNoise }) => isNoise)?.id ?? 0

function entriesOf(clustering: Artifact, byId: ReadonlyMap<number, Artifact>): Map<number, LegendEntry> {
  if (clustering.annotations.legend) return new Map(clustering.annotations.legend.map((e) => [e.id, e]))
  const before = clustering.inputs.clustering === undefined ? undefined : byId.get(clustering.inputs.clustering)
  return before ? entriesOf(before, byId) : new Map()
}

/** Annotations with one class renamed or recoloured; everything else as it was. */
export function withClass(
  annotations: Annotations,
  legend: Legend,
  id: number,
  change: Partial<Pick<LegendEntry, 'name' | 'colour'>>,
): Annotations {
  const entries = [...legend.values()].map((style) => {
    const { name, colour } = { ...style, ...(style.id === id ? change : {}) }
    return { id: style.id, name: name.trim() || style.plainName, colour }
  })
  return { ...annotations, legend: entries }
}

export const coloursOf = (legend: Legend): ReadonlyMap<number, string> => new Map([...legend].map(([id, style]) => [id, style.colour]))
/** Names the user gave; a class without one is known by its number. */
export const givenNames = (legend: Legend): ReadonlyMap<number, string> =>
  new Map([...legend].filter(([, style]) => style.named).map(([id, style]) => [id, style.name]))
export const spokenName = (style: ClassStyle | undefined, id: number): string =>
  style?.named ? `${id} ${style.name}` : (style?.plainName ?? `Class ${id}`)

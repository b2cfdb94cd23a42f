/** The legend of a clustering: what its classes are called and which colour they have, as named by the user or by default. */
import type { Annotations, Artifact, LegendEntry } from '#common/domain/artifact.ts'
import { classColour } from '#common/domain/palettes.ts'

export interface ClassStyle extends LegendEntry {
  /** False while the name is the default one. */
  readonly named: boolean
}
export type Legend = ReadonlyMap<number, ClassStyle>

const defaultName = (id: number): string => `Class ${id}`

/** Classes 1 … k. A tidied map has no names of its own at first: it takes those of the map it was made from. */
export function legendOf(clustering: Artifact, byId: ReadonlyMap<number, Artifact>): Legend {
  const given = entriesOf(clustering, byId)
  const k = Number(clustering.meta.k ?? 0)
  const styles = new Map<number, ClassStyle>()
  for (let id = 1; id <= k; id++) {
    const entry = given.get(id)
    const name = entry?.name || defaultName(id)
    styles.set(id, { id, name, colour: entry?.colour ?? classColour(id), named: name !== defaultName(id) })
  }
  return styles
}

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
    return { id: style.id, name: name.trim() || defaultName(style.id), colour }
  })
  return { ...annotations, legend: entries }
}

export const coloursOf = (legend: Legend): ReadonlyMap<number, string> => new Map([...legend].map(([id, style]) => [id, style.colour]))
/** Names the user gave; a class without one is known by its number. */
export const givenNames = (legend: Legend): ReadonlyMap<number, string> =>
  new Map([...legend].filter(([, style]) => style.named).map(([id, style]) => [id, style.name]))
export const spokenName = (style: ClassStyle | undefined, id: number): string => (style?.named ? `${id} ${style.name}` : `Class ${id}`)

/** Order, visibility and opacity of the layers of a scene, as the user arranged them. What the layers are comes from the project. */
import type { MapLayerKind } from './types.ts'

export interface LayerDefinition {
  readonly id: string
  readonly name: string
  readonly kind: MapLayerKind
  readonly visible: boolean
  readonly opacity: number
}
export interface ArrangedLayer extends LayerDefinition {}
type Setting = Partial<Pick<LayerDefinition, 'visible' | 'opacity'>>

export class LayerStack {
  chosen = $state<string | null>(null)
  #order = $state.raw<readonly string[]>([])
  #settings = $state.raw<Readonly<Record<string, Setting>>>({})

  /** The layers top-down: in the user's order, new ones where their kind belongs (as the list gives them). */
  arrange(definitions: readonly LayerDefinition[]): ArrangedLayer[] {
    const place = new Map(this.#order.map((id, i) => [id, i]))
    const known = definitions.filter((d) => place.has(d.id)).sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0))
    const out: LayerDefinition[] = [...known]
    definitions.forEach((d, i) => {
      if (place.has(d.id)) return
      // Before the first layer that the list has below it.
      const below = new Set(definitions.slice(i + 1).map((other) => other.id))
      const at = out.findIndex((other) => below.has(other.id))
      out.splice(at < 0 ? out.length : at, 0, d)
    })
    return out.map((d) => ({ ...d, ...this.#settings[d.id] }))
  }

  change(id: string, setting: Setting): void {
    this.#settings = { ...this.#settings, [id]: { ...this.#settings[id], ...setting } }
  }

  /** Puts a layer at a position counted from the top. */
  move(layers: readonly ArrangedLayer[], id: string, to: number): void {
    const others = layers.map((l) => l.id).filter((other) => other !== id)
    others.splice(Math.min(others.length, Math.max(0, to)), 0, id)
    this.#order = others
  }
}

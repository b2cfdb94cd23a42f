/** Widths and visibility of the panels, remembered per view on this computer. */
export interface PanelSizes {
  readonly side: number | null
  readonly inspector: number | null
}

const storageKey = 'stratum.layout'
export const panelLimits = { min: 180, max: 420 } as const

export class Layout {
  sideShown = $state(true)
  inspectorShown = $state(true)
  jobsOpen = $state(false)
  #sizes = $state.raw<Readonly<Record<string, PanelSizes>>>(readSizes())

  sizes(view: string): PanelSizes {
    return this.#sizes[view] ?? { side: null, inspector: null }
  }

  /** null goes back to the width of the window's size class. */
  resize(view: string, panel: keyof PanelSizes, width: number | null): void {
    const limited = width === null ? null : Math.round(Math.min(panelLimits.max, Math.max(panelLimits.min, width)))
    this.#sizes = { ...this.#sizes, [view]: { ...this.sizes(view), [panel]: limited } }
    localStorage.setItem(storageKey, JSON.stringify(this.#sizes))
  }
}

function readSizes(): Record<string, PanelSizes> {
  const stored = localStorage.getItem(storageKey)
  if (!stored) return {}
  try {
    return JSON.parse(stored) as Record<string, PanelSizes>
  } catch {
    // A damaged preference is worth no message: the panels simply have their own widths again.
    return {}
  }
}

import type { Client } from '#common/contract/calls.ts'
import type { WindowCalls } from '#common/contract/window.ts'

export type ThemeChoice = 'system' | 'light' | 'dark'

/** Follows the desktop unless the user chose; writes `data-theme` on the document, which every token depends on. */
export class Theme {
  choice = $state<ThemeChoice>('system')
  #systemDark = $state(false)
  shown = $derived<'light' | 'dark'>(this.choice === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.choice)
  readonly #native: Client<WindowCalls>

  constructor(native: Client<WindowCalls>) {
    this.#native = native
  }

  /** Reads the remembered choice and follows the desktop from here on. */
  async start(): Promise<void> {
    const desktop = window.matchMedia('(prefers-color-scheme: dark)')
    this.#systemDark = desktop.matches
    desktop.addEventListener('change', (event) => {
      this.#systemDark = event.matches
      this.#apply()
    })
    const remembered = await this.#native.theme({})
    if (remembered.ok) this.choice = remembered.value
    this.#apply()
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice
    this.#apply()
    void this.#native.setTheme({ theme: choice })
  }

  toggle(): void {
    this.choose(this.shown === 'dark' ? 'light' : 'dark')
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.shown
  }
}

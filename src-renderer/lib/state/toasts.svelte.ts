/** Short messages for what happened out of sight. Errors never come here: they stand in place of the result. */
export interface Toast {
  readonly id: number
  readonly text: string
  /** 'warn' when what happened needs a look. */
  readonly tone: 'ok' | 'warn'
  readonly action: { readonly label: string; readonly run: () => void } | null
}

const stayMs = 6000

export class Toasts {
  items = $state.raw<readonly Toast[]>([])
  #nextId = 1
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()

  show(text: string, action: Toast['action'] = null, tone: Toast['tone'] = 'ok'): void {
    const toast = { id: this.#nextId++, text, tone, action }
    this.items = [...this.items.slice(-2), toast]
    this.resume(toast.id)
  }

  dismiss(id: number): void {
    this.hold(id)
    this.items = this.items.filter((toast) => toast.id !== id)
  }

  /** Stays while the pointer or the focus is on it. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  resume(id: number): void {
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), stayMs),
    )
  }
}

import type { ViewId } from '../viewOf.ts'

/** Short messages for what happened out of sight. Errors never come here: they stand in place of the result. */
export interface Toast {
  readonly id: number
  readonly text: string
  /** 'warn' when what happened needs a look. */
  readonly tone: 'ok' | 'warn'
  readonly action: { readonly label: string; readonly run: () => void } | null
  /** Where it is seen without being told. */
  readonly shownIn: readonly ViewId[]
}

const stayMs = 6000

export class Toasts {
  items = $state.raw<readonly Toast[]>([])
  #nextId = 1
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()

  show(text: string, action: Toast['action'] = null, tone: Toast['tone'] = 'ok', shownIn: readonly ViewId[] = []): void {
    const toast = { id: this.#nextId++, text, tone, action, shownIn }
    this.items = [...this.items.slice(-2), toast]
    this.resume(toast.id)
  }

  dismiss(id: number): void {
    this.hold(id)
    this.items = this.items.filter((toast) => toast.id !== id)
  }

  /** What a view shows need not be told any more once it is open. */
  seen(view: ViewId): void {
    for (const { id, shownIn } of this.items) if (shownIn.includes(view)) this.dismiss(id)
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

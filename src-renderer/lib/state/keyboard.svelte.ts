/**
 * Shortcuts and the actions behind them. A view adds its commands while it is shown; the search box lists the same commands.
 * A shortcut is written as it is shown: 'Ctrl K', 'Ctrl Shift Z', 'F6', '?', 'Esc'. Ctrl is ⌘ on macOS.
 */
import { untrack } from 'svelte'

export interface Command {
  readonly id: string
  readonly title: string
  readonly shortcut?: string
  /** Not in the search box: keys that only make sense as keys. */
  readonly hidden?: boolean
  readonly run: () => void
}

const names: Readonly<Record<string, string>> = { Escape: 'Esc', Enter: '↵', ' ': 'Space', ArrowUp: '↑', ArrowDown: '↓' }

export const onMac = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform)

/** The written form of a key press. Shift is part of it only for keys that have no shifted sign of their own. */
export function shortcutOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>): string {
  const key = names[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key)
  const command = onMac ? event.metaKey : event.ctrlKey
  const shifted = event.shiftKey && (command || event.key.length > 1)
  return [command ? 'Ctrl' : '', event.altKey ? 'Alt' : '', shifted ? 'Shift' : '', key].filter(Boolean).join(' ')
}

/** As the platform writes it. */
export const shownShortcut = (shortcut: string): string => (onMac ? shortcut.replace('Ctrl ', '⌘').replace('Shift ', '⇧') : shortcut)

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|range|button)$/.test(target.type))

export class Keyboard {
  commands = $state.raw<readonly Command[]>([])

  /** Returns the undo. The command added last wins, so a view can take over a key of the window. */
  add(commands: readonly Command[]): () => void {
    // Untracked: an effect that adds must not run again because of what it added.
    untrack(() => {
      this.commands = [...this.commands, ...commands]
    })
    return () =>
      untrack(() => {
        this.commands = this.commands.filter((command) => !commands.includes(command))
      })
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented) return
    const shortcut = shortcutOf(event)
    // While typing, single keys and undo belong to the field; in a list of choices there is nothing typed to take back.
    const plain = !shortcut.startsWith('Ctrl ') && !/^F\d+$|^Shift F\d+$|^Esc$/.test(shortcut)
    const isList = event.target instanceof HTMLSelectElement
    if (isTyping(event.target) && (plain || (!isList && /Ctrl (Shift )?[ZYACXV]$/.test(shortcut)))) return
    const command = this.commands.findLast((candidate) => candidate.shortcut === shortcut)
    if (!command) return
    event.preventDefault()
    command.run()
  }
}

/** Ctrl ↵ presses the primary button of the dialog, the inspector or the centre, in that order. */
export function pressPrimary(): void {
  const buttons = ['dialog[open]', '.insp', '.main', 'body'].map((place) =>
    document.querySelector<HTMLButtonElement>(`${place} button[data-primary]:not(:disabled)`),
  )
  buttons.find((button) => button !== null)?.click()
}

/** F6: the next region of the window gets the focus, at the element that had it last or its first one. */
export function focusRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((region) => region.offsetParent !== null)
  const here = regions.findIndex((region) => region.contains(document.activeElement))
  const region = regions[(here + step + regions.length) % regions.length]
  if (!region) return
  const inside = region.querySelector<HTMLElement>(
    '[tabindex="0"], button:not(:disabled):not([tabindex="-1"]), a[href], input:not(:disabled), select:not(:disabled)',
  )
  if (!inside) region.tabIndex = -1
  ;(inside ?? region).focus()
}

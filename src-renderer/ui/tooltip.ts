/** Shows a line or two beside an element after 400 ms of hovering, at once on keyboard focus. Use: `{@attach tooltip('…')}`. */
import type { Attachment } from 'svelte/attachments'

const delayMs = 400
let nextId = 1

export function tooltip(text: string | null | undefined): Attachment<HTMLElement> {
  return (element) => {
    if (!text) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let tip: HTMLElement | null = null
    const id = `tip-${nextId++}`

    const show = (): void => {
      tip ??= makeTip(id, text)
      ;(element.closest('dialog') ?? document.body).append(tip)
      place(tip, element.getBoundingClientRect())
      element.setAttribute('aria-describedby', id)
    }
    const hide = (): void => {
      clearTimeout(timer)
      tip?.remove()
      tip = null
      element.removeAttribute('aria-describedby')
    }
    const later = (): void => {
      timer = setTimeout(show, delayMs)
    }
    const onFocus = (): void => {
      if (element.matches(':focus-visible')) show()
    }

    element.addEventListener('pointerenter', later)
    element.addEventListener('pointerleave', hide)
    element.addEventListener('pointerdown', hide)
    element.addEventListener('focusin', onFocus)
    element.addEventListener('focusout', hide)
    return () => {
      hide()
      element.removeEventListener('pointerenter', later)
      element.removeEventListener('pointerleave', hide)
      element.removeEventListener('pointerdown', hide)
      element.removeEventListener('focusin', onFocus)
      element.removeEventListener('focusout', hide)
    }
  }
}

function makeTip(id: string, text: string): HTMLElement {
  const tip = document.createElement('div')
  tip.className = 'tip floating'
  tip.id = id
  tip.role = 'tooltip'
  const [head, ...rest] = text.split('\n')
  const first = document.createElement('span')
  first.textContent = head ?? ''
  tip.append(first)
  for (const line of rest) {
    const second = document.createElement('span')
    second.className = 't2'
    second.textContent = line
    tip.append(document.createElement('br'), second)
  }
  return tip
}

/** Below the element, or above it when there is no room; never outside the window. */
function place(tip: HTMLElement, anchor: DOMRect): void {
  const { width, height } = tip.getBoundingClientRect()
  const below = anchor.bottom + 6
  const top = below + height > window.innerHeight - 4 ? anchor.top - height - 6 : below
  const left = Math.min(window.innerWidth - width - 6, Math.max(6, anchor.left + anchor.width / 2 - width / 2))
  tip.style.top = `${top}px`
  tip.style.left = `${left}px`
}

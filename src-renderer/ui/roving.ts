/** Arrow keys move inside a group and only one member is a tab stop (roving tabindex). Use: `{@attach roving()}` on the group. */
import type { Attachment } from 'svelte/attachments'

export function roving(
  selector = 'button, [role=radio], [role=tab], [role=treeitem], [role=menuitem], a[href]',
  orientation: 'both' | 'vertical' = 'both',
): Attachment<HTMLElement> {
  return (group) => {
    const members = (): HTMLElement[] =>
      [...group.querySelectorAll<HTMLElement>(selector)].filter((member) => !member.hasAttribute('disabled'))
    const refresh = (): void => {
      const all = members()
      const stop = all.find((member) => member.matches('[aria-checked=true], [aria-selected=true], [aria-current=page]')) ?? all[0]
      for (const member of all) member.tabIndex = member === stop ? 0 : -1
    }
    const onkeydown = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLInputElement && event.target.type === 'text') return
      const forward = event.key === 'ArrowDown' || (orientation === 'both' && event.key === 'ArrowRight')
      const backward = event.key === 'ArrowUp' || (orientation === 'both' && event.key === 'ArrowLeft')
      const all = members()
      const here = all.findIndex((member) => member.contains(document.activeElement))
      if (here < 0) return
      const there = forward ? here + 1 : backward ? here - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : null
      if (there === null) return
      event.preventDefault()
      const next = all[(there + all.length) % all.length]
      next?.focus()
      // In a radio group moving is choosing.
      if (next?.role === 'radio') next.click()
    }
    refresh()
    const observer = new MutationObserver(refresh)
    observer.observe(group, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['aria-checked', 'aria-selected', 'aria-current', 'disabled'],
    })
    group.addEventListener('keydown', onkeydown)
    return () => {
      observer.disconnect()
      group.removeEventListener('keydown', onkeydown)
    }
  }
}

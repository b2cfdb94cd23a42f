/** The keys of a review: the same ones for rows, events and objects. */
import type { Command } from '../../lib/state/keyboard.svelte.ts'
import type { Verdict } from './verdicts.svelte.ts'

interface Reviewed {
  step(by: 1 | -1): unknown
  judge(verdict: Verdict): unknown
}

export function reviewKeys(list: Reviewed, noun: string, readOnly: boolean, comment: () => void): Command[] {
  const key = (id: string, title: string, shortcut: string, run: () => unknown): Command => ({
    id: `review-${id}`,
    title,
    shortcut,
    run: () => void run(),
  })
  return [
    key('next', `Next flagged ${noun}`, ']', () => list.step(1)),
    key('previous', `Previous flagged ${noun}`, '[', () => list.step(-1)),
    ...(readOnly
      ? []
      : [
          key('confirm', `Confirm the ${noun}`, 'Y', () => list.judge('confirmed')),
          key('dismiss', `Dismiss the ${noun}`, 'N', () => list.judge('dismissed')),
          key('comment', `Comment on the ${noun}`, 'C', comment),
        ]),
  ]
}

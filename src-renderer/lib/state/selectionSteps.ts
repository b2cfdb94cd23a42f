/**
 * What a selection becomes when rows are added to it, taken from it or kept of it. Steps that name classes or rows by number are put
 * together with those just before them, so that a hundred rows clicked one by one are two steps and not a hundred.
 */
import type { RowCondition, SelectionPart, SimpleCondition } from '#common/domain/selection.ts'

/** Instead of what is selected, beside it, without it, or only what is in both. */
export type SelectHow = 'replace' | 'add' | 'remove' | 'within'

export const mostConditions = 16
export const mostParts = 64
export const mostRows = 100_000

export const changed: Readonly<Record<SelectHow, (before: readonly RowCondition[], condition: SimpleCondition) => RowCondition[]>> = {
  replace: (_, condition) => [condition],
  within: narrowed,
  add: (before, condition) => (before.length === 0 ? [condition] : [joined(before, condition) ?? stepped(before, 'add', condition)]),
  remove: (before, condition) => {
    if (before.length === 0) return []
    return lessened(before, condition) ?? [stepped(before, 'remove', condition)]
  },
}

/** A condition on the same thing is replaced, another one comes beside it. */
function narrowed(before: readonly RowCondition[], condition: SimpleCondition): RowCondition[] {
  const others = before.filter((other) => !(other.kind === 'range' && condition.kind === 'range' && sameRange(other, condition)))
  return [...others, condition]
}
type Range = Extract<RowCondition, { kind: 'range' }>
const sameRange = (a: Range, b: Range): boolean => a.artifact === b.artifact && a.array === b.array && a.unit === b.unit

/** Classes or rows alone stay a list; null where they have to be put together in steps. */
function joined(before: readonly RowCondition[], condition: SimpleCondition): RowCondition | null {
  const only = listOf(before.length === 1 ? before[0] : undefined)
  const more = listOf(condition)
  return only && more && isSameList(only, more) ? listed(only, union(only.ids, more.ids)) : null
}
function lessened(before: readonly RowCondition[], condition: SimpleCondition): RowCondition[] | null {
  const only = listOf(before.length === 1 ? before[0] : undefined)
  const less = listOf(condition)
  if (!only || !less || !isSameList(only, less)) return null
  const ids = without(only.ids, less.ids)
  const rest = listed(only, ids)
  return ids.length > 0 ? rest && [rest] : []
}

/** Things named one by one: classes of a clustering, or rows. */
interface List {
  readonly of: 'rows' | number
  readonly ids: readonly number[]
}
function listOf(condition: RowCondition | undefined): List | null {
  if (condition?.kind === 'classes') return { of: condition.artifact, ids: condition.classes }
  return condition?.kind === 'rows' ? { of: 'rows', ids: condition.rows } : null
}
const isSameList = (a: List, b: List): boolean => a.of === b.of
/** Null where there are more rows than a selection can list. */
function listed({ of }: List, ids: number[]): SimpleCondition | null {
  if (of !== 'rows') return { kind: 'classes', artifact: of, classes: ids }
  return ids.length <= mostRows ? { kind: 'rows', rows: ids } : null
}

const union = (a: readonly number[], b: readonly number[]): number[] => [...new Set([...a, ...b])].sort((x, y) => x - y)
function without(a: readonly number[], b: readonly number[]): number[] {
  const gone = new Set(b)
  return a.filter((one) => !gone.has(one))
}

/**
 * One step more. Of things named in the last steps already, rows by number or classes of the same clustering, the newest word on each
 * counts: some are in and some are out, in whichever order.
 */
function stepped(before: readonly RowCondition[], how: 'add' | 'remove', condition: SimpleCondition): RowCondition {
  const parts = partsOf(before)
  const step: SelectionPart = { how, all: [condition] }
  const list = listOf(condition)
  let first = parts.length
  while (list && first > 1 && isOf(parts[first - 1], list)) first--
  const last = list && folded(list, [...parts.slice(first), step])
  return { kind: 'combined', parts: last ? [...parts.slice(0, first), ...last] : [...parts, step] }
}
/** Null where they name more rows than a selection can list. */
function folded(list: List, steps: readonly SelectionPart[]): SelectionPart[] | null {
  const named = { add: new Set<number>(), remove: new Set<number>() }
  for (const { how, all } of steps) {
    for (const id of listOf(all[0])?.ids ?? []) {
      named[how].add(id)
      named[how === 'add' ? 'remove' : 'add'].delete(id)
    }
  }
  const out: SelectionPart[] = []
  for (const how of ['add', 'remove'] as const) {
    const one = listed(
      list,
      [...named[how]].sort((a, b) => a - b),
    )
    if (one === null) return null
    if (named[how].size > 0) out.push({ how, all: [one] })
  }
  return out
}
const isOf = (part: SelectionPart | undefined, list: List): boolean => {
  const found = part && !part.outside && part.all.length === 1 ? listOf(part.all[0]) : null
  return found !== null && isSameList(found, list)
}

/** The same rows in steps. Conditions beside what is combined already take away what does not meet them. */
function partsOf(all: readonly RowCondition[]): SelectionPart[] {
  const simple = all.filter((one) => one.kind !== 'combined')
  const combined = all.filter((one) => one.kind === 'combined').flatMap(({ parts }) => parts)
  if (combined.length === 0) return [{ how: 'add', all: simple }]
  return simple.length > 0 ? [...combined, { how: 'remove', outside: true, all: simple }] : combined
}

/** Every step the other way round, from all rows on; of what was inverted before, from none on. */
export function inverse(all: readonly RowCondition[], every: SimpleCondition): RowCondition[] {
  const parts = partsOf(all)
  const isEvery = ({ all: [only, ...more] }: SelectionPart): boolean => more.length === 0 && JSON.stringify(only) === JSON.stringify(every)
  const bound: SelectionPart = { how: 'remove', outside: true, all: [every] }
  const flip = (part: SelectionPart): SelectionPart => ({ ...part, how: part.how === 'add' ? 'remove' : 'add' })
  const steps = parts.filter((part) => !(part.outside && isEvery(part)))
  if (steps[0] && steps[0].how === 'add' && !steps[0].outside && isEvery(steps[0])) {
    const back = steps.slice(1).map(flip)
    if (back.length === 0) return []
    return back.length === 1 && back[0]?.how === 'add' && !back[0].outside ? back[0].all : [{ kind: 'combined', parts: back }]
  }
  const flipped = steps.map(flip)
  const reaches = flipped.some(({ how }) => how === 'add')
  return [{ kind: 'combined', parts: [{ how: 'add', all: [every] }, ...flipped, ...(reaches ? [bound] : [])] }]
}

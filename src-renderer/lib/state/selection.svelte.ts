/**
 * The one selection of rows, shared by map, scatter, tables and profiles: what is chosen or pointed at in one view shows in all.
 * It keeps why rows are in it (RowSelection), never the rows themselves; the engine counts and reads them.
 */
import type { RowCondition, RowSelection, SelectionPart, SimpleCondition } from '#common/domain/selection.ts'

/** Instead of what is selected, beside it, without it, or only what is in both. */
export type SelectHow = 'replace' | 'add' | 'remove' | 'within'

type Point = readonly [number, number]

/** What the keys held while something is drawn around ask for: Shift adds, Ctrl or Alt takes away, Shift and Alt keep what is in both. */
export function howFor({ shiftKey, altKey, ctrlKey, metaKey }: Pick<MouseEvent, 'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey'>): SelectHow {
  const takes = altKey || ctrlKey || metaKey
  if (shiftKey) return takes ? 'within' : 'add'
  return takes ? 'remove' : 'replace'
}

const mostConditions = 16
const mostParts = 64
const mostPoints = 2000
const mostRows = 100_000
const mostRemembered = 50

export class Selection {
  dataset = $state.raw<number | null>(null)
  value = $state.raw<RowSelection | null>(null)
  /** What the pointer is over right now, whichever view it is in. */
  hoveredRow = $state.raw<number | null>(null)
  hoveredClass = $state.raw<number | null>(null)
  isEmpty = $derived(this.value === null)

  #past = $state.raw<readonly (RowSelection | null)[]>([])
  #future = $state.raw<readonly (RowSelection | null)[]>([])
  /** How many changes can be taken back. */
  steps = $derived(this.#past.length)
  canUndo = $derived(this.steps > 0)
  canRedo = $derived(this.#future.length > 0)

  /** Rows that meet a condition. More steps than a selection can hold change nothing. */
  pick(dataset: number, condition: SimpleCondition, how: SelectHow = 'replace'): void {
    const before = this.value?.dataset === dataset ? this.value.all : []
    const all = changed[how](before, condition)
    if (all.some((one) => one.kind === 'combined' && one.parts.length > mostParts)) return
    if (all.length === 0) this.clear()
    else this.#take({ dataset, all })
  }

  /** All rows but those that are selected. `every` is what rows there are; of classes alone it is the other classes among `ids`. */
  invert(every: SimpleCondition, ids: readonly number[] = []): void {
    if (!this.value) return
    const { dataset, all } = this.value
    const only = all.length === 1 ? all[0] : undefined
    const others = only?.kind === 'classes' ? ids.filter((id) => !only.classes.includes(id)) : []
    if (only?.kind === 'classes' && others.length > 0) this.selectClasses(dataset, only.artifact, others)
    else {
      const rest = inverse(all, every)
      if (rest.length === 0) this.clear()
      else this.#take({ dataset, all: rest })
    }
  }

  /** Rows by number; `rows` may be unsorted and hold duplicates. Of more than a selection can list, an even part. */
  select(dataset: number, rows: ArrayLike<number>, how: SelectHow = 'replace'): void {
    const sorted = [...new Set(Array.from(rows))].sort((a, b) => a - b)
    const every = Math.max(1, Math.ceil(sorted.length / mostRows))
    const listed = sorted.filter((_, i) => i % every === 0)
    if (listed.length === 0) this.clear()
    else this.pick(dataset, { kind: 'rows', rows: listed }, how)
  }

  /** One class alone; with the others when they are kept; or let go again. */
  toggleClass(dataset: number, artifact: number, id: number, keepOthers = false): void {
    const before = this.classesOf(artifact)
    const next = new Set(keepOthers ? before : [])
    if (before.has(id) && (keepOthers || before.size === 1)) next.delete(id)
    else next.add(id)
    this.selectClasses(dataset, artifact, [...next])
  }

  selectClasses(dataset: number, artifact: number, ids: readonly number[]): void {
    if (ids.length === 0) this.clear()
    else this.pick(dataset, { kind: 'classes', artifact, classes: [...ids].sort((a, b) => a - b) })
  }

  /** Classes of a clustering that are chosen; none when rows are chosen by anything else. */
  classesOf(artifact: number): ReadonlySet<number> {
    const only = this.value?.all.length === 1 ? this.value.all[0] : undefined
    return only?.kind === 'classes' && only.artifact === artifact ? new Set(only.classes) : none
  }

  /** Lets one of several conditions go. */
  drop(condition: RowCondition): void {
    if (!this.value) return
    const all = this.value.all.filter((other) => other !== condition)
    this.#take(all.length === 0 ? null : { ...this.value, all })
  }

  clear(): void {
    if (this.value) this.#take(null)
  }

  undo(): void {
    const before = this.#past.at(-1)
    if (before === undefined) return
    this.#past = this.#past.slice(0, -1)
    this.#future = [...this.#future, this.value]
    this.value = before
  }
  redo(): void {
    const next = this.#future.at(-1)
    if (next === undefined) return
    this.#future = this.#future.slice(0, -1)
    this.#past = [...this.#past, this.value]
    this.value = next
  }

  /** Forgets everything when another dataset is looked at. */
  lookAt(dataset: number | null): void {
    if (dataset === this.dataset) return
    this.dataset = dataset
    this.hoveredRow = null
    this.hoveredClass = null
    if (this.value?.dataset === dataset) return
    this.value = null
    this.#past = []
    this.#future = []
  }

  #take(next: RowSelection | null): void {
    this.#past = [...this.#past, this.value].slice(-mostRemembered)
    this.#future = []
    this.value = next
    if (next) this.dataset = next.dataset
  }
}
const none: ReadonlySet<number> = new Set()

const changed: Readonly<Record<SelectHow, (before: readonly RowCondition[], condition: SimpleCondition) => RowCondition[]>> = {
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
  return [...others.slice(1 - mostConditions), condition]
}
type Range = Extract<RowCondition, { kind: 'range' }>
const sameRange = (a: Range, b: Range): boolean => a.artifact === b.artifact && a.array === b.array && a.unit === b.unit

/** Classes or rows alone stay a list; null where they have to be put together in steps. */
function joined(before: readonly RowCondition[], condition: SimpleCondition): RowCondition | null {
  const only = before.length === 1 ? before[0] : undefined
  if (only?.kind === 'classes' && condition.kind === 'classes' && only.artifact === condition.artifact)
    return { ...only, classes: union(only.classes, condition.classes) }
  if (only?.kind === 'rows' && condition.kind === 'rows') return { ...only, rows: union(only.rows, condition.rows).slice(0, mostRows) }
  return null
}
function lessened(before: readonly RowCondition[], condition: SimpleCondition): RowCondition[] | null {
  const only = before.length === 1 ? before[0] : undefined
  if (only?.kind === 'classes' && condition.kind === 'classes' && only.artifact === condition.artifact) {
    const classes = without(only.classes, condition.classes)
    return classes.length > 0 ? [{ ...only, classes }] : []
  }
  if (only?.kind === 'rows' && condition.kind === 'rows') {
    const rows = without(only.rows, condition.rows)
    return rows.length > 0 ? [{ ...only, rows }] : []
  }
  return null
}
const union = (a: readonly number[], b: readonly number[]): number[] => [...new Set([...a, ...b])].sort((x, y) => x - y)
function without(a: readonly number[], b: readonly number[]): number[] {
  const gone = new Set(b)
  return a.filter((one) => !gone.has(one))
}

const stepped = (before: readonly RowCondition[], how: 'add' | 'remove', condition: SimpleCondition): RowCondition => ({
  kind: 'combined',
  parts: [...partsOf(before), { how, all: [condition] }],
})

/** The same rows in steps. Conditions beside what is combined already take away what does not meet them. */
function partsOf(all: readonly RowCondition[]): SelectionPart[] {
  const simple = all.filter((one) => one.kind !== 'combined')
  const combined = all.filter((one) => one.kind === 'combined').flatMap(({ parts }) => parts)
  if (combined.length === 0) return [{ how: 'add', all: simple }]
  return simple.length > 0 ? [...combined, { how: 'remove', outside: true, all: simple }] : combined
}

/** Every step the other way round, from all rows on; of what was inverted before, from none on. */
function inverse(all: readonly RowCondition[], every: SimpleCondition): RowCondition[] {
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

/** A drawn outline with no more corners than a selection can hold. */
export function cornersOf(outline: readonly Point[]): [number, number][] {
  const every = Math.max(1, Math.ceil(outline.length / mostPoints))
  return outline.filter((_, i) => i % every === 0).map(([x, y]) => [x, y])
}

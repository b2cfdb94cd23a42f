/**
 * The one selection of rows, shared by map, scatter, tables and profiles: what is chosen or pointed at in one view shows in all.
 * It keeps why rows are in it (RowSelection), never the rows themselves; the engine counts and reads them.
 */
import type { RowCondition, RowSelection, SimpleCondition } from '#common/domain/selection.ts'
import { changed, inverse, mostConditions, mostParts, mostRows, type SelectHow } from './selectionSteps.ts'

export type { SelectHow }

type Point = readonly [number, number]

/** What the keys held while something is drawn around ask for: Shift adds, Ctrl or Alt takes away, Shift and Alt keep what is in both. */
export function howFor({ shiftKey, altKey, ctrlKey, metaKey }: Pick<MouseEvent, 'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey'>): SelectHow {
  const takes = altKey || ctrlKey || metaKey
  if (shiftKey) return takes ? 'within' : 'add'
  return takes ? 'remove' : 'replace'
}

const mostPoints = 2000
const mostRemembered = 50

export class Selection {
  dataset = $state.raw<number | null>(null)
  value = $state.raw<RowSelection | null>(null)
  /** What the pointer is over right now, whichever view it is in. */
  hoveredRow = $state.raw<number | null>(null)
  hoveredClass = $state.raw<number | null>(null)
  isEmpty = $derived(this.value === null)
  /** What the table of rows shows when it comes into sight: one row, or the selected ones alone. It takes that once. */
  inTable = $state.raw<{ readonly dataset: number; readonly row: number | null } | null>(null)
  /** Why the last change was not made, for as long as nothing else changes; null when it was. */
  refused = $state<string | null>(null)

  #past = $state.raw<readonly (RowSelection | null)[]>([])
  #future = $state.raw<readonly (RowSelection | null)[]>([])
  /** How many changes can be taken back. */
  steps = $derived(this.#past.length)
  canUndo = $derived(this.steps > 0)
  canRedo = $derived(this.#future.length > 0)

  /** Rows that meet a condition. A step more than a selection can hold changes nothing, and `refused` says so. */
  pick(dataset: number, condition: SimpleCondition, how: SelectHow = 'replace'): void {
    const before = this.value?.dataset === dataset ? this.value.all : []
    const all = changed[how](before, condition)
    if (all.some((one) => one.kind === 'combined' && one.parts.length > mostParts))
      this.refused = `A selection is put together in at most ${mostParts} steps, and this one has as many. Begin a new one, or cluster these rows first.`
    else if (all.length > mostConditions)
      this.refused = `Rows can be asked to meet at most ${mostConditions} conditions, and these meet as many. Leave one out first.`
    else if (all.length === 0) this.clear()
    else this.#take({ dataset, all })
  }

  /** Rows that meet each of these, in one step. */
  pickAll(dataset: number, conditions: readonly SimpleCondition[]): void {
    this.#take({ dataset, all: [...conditions] })
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

  /** The table of rows goes to this row, which is then the selection; without one it shows what is selected, and nothing else. */
  showInTable(dataset: number, row: number | null): void {
    if (row !== null) this.pick(dataset, { kind: 'rows', rows: [row] })
    this.inTable = { dataset, row }
  }

  undo(): void {
    const before = this.#past.at(-1)
    if (before === undefined) return
    this.#past = this.#past.slice(0, -1)
    this.#future = [...this.#future, this.value]
    this.value = before
    this.refused = null
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
    this.refused = null
    this.#past = []
    this.#future = []
  }

  /** Lets everything go: rows and artifacts of another project have the same numbers. */
  forget(): void {
    this.lookAt(null)
    this.value = null
    this.inTable = null
    this.refused = null
    this.#past = []
    this.#future = []
  }

  /** Forgets everything where it, or what it can go back to, rests on one of these. */
  forgetArtifacts(ids: readonly number[]): void {
    const gone = new Set(ids)
    const rests = (condition: RowCondition): boolean =>
      condition.kind === 'combined'
        ? condition.parts.some(({ all }) => all.some(rests))
        : 'artifact' in condition && gone.has(condition.artifact)
    const all = [this.value, ...this.#past, ...this.#future]
    if (all.some((value) => value && (gone.has(value.dataset) || value.all.some(rests)))) this.forget()
  }

  #take(next: RowSelection | null): void {
    this.refused = null
    this.#past = [...this.#past, this.value].slice(-mostRemembered)
    this.#future = []
    this.value = next
    if (next) this.dataset = next.dataset
  }
}
const none: ReadonlySet<number> = new Set()

/** A drawn outline with no more corners than a selection can hold. */
export function cornersOf(outline: readonly Point[]): [number, number][] {
  const every = Math.max(1, Math.ceil(outline.length / mostPoints))
  return outline.filter((_, i) => i % every === 0).map(([x, y]) => [x, y])
}

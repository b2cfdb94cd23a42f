/**
 * The one selection of rows, shared by map, scatter, tables and profiles: what is chosen or pointed at in one view shows in all.
 * It keeps why rows are in it (RowSelection), never the rows themselves; the engine counts and reads them.
 */
import type { RowCondition, RowSelection } from '#common/domain/selection.ts'

/** Instead of what is selected, beside it, or only what is in both. */
export type SelectHow = 'replace' | 'add' | 'within'

type Classes = Extract<RowCondition, { kind: 'classes' }>
type Point = readonly [number, number]

const mostConditions = 16
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
  canUndo = $derived(this.#past.length > 0)
  canRedo = $derived(this.#future.length > 0)

  /** Rows that meet a condition. Two of a kind join when they are added; anything else that is added takes the place of what was there. */
  pick(dataset: number, condition: RowCondition, how: SelectHow = 'replace'): void {
    const before = this.value?.dataset === dataset ? this.value.all : []
    this.#take({ dataset, all: how === 'within' ? narrowed(before, condition) : [how === 'add' ? joined(before, condition) : condition] })
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

/** A condition on the same thing is replaced, another one comes beside it. */
function narrowed(before: readonly RowCondition[], condition: RowCondition): RowCondition[] {
  const others = before.filter((other) => !(other.kind === 'range' && condition.kind === 'range' && sameRange(other, condition)))
  return [...others.slice(1 - mostConditions), condition]
}
type Range = Extract<RowCondition, { kind: 'range' }>
const sameRange = (a: Range, b: Range): boolean => a.artifact === b.artifact && a.array === b.array && a.unit === b.unit

function joined(before: readonly RowCondition[], condition: RowCondition): RowCondition {
  const only = before.length === 1 ? before[0] : undefined
  if (only?.kind === 'classes' && condition.kind === 'classes' && only.artifact === condition.artifact)
    return { ...only, classes: union(only.classes, condition.classes) } satisfies Classes
  if (only?.kind === 'rows' && condition.kind === 'rows') return { ...only, rows: union(only.rows, condition.rows).slice(0, mostRows) }
  if (only?.kind === 'area' && condition.kind === 'area') return { ...only, points: bridged(only.points, condition.points) }
  if (only?.kind === 'polygon' && condition.kind === 'polygon' && only.artifact === condition.artifact && sameAxes(only, condition))
    return { ...only, points: bridged(only.points, condition.points) }
  return condition
}
const sameAxes = (a: { readonly axes: Point }, b: { readonly axes: Point }): boolean => a.axes[0] === b.axes[0] && a.axes[1] === b.axes[1]
const union = (a: readonly number[], b: readonly number[]): number[] => [...new Set([...a, ...b])].sort((x, y) => x - y)

/**
 * Two polygons as one: a line there and back between their first corners, which the even-odd rule does not see. Where they overlap they
 * cancel, as a second click on something chosen does.
 */
function bridged(a: readonly Point[], b: readonly Point[]): [number, number][] {
  const all = [...a, a[0] as Point, ...b, b[0] as Point]
  return all.length > mostPoints ? cornersOf(b) : all.map(([x, y]) => [x, y])
}

/** A drawn outline with no more corners than a selection can hold. */
export function cornersOf(outline: readonly Point[]): [number, number][] {
  const every = Math.max(1, Math.ceil(outline.length / mostPoints))
  return outline.filter((_, i) => i % every === 0).map(([x, y]) => [x, y])
}

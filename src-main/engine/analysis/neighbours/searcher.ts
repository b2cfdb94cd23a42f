/**
 * One thread's search in grouped rows: all of them, or the lists whose centres are nearest (an inverted file: Sivic & Zisserman, ICCV
 * 2003; Jégou, Douze & Schmid, PAMI 2011), but those that the triangle inequality rules out:
 *
 *   ‖x − c‖ − radius(c) ≥ distance to the k-th found so far      no point of the list of c is nearer
 *
 * A row's neighbours depend on it alone, so results are the same whatever the number of threads.
 */
import { instantiate, type Kernels } from '../../compute/wasm/assembler.ts'
import { type Groups, groupCount } from './groups.ts'
import { lanes, scanOf } from './scan.ts'

export interface SearchPlan {
  /** Of this plan alone, by which threads know it again. */
  readonly id: number
  readonly memory: WebAssembly.Memory
  readonly d: number
  readonly rows: Groups
  /** Null: all rows are looked at. */
  readonly lists: {
    readonly centres: Groups
    /** [lists] largest distance of a row of the list from its centre. */
    readonly radii: Float32Array
  } | null
  /** Most neighbours and most lists that can be asked for. */
  readonly mostK: number
  readonly mostProbes: number
  /** Address and bytes of each thread's own memory. */
  readonly own: number
  readonly ownBytes: number
}

export const ownBytesFor = (d: number, mostK: number, mostProbes: number): number =>
  Math.ceil((4 * d + 8 * mostK + 8 * mostProbes + 64) / 64) * 64 + 256

/** Groups after which it is asked whether k equal rows were found: then none can be nearer. */
const groupsAtOnce = 64

export interface Searcher {
  /** Finds the k nearest rows of a row given as [d] numbers from Y[at]; in `probes` lists, or among all rows where it is 0. */
  find(Y: ArrayLike<number>, at: number, k: number, probes: number): void
  /** The same of the row at a place of the groups. */
  findOf(place: number, k: number, probes: number): void
  /** For p = 0, 1, … `probes` − 1: how many of the k found in p + 1 lists are as near as the k nearest of all rows. */
  gains(Y: ArrayLike<number>, at: number, k: number, probes: number, out: Int32Array): void
  /** [k] row numbers, the nearest first, and squared distances (infinite where there are no more). */
  readonly found: Int32Array
  readonly squared: Float32Array
  /** [places] row number at each place; −1 for none. */
  readonly rowAt: Int32Array
}

export function createSearcher(plan: SearchPlan, thread: number): Searcher {
  const { memory, d, rows, lists, mostK, mostProbes } = plan
  const { scan }: Kernels<'scan'> = instantiate({ scan: scanOf(d) }, memory)
  const own = plan.own + thread * plan.ownBytes
  const scratch = own
  const query = own + 64
  const best = query + Math.ceil(d / 16) * 64
  const ids = best + 4 * mostK
  const nearCentres = ids + 4 * mostK
  const nearLists = nearCentres + 4 * mostProbes
  const floats = (at: number, count: number): Float32Array => new Float32Array(memory.buffer, at, count)
  const whole = (at: number, count: number): Int32Array => new Int32Array(memory.buffer, at, count)
  const groups = groupCount(rows)
  const points = floats(rows.points, groups * lanes * d)
  const x = floats(query, d)
  const squared = floats(best, mostK)
  const found = whole(ids, mostK)
  const centreDistance = floats(nearCentres, mostProbes)
  const probed = whole(nearLists, mostProbes)
  const groupBytes = 4 * lanes * d

  const scanGroups = ({ points: at, numbers }: Groups, from: number, to: number, into: number, which: number, k: number): void =>
    scan(query, at + from * groupBytes, at + to * groupBytes, numbers + from * 4 * lanes, into, which, into + 4 * (k - 1), scratch)

  const forget = (k: number): void => {
    squared.fill(Number.POSITIVE_INFINITY, 0, k)
    found.fill(-1, 0, k)
  }
  function searchGroups(from: number, to: number, k: number): void {
    for (let at = from; at < to && squared[k - 1] !== 0; at += groupsAtOnce)
      scanGroups(rows, at, Math.min(to, at + groupsAtOnce), best, ids, k)
  }
  function searchAll(k: number): void {
    forget(k)
    searchGroups(0, groups, k)
  }
  /** @param after told after each list how many were looked through or ruled out */
  function searchLists({ centres, radii }: NonNullable<SearchPlan['lists']>, k: number, probes: number, after?: (p: number) => void): void {
    forget(k)
    centreDistance.fill(Number.POSITIVE_INFINITY, 0, probes)
    scanGroups(centres, 0, groupCount(centres), nearCentres, nearLists, probes)
    for (let p = 0; p < probes; p++) {
      const list = probed[p]
      if (Math.sqrt(centreDistance[p]) - radii[list] < Math.sqrt(squared[k - 1])) searchGroups(rows.starts[list], rows.starts[list + 1], k)
      after?.(p)
    }
  }
  function search(k: number, probes: number): void {
    if (lists && probes > 0) searchLists(lists, k, probes)
    // The lists of the row may have too few rows.
    if (!lists || probes === 0 || found[k - 1] < 0) searchAll(k)
  }

  return {
    squared,
    found,
    rowAt: whole(rows.numbers, groups * lanes),
    find(Y, at, k, probes) {
      for (let j = 0; j < d; j++) x[j] = Y[at + j]
      search(k, probes)
    },
    findOf(place, k, probes) {
      const at = Math.floor(place / lanes) * lanes * d + (place % lanes)
      for (let j = 0; j < d; j++) x[j] = points[at + j * lanes]
      search(k, probes)
    },
    gains(Y, at, k, probes, out) {
      for (let j = 0; j < d; j++) x[j] = Y[at + j]
      searchAll(k)
      const farthest = squared[k - 1]
      const count = (p: number): void => {
        let near = k
        while (near > 0 && squared[near - 1] > farthest) near--
        out[p] = near
      }
      if (lists) searchLists(lists, k, probes, count)
    },
  }
}

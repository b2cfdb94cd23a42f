/**
 * One thread's search in grouped rows: all of them, or the lists whose centres are nearest (an inverted file: Sivic & Zisserman, ICCV
 * 2003; Jégou, Douze & Schmid, PAMI 2011), but those that the triangle inequality rules out:
 *
 *   ‖x − c‖ − radius(c) ≥ distance to the k-th found so far      no point of the list of c is nearer
 *
 * A row's neighbours depend on it alone, so results are the same whatever the number of threads.
 */
import { instantiate, type Kernels } from '../../compute/wasm/assembler.ts'
import type { Groups } from './groups.ts'
import { lanes, scanOf } from './scan.ts'

export interface SearchPlan {
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

export interface Searcher {
  /** Finds the k nearest rows of a row given as [d] numbers from Y[at]; of `probes` lists. */
  find(Y: ArrayLike<number>, at: number, k: number, probes: number): void
  /** The same of the row at a place of the groups. */
  findOf(place: number, k: number, probes: number): void
  /** [k] row numbers, the nearest first, and squared distances (infinite where there are no more). */
  readonly found: Int32Array
  readonly squared: Float32Array
  /** The lists nearest to the last row looked for, the nearest first. */
  readonly probed: Int32Array
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
  const places = rows.starts[rows.starts.length - 1] * lanes
  const points = floats(rows.points, places * d)
  const x = floats(query, d)
  const squared = floats(best, mostK)
  const found = whole(ids, mostK)
  const centreDistance = floats(nearCentres, mostProbes)
  const probed = whole(nearLists, mostProbes)
  const groupBytes = 4 * lanes * d

  const scanGroups = ({ points: at, numbers }: Groups, from: number, to: number, into: number, which: number, k: number): void =>
    scan(query, at + from * groupBytes, at + to * groupBytes, numbers + from * 4 * lanes, into, which, into + 4 * (k - 1), scratch)

  function search(k: number, probes: number): void {
    squared.fill(Number.POSITIVE_INFINITY, 0, k)
    found.fill(-1, 0, k)
    if (!lists) {
      scanGroups(rows, 0, rows.starts[rows.starts.length - 1], best, ids, k)
      return
    }
    centreDistance.fill(Number.POSITIVE_INFINITY, 0, probes)
    scanGroups(lists.centres, 0, lists.centres.starts[1], nearCentres, nearLists, probes)
    for (let p = 0; p < probes; p++) {
      const list = probed[p]
      if (Math.sqrt(centreDistance[p]) - lists.radii[list] >= Math.sqrt(squared[k - 1])) continue
      scanGroups(rows, rows.starts[list], rows.starts[list + 1], best, ids, k)
    }
  }

  return {
    squared,
    found,
    probed,
    rowAt: whole(rows.numbers, places),
    find(Y, at, k, probes) {
      for (let j = 0; j < d; j++) x[j] = Y[at + j]
      search(k, probes)
    },
    findOf(place, k, probes) {
      const at = Math.floor(place / lanes) * lanes * d + (place % lanes)
      for (let j = 0; j < d; j++) x[j] = points[at + j * lanes]
      search(k, probes)
    },
  }
}

/**
 * Minimum mapping unit: connected regions of a class map smaller than n pixels go to a neighbour.
 *
 *   longest border     to the region they share most pixel edges with (of equals the larger, then the earlier), again and again until
 *                      every region is large enough or has no neighbour. Small regions that choose each other take the larger one's class.
 *   largest neighbour  to the largest region they touch, over other small ones if need be, once: what gdal_sieve does, its ties included.
 *
 * No-data (0) is no neighbour and stays. The map is read three times, line by line. Memory: the regions (mappingUnitRegions.ts), and of
 * small ones up to 48 bytes for each pair that touches (mappingUnitBorders.ts); either is refused beyond `mostBytes`.
 */
import { BorderTable } from './mappingUnitBorders.ts'
import { type Connectivity, RegionFinder, RegionNumbering, type Regions, rootOf } from './mappingUnitRegions.ts'
import { createPace, type LongRun } from '../pace.ts'

export interface MappingUnitOptions extends LongRun {
  /** Regions with fewer pixels are given away; 1 gives none. */
  readonly minPixels: number
  readonly connectivity: Connectivity
  readonly giveTo: 'longest border' | 'largest neighbour'
  /** Default 1 GB. */
  readonly mostBytes?: number
}

/** Whole lines [from, to) of a class map. */
export type ReadLines = (from: number, to: number) => Uint16Array

export interface MappedUnits {
  /** Regions that there were. */
  readonly regions: number
  /** Those of them that now belong to another class. */
  readonly given: number
  /** Reads the new map, from the first line on in order. */
  open(): ReadLines
}

const none = 0xffffffff

export async function mappingUnits(read: ReadLines, width: number, height: number, options: MappingUnitOptions): Promise<MappedUnits> {
  const { minPixels, connectivity, giveTo, mostBytes = 1e9, signal, report } = options
  const found = await findRegions(read, width, height, { connectivity, mostBytes, signal, report: (share) => report?.(share / 2) })
  const isSmall = (size: number): boolean => size < minPixels
  const map: ClassMap = { read, width, height, connectivity, found, isSmall }
  const run: LongRun = { signal, report: (share) => report?.(0.5 + share / 2) }
  let labels = found.label
  if (found.size.some(isSmall)) labels = giveTo === 'longest border' ? await byBorder(map, mostBytes, run) : await byLargest(map, run)
  report?.(1)
  return {
    regions: found.count,
    given: labels.reduce((sum, label, i) => sum + Number(label !== found.label[i]), 0),
    open() {
      const numbering = new RegionNumbering(width, connectivity)
      return (from, to) => {
        const lines = read(from, to)
        const out = new Uint16Array(lines.length)
        for (let at = 0; at < lines.length; at += width) {
          const { count, starts, ids } = numbering.next(lines.subarray(at, at + width))
          for (let run = 0; run < count; run++)
            if (ids[run] > 0) out.fill(labels[found.of[ids[run]]], at + starts[run], at + starts[run + 1])
        }
        return out
      }
    },
  }
}

interface RegionOptions extends LongRun {
  readonly connectivity: Connectivity
  readonly mostBytes?: number
}

/** The connected regions of a class map. */
export async function findRegions(
  read: ReadLines,
  width: number,
  height: number,
  { connectivity, mostBytes = 1e9, ...run }: RegionOptions,
): Promise<Regions> {
  const finder = new RegionFinder(width, connectivity, mostBytes)
  await eachLine(read, width, height, run, (line) => finder.add(line))
  return finder.finish()
}

/** Lines in blocks of about 4 MB. */
export async function eachLine(
  read: ReadLines,
  width: number,
  height: number,
  { signal, report }: LongRun,
  visit: (line: Uint16Array, y: number) => void,
): Promise<void> {
  const pace = createPace(signal)
  const perRead = Math.max(1, Math.floor(2 ** 21 / width))
  for (let from = 0; from < height; from += perRead) {
    const to = Math.min(height, from + perRead)
    const block = read(from, to)
    for (let y = from; y < to; y++) {
      visit(block.subarray((y - from) * width, (y - from + 1) * width), y)
      if (!pace.due()) continue
      report?.(y / height)
      await pace.rest()
    }
  }
}

interface ClassMap {
  readonly read: ReadLines
  readonly width: number
  readonly height: number
  readonly connectivity: Connectivity
  readonly found: Regions
  readonly isSmall: (size: number) => boolean
}

/**
 * Regions that touch, run by run, and the pixel edges that two runs share (none over a corner). A run meets them in the order in which its
 * pixels would, each the one above, above to the left, above to the right, and to the left: gdal_sieve decides ties by it.
 */
async function eachContact(
  { read, width, height, connectivity, found }: ClassMap,
  diagonal: boolean,
  run: LongRun,
  visit: (region: number, other: number, edges: number) => void,
): Promise<void> {
  const numbering = new RegionNumbering(width, connectivity)
  const { of } = found
  const reach = diagonal ? 1 : 0
  const meet = (a: number, b: number, edges: number): void => {
    if (a !== 0 && b !== 0 && of[a] !== of[b]) visit(of[a], of[b], edges)
  }
  await eachLine(read, width, height, run, (line) => {
    const { count, starts, ids } = numbering.next(line)
    const { above } = numbering
    /** The first run above that ends beyond the beginning of this one. */
    let first = 0
    for (let at = 0; at < count; at++) {
      const [id, from, to] = [ids[at], starts[at], starts[at + 1]]
      while (first < above.count && above.starts[first + 1] <= from) first++
      if (id === 0) continue
      const meetAbove = (other: number): void => {
        if (other < 0 || other >= above.count) return
        const edges = Math.min(to, above.starts[other + 1]) - Math.max(from, above.starts[other])
        meet(id, above.ids[other], Math.max(0, edges))
      }
      meetAbove(first)
      if (diagonal && first > 0 && above.starts[first] === from) meetAbove(first - 1)
      let next = first + 1
      if (diagonal && next < above.count && above.starts[next] === from + 1) meetAbove(next++)
      if (at > 0) meet(id, ids[at - 1], 1)
      for (; next < above.count && above.starts[next] < to + reach; next++) meetAbove(next)
    }
  })
}

/** @returns the new class of each region */
async function byBorder(map: ClassMap, mostBytes: number, run: LongRun): Promise<Uint16Array> {
  const { found, isSmall } = map
  const { count } = found
  let borders = new BorderTable(mostBytes)
  await eachContact(map, false, run, (a, b, edges) => {
    if (isSmall(found.size[a]) || isSmall(found.size[b])) borders.add(a, b, edges)
  })
  const merged = createMerging(found)
  const { size, label, parent } = merged
  const pace = createPace(run.signal)
  for (;;) {
    const best = new Uint32Array(count).fill(none)
    const longest = new Uint32Array(count)
    const offer = (to: number, from: number, border: number): void => {
      if (!isSmall(size[to])) return
      const other = best[to]
      const isLonger = border > longest[to]
      const isAsLong = border === longest[to] && other !== none
      if (!isLonger && !(isAsLong && (size[from] > size[other] || (size[from] === size[other] && from < other)))) return
      best[to] = from
      longest[to] = border
    }
    borders.each((a, b, border) => {
      offer(a, b, border)
      offer(b, a, border)
    })
    if (best.every((to) => to === none)) return Uint16Array.from(parent, (_, i) => label[rootOf(parent, i)])
    merged.round((join) => {
      for (let i = 0; i < count; i++) if (best[i] !== none) join(i, best[i])
    })
    // A region that changed its class is one with its neighbours of that class.
    merged.round((join) =>
      borders.each((a, b) => {
        if (label[rootOf(parent, a)] === label[rootOf(parent, b)]) join(a, b)
      }),
    )
    const next = new BorderTable(mostBytes)
    borders.each((a, b, border) => {
      const [i, j] = [rootOf(parent, a), rootOf(parent, b)]
      if (i !== j) next.add(i, j, border)
    })
    borders = next
    if (pace.due()) await pace.rest()
  }
}

/** Union-find over regions. What is joined in a round gets the class that the largest of it had (of equals the earliest). */
function createMerging({ count, size: sizes, label: labels }: Regions) {
  const parent = Uint32Array.from({ length: count }, (_, i) => i)
  const [size, label] = [sizes.slice(), labels.slice()]
  return {
    parent,
    size,
    label,
    round(joins: (join: (a: number, b: number) => void) => void): void {
      const [before, labelBefore] = [size.slice(), label.slice()]
      const lead = Uint32Array.from({ length: count }, (_, i) => i)
      joins((a, b) => {
        const [i, j] = [rootOf(parent, a), rootOf(parent, b)]
        if (i === j) return
        const [low, high] = i < j ? [i, j] : [j, i]
        parent[high] = low
        size[low] += size[high]
        const [x, y] = [lead[low], lead[high]]
        lead[low] = before[x] > before[y] || (before[x] === before[y] && x < y) ? x : y
        label[low] = labelBefore[lead[low]]
      })
    },
  }
}

/** @returns the new class of each region */
async function byLargest(map: ClassMap, run: LongRun): Promise<Uint16Array> {
  const { found, isSmall, connectivity } = map
  const { count, size } = found
  const largest = new Uint32Array(count).fill(none)
  await eachContact(map, connectivity === 8, run, (a, b) => {
    if (largest[a] === none || size[largest[a]] < size[b]) largest[a] = b
    if (largest[b] === none || size[largest[b]] < size[a]) largest[b] = a
  })
  return found.label.map((label, i) => {
    if (!isSmall(size[i])) return label
    const seen = new Set([i])
    let at = largest[i]
    while (at !== none && isSmall(size[at]) && !seen.has(at)) {
      seen.add(at)
      at = largest[at]
    }
    return at === none || isSmall(size[at]) ? label : found.label[at]
  })
}

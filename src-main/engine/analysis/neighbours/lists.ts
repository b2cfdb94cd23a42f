/**
 * Rows in lists around centres, and how many of the lists nearest to a row have to be looked through for a wanted share of its true
 * neighbours: measured on a seeded sample of rows, for which the truth is found by looking at all of them.
 */
import { StratumError } from '#common/errors.ts'
import type { Pace } from '../pace.ts'
import { type RandomStream, spreadSample } from '../random.ts'
import { Arena, bytesOfGroups, type Groups, placeInGroups, startsOf } from './groups.ts'
import { lanes } from './scan.ts'
import { createSearcher, ownBytesFor, type SearchPlan } from './searcher.ts'

/** Rows per centre that centres are learned from, and passes over them: how even lists are matters little. */
const rowsPerCentre = 24
const passes = 5
/** Rows whose true neighbours are found to measure with. */
const measured = 256
/** What a search may take; addresses are signed. */
const mostBytes = 2 ** 31 - 2 ** 20

export const plainPlan = (X: Float32Array, n: number, d: number, threads: number, mostK: number): SearchPlan => {
  const starts = startsOf([n])
  const ownBytes = ownBytesFor(d, mostK, 0)
  const arena = arenaOf(bytesOfGroups(starts[1], d) + threads * ownBytes)
  const rows = placeInGroups(arena, X, n, d, starts, null)
  return { memory: arena.memory, d, rows, lists: null, mostK, mostProbes: 0, own: arena.take(threads * ownBytes), ownBytes }
}

function arenaOf(bytes: number): Arena {
  if (bytes <= mostBytes) return new Arena(bytes)
  throw new StratumError(
    'MEMORY_EXCEEDED',
    'Neighbours are looked for in at most 2 GB of rows.',
    'Use fewer rows or fewer numbers per row.',
  )
}

/** Twice as many lists as rows in each would balance both steps; more, as centres cost less than rows that are not contiguous. */
export const listsFor = (n: number): number => Math.max(1, Math.min(4096, Math.floor(n / (4 * lanes)), Math.round(2 * Math.sqrt(n))))

/** Lloyd's passes on a sample. @returns [lists × d] */
async function centresOf(X: Float32Array, n: number, d: number, lists: number, random: RandomStream, pace: Pace): Promise<Float32Array> {
  const sample = spreadSample(n, rowsPerCentre * lists, random)
  const firsts = spreadSample(sample.length, lists, random)
  const centres = new Float32Array(lists * d)
  for (let c = 0; c < lists; c++) centres.set(X.subarray(sample[firsts[c]] * d, (sample[firsts[c]] + 1) * d), c * d)
  for (let pass = 0; pass < passes; pass++) {
    const { find, found } = createSearcher(plainPlan(centres, lists, d, 1, 1), 0)
    const sums = new Float64Array(lists * d)
    const counts = new Float64Array(lists)
    for (const row of sample) {
      find(X, row * d, 1, 0)
      const c = found[0]
      counts[c]++
      for (let j = 0; j < d; j++) sums[c * d + j] += X[row * d + j]
      if (pace.due()) await pace.rest()
    }
    for (let c = 0; c < lists; c++) if (counts[c] > 0) for (let j = 0; j < d; j++) centres[c * d + j] = sums[c * d + j] / counts[c]
  }
  return centres
}

/** Memory: the rows once more, and two numbers a row. */
export async function listPlan(
  X: Float32Array,
  n: number,
  d: number,
  { threads, mostK, mostProbes }: { readonly threads: number; readonly mostK: number; readonly mostProbes: number },
  random: RandomStream,
  pace: Pace,
): Promise<SearchPlan> {
  const lists = listsFor(n)
  const learned = await centresOf(X, n, d, lists, random, pace)
  const nearest = createSearcher(plainPlan(learned, lists, d, 1, 1), 0)
  const listOf = new Int32Array(n)
  const sizes = new Float64Array(lists)
  const radii = new Float32Array(lists)
  for (let i = 0; i < n; i++) {
    nearest.find(X, i * d, 1, 0)
    const list = nearest.found[0]
    listOf[i] = list
    sizes[list]++
    radii[list] = Math.max(radii[list], nearest.squared[0])
    if (i % 64 === 0 && pace.due()) await pace.rest()
  }
  const starts = startsOf(sizes)
  const centreStarts = startsOf([lists])
  const ownBytes = ownBytesFor(d, mostK, mostProbes)
  const arena = arenaOf(bytesOfGroups(starts[lists], d) + bytesOfGroups(centreStarts[1], d) + threads * ownBytes)
  const rows = placeInGroups(arena, X, n, d, starts, listOf)
  const centres: Groups = placeInGroups(arena, learned, lists, d, centreStarts, null)
  return {
    memory: arena.memory,
    d,
    rows,
    // Distances are rounded, so a radius is a little more than what was found.
    lists: { centres, radii: radii.map((squared) => Math.sqrt(squared) * 1.0001) },
    mostK,
    mostProbes,
    own: arena.take(threads * ownBytes),
    ownBytes,
  }
}

export interface Probes {
  /** Lists to look through for each row. */
  readonly probes: number
  /** Share of the true neighbours that were found of the measured rows. */
  readonly recall: number
}

/** Null where the most lists that can be asked for are too few. */
export async function probesFor(
  plan: SearchPlan,
  X: Float32Array,
  n: number,
  k: number,
  recall: number,
  random: RandomStream,
  pace: Pace,
): Promise<Probes | null> {
  const { d, rows, mostProbes } = plan
  const sample = spreadSample(n, measured, random)
  const all = createSearcher({ ...plan, lists: null }, 0)
  /** The list of each place, then of each row wanted. */
  const listOfGroup = new Int32Array(rows.starts[rows.starts.length - 1])
  for (let list = 0; list + 1 < rows.starts.length; list++) listOfGroup.fill(list, rows.starts[list], rows.starts[list + 1])
  const listOf = new Int32Array(n)
  for (const [place, row] of all.rowAt.entries()) if (row >= 0) listOf[row] = listOfGroup[Math.floor(place / lanes)]

  const some = createSearcher(plan, 0)
  /** How many of the true neighbours are in the list probed as number p. */
  const inProbe = new Float64Array(mostProbes)
  let wanted = 0
  for (const row of sample) {
    all.find(X, row * d, k, 0)
    const truth = all.found.slice(0, k)
    some.find(X, row * d, 1, mostProbes)
    const rankOf = new Map([...some.probed.subarray(0, mostProbes)].map((list, p) => [list, p]))
    for (const neighbour of truth) {
      if (neighbour === row || neighbour < 0) continue
      wanted++
      const rank = rankOf.get(listOf[neighbour])
      if (rank !== undefined) inProbe[rank]++
    }
    if (pace.due()) await pace.rest()
  }
  let found = 0
  for (let p = 0; p < mostProbes; p++) {
    found += inProbe[p]
    if (found >= recall * wanted) return { probes: p + 1, recall: wanted > 0 ? found / wanted : 1 }
  }
  return null
}

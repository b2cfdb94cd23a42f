/**
 * Rows in lists around centres, and how many of the lists nearest to a row have to be looked through for a wanted share of its true
 * neighbours: measured on a seeded sample of rows, for which the truth is found by looking at all of them.
 */
import { StratumError } from '#common/errors.ts'
import type { LongRun, Pace } from '../pace.ts'
import { type RandomStream, spreadSample } from '../random.ts'
import { sharedFloats, sharedInts } from '../threads/sharedMemory.ts'
import { Arena, bytesOfGroups, placeRows, reserveGroups, startsOf } from './groups.ts'
import { lanes } from './scan.ts'
import { ownBytesFor, type SearchPlan } from './searcher.ts'
import { lookFor, type SearchCrew } from './work.ts'

/** Of so many rows all are looked at. */
export const exactUpTo = 10_000
/** Rows per centre that centres are learned from, and passes over them: how even lists are matters little. */
const rowsPerCentre = 24
const passes = 4
/** Rows whose true neighbours are found to measure with. */
const measured = 256
/** Rows that are assigned to lists at a time: they are copied to where threads see them. */
const assignedAtOnce = 65_536
/** What a search may take; addresses are signed. */
const mostBytes = 2 ** 31 - 2 ** 20
let plans = 0

/** All rows are looked at. `X` may be placed anew later. */
export async function plainPlan(X: Float32Array, n: number, d: number, threads: number, mostK: number, pace: Pace): Promise<SearchPlan> {
  const starts = startsOf([n])
  const ownBytes = ownBytesFor(d, mostK, 0)
  const arena = arenaOf(bytesOfGroups(starts[1], d) + threads * ownBytes)
  const rows = reserveGroups(arena, d, starts)
  await placeRows(arena.memory, rows, X, n, d, null, pace)
  return { id: ++plans, memory: arena.memory, d, rows, lists: null, mostK, mostProbes: 0, own: arena.take(threads * ownBytes), ownBytes }
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

interface Nearest {
  readonly index: Int32Array
  readonly distance: Float32Array
}

/** The centre nearest to each of m rows of Y, which threads see. */
async function nearestCentres(
  centres: SearchPlan,
  lists: number,
  Y: Float32Array,
  m: number,
  crew: SearchCrew,
  run: LongRun,
): Promise<Nearest> {
  const [index, distance] = [sharedInts(m), sharedFloats(m)]
  await lookFor(crew, { kind: 'queries', plan: centres, rows: m, k: 1, probes: 0, index, distance, Y }, lists * centres.d, run)
  return { index, distance }
}

const takeRows = (X: Float32Array, d: number, rows: Float64Array): Float32Array => {
  const Y = sharedFloats(rows.length * d)
  for (const [i, row] of rows.entries()) Y.set(X.subarray(row * d, (row + 1) * d), i * d)
  return Y
}

/** Lloyd's passes on a sample. @returns a search for the nearest centre, and the centres [lists × d] */
async function learnCentres(
  X: Float32Array,
  n: number,
  d: number,
  lists: number,
  random: RandomStream,
  crew: SearchCrew,
  pace: Pace,
  run: LongRun,
): Promise<{ search: SearchPlan; centres: Float32Array }> {
  const Y = takeRows(X, d, spreadSample(n, rowsPerCentre * lists, random))
  const m = Y.length / d
  const centres = new Float32Array(lists * d)
  for (const [c, first] of spreadSample(m, lists, random).entries()) centres.set(Y.subarray(first * d, (first + 1) * d), c * d)
  const search = await plainPlan(centres, lists, d, crew.threads, 1, pace)
  for (let pass = 0; pass < passes; pass++) {
    const { index } = await nearestCentres(search, lists, Y, m, crew, { signal: run.signal })
    const sums = new Float64Array(lists * d)
    const counts = new Float64Array(lists)
    for (const [i, c] of index.entries()) {
      counts[c]++
      for (let j = 0; j < d; j++) sums[c * d + j] += Y[i * d + j]
    }
    for (let c = 0; c < lists; c++) if (counts[c] > 0) for (let j = 0; j < d; j++) centres[c * d + j] = sums[c * d + j] / counts[c]
    await placeRows(search.memory, search.rows, centres, lists, d, null, pace)
    run.report?.((pass + 1) / passes)
  }
  return { search, centres }
}

/** Memory: the rows once more, and two numbers a row. */
export async function listPlan(
  X: Float32Array,
  n: number,
  d: number,
  { mostK, mostProbes }: { readonly mostK: number; readonly mostProbes: number },
  random: RandomStream,
  crew: SearchCrew,
  pace: Pace,
  { signal, report }: LongRun,
): Promise<SearchPlan> {
  const lists = listsFor(n)
  const { search, centres: learned } = await learnCentres(X, n, d, lists, random, crew, pace, { signal, report: (f) => report?.(0.4 * f) })
  const listOf = new Int32Array(n)
  const sizes = new Float64Array(lists)
  const radii = new Float32Array(lists)
  const Y = sharedFloats(Math.min(n, assignedAtOnce) * d)
  for (let from = 0; from < n; from += assignedAtOnce) {
    const to = Math.min(n, from + assignedAtOnce)
    Y.set(X.subarray(from * d, to * d))
    const { index, distance } = await nearestCentres(search, lists, Y, to - from, crew, { signal })
    for (let i = 0; i < to - from; i++) {
      const list = index[i]
      listOf[from + i] = list
      sizes[list]++
      if (distance[i] > radii[list]) radii[list] = distance[i]
    }
    report?.(0.4 + (0.6 * to) / n)
    await pace.rest()
  }
  const starts = startsOf(sizes)
  const centreStarts = startsOf([lists])
  const ownBytes = ownBytesFor(d, mostK, mostProbes)
  const arena = arenaOf(bytesOfGroups(starts[lists], d) + bytesOfGroups(centreStarts[1], d) + crew.threads * ownBytes)
  const rows = reserveGroups(arena, d, starts)
  const centres = reserveGroups(arena, d, centreStarts)
  await placeRows(arena.memory, rows, X, n, d, listOf, pace)
  await placeRows(arena.memory, centres, learned, lists, d, null, pace)
  return {
    id: ++plans,
    memory: arena.memory,
    d,
    rows,
    // Distances are rounded, so a radius is a little more than what was found.
    lists: { centres, radii: radii.map((radius) => radius * 1.0001) },
    mostK,
    mostProbes,
    own: arena.take(crew.threads * ownBytes),
    ownBytes,
  }
}

export interface Probes {
  /** Lists to look through for each row: as many as reach the wanted share, or the most that there may be. */
  readonly probes: number
  /** Share of the true neighbours that were found of the measured rows; others at the same distance count as well. */
  readonly recall: number
}

export async function probesFor(
  plan: SearchPlan,
  X: Float32Array,
  n: number,
  k: number,
  recall: number,
  random: RandomStream,
  crew: SearchCrew,
  run: LongRun,
): Promise<Probes> {
  const { d, mostProbes } = plan
  const Y = takeRows(X, d, spreadSample(n, measured, random))
  const m = Y.length / d
  const gains = sharedInts(m * mostProbes)
  await lookFor(crew, { kind: 'gains', plan, rows: m, k, probes: mostProbes, Y, gains }, n * d, run)
  // Each row finds itself, which tells nothing.
  const wanted = m * (k - 1)
  const foundIn = new Float64Array(mostProbes)
  for (const [at, found] of gains.entries()) foundIn[at % mostProbes] += Math.max(0, found - 1)
  const enough = foundIn.findIndex((found) => found >= recall * wanted)
  const probes = enough < 0 ? mostProbes : enough + 1
  return { probes, recall: foundIn[probes - 1] / wanted }
}

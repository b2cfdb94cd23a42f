/**
 * Whether training and encoding leave anything behind: many cycles in one process, and what it holds after each hundred.
 *
 *   node --expose-gc test/bench/cycles.ts [cycles=1000] [--json]
 *
 * The bar: after the first hundred cycles, by which allocators have settled, memory grows by less than 20 kB a cycle in the first or
 * in the second half (a worker that stayed would be 10 MB a cycle in both), and open files, threads, handles and tensors not at all.
 */
import { encodeOnce, held, type Held, trainOnce } from '../helpers/cycles.ts'

const json = process.argv.includes('--json')
const cycles = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 1000)
const settled = 100
const mostGrowthKB = 20

/** Least squares through what was held after each round of cycles. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const spread = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread
}

let flat = true
for (const [name, cycle] of [
  ['train and dispose', trainOnce],
  ['open an encoder, encode, close', encodeOnce],
] as const) {
  const seen: [number, Held][] = [[0, held()]]
  for (let i = 1; i <= cycles; i++) {
    await cycle(i)
    if (i % 50 === 0 || i === cycles) seen.push([i, held()])
    if (!json && (i === cycles || i % 100 === 0)) {
      const { memoryMB, ...rest } = held()
      process.stdout.write(`${name}, after ${i}: ${memoryMB.toFixed(1)} MB, ${JSON.stringify(rest)}\n`)
    }
  }
  const later = seen.filter(([i]) => i >= Math.min(settled, cycles / 2))
  // What leaks grows all the time; an allocator that takes another arena once does not.
  const middle = Math.floor(later.length / 2)
  const growthKB = Math.min(
    ...[later.slice(0, middle + 1), later.slice(middle)].map((part) => slope(part.map(([i, { memoryMB }]) => [i, memoryMB * 1024]))),
  )
  const [, first] = later[0]
  const [, last] = later[later.length - 1]
  const kept = (['files', 'threads', 'handles', 'tensors', 'traced'] as const).filter((what) => (last[what] ?? 0) > (first[what] ?? 0))
  flat &&= growthKB < mostGrowthKB && kept.length === 0
  if (json)
    process.stdout.write(
      `${JSON.stringify({ suite: 'cycles', case: name, ours: growthKB, peer: mostGrowthKB, ratio: growthKB / mostGrowthKB, unit: 'kB per cycle', cycles, start: seen[0][1], settled: first, end: last, versions: { node: process.version } })}\n`,
    )
  else
    process.stdout.write(
      `${name}: ${growthKB.toFixed(1)} kB per cycle after the first ${later[0][0]}; ${seen[0][1].memoryMB.toFixed(0)} MB at the start, ${first.memoryMB.toFixed(0)} then, ${last.memoryMB.toFixed(0)} at the end${kept.length ? `; growing: ${kept.join(', ')}` : ''}\n`,
    )
}
process.exitCode = flat ? 0 : 1

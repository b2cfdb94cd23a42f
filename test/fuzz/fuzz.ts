/**
 * Damaged files for every reader, as many as wanted.
 *
 *   node test/fuzz/fuzz.ts [--count 2000] [--only READER] [--seed 1]
 *
 * Prints how each reader answered, and ends with 1 when one crashed, hung or took too much memory; the files that did it are kept
 * in test-results/fuzz.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fuzz } from './harness.ts'
import { seedsByReader } from './seeds.ts'

const { values } = parseArgs({ options: { count: { type: 'string' }, only: { type: 'string' }, seed: { type: 'string' } } })
const options = {
  count: Number(values.count ?? 2000),
  seed: Number(values.seed ?? 1),
  hangMs: 30_000,
  mostMB: 600,
  keepIn: fileURLToPath(new URL('../../test-results/fuzz', import.meta.url)),
}
for (const [reader, seeds] of await seedsByReader()) {
  if (values.only !== undefined && values.only !== reader) continue
  if (seeds.length === 0) {
    process.stdout.write(`${reader}: no file to start from\n`)
    process.exitCode = 1
    continue
  }
  const { files, outcomes, slowestMs, rssMB, failures } = await fuzz(reader, seeds, options)
  const sorted = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  const words = sorted.map(([outcome, n]) => `${n} ${outcome}`).join(', ')
  process.stdout.write(
    `${reader}: ${files} files of ${seeds.length} seeds: ${words}; slowest ${slowestMs.toFixed(0)} ms, ${rssMB.toFixed(0)} MB\n`,
  )
  for (const { seed, number, what, kept } of failures) process.stdout.write(`  ${seed}, number ${number}: ${what}\n  kept in ${kept}\n`)
  if (failures.length > 0) process.exitCode = 1
}

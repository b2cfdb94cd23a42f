import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { peakMemoryMB } from '#engine/peakMemory.ts'

const place = fileURLToPath(new URL('../../../src-main/engine/peakMemory.ts', import.meta.url))

/** What a new process says of itself after it has held so many megabytes. */
function saidByChild(megabytes: number): number {
  const script = `const { peakMemoryMB } = await import(${JSON.stringify(place)}); Buffer.alloc(${megabytes} << 20, 1); console.log(peakMemoryMB())`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }))
}

it('is at least what was held, also after it was let go', () => {
  const idle = saidByChild(0)
  const held = saidByChild(200)
  expect(held - idle).toBeGreaterThan(180)
  expect(held - idle).toBeLessThan(260)
})

it('does not count what the process that started this one holds', () => {
  const here = Buffer.alloc(600 << 20, 1)
  expect(peakMemoryMB()).toBeGreaterThan(600)
  expect(saidByChild(0)).toBeLessThan(300)
  expect(here[0]).toBe(1)
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEnergyMeter } from '#engine/compute/energy.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stratum-powercap-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function counter(name: string, title: string, microjoules: number): void {
  mkdirSync(join(root, name), { recursive: true })
  for (const [file, value] of Object.entries({ name: title, energy_uj: microjoules, max_energy_range_uj: 10_000_000 }))
    writeFileSync(join(root, name, file), `${value}\n`)
}

test('adds up the packages of the processor, and knows that a counter begins again', async () => {
  counter('intel-rapl:0', 'package-0', 1_000_000)
  counter('intel-rapl:1', 'package-1', 9_000_000)
  // A part of package 0 and the memory are no packages of their own.
  counter('intel-rapl:0:0', 'core', 0)
  counter('intel-rapl:2', 'psys', 0)
  const meter = openEnergyMeter('cpu', root)
  counter('intel-rapl:0', 'package-0', 4_600_000)
  counter('intel-rapl:1', 'package-1', 2_600_000)
  counter('intel-rapl:2', 'psys', 5_000_000)
  await meter.close()
  counter('intel-rapl:0', 'package-0', 9_999_999)
  const { wattHours, source } = await meter.read()
  // 3.6 J and, around the end of the counter, 1 + 2.6 J.
  expect(wattHours).toBeCloseTo(7.2 / 3600, 12)
  expect(source).toMatch(/RAPL/)
})

test('is null with the reason where there are no counters, never an estimate', async () => {
  for (const place of [root, join(root, 'nowhere')]) {
    const { wattHours, source } = await openEnergyMeter('cpu', place).read()
    expect(wattHours).toBeNull()
    expect(source).toMatch(/no energy counters/)
  }
  counter('intel-rapl:0', 'package-0', 1)
  const meter = openEnergyMeter('cpu', root)
  rmSync(join(root, 'intel-rapl:0'), { recursive: true })
  expect(await meter.read()).toEqual({ wattHours: null, source: 'the counters could not be read to the end' })
})

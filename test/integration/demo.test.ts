/** The demo at its full size, as the readme's first command runs it: the map has to be right, whatever the machine's speed. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { DemoResult } from '#engine/cli/demo.ts'
import { ended, startCommand } from '../helpers/commandLine.ts'
import { gdalinfo, hasGdal } from '../helpers/gdal.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-demo-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('goes from nothing to a map that agrees with the truth better than PCA + k-means, and finds the planted anomalies', async () => {
  const { code, out, error } = await ended(startCommand('demo', folder, '--json'))
  expect(code, error).toBe(0)
  const { ok, result } = JSON.parse(out.trim().split('\n').pop() ?? '') as { ok: boolean; result: DemoResult }
  process.stdout.write(
    `demo: ARI ${result.ari.toFixed(3)}, PCA + k-means ${result.ariPca.toFixed(3)}, AUC ${result.auc.toFixed(3)}, ${result.seconds} s, ${result.peakRssMB} MB\n`,
  )
  expect(ok).toBe(true)
  expect(result.ari).toBeGreaterThanOrEqual(0.85)
  expect(result.ari).toBeGreaterThan(result.ariPca)
  expect(result.auc).toBeGreaterThanOrEqual(0.95)
  expect(result.peakRssMB).toBeLessThan(1500)
  for (const file of [result.map, result.scores, result.report, result.truth]) expect(existsSync(file), file).toBe(true)
  expect(readdirSync(folder)).toEqual(
    expect.arrayContaining(['map.tif', 'map.qml', 'map.png', 'scores.tif', 'scores.qml', 'report.html', 'demo.stratum']),
  )
  if (hasGdal) {
    expect(gdalinfo(result.map).bands[0].overviews?.length).toBeGreaterThan(0)
    expect(execFileSync('gdalinfo', [result.map], { encoding: 'utf8' })).toContain('COMPRESSION=DEFLATE')
  }
}, 600_000)

/**
 * Sparse autoencoders find the directions that rows are made of (helpers/superposition.ts), with nothing but their balanced preset and
 * the number of codes that rows have. 100 directions in 48 columns here; the whole table, 200 directions in 64 columns with 3000 steps
 * of 1024 rows and several seeds, is printed by `node test/bench/sae.ts --only recovery`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RowsToLearn, recovery, superposedRows } from '../helpers/dictionaries.ts'

const of = { columns: 48, features: 100, active: 3, latents: 128 }
const [steps, batchSize, seed] = [2000, 512, 1]

describe('of 100 directions in 48 columns', () => {
  // 200 MB, made once for all and let go of.
  let rows: RowsToLearn | undefined
  beforeAll(() => {
    rows = superposedRows({ ...of, seed }, steps * batchSize)
  })
  afterAll(() => {
    rows = undefined
  })

  for (const id of ['sae-relu', 'sae-topk', 'batch-topk', 'sae-jumprelu', 'sae-gated'])
    test(`${id} finds at least 95 % in 2000 steps of 512 rows`, { timeout: 300_000 }, async () => {
      const { recovered, codesPerRow, explainedVariance } = await recovery(id, { of, steps, batchSize, seed }, rows)
      process.stdout.write(
        `recovery, ${id}: ${(100 * recovered).toFixed(1)} %, codes per row ${codesPerRow.toFixed(2)}, explained ${explainedVariance.toFixed(3)}\n`,
      )
      expect(recovered).toBeGreaterThanOrEqual(0.95)
      expect(Math.abs(codesPerRow / of.active - 1)).toBeLessThan(0.1)
    })
})

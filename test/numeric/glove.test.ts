/**
 * Word vectors (20 000 of 100 columns, a tenth held out) by sparse autoencoders of 800 latents with equally many codes per row, 16: what
 * they explain of the held-out rows after 35 passes, and how many latents no row uses. 50 passes, more models and seeds:
 * `node test/bench/sae.ts --only glove`.
 */
import { describe, expect, test } from 'vitest'
import { gloveParams, gloveRows, trainDictionary } from '../helpers/dictionaries.ts'
import { hasSharedData } from '../helpers/sharedData.ts'

describe.skipIf(!hasSharedData)('16 of 800 codes of a word', () => {
  test.each([
    ['sae-topk', 0.74],
    ['sae-jumprelu', 0.69],
    // The first of its kind, for comparison: its penalty shrinks every code.
    ['sae-relu', 0.38],
  ])(
    '%s explains at least %f of what words differ in, and leaves at most a fiftieth of its codes unused',
    { timeout: 300_000 },
    async (id, least) => {
      const { explainedVariance, codesPerRow, dead } = await trainDictionary(id, gloveParams(id, 35), gloveRows())
      process.stdout.write(
        `glove, ${id}: explained ${explainedVariance.toFixed(3)}, codes per row ${codesPerRow.toFixed(2)}, dead ${(100 * dead).toFixed(1)} %\n`,
      )
      // Where it is a mean of the rows learned from, held-out rows need somewhat more.
      expect(Math.abs(codesPerRow / 16 - 1)).toBeLessThan(0.15)
      expect(explainedVariance).toBeGreaterThanOrEqual(least)
      expect(dead).toBeLessThanOrEqual(0.02)
    },
  )
})

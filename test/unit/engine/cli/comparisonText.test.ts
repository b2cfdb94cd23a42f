import { expect, it } from 'vitest'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { measureOf } from '#common/domain/measures.ts'
import { comparisonText } from '#engine/cli/comparisonText.ts'

const p = { ...measureOf('ari'), key: 'p', title: 'p', digits: 4, kind: 'fact' as const, description: 'Of the test.' }
const textOf = (figures: Record<string, number | null>, columns = [measureOf('falseAlarmRate'), p]): string =>
  comparisonText({
    title: 'new rows',
    basis: 'All rows.',
    columns,
    rows: [{ name: 'a', artifact: null, figures }],
  } as unknown as ComparisonMeta)

it('never rounds a probability, or a share that is above nothing, to nothing', () => {
  expect(textOf({ falseAlarmRate: 2e-5, p: 0 })).toMatch(/a\s+<0\.0001\s+<0\.0001\n/)
  expect(textOf({ falseAlarmRate: 0, p: 0.00005 })).toMatch(/a\s+0\.0000\s+0\.0001\n/)
})

it('says what each column measures, by the name of its measure', () => {
  const text = textOf({ ari: 0.5 }, [measureOf('ari')])
  expect(text).toMatch(/run\s+Agreement\na\s+0\.500\n/)
  expect(text).toContain('Agreement  Adjusted Rand index with the labels (ARI)')
  expect(text.endsWith('All rows.')).toBe(true)
})

it('does not call the best of one seed better', () => {
  const row = { name: 'a', artifact: null, figures: { ari: 0.5 }, standing: { ari: 'best' } }
  const meta = { title: 'models', basis: 'All rows.', columns: [measureOf('ari')], rows: [row], seeds: [1] }
  expect(comparisonText(meta as unknown as ComparisonMeta)).toContain('* best of one seed')
  expect(comparisonText({ ...meta, seeds: [1, 2] } as unknown as ComparisonMeta)).toContain('paired t test over seeds')
})

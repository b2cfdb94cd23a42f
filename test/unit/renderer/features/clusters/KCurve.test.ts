import { render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import type { ClusteringMeta } from '#common/domain/results.ts'
import KCurve from '../../../../../src-renderer/features/clusters/KCurve.svelte'

test('figures of a fit have names and are written as what they are; one of another version is left out', () => {
  const meta = {
    k: 4,
    chosenBecause: 'found',
    figures: { clusters: 4, noiseShare: 0.125, meanLogLikelihood: -1.23456, leaves: 12_345, unheardOf: 7 },
  } as unknown as ClusteringMeta
  render(KCurve, { meta, curve: { kCurve: [] }, busy: false, onchoose: vi.fn() })
  const told = screen.getAllByRole('term').map((term) => [term.textContent, term.nextElementSibling?.textContent?.replace(/\s/g, ' ')])
  expect(told).toEqual([
    ['Clusters found', '4'],
    ['Noise', '12.5 %'],
    ['Log-likelihood per row', '−1.235'],
    ['Leaves of the tree', '12 345'],
  ])
})

/**
 * Noise on rows that a model learns to take away: Vincent et al., ICML 2008 and JMLR 2010
 *
 *   gaussian          x + σ ε,  ε ~ N(0, 1)
 *   masking           x or 0, a share p of entries being 0
 *   dropout           x / (1 − p) or 0: as masking, but as large on average as without
 *   salt-and-pepper   x, or with a share p the least or the greatest value that the column has among these rows, one as often as the other
 *
 * Every entry by itself. Shapes: x and result [B, D]
 */
import { add, cast, greaterEqual, less, max, min, mul, type Tensor, type Tensor2D, where } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { Noise } from '../models/define.ts'

export const Corruption = z.enum(['gaussian', 'masking', 'salt-and-pepper', 'dropout'])
export type Corruption = z.output<typeof Corruption>

export const corruptionLabels: Readonly<Record<Corruption, string>> = {
  gaussian: 'Gaussian',
  masking: 'Masking',
  'salt-and-pepper': 'Salt and pepper',
  dropout: 'Dropout',
}

/** @param level  σ in the units of x for gaussian noise, else the share p of entries, below 1 */
export function corrupted(x: Tensor2D, kind: Corruption, level: number, noise: Noise): Tensor2D {
  if (level === 0) return x
  if (kind === 'gaussian') return add<Tensor2D>(x, mul(level, noise.normal('corruption', x.shape)))
  const u = noise.uniform('corruption', x.shape)
  if (kind === 'salt-and-pepper') {
    const extremes = where<Tensor>(less(u, level / 2), min(x, 0, true), max(x, 0, true))
    return where<Tensor>(greaterEqual(u, level), x, extremes) as Tensor2D
  }
  const kept = mul<Tensor2D>(x, cast(greaterEqual(u, level), 'float32'))
  return kind === 'dropout' ? mul(kept, 1 / (1 - level)) : kept
}

/** Whether single values are changed and others not; the level is then the share of those that are. */
export const isShare = (kind: Corruption): boolean => kind !== 'gaussian'

/** @throws PARAMETER_INVALID when nothing would be left of a row */
export function checkCorruption(kind: Corruption, level: number): void {
  if (!isShare(kind) || level < 1) return
  throw new StratumError(
    'PARAMETER_INVALID',
    `Noise that changes a share of ${level} of the values leaves nothing of a row.`,
    'Choose a strength below 1; only gaussian noise may be stronger.',
    { parameter: 'noiseLevel' },
  )
}

/** Codes of all rows together against draws of N(0, I). */
import { add, mul, type Scalar, slice, sum, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { mmd } from '../../losses/mmd.ts'
import type { Noise } from '../define.ts'
import { alwaysTheSame, code } from './network.ts'

export const kernel = z
  .enum(['imq', 'rbf'])
  .default('imq')
  .meta({
    title: 'How codes are compared',
    labels: { imq: 'Inverse multiquadratic', rbf: 'Gaussian' },
    paperTerm: 'MMD kernel',
    group: code,
    advanced: true,
    description: 'The first also notices codes far outside.',
  })

/** @throws PARAMETER_INVALID */
export function checkPairs(batchSize: number): void {
  if (batchSize >= 8) return
  throw new StratumError(
    'PARAMETER_INVALID',
    `${batchSize} rows have no distribution that could be compared with a bell curve.`,
    'Choose at least 8 rows per step, better some hundreds.',
    { parameter: 'batchSize' },
  )
}

const pieceRows = 1024

/** MMD² of codes from as many draws of the prior: one and the same draw without noise. Memory: three matrices of at most 1024² numbers. */
export function towardsPrior(codes: Tensor2D, name: z.output<typeof kernel>, noise: Noise | null): Scalar {
  const prior = (noise ? noise.normal('prior', codes.shape) : alwaysTheSame(codes.shape, 'prior')) as Tensor2D
  const [B, Z] = codes.shape
  if (B < 2) return mul<Scalar>(0, sum(codes)) // a single row has no distribution
  const count = Math.max(1, Math.min(Math.ceil(B / pieceRows), Math.floor(B / 2)))
  const parts = Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((i * B) / count), Math.floor(((i + 1) * B) / count)]
    const piece = (t: Tensor2D): Tensor2D => (count === 1 ? t : slice(t, [from, 0], [to - from, Z]))
    return mul<Scalar>((to - from) / B, mmd(piece(codes), piece(prior), name))
  })
  return parts.reduce((a, b) => add(a, b))
}

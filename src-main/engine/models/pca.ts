/**
 * Principal component analysis: Pearson 1901, Hotelling 1933
 *
 *   z = (x − μ) W      x̂ = z Wᵀ + μ      W the eigenvectors of the covariance with the Z largest eigenvalues
 *
 * The best that any linear code of Z numbers can do, in closed form: no other linear model has a smaller squared error.
 * Shapes: x, recon [B, D] · z [B, Z] · W [D, Z] · μ [D]
 */
import { add, matMul, sub, type Tensor2D } from '@tensorflow/tfjs-core'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { Covariance } from '../compute/linear/covariance.ts'
import { covarianceProduct, meanOf } from '../compute/linear/covarianceProduct.ts'
import { type Eigenpairs, leadingEigenpairs, leadingEigenpairsOf } from '../compute/linear/eigenvectors.ts'
import { blocksOf, type RowReader, rowsOfBlock } from '../compute/rowReader.ts'
import { defineModel } from './define.ts'

/** Multiply-adds between two looks at the cancel flag, about 50 ms. */
const workAtOnce = 5e7

/** Beyond this many columns a few products with the rows cost less than their covariance, which also would no longer fit. */
const widest = 512

interface Axes {
  readonly mean: Float64Array
  readonly pairs: Eigenpairs
}

/** Goes through the rows once. Memory: the covariance and one block of rows. */
async function ofNarrow(train: RowReader, k: number, seed: number, signal: AbortSignal): Promise<Axes> {
  const d = train.columns
  const covariance = new Covariance(d)
  for await (const { n, X } of blocksOf(train, rowsOfBlock(d, Math.max(1, Math.floor(workAtOnce / d ** 2))))) {
    await setImmediate()
    throwIfCancelled(signal)
    covariance.add(X, n)
  }
  return { mean: covariance.mean, pairs: await leadingEigenpairs(covariance.matrix(), d, k, seed, signal) }
}

/** Goes through the rows up to 32 times. Memory: a few numbers per column and component, and one block of rows. */
async function ofWide(train: RowReader, k: number, seed: number, signal: AbortSignal): Promise<Axes> {
  const mean = await meanOf(train, signal)
  return { mean, pairs: await leadingEigenpairsOf(covarianceProduct(train, mean, signal), train.columns, k, seed, signal) }
}

export const pca = defineModel({
  id: 'pca',
  version: 1,
  title: 'PCA',
  summary: 'Straight axes through the data, the widest first. Exact and immediate.',
  group: 'Good first choices',
  useWhen: 'Always first: it shows what a straight line can explain, and every other model is compared with it.',
  avoidWhen: 'The data bend, as mixtures with shade or saturation do; then an autoencoder needs fewer numbers.',
  paper: 'Hotelling 1933, Analysis of a complex of statistical variables into principal components, Journal of Educational Psychology 24',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  params: z.object({
    components: z.int().min(1).max(4096).default(4).meta({
      title: 'Numbers per row (code)',
      paperTerm: 'principal components',
      group: 'Layers',
      description: 'How many axes are kept.',
    }),
  }),
  presets: [{ id: 'default', title: 'Four axes', summary: 'The four widest axes.', params: {} }],

  build({ components }, inputDim) {
    if (components > inputDim) {
      throw new StratumError(
        'PARAMETER_INVALID',
        `PCA cannot give ${components} components from ${inputDim} columns.`,
        `Choose at most ${inputDim}.`,
        { parameter: 'components', columns: inputDim },
      )
    }
    return {
      kind: 'closed-form',
      layout: { title: 'PCA', widths: [inputDim, components, inputDim], code: 1, epochs: 1, batchSize: 1 },
      weightCount: inputDim * (components + 1),
      async fit(train, seed, signal) {
        const { mean, pairs } = await (inputDim > widest ? ofWide : ofNarrow)(train, components, seed, signal)
        return {
          mean: { shape: [inputDim], values: Float32Array.from(mean) },
          components: { shape: [inputDim, components], values: Float32Array.from(pairs.vectors) },
          variance: { shape: [components], values: Float32Array.from(pairs.values) },
        }
      },
      encode: (x, { mean, components: W }) => matMul(sub<Tensor2D>(x, mean), W as Tensor2D),
      decode: (code, { mean, components: W }) => add<Tensor2D>(matMul(code, W as Tensor2D, false, true), mean),
    }
  },
})

/**
 * Conditional variational autoencoder: Sohn, Lee & Yan, NeurIPS 2015, Learning structured output representation using deep conditional
 * generative models
 *
 *   L(x; c) = −ln p(x | z, c) + β(t) · KL( q(z|x, c) ‖ p(z|c) )          q(z|x, c) = N(μ, σ²),  z = μ + σ ε,  ε ~ N(0, I)
 *
 * c is what is known of a row beforehand: batch, sensor, flight line. It goes into both networks and is not rebuilt, so the code need
 * not tell it. Without conditions it is the ordinary VAE.
 *
 * Otherwise than in the paper: their x is our c and their y our x; p(z|c) is N(0, I) unless it is to be learned, for only then codes of
 * different c can be compared (they name it as the relaxed form); no hybrid objective. Spread, variance and the draw for judging:
 * network.ts.
 *
 * Shapes: B batch, D columns, C of them conditions, Z code.  x [B, D] · c [B, C] · x̂ [B, D − C] · mu, logVariance, z [B, Z] · loss []
 */
import { mean, mul, type Scalar, tanh, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { denseChain } from '../../layers/dense.ts'
import { klBetween, klPerUnit, meanKl } from '../../losses/kl.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { logImportanceWeights, variationalFace } from './importance.ts'
import { code, drawn, family, grownAt, network, networkParams, type Posterior, sized, warmup } from './network.ts'

export const cvae = defineModel({
  id: 'cvae',
  version: 1,
  title: 'Conditional variational autoencoder',
  summary: 'A variational autoencoder that is told known influences, so that its codes need not tell them.',
  ...family,
  useWhen:
    'Something known moves the values and shall not shape the codes: batch, sensor, flight line. Name it as a known influence of the data.',
  avoidWhen:
    'Nothing of the kind is known: then it is the ordinary variational autoencoder. What goes together with the influence is taken out with it.',
  paper: 'Sohn, Lee & Yan 2015, Learning structured output representation using deep conditional generative models, NeurIPS 28',
  takesConditions: true,
  params: z.object({
    ...networkParams,
    beta: z.number().min(0).max(10_000).default(1).meta({
      title: 'Price of the code',
      paperTerm: 'β, weight of KL',
      group: code,
      description: 'Above 1, fewer numbers and less of what the known influences leave over. 1 is the lower bound of the likelihood.',
    }),
    prior: z
      .enum(['standard', 'conditional'])
      .default('standard')
      .meta({
        title: 'Where codes are expected',
        labels: { standard: 'Around zero', conditional: 'Depends on the influences' },
        paperTerm: 'prior p(z|c)',
        group: code,
        advanced: true,
        description:
          'Around zero whatever the influences, so that codes can be compared across them; or learned from them, as in the paper, where codes of each have a place of their own.',
      }),
    warmup: warmup(0.1),
    epochs: epochs(50),
    batchSize: batchSize(128),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    {
      id: 'default',
      title: 'Balanced',
      summary: 'Eight numbers per row. Measurements in tables, with sensor, site or season known.',
      params: {},
    },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four numbers per pixel through layers of 64 and 16; flight line or acquisition known.',
      params: sized.scene,
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell through one layer of 128, batch or donor known; for log-normalised counts of selected genes.',
      params: { ...sized.cells, warmup: 0.25 },
      scaling: 'z-score',
      ...variableGenes,
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'Sixteen numbers through layers of 256 and 64; source or language known.',
      params: sized.embedding,
      scaling: 'z-score',
    },
    {
      id: 'series',
      title: 'Time series',
      summary: 'Six numbers per window through layers of 128 and 32; unit, season or mode of operation known.',
      params: sized.series,
      scaling: 'z-score',
    },
  ],

  build(params, inputDim, conditionCount = 0) {
    const { beta, codeSize } = params
    const net = network(params, inputDim, conditionCount)
    const { conditions } = net
    const hasPrior = params.prior === 'conditional' && conditionCount > 0
    const priorMean = denseChain('prior/mean', conditionCount, [{ units: codeSize, activation: 'linear' }])
    const priorVariance = denseChain('prior/variance', conditionCount, [{ units: codeSize, activation: 'linear' }])
    const priorChains = hasPrior ? [priorMean, priorVariance] : []

    /** p(z|c), linear in the conditions. */
    function prior(x: Tensor2D, weights: TensorMap): Posterior {
      const c = conditions.given(x) as Tensor2D
      return { mu: priorMean.apply(c, weights), logVariance: mul(10, tanh(mul(0.1, priorVariance.apply(c, weights)))) }
    }
    const divergence = (x: Tensor2D, q: Posterior, weights: TensorMap): Tensor2D =>
      hasPrior ? klBetween(q, prior(x, weights)) : klPerUnit(q.mu, q.logVariance)

    return {
      kind: 'gradient',
      stages: [
        {
          ...conditions.stage,
          layout: net.layout('Conditional variational autoencoder', params),
          learningRate: params.learningRate,
          trains: [...net.weightNames, ...priorChains.flatMap(({ weightNames }) => weightNames)],
          initialWeights: (initialiser) => ({
            ...net.initialWeights(initialiser),
            ...Object.assign({}, ...priorChains.map((chain) => chain.initialWeights(initialiser))),
          }),
          scalars: (step, steps) => ({ price: beta * grownAt(params.warmup, step, steps), ...conditions.scalars(step) }),

          loss(x, weights, noise, now) {
            const q = net.posterior(x, weights)
            const o = net.output(drawn(q, noise), weights, x)
            const reconstruction = mean<Scalar>(net.negativeLog(x, o, weights, !noise, now.present))
            const kl = mul<Scalar>(now.scalars.price, meanKl(divergence(x, q, weights)))
            return { ...totalOf({ reconstruction, kl }), buffers: conditions.buffers(x, now) }
          },
        },
      ],
      ...variationalFace(net),
      codePrice: beta,
      ...(hasPrior && {
        divergence: (x: Tensor2D, weights: TensorMap) => divergence(x, net.posterior(x, weights), weights),
        logImportanceWeights: (x, weights, noise, draws, present) =>
          logImportanceWeights(net, x, weights, noise, draws, { prior, present }),
      }),
    }
  },
})

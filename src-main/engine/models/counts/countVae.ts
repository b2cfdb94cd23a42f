/**
 * Variational autoencoder of counts (scVI): Lopez et al., Nature Methods 15, 2018 (doi 10.1038/s41592-018-0229-2)
 *
 *   q(z|x) = N(μ_z, σ²) from ln(1 + x)       ρ = softmax(f(z))       μ = ℓ ρ,  ℓ = Σ x
 *   L(x) = −Σ_g ln NB(x_g; μ_g, θ_g) + w(t) · KL( q(z|x) ‖ N(0, I) )           or ZINB, with log-odds of extra zeros from z
 *
 * ρ are the shares of the genes in a cell, ℓ how many counts it has over the genes that are learned from, θ one inverse dispersion
 * per gene. w grows from 0 to 1 over the first part of the training.
 *
 * Otherwise than in the paper:
 * · ℓ is what was counted instead of a second latent variable (as in scvi-tools since 0.8);
 * · neither batch normalisation nor dropout; ln σ² is bounded as in variational/network.ts;
 * · f starts at the mean profile of some cells and θ at 1. Moments would start θ lower where kinds of cells differ, and count as noise what
 *   the code should tell: worse groups, though a better bound;
 * · held-out cells are judged with one draw of ε that is the same in every pass.
 *
 * A code without its cell is decoded to the mean ℓ̄ of the ℓ that were learned from. What the code knows of a cell is told as
 * ln(1 + ℓ̄ ρ): the logarithm evens out large genes, and at the depth of the data it does not blow up those that were hardly counted.
 *
 * Conditions c (a batch, a donor) go into both networks: q(z|x, c), f(z, c). Without a cell, c is the mean of all.
 *
 * The code is μ_z. Shapes: B batch, D genes, C conditions, Z code.  x [B, D + C] · c [B, C] · ρ, μ, x̂ [B, D] · ℓ [B, 1] · θ [D] · z [B, Z]
 */
import {
  add,
  concat,
  log,
  log1p,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  type Scalar,
  sigmoid,
  softmax,
  sub,
  sum,
  tanh,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { firstOfEach } from '../../compute/rowReader.ts'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { Activation } from '../../layers/activations.ts'
import { denseChain } from '../../layers/dense.ts'
import { logNegativeBinomial, logZeroInflated } from '../../losses/counts.ts'
import { klPerUnit, meanKl } from '../../losses/kl.ts'
import { totalOf } from '../../losses/terms.ts'
import { conditionsOf } from '../conditions.ts'
import { defineModel, type TensorMap } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { logImportanceWeights } from '../variational/importance.ts'
import { data, drawn, grownAt, layers, type Posterior, warmup, widths } from '../variational/network.ts'
import { atTypicalDepth, librarySize } from './depth.ts'
import { meanLogShares } from './start.ts'

export const countVae = defineModel({
  id: 'count-vae',
  version: 1,
  title: 'Count autoencoder',
  summary: 'Learns from raw counts as they are: what a cell is, apart from how deeply it was sequenced.',
  group: 'Smooth and probabilistic codes',
  useWhen: 'The values are raw counts: genes of cells, species at sites, events per interval.',
  avoidWhen: 'Counts were normalised or logarithms taken already, or there are less than some thousand rows.',
  paper: 'Lopez et al. 2018, Deep generative modeling for single-cell transcriptomics, Nature Methods 15, doi 10.1038/s41592-018-0229-2',
  fits: ['cells', 'table'],
  learnsFrom: 'counts',
  takesConditions: true,
  params: z.object({
    codeSize: z.int().min(1).max(4096).default(10).meta({
      title: 'Numbers per row (code)',
      paperTerm: 'latent dimension',
      group: layers,
      description: 'To how many numbers each cell is compressed. Those that are not needed stay at zero.',
    }),
    encoder: widths.default([128]).meta({
      title: 'Layers down to the code',
      unit: 'units',
      paperTerm: 'encoder widths',
      group: layers,
      description: 'Units of each layer between the counts and the code.',
    }),
    decoder: widths.nullable().default(null).meta({
      title: 'Layers back from the code',
      unit: 'units',
      paperTerm: 'decoder widths',
      group: layers,
      advanced: true,
      description: 'Units of each layer between the code and the shares of the genes; empty mirrors the way down.',
    }),
    activation: Activation.default('relu').meta({
      title: 'Bend of the layers',
      paperTerm: 'activation',
      group: layers,
      advanced: true,
      description: 'The function that makes layers more than a matrix.',
    }),
    likelihood: z
      .enum(['nb', 'zinb'])
      .default('nb')
      .meta({
        title: 'Shape of the noise',
        paperTerm: 'likelihood p(x|z)',
        labels: { nb: 'Negative binomial', zinb: 'Zero-inflated' },
        group: data,
        description:
          'Negative binomial suits counts of molecules (UMI). Zero-inflated when there are many more zeros than that, as with counts of reads.',
      }),
    warmup: warmup(0.5),
    epochs: epochs(40),
    batchSize: batchSize(128),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    {
      id: 'default',
      title: 'Cells',
      summary: 'Ten numbers per cell through one layer of 128, for some thousand cells and about 2000 genes. Takes raw counts.',
      params: {},
      prepare: { topGenes: 2000 },
    },
    {
      id: 'zero-inflated',
      title: 'Counts of reads',
      summary: 'The same with zeros beyond those of the counts: full-length protocols without molecule barcodes.',
      params: { likelihood: 'zinb' },
      prepare: { topGenes: 2000 },
    },
    {
      id: 'table',
      title: 'Tables of counts',
      summary: 'Five numbers per row through one layer of 32: species at sites, events per interval, some ten to hundred columns.',
      params: { codeSize: 5, encoder: [32] },
    },
  ],

  build(params, inputDim, conditionCount = 0) {
    const { codeSize: Z, likelihood } = params
    const D = inputDim - conditionCount
    const conditions = conditionsOf(inputDim, conditionCount)
    const back = params.decoder ?? [...params.encoder].reverse()
    const bent = (units: number) => ({ units, activation: params.activation })
    const straight = (units: number) => [{ units, activation: 'linear' as const }]
    const [down, up] = [params.encoder.at(-1) ?? inputDim, back.at(-1) ?? Z + conditionCount]
    const trunk = denseChain('encoder', inputDim, params.encoder.map(bent))
    const meanLayer = denseChain('encoder/mean', down, straight(Z))
    const varianceLayer = denseChain('encoder/variance', down, straight(Z))
    const decoder = denseChain('decoder', Z + conditionCount, back.map(bent))
    const shares = denseChain('decoder/shares', up, straight(D))
    const zeros = denseChain('decoder/zeros', up, straight(D))
    const chains = [trunk, meanLayer, varianceLayer, decoder, shares, ...(likelihood === 'zinb' ? [zeros] : [])]

    const withGiven = (own: Tensor2D, c: Tensor2D | null): Tensor2D => (c ? concat([own, c], 1) : own)
    const net = {
      posterior(x: Tensor2D, w: TensorMap): Posterior {
        const logCounts = log<Tensor2D>(add(maximum(conditions.rebuilt(x), 0), 1))
        const h = trunk.apply(withGiven(logCounts, conditions.given(x)), w)
        return { mu: meanLayer.apply(h, w), logVariance: mul(10, tanh(mul(0.1, varianceLayer.apply(h, w)))) }
      },
      /** What shares and log-odds are made of. */
      output: (sample: Tensor2D, w: TensorMap, x?: Tensor2D): Tensor2D =>
        decoder.apply(withGiven(sample, conditions.givenOrTypical(sample.shape[0], w, x)), w),
      negativeLog(x: Tensor2D, o: Tensor2D, w: TensorMap): Tensor1D {
        const counts = conditions.rebuilt(x)
        const logMu = add<Tensor2D>(logSoftmax(shares.apply(o, w)), log(librarySize(counts)))
        const each =
          likelihood === 'zinb'
            ? logZeroInflated(counts, logMu, w.logTheta as Tensor1D, zeros.apply(o, w))
            : logNegativeBinomial(counts, logMu, w.logTheta as Tensor1D)
        return neg(sum(each, 1))
      },
    }

    return {
      kind: 'gradient',
      stages: [
        {
          layout: {
            title: 'Count autoencoder',
            widths: [inputDim, ...params.encoder, Z, ...back, D],
            code: params.encoder.length + 1,
            epochs: params.epochs,
            batchSize: params.batchSize,
          },
          learningRate: params.learningRate,
          trains: [...chains.flatMap(({ weightNames }) => weightNames), 'logTheta'],
          initialWeights(initialiser, rows) {
            const seen = rows && { n: rows.n, values: firstOfEach(rows.values, rows.n, inputDim, D) }
            return {
              ...Object.assign({}, ...chains.map((chain) => chain.initialWeights(initialiser))),
              ...conditions.initialWeights(initialiser),
              'decoder/shares/0/bias': { shape: [D], values: meanLogShares(seen, D) },
              logTheta: initialiser.constant([D], 0),
              depth: initialiser.constant([], 0),
            }
          },
          buffers: { ...conditions.stage.buffers, depth: { shape: [], values: new Float32Array(1) } },
          keeps: [...(conditions.stage.keeps ?? []), 'depth'],
          scalars: (step, steps) => ({
            price: grownAt(params.warmup, step, steps),
            depthShare: 1 / (step + 1),
            ...conditions.scalars(step),
          }),

          loss(x, w, noise, now) {
            const { price, depthShare } = now.scalars
            const { depth } = now.buffers
            const q = net.posterior(x, w)
            const reconstruction = mean<Scalar>(net.negativeLog(x, net.output(drawn(q, noise), w, x), w))
            const kl = mul<Scalar>(price, meanKl(klPerUnit(q.mu, q.logVariance)))
            const library = mean(librarySize(conditions.rebuilt(x)))
            return {
              ...totalOf({ reconstruction, kl }),
              buffers: {
                ...conditions.buffers(x, now),
                depth: add(depth, mul(depthShare, sub(stopGradient(library), depth))),
              },
            }
          },
        },
      ],
      encode: (x, w) => net.posterior(x, w).mu,
      posterior: net.posterior,
      codePrice: 1,
      comparison: atTypicalDepth,
      logImportanceWeights: (x, w, noise, draws) => logImportanceWeights(net, x, w, noise, draws),
      decode(sample, w, x) {
        const o = net.output(sample, w, x)
        const library = x ? librarySize(conditions.rebuilt(x)) : w.depth
        const expected = mul<Tensor2D>(softmax(shares.apply(o, w)), library)
        return likelihood === 'zinb' ? mul(expected, sigmoid(neg(zeros.apply(o, w)))) : expected
      },
      profile: (sample, w) => log1p(mul(w.depth, softmax(shares.apply(net.output(sample, w), w)))),
    }
  },
})

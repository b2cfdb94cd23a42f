/** A convolutional autoencoder of square pictures with one channel, as a stage: for tests and benches of the numeric core. */
import { mean, squaredDifference } from '../../src-main/engine/compute/tfjs.ts'
import { convChain, type ImageShape, toImages, toRows, transposedConvChain } from '../../src-main/engine/layers/conv.ts'
import { denseChain } from '../../src-main/engine/layers/dense.ts'
import { totalOf } from '../../src-main/engine/losses/terms.ts'
import type { Stage } from '../../src-main/engine/models/define.ts'

/** Side → side/2 × filters[0] → … → code and back; windows 3 × 3, stride 2. */
export function convolutional(side: number, filters: readonly number[], code: number): Stage {
  const sides = [side, ...filters.map((_, k) => Math.ceil(side / 2 ** (k + 1)))]
  const relu = (units: number) => ({ filters: units, stride: 2, activation: 'relu' }) as const
  const down = convChain('down', [side, side, 1], filters.map(relu))
  const shape: ImageShape = down.outputShape
  const wide = shape[0] * shape[1] * shape[2]
  const narrow = denseChain('narrow', wide, [{ units: code, activation: 'linear' }])
  const widen = denseChain('widen', code, [{ units: wide, activation: 'relu' }])
  const back = [...filters].reverse()
  const up = transposedConvChain(
    'up',
    shape,
    [...back.slice(1).map(relu), { filters: 1, stride: 2, activation: 'linear' }],
    [...sides]
      .reverse()
      .slice(1)
      .map((n) => [n, n] as const),
  )
  const chains = [down, narrow, widen, up]
  return {
    layout: { title: 'Convolutional', widths: [side * side, wide, code, wide, side * side], code: 2, epochs: 1, batchSize: 64 },
    learningRate: 0.001,
    trains: chains.flatMap(({ weightNames }) => weightNames),
    initialWeights: (initialiser) => Object.assign({}, ...chains.map((chain) => chain.initialWeights(initialiser))),
    loss(x, weights) {
      const z = narrow.apply(toRows(down.apply(toImages(x, [side, side, 1]), weights)), weights)
      const image = up.apply(toImages(widen.apply(z, weights), shape), weights)
      return totalOf({ reconstruction: mean(squaredDifference(x, toRows(image))) })
    },
  }
}

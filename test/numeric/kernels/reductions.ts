import * as tf from '#engine/compute/tfjs.ts'
import { type Cases, unary } from './case.ts'

export const reductionCases: Cases = {
  Sum: unary((v) => tf.sum(v, 0)),
  Mean: unary((v) => tf.mean(v, 1)),
  Max: unary((v) => tf.max(v, 1)),
  Min: unary((v) => tf.min(v, 0, true)),
  Prod: unary((v) => tf.prod(v, 0), 0.5, 2),
  'Prod, with zeros': unary((v) => tf.prod(tf.mul(v, [1, 0, 1, 1]), 1), 0.5, 2),
  All: unary((v) => tf.cast(tf.all(tf.greater(v, -1), 1), 'float32'), -2, 2, []),
  Any: unary((v) => tf.cast(tf.any(tf.greater(v, 1), 0, true), 'float32'), -2, 2, []),
  ArgMax: unary((v) => tf.argMax(v, 1), -2, 2, []),
  ArgMin: unary((v) => tf.argMin(v, 0), -2, 2, []),
  Softmax: unary((v) => tf.softmax(v)),
  LogSoftmax: unary((v) => tf.logSoftmax(v)),
  Cumsum: unary((v) => tf.square(tf.cumsum(v, 1, true))),
  'Cumsum, backwards': unary((v) => tf.square(tf.cumsum(v, 0, false, true))),
  TopK: unary((v) => tf.topk(v, 2).values),
}

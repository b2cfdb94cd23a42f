import { add, type Scalar } from '@tensorflow/tfjs-core'

/** Named terms and their sum, as a stage's loss returns them. */
export function totalOf(terms: Readonly<Record<string, Scalar>>): { total: Scalar; terms: Readonly<Record<string, Scalar>> } {
  return { total: Object.values(terms).reduce((sum, term) => add(sum, term)), terms }
}

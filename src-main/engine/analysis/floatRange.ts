/** Numbers so large or small that their squares leave the range of floats, brought back into it. */

const [smallest, largest] = [1e-6, 1e15]

/** A power of two that brings the largest number to at most 1, so that distances keep their proportions to the bit; 1 where that is not needed. */
export function factorIntoRange(X: Float32Array): number {
  let most = 0
  for (let at = 0; at < X.length; at++) most = Math.max(most, Math.abs(X[at]))
  return !(most > 0) || (most > smallest && most < largest) ? 1 : 2 ** -Math.ceil(Math.log2(most))
}

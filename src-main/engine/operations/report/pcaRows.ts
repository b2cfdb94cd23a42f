/** Rows as the model's PCA baseline rebuilds them: x̂ = (x − μ) W Wᵀ + μ. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { Project } from '../../project/project.ts'
import { pcaArrays } from '../trainedModel.ts'

/** Multiply-adds between two looks at the cancel flag, about 50 ms. */
const workAtOnce = 5e7

/** @param x  [n × C]. Memory: the result and the components. */
export async function pcaRows(
  project: Project,
  model: Artifact,
  x: Float32Array,
  n: number,
  C: number,
  signal: AbortSignal,
): Promise<{ back: Float32Array; components: number }> {
  const mean = project.array(model.id, pcaArrays.mean).read(0, C)
  const reader = project.array(model.id, pcaArrays.components)
  const W = reader.read(0, C)
  const Z = reader.shape[1]
  const back = new Float32Array(n * C)
  const z = new Float64Array(Z)
  const rowsAtOnce = Math.max(1, Math.floor(workAtOnce / (2 * C * Z)))
  for (let i = 0, at = 0; i < n; i++, at += C) {
    if (i % rowsAtOnce === 0) {
      throwIfCancelled(signal)
      await setImmediate()
    }
    z.fill(0)
    for (let j = 0; j < C; j++) {
      const centred = x[at + j] - mean[j]
      for (let k = 0, w = j * Z; k < Z; k++, w++) z[k] += centred * W[w]
    }
    for (let j = 0; j < C; j++) {
      let sum = mean[j]
      for (let k = 0, w = j * Z; k < Z; k++, w++) sum += z[k] * W[w]
      back[at + j] = sum
    }
  }
  return { back, components: Z }
}

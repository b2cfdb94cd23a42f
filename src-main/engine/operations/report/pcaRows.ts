/** Rows as the model's PCA baseline rebuilds them: x̂ = (x − μ) W Wᵀ + μ. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { Project } from '../../project/project.ts'
import { pcaArrays } from '../trainedModel.ts'

/** @param x  [n × C]. Memory: the result and the components. */
export function pcaRows(
  project: Project,
  model: Artifact,
  x: Float32Array,
  n: number,
  C: number,
): { back: Float32Array; components: number } {
  const mean = project.array(model.id, pcaArrays.mean).read(0, C)
  const reader = project.array(model.id, pcaArrays.components)
  const W = reader.read(0, C)
  const Z = reader.shape[1]
  const back = new Float32Array(n * C)
  const z = new Float64Array(Z)
  for (let i = 0, at = 0; i < n; i++, at += C) {
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

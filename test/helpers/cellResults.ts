/** Results of every kind for the rows of a dataset, as made numbers: a model, its codes, classes with names, scores with reviews, planes. */
import type { ArtifactKind } from '#common/domain/artifact.ts'
import type { ProjectFile } from '#engine/project/open.ts'
import { newArtifact } from './newArtifact.ts'
import type { StoredValues } from './storedArtifact.ts'

export const threshold = 3
/** Without a code, a class and a score. */
export const rowWithout = 1
export const classOf = (row: number): number => (row === rowWithout ? 0 : 1 + (row % 4))
export const codeOf = (row: number, j: number): number => (row === rowWithout ? Number.NaN : Math.sin(row + j))
export const scoreOf = (row: number): number => (row === rowWithout ? Number.NaN : row % 5)
/** Only even rows are in the plane. */
export const placeOf = (row: number, axis: number): number => (row % 2 === 0 ? row + axis / 2 : Number.NaN)

/** Two classes are called alike, one has a sign that separates places, and the last is noise. */
export const legend = [
  { id: 1, name: 'T / helper', colour: '#2C71B7' },
  { id: 2, name: 'B', colour: '#E49921' },
  { id: 3, name: 'B', colour: '#399970' },
  { id: 4, name: 'Größe', colour: '#9AA0A6' },
]

export interface CellResults {
  readonly model: number
  readonly codes: number
  readonly classes: number
  readonly scores: number
  readonly umap: number
  readonly pca: number
}

/** @param code  how many numbers a code has, and how many of them are used where that is said: a dictionary's */
export function cellResults(
  project: ProjectFile,
  dataset: number,
  rows: number,
  { size: codeSize, used }: { size: number; used?: number } = { size: 3 },
): CellResults {
  function made(
    kind: ArtifactKind,
    name: string,
    inputs: Readonly<Record<string, number>>,
    meta: Readonly<Record<string, unknown>>,
    arrays: Readonly<Record<string, StoredValues>> = {},
  ): number {
    const draft = project.beginDraft(newArtifact({ kind, name, contentKey: `${kind} ${project.artifacts().length}` }), inputs)
    for (const [array, { values, ...spec }] of Object.entries(arrays)) {
      const writer = draft.writeArray(array, spec)
      writer.append(values)
      writer.finish()
    }
    return draft.finish({ dataset, rows, validRows: rows - 1, ...meta }, 0).id
  }
  const floats = (shape: readonly number[], value: (i: number) => number): StoredValues => ({
    dtype: 'float32',
    shape,
    values: Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) => value(i)),
  })

  const model = made(
    'model',
    'vae-03',
    { dataset },
    {
      model: 'vae',
      title: 'Variational autoencoder',
      settings: { codeSize },
      explainedVariance: 0.5,
      layout: { stages: [], codeSize, weights: 10, ...(used !== undefined && { activeCodes: used }) },
    },
  )
  const codes = made(
    'latents',
    'vae-03 codes',
    { model },
    { model, codeSize },
    {
      codes: floats([rows, codeSize], (i) =>
        used !== undefined && i % codeSize >= used && Math.floor(i / codeSize) !== rowWithout
          ? 0
          : codeOf(Math.floor(i / codeSize), i % codeSize),
      ),
      error: floats([rows], scoreOf),
    },
  )
  const classes = made(
    'clustering',
    'Leiden',
    { latents: codes },
    { latents: codes, method: 'leiden', k: 3, classes: legend.map(({ id }) => ({ id, ...(id === 4 && { isNoise: true }) })) },
    {
      labels: { dtype: 'uint16', shape: [rows], values: Uint16Array.from({ length: rows }, (_, row) => classOf(row)) },
      membership: floats([rows], (row) => (row === rowWithout ? Number.NaN : 0.75)),
    },
  )
  project.annotate(classes, { legend })
  const scores = made(
    'scores',
    'vae-03 anomalies',
    { latents: codes },
    { latents: codes, model, threshold },
    { score: floats([rows], scoreOf) },
  )
  project.annotate(scores, {
    review: { 4: { verdict: 'confirmed', comment: 'doublet' }, 'event/4': { verdict: 'dismissed', comment: '' } },
  })
  const even = Array.from({ length: Math.ceil(rows / 2) }, (_, i) => 2 * i)
  const plane = (method: string, title: string): number =>
    made(
      'embedding2d',
      title,
      { latents: codes },
      { latents: codes, method, title, rows: even.length },
      {
        plane: floats([even.length, 2], (i) => placeOf(even[Math.floor(i / 2)], i % 2)),
        rows: { dtype: 'float64', shape: [even.length], values: Float64Array.from(even) },
      },
    )
  return { model, codes, classes, scores, umap: plane('umap', 'UMAP'), pca: plane('pca', 'PCA') }
}

/**
 * What results say of each row, as columns of obs and matrices of obsm. Rows without a value: NaN, no category, or masked.
 * Memory: a block of rows of each result, and the reviews of rows.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import type { LatentsMeta, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { codeWriter, maskable } from '../../../export/h5ad/columns.ts'
import { array, textArray } from '../../../export/h5ad/elements.ts'
import { distinct, type Keys, matrixKey } from '../../../export/h5ad/keys.ts'
import { csrWriter, denseWriter } from '../../../export/h5ad/matrix.ts'
import type { H5Output } from '../../../export/hdf5/file.ts'
import type { H5Node } from '../../../export/hdf5/objects.ts'
import type { Project } from '../../../project/project.ts'
import { legendOf } from '../legend.ts'
import { type Kept, rowsOf } from './keep.ts'

export interface RowsTold {
  readonly obs: readonly (readonly [key: string, node: H5Node])[]
  readonly obsm: Readonly<Record<string, H5Node>>
  readonly uns: Readonly<Record<string, H5Node>>
}

export interface ResultWriter {
  readonly artifact: Artifact
  /** Numbers of a row that are read at once. */
  readonly width: number
  /** Rows from … to − 1, block after block. */
  append(from: number, to: number, kept: Kept): Promise<void>
  finish(): Promise<RowsTold>
}

interface Target {
  readonly project: Project
  readonly out: H5Output
  readonly obsKeys: Keys
  readonly obsmKeys: Keys
}

const nothing: RowsTold = { obs: [], obsm: {}, uns: {} }

export function resultWriter(artifact: Artifact, target: Target): ResultWriter {
  if (artifact.kind === 'clustering') return classes(artifact, target)
  if (artifact.kind === 'scores') return scores(artifact, target)
  return artifact.kind === 'latents' ? codes(artifact, target) : plane(artifact, target)
}

/** A categorical with the names of the classes, and their colours where scanpy looks for them. */
function classes(artifact: Artifact, { project, out, obsKeys }: Target): ResultWriter {
  const labels = project.array(artifact.id, 'labels')
  const membership = artifact.arrays.some(({ name }) => name === 'membership') ? project.array(artifact.id, 'membership') : null
  const legend = legendOf(artifact)
  const codeOf = new Map(legend.map(({ id }, code) => [id, code]))
  const key = obsKeys.take(artifact.name)
  const column = codeWriter(out, distinct(legend.map(({ name }) => name)))
  const members = membership && { key: obsKeys.take(`${artifact.name} membership`), stream: out.array('float32') }
  return {
    artifact,
    width: 1,
    async append(from, to, kept) {
      await column.append(
        rowsOf(
          Int32Array.from(labels.read(from, to), (label) => codeOf.get(label) ?? -1),
          1,
          kept,
        ),
      )
      if (membership) await members?.stream.append(rowsOf(membership.read(from, to) as Float32Array, 1, kept))
    },
    async finish() {
      const colours = await textArray(
        out,
        legend.map(({ colour }) => colour.toLowerCase()),
      )
      return {
        ...nothing,
        obs: [[key, await column.finish()], ...(members ? ([[members.key, array(await members.stream.finish())]] as const) : [])],
        uns: { [`${key}_colors`]: colours },
      }
    },
  }
}

const verdicts = ['confirmed', 'dismissed'] as const

/** Scores, which rows are above the threshold, and what someone found of them. */
function scores(artifact: Artifact, { project, out, obsKeys }: Target): ResultWriter {
  const reader = project.array(artifact.id, 'score')
  const threshold = artifact.annotations.threshold ?? (artifact.meta as unknown as ScoresMeta).threshold
  const score = { key: obsKeys.take(`${artifact.name} score`), stream: out.array('float32') }
  const flagged = { key: obsKeys.take(`${artifact.name} flagged`), column: maskable(out, 'boolean') }
  const found = new Map(
    Object.entries(artifact.annotations.review ?? {}).flatMap(([row, { verdict }]) =>
      verdict !== null && /^\d+$/.test(row) ? [[Number(row), verdicts.indexOf(verdict)] as const] : [],
    ),
  )
  const verdict = found.size > 0 ? { key: obsKeys.take(`${artifact.name} verdict`), column: codeWriter(out, verdicts) } : null
  return {
    artifact,
    width: 1,
    async append(from, to, kept) {
      const values = rowsOf(reader.read(from, to) as Float32Array, 1, kept)
      await score.stream.append(values)
      await flagged.column.append(
        Uint8Array.from(values, (value) => (value > threshold ? 1 : 0)),
        Uint8Array.from(values, (value) => (Number.isNaN(value) ? 1 : 0)),
      )
      await verdict?.column.append(
        rowsOf(
          Int32Array.from({ length: to - from }, (_, i) => found.get(from + i) ?? -1),
          1,
          kept,
        ),
      )
    },
    async finish() {
      return {
        ...nothing,
        obs: [
          [score.key, array(await score.stream.finish())],
          [flagged.key, await flagged.column.finish()],
          ...(verdict ? ([[verdict.key, await verdict.column.finish()]] as const) : []),
        ],
      }
    },
  }
}

/** X_latent of the first codes; a dictionary's, mostly zeros, as a sparse matrix. */
function codes(artifact: Artifact, { project, out, obsKeys, obsmKeys }: Target): ResultWriter {
  const reader = project.array(artifact.id, 'codes')
  const errors = project.array(artifact.id, 'error')
  const of = artifact.name.replace(/ codes$/, '')
  const key = obsmKeys.take('X_latent', () => matrixKey(`latent ${of}`))
  const error = { key: obsKeys.take(`${of} reconstruction error`), stream: out.array('float32') }
  const width = reader.shape[1]
  const { layout } = project.artifact((artifact.meta as unknown as LatentsMeta).model).meta as unknown as ModelMeta
  const isSparse = layout.activeCodes !== undefined && 4 * layout.activeCodes < width
  const matrix = isSparse ? csrWriter(out, width, null) : denseWriter(out, width)
  return {
    artifact,
    width,
    async append(from, to, kept) {
      await matrix.append(rowsOf(reader.read(from, to) as Float32Array, width, kept))
      await error.stream.append(rowsOf(errors.read(from, to) as Float32Array, 1, kept))
    },
    finish: async () => ({ ...nothing, obs: [[error.key, array(await error.stream.finish())]], obsm: { [key]: await matrix.finish() } }),
  }
}

/** X_umap, X_tsne, X_pca; of a plane of some rows the others are NaN. */
function plane(artifact: Artifact, { project, out, obsmKeys }: Target): ResultWriter {
  const { method, rows } = artifact.meta as unknown as EmbeddingMeta
  const places = project.array(artifact.id, 'plane')
  const numbers = project.array(artifact.id, 'rows')
  const key = obsmKeys.take(`X_${method}`, () => matrixKey(artifact.name))
  const matrix = denseWriter(out, 2)
  let next = 0
  return {
    artifact,
    width: 2,
    async append(from, to, kept) {
      const X = new Float32Array(2 * (to - from)).fill(Number.NaN)
      // Row numbers rise, so those of the block are among the next ones.
      const end = Math.min(rows, next + (to - from))
      const [row, place] = [numbers.read(next, end), places.read(next, end)]
      let n = 0
      for (; n < row.length && row[n] < to; n++) X.set(place.subarray(2 * n, 2 * n + 2) as Float32Array, 2 * (row[n] - from))
      next += n
      await matrix.append(rowsOf(X, 2, kept))
    },
    finish: async () => ({ ...nothing, obsm: { [key]: await matrix.finish() } }),
  }
}

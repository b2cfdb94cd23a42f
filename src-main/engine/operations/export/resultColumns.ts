/** What a result says of each row, as columns of a table. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ScoresMeta } from '#common/domain/results.ts'
import { type Cell, shortFloat32 } from '../../export/csv.ts'
import type { Project } from '../../project/project.ts'
import { legendOf } from './legend.ts'

export interface ResultColumns {
  readonly columns: readonly string[]
  /** Reads rows from … to − 1; what it returns gives the cells of the i-th of them. */
  readonly cells: (from: number, to: number) => (i: number) => Cell[]
}

/** @param artifact  a clustering, scores or latents */
export function resultColumns(project: Project, artifact: Artifact): ResultColumns {
  if (artifact.kind === 'clustering') return classColumns(project, artifact)
  return artifact.kind === 'scores' ? scoreColumns(project, artifact) : codeColumns(project, artifact)
}

function classColumns(project: Project, artifact: Artifact): ResultColumns {
  const reader = project.array(artifact.id, 'labels')
  const names = new Map(legendOf(artifact).map((entry) => [entry.id, entry.name]))
  return {
    columns: ['class', 'class_name'],
    cells: (from, to) => {
      const labels = reader.read(from, to)
      return (i) => (labels[i] === 0 ? [null, null] : [labels[i], names.get(labels[i]) ?? null])
    },
  }
}

function scoreColumns(project: Project, artifact: Artifact): ResultColumns {
  const reader = project.array(artifact.id, 'score')
  const threshold = artifact.annotations.threshold ?? (artifact.meta as unknown as ScoresMeta).threshold
  return {
    columns: ['score', 'flagged'],
    cells: (from, to) => {
      const scores = reader.read(from, to)
      return (i) => (Number.isNaN(scores[i]) ? [null, null] : [shortFloat32(scores[i]), scores[i] > threshold])
    },
  }
}

function codeColumns(project: Project, artifact: Artifact): ResultColumns {
  const reader = project.array(artifact.id, 'codes')
  const errorReader = project.array(artifact.id, 'error')
  const Z = reader.shape[1]
  return {
    columns: [...Array.from({ length: Z }, (_, j) => `code_${j + 1}`), 'reconstruction_error'],
    cells: (from, to) => {
      const codes = reader.read(from, to)
      const errors = errorReader.read(from, to)
      return (i) => [...Array.from(codes.subarray(i * Z, (i + 1) * Z), shortFloat32), shortFloat32(errors[i])]
    },
  }
}

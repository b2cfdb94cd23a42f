/** What a window draws of an examination: the correlation matrix, and a sample of the cells for the quality scatter. */
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import { RowSample } from '../data/rowSample.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'

const blockRows = 65_536

/** Memory: the answer and one block of 64 K cells. */
export function readExamination(
  project: Project,
  { examination, cells }: Parameters<Handlers<EngineCalls>['readExamination']>[0],
): Awaited<ReturnType<Handlers<EngineCalls>['readExamination']>> {
  const meta = finishedArtifact(project, examination, 'examination').meta as unknown as ExaminationMeta
  const c = meta.correlation?.columns.length ?? 0
  return {
    correlation: c > 0 ? (project.array(examination, 'correlation').read(0, c) as Float32Array) : new Float32Array(),
    cells: meta.cells && cells > 0 ? sampleCells(project, examination, meta, cells) : null,
  }
}

/** Drawn evenly under a fixed seed, so that the same cells are seen each time. */
function sampleCells(project: Project, examination: number, { rows }: ExaminationMeta, wanted: number) {
  const readers = (['counts', 'genes', 'mitochondrial'] as const).map((name) => project.array(examination, name))
  const sample = new RowSample(wanted, 3, 7, rows)
  const cell = new Float32Array(3)
  for (let from = 0; from < rows; from += blockRows) {
    const to = Math.min(rows, from + blockRows)
    const values = readers.map((reader) => reader.read(from, to))
    for (let i = 0; i < to - from; i++) {
      for (let k = 0; k < 3; k++) cell[k] = values[k][i]
      // A row without any value is no cell.
      if (!Number.isNaN(cell[0])) sample.offer(from + i, cell, 0)
    }
  }
  const { X, index, n } = sample.take()
  const column = (k: number): Float32Array => Float32Array.from({ length: n }, (_, i) => X[i * 3 + k])
  return { rows: index, counts: column(0), genes: column(1), mitochondrial: column(2) }
}

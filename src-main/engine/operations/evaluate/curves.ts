/** The curves of evaluated scores, read back from what the evaluation stored. Memory: at most 2000 points of each. */
import type { z } from 'zod'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Project } from '../../project/project.ts'
import { evaluatedRow } from './confusion.ts'

export type Curves = z.output<EngineCalls['readCurves']['output']>

export function readCurves(project: Project, { comparison: id, row }: { comparison: number; row: number }): Curves {
  const { meta, result } = evaluatedRow(project, id, row, 'scores')
  const columnsOf = (name: string): Float64Array[] => {
    const stored = project.array(id, `${name}/${row}`)
    const n = stored.shape[0]
    const values = stored.read(0, n) as Float64Array
    return [0, 1, 2].map((column) => Float64Array.from({ length: n }, (_, i) => values[3 * i + column]))
  }
  const [rocThreshold, falseAlarmRate, recall] = columnsOf('roc')
  const [prThreshold, prRecall, precision] = columnsOf('pr')
  const { rows, anomalies } = meta.rows[row].figures as Record<string, number>
  return {
    roc: { threshold: rocThreshold, falseAlarmRate, recall },
    pr: { threshold: prThreshold, recall: prRecall, precision },
    marks: result.marks,
    anomalies,
    normal: rows - anomalies,
  }
}

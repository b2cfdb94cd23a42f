/** The work that is done on pieces of a file, in this thread or another. */
import { type Rows, ColumnValues, type ValuesPlan } from './columnValues.ts'
import { EndlessRecord, type Layout } from './layout.ts'
import { type Extent, type Piece, PieceReader } from './pieces.ts'
import { type SurveyPlan, Survey } from './survey.ts'
import type { SurveyResult } from './surveyResult.ts'

/** What a thread needs to know before its first task. */
export interface Setting {
  readonly path: string
  readonly size: number
  readonly layout: Layout
  readonly work: { readonly kind: 'survey'; readonly plan: SurveyPlan } | { readonly kind: 'values'; readonly plan: ValuesPlan }
}

export interface Task {
  readonly piece: Piece
  /** Rows to come, as far as known. */
  readonly rows: number
  /** Columns that are known to have too many distinct texts for categories. */
  readonly closed: readonly number[]
}

export interface Done {
  readonly extent: Extent
  readonly survey?: SurveyResult
  readonly rows?: Rows
  /** A record of the piece does not end. */
  readonly endless?: { line: number; quoted: boolean }
}

export function worker({ size, layout, work }: Setting, fd: number): (task: Task) => Done {
  const reader = new PieceReader(fd, size, layout)
  return ({ piece, rows, closed }) => {
    try {
      if (work.kind === 'survey') {
        const survey = new Survey(work.plan, closed)
        const extent = reader.read(piece, survey.scanner, survey.checkText)
        return { extent, survey: survey.result() }
      }
      const values = new ColumnValues(work.plan, rows)
      const extent = reader.read(piece, values.scanner)
      return { extent, rows: values.take() }
    } catch (thrown) {
      if (thrown instanceof EndlessRecord)
        return { extent: { start: piece.start, end: piece.end }, endless: { line: thrown.line, quoted: thrown.quoted } }
      throw thrown
    }
  }
}

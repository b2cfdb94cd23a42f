/** `stratum inspect`: what a file is before importing it, with the reader options that an import would have. */
import { rowNoun, type SourceReport } from '#common/domain/dataset.ts'
import { inspectSource } from '../data/inspect.ts'
import { previewSource, type SourcePreview } from '../data/previewSource.ts'
import { importOperation } from '../operations/import.ts'
import type { Command } from './command.ts'
import { findingLine } from './examinationText.ts'
import { readParameters } from './operationParameters.ts'
import { formatCount, formatTable } from './printer.ts'
import { dayOf, extentText } from './resultText.ts'

/** Genes and the numbers of a vector are alike: a few show what they hold. */
const mostColumns = { cells: 5, embedding: 5, series: 10, table: 30, raster: 30 } as const satisfies Record<SourceReport['kind'], number>
const mostValues = 4

export const inspectCommand: Command = {
  name: 'inspect',
  usage: '<path>',
  summary: 'Says what a file is, before importing it.',
  options: [
    { name: 'as', value: '<kind>', description: 'raster, table, cells, embedding or series, or the id of a format' },
    { name: 'set', value: '<key=value>', many: true, description: "An option of the file's format, as often as needed" },
  ],
  async run(call) {
    const [path] = call.arguments
    const as = call.text('as')
    // The format may be named by its id, which an import does not take.
    const { options } = (call.texts('set').length > 0 ? await readParameters(importOperation, call, { path }) : { options: {} }) as {
      options: Readonly<Record<string, unknown>>
    }
    const result = await inspectSource(path, as, options, call.signal)
    const preview = await previewSource({ path, as, options, rows: 0, columns: 1 }, call.signal)
    return { result, text: `${path}\n${formatTable([...factsOf(result), ...columnLines(result, preview)])}` }
  },
}

function factsOf({ formatTitle, kind, rows, columns, dtype, grid, findings, matrixBytes, metadataFields }: SourceReport): string[][] {
  return [
    ['  format', formatTitle],
    ['  kind', kind],
    ['  size', `${extentText({ kind, rows, columns })}, ${dtype}`],
    ...(grid ? [['  grid', `${grid.width} × ${grid.height} pixels, ${grid.crs?.code ?? grid.crs?.name ?? 'no coordinate system'}`]] : []),
    ...(grid?.georeferenced ? [['  transform', grid.transform.join(', ')]] : []),
    ...(metadataFields.length > 0
      ? [['  beside them', metadataFields.slice(0, 20).join(', ') + (metadataFields.length > 20 ? ' …' : '')]]
      : []),
    ['  in memory', `${formatCount(matrixBytes / 1e6)} MB as float32 (it is streamed)`],
    ...findings.map(findingLine),
  ]
}

/** How many there are and the first of them, each cut where it is long. */
function valuesOf(categories: readonly string[]): string {
  const first = categories
    .slice(0, mostValues)
    .map((value) => (value === '' ? '(empty)' : value.length > 24 ? `${value.slice(0, 23)}…` : value))
  return `${formatCount(categories.length)} values: ${first.join(', ')}${categories.length > mostValues ? ' …' : ''}`
}

/** Name, type and range of the first columns. */
function columnLines({ columns, kind }: SourceReport, { min, max, missingShare, rowsRead, complete }: SourcePreview): string[][] {
  const lines = columns.slice(0, mostColumns[kind]).map(({ name, type, unit, categories }, i) => {
    const shown = type === 'date' ? dayOf : (value: number): string => String(Number(value.toPrecision(6)))
    const range = Number.isNaN(min[i])
      ? 'no value'
      : categories
        ? valuesOf(categories)
        : `${shown(min[i])} … ${shown(max[i])}${unit ? ` ${unit}` : ''}`
    const missing = missingShare[i] > 0 ? `, ${Number((100 * missingShare[i]).toPrecision(3))} % missing` : ''
    return ['  column', `${name}: ${type}, ${range}${missing}`]
  })
  if (columns.length > lines.length) lines.push(['', `and ${formatCount(columns.length - lines.length)} more`])
  return rowsRead === 0
    ? lines
    : [
        ...lines,
        ['  ranges', complete ? `of all ${rowNoun[kind][1]}` : `of ${formatCount(rowsRead)} ${rowNoun[kind][1]}; import reads them all`],
      ]
}

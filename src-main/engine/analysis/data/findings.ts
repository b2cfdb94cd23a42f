/** What an examination found, in words, the worst first; `code` decides the fix that the window offers. */
import { columnNoun, type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ExaminationFinding, ExaminationMeta } from '#common/domain/examination.ts'
import { nounFor } from '#common/domain/words.ts'
import type { ColumnTally } from './columnTally.ts'

type Found = Omit<ExaminationMeta, 'dataset' | 'findings'>
type Meta = Pick<DatasetMeta, 'kind' | 'columns' | 'summaries' | 'validRows' | 'metadataFields' | 'grid'>

const mostNamed = 6
const mostColumns = 1000
const mostCopies = 20
const order = { error: 0, warning: 1, info: 2 } as const
const percent = (share: number): string => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))}\u202f%`
/** Thin spaces in the thousands, as the window writes numbers. */
const figure = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** What the parts below speak about, and the words for it. */
interface Told {
  readonly found: Found
  readonly meta: Meta
  /** One of the rows and several, as data of this kind call them. */
  readonly row: string
  readonly rows: string
  readonly noun: readonly [string, string]
  name(column: number): string
  names(columns: readonly number[]): string
  /** “3 bands” */
  many(columns: number): string
}

export function findingsOf(found: Found, meta: Meta, tally: ColumnTally): ExaminationFinding[] {
  const told = tellerOf(found, meta)
  const all = [
    ...duplicateRows(told),
    ...idleColumns(told),
    ...copiedColumns(told),
    ...sentinelValues(told),
    ...missingTogether(told),
    ...tellsLabel(told),
    ...orderHints(found, meta, tally),
    ...cellHints(found.cells),
    ...bandHints(told),
  ]
  return all.sort((a, b) => order[a.severity] - order[b.severity])
}

function tellerOf(found: Found, meta: Meta): Told {
  const [row, rows] = rowNoun[meta.kind]
  const noun = columnNoun[meta.kind]
  const name = (j: number): string => meta.columns[j].name
  return {
    found,
    meta,
    row,
    rows,
    noun,
    name,
    names: (list) =>
      list.slice(0, mostNamed).map(name).join(', ') + (list.length > mostNamed ? ` and ${list.length - mostNamed} more` : ''),
    many: (n) => `${figure(n)} ${noun[n === 1 ? 0 : 1]}`,
  }
}

const finding = (
  severity: ExaminationFinding['severity'],
  code: string,
  message: string,
  hint: string,
  columns: readonly number[] = [],
  where: ExaminationFinding['where'] = {},
): ExaminationFinding => ({ severity, code, message, hint, where, columns: columns.slice(0, mostColumns) })

function duplicateRows({ found: { duplicates, validRows }, meta, row, rows, noun }: Told): ExaminationFinding[] {
  if (duplicates.rows === 0) return []
  const about = duplicates.compared < 1 ? 'About ' : ''
  const share = duplicates.rows / Math.max(1, validRows)
  const across = duplicates.acrossSplit ?? 0
  return [
    finding(
      meta.kind === 'raster' || share < 0.001 ? 'info' : 'warning',
      'DUPLICATE_ROWS',
      `${about}${figure(duplicates.rows)} of ${figure(validRows)} ${rows} ${duplicates.rows === 1 ? 'repeats' : 'repeat'} an earlier one in all ${noun[1]} (${percent(share)}).`,
      across > 0
        ? `A random split would hold out about ${figure(across)} whose like is learned from, so the error would look better than it is.`
        : `Each counts as a ${row} of its own.`,
      [],
      placeOf(duplicates.examples[0], meta.grid),
    ),
  ]
}

/** Columns that say nothing, or nearly so. Genes that no cell has are said with those that few cells have. */
function idleColumns({ found: { constant, nearConstant }, meta, rows, names, many }: Told): ExaminationFinding[] {
  const out: ExaminationFinding[] = []
  if (constant.length > 0 && meta.kind !== 'cells')
    out.push(
      finding(
        'warning',
        'CONSTANT_COLUMNS',
        `${many(constant.length)} ${constant.length === 1 ? 'has' : 'have'} one value only: ${names(constant)}.`,
        constant.length === 1 ? 'Nothing can be learned from it; leave it out.' : 'Nothing can be learned from them; leave them out.',
        constant,
      ),
    )
  const list = nearConstant.map(({ column }) => column)
  if (list.length > 0)
    out.push(
      finding(
        'info',
        'NEAR_CONSTANT_COLUMNS',
        `${many(list.length)} ${list.length === 1 ? 'has' : 'have'} the same value in at least 99.9 % of the ${rows}: ${names(list)}.`,
        'Scaling makes their few exceptions very large; leave them out unless the exceptions are what you look for.',
        list,
      ),
    )
  return out
}

function copiedColumns({ found, name, names }: Told): ExaminationFinding[] {
  return found.copies.slice(0, mostCopies).map(({ columns: [first, ...others], kind, slope, intercept }) => {
    const sign = intercept[0] < 0 ? '−' : '+'
    const equal = `${names(others)} ${others.length === 1 ? 'has' : 'have'} the very values of ${name(first)}.`
    const line =
      others.length === 1
        ? `${name(others[0])} = ${significant(slope[0])} · ${name(first)} ${sign} ${significant(Math.abs(intercept[0]))}: it says nothing of its own.`
        : `${names(others)} follow from ${name(first)} by a straight line.`
    return finding(
      'warning',
      kind === 'equal' ? 'COPIED_COLUMNS' : 'LINEAR_COPIES',
      kind === 'equal' ? equal : line,
      'The same thing would weigh twice; leave the copies out.',
      others,
    )
  })
}

function sentinelValues({ found: { sentinels }, name, names }: Told): ExaminationFinding[] {
  return [...new Set(sentinels.map(({ value }) => value))].map((value) => {
    const same = sentinels.filter((sentinel) => sentinel.value === value)
    const list = same.map(({ column }) => column)
    const most = same.reduce((a, b) => (b.share > a.share ? b : a))
    return finding(
      'warning',
      'SENTINEL_VALUE',
      `${significant(value)} stands far from all other values of ${names(list)} (up to ${percent(most.share)} of ${name(most.column)}); it probably means “missing”.`,
      'Read the file with this number as missing.',
      list,
      { value, ...(list.length === 1 ? { column: name(list[0]) } : {}) },
    )
  })
}

const missingTogether = ({ found, row, rows, names }: Told): ExaminationFinding[] =>
  (found.missing?.together ?? []).map(({ columns, rows: count }) =>
    finding(
      'info',
      'MISSING_TOGETHER',
      `${names(columns)} are missing in the same ${count === 1 ? row : `${figure(count)} ${rows}`}.`,
      'Probably one instrument or one step failed.',
      columns,
    ),
  )

function tellsLabel({ found: { leakage }, names }: Told): ExaminationFinding[] {
  return [...new Set(leakage.map(({ field }) => field))].map((field) => {
    const hints = leakage.filter((hint) => hint.field === field)
    const list = [...new Set(hints.map(({ column }) => column))]
    const [best] = hints
    return finding(
      'info',
      'TELLS_LABEL',
      `${names(list)} ${list.length === 1 ? 'tells' : 'tell'} ${best.label === null ? field : `${field} “${best.label}”`} almost alone (${best.measure === 'auc' ? 'AUC' : 'purity'} ${best.strength.toFixed(3)}).`,
      `If ${field} is to be found without being told, leave ${list.length === 1 ? 'it' : 'them'} out.`,
      list,
      { field },
    )
  })
}

function bandHints({ found: { bands }, names, many }: Told): ExaminationFinding[] {
  if (!bands) return []
  const out: ExaminationFinding[] = []
  const columnsOf = (list: readonly { readonly column: number }[]): number[] => list.map(({ column }) => column)
  const [saturated, noisy, striped] = [columnsOf(bands.saturated), columnsOf(bands.noisy), columnsOf(bands.striped)]
  if (bands.zeroPixels > 0)
    out.push(
      finding(
        'warning',
        'ZERO_PIXELS',
        `${figure(bands.zeroPixels)} ${nounFor(bands.zeroPixels, 'pixel is', 'pixels are')} 0 in all bands, and the file names no no-data value.`,
        'Read 0 as no-data, else the border is learned as a material.',
        [],
        { value: 0 },
      ),
    )
  if (saturated.length > 0)
    out.push(
      finding(
        'info',
        'SATURATED_BANDS',
        `${many(saturated.length)} ${saturated.length === 1 ? 'is' : 'are'} saturated in at least 0.1 % of the pixels: ${names(saturated)}.`,
        'Their brightest pixels are brighter than stored.',
        saturated,
      ),
    )
  if (noisy.length > 0)
    out.push(
      finding(
        'warning',
        'NOISY_BANDS',
        `${many(noisy.length)} hardly ${noisy.length === 1 ? 'agrees' : 'agree'} with the bands beside: ${names(noisy)}.`,
        'Often water absorption or a dead detector; leave them out.',
        noisy,
      ),
    )
  if (striped.length > 0)
    out.push(
      finding(
        'info',
        'STRIPED_BANDS',
        `${many(striped.length)} ${striped.length === 1 ? 'has' : 'have'} stripes along ${bands.striped[0].direction === 'columns' ? 'image columns' : 'image rows'}: ${names(striped)}.`,
        'A model may learn the stripes; destripe the scene, or leave the worst bands out.',
        striped,
      ),
    )
  return out
}

/** The first two rows that are alike: by number, pixels by column and row. */
function placeOf(example: Found['duplicates']['examples'][number] | undefined, grid: DatasetMeta['grid']): Record<string, string | number> {
  if (!example) return {}
  const { first, second } = example
  if (!grid) return { row: first + 1, repeatedInRow: second + 1 }
  const pixel = (row: number): string => `${figure(row % grid.width)}, ${figure(Math.floor(row / grid.width))}`
  return { place: `pixel ${pixel(first)} and pixel ${pixel(second)}` }
}

const significant = (value: number): string => String(Number(value.toPrecision(6))).replace('-', '−')

/** Columns that follow the order of the rows, and whole numbers that never repeat. */
function orderHints({ validRows, datasetKind }: Found, { columns, summaries }: Meta, tally: ColumnTally): ExaminationFinding[] {
  if ((datasetKind !== 'table' && datasetKind !== 'series') || validRows < 20) return []
  return columns.flatMap(({ name, type }, j): ExaminationFinding[] => {
    if (type === 'category' || type === 'boolean' || type === 'text') return []
    const pairs = summaries[j].valid - 1
    const strict = tally.rises[j] === pairs || tally.falls[j] === pairs
    if (!strict || pairs < 1) return []
    const numbered = tally.steps[j] >= 0.999 * pairs
    return [
      {
        severity: type === 'date' ? 'info' : 'warning',
        code: numbered ? 'ROW_NUMBER_COLUMN' : 'SORTED_COLUMN',
        message: numbered
          ? `${name} numbers the rows.`
          : `${name} ${tally.rises[j] === pairs ? 'rises' : 'falls'} from row to row without exception.`,
        hint: numbered
          ? 'A model would learn the order of the file; leave it out.'
          : 'It may be an identifier or a time; leave it out unless it is meant.',
        where: { column: name },
        columns: [j],
      },
    ]
  })
}

function cellHints(cells: Found['cells']): ExaminationFinding[] {
  if (!cells) return []
  const { values, mitochondrialGenes, unseenGenes, rareGenes, curve } = cells
  const out: ExaminationFinding[] = []
  const add = (severity: ExaminationFinding['severity'], code: string, message: string, hint: string): void => {
    out.push({ severity, code, message, hint })
  }
  if (values === 'counts')
    add(
      'info',
      'RAW_COUNTS',
      'The values are raw counts.',
      'Count models learn from them as they are; others after scaling to counts per 10 000 and the logarithm.',
    )
  if (values === 'log-counts')
    add(
      'info',
      'LOG_COUNTS',
      'The values are logarithms of scaled counts.',
      'They need no further scaling of counts; count models need another layer.',
    )
  if (values === 'other')
    add(
      'info',
      'NOT_COUNTS',
      'The values are neither raw counts nor their logarithms.',
      'Count models do not fit; choose the layer with the counts if there is one.',
    )
  if (values !== 'other' && mitochondrialGenes === 0)
    add(
      'info',
      'NO_MITOCHONDRIAL_GENES',
      'No gene is named as mitochondrial (MT-…).',
      'The share of mitochondrial counts cannot be judged.',
    )
  if (rareGenes > 0)
    add(
      'info',
      'RARE_GENES',
      `${figure(rareGenes)} ${nounFor(rareGenes, 'gene is', 'genes are')} seen in fewer than 3 cells, ${figure(unseenGenes)} of them in none.`,
      'Choose highly variable genes, or leave them out.',
    )
  if (curve.knee && curve.inflection)
    add(
      'warning',
      'EMPTY_DROPLETS',
      `The counts per cell fall off a cliff beyond rank ${figure(Math.round(curve.knee.rank))}: what follows is probably empty droplets.`,
      `Keep cells with at least ${figure(Math.round(curve.inflection.counts))} counts.`,
    )
  return out
}

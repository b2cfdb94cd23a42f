/** What an examination found, in words, the worst first; `code` decides the fix that the window offers. */
import { columnNoun, type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ExaminationFinding, ExaminationMeta } from '#common/domain/examination.ts'
import type { ColumnTally } from './columnTally.ts'

type Found = Omit<ExaminationMeta, 'dataset' | 'findings'>
type Meta = Pick<DatasetMeta, 'kind' | 'columns' | 'summaries' | 'validRows' | 'metadataFields' | 'grid'>

const mostNamed = 6
const mostColumns = 1000
const order = { error: 0, warning: 1, info: 2 } as const
const percent = (share: number): string => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))}\u202f%`
/** Thin spaces in the thousands, as the window writes numbers. */
const figure = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f')

export function findingsOf(found: Found, meta: Meta, tally: ColumnTally): ExaminationFinding[] {
  const { kind, columns } = meta
  const [row, rows] = rowNoun[kind]
  const noun = columnNoun[kind]
  const name = (j: number): string => columns[j].name
  const names = (list: readonly number[]): string =>
    list.slice(0, mostNamed).map(name).join(', ') + (list.length > mostNamed ? ` and ${list.length - mostNamed} more` : '')
  const many = (n: number): string => `${figure(n)} ${noun[n === 1 ? 0 : 1]}`
  const out: ExaminationFinding[] = []
  const add = (
    severity: ExaminationFinding['severity'],
    code: string,
    message: string,
    hint: string,
    list: readonly number[] = [],
    where: ExaminationFinding['where'] = {},
  ): void => {
    out.push({ severity, code, message, hint, where, columns: list.slice(0, mostColumns) })
  }

  const { duplicates } = found
  if (duplicates.rows > 0) {
    const about = duplicates.compared < 1 ? 'About ' : ''
    const share = duplicates.rows / Math.max(1, found.validRows)
    add(
      kind === 'raster' || share < 0.001 ? 'info' : 'warning',
      'DUPLICATE_ROWS',
      `${about}${figure(duplicates.rows)} of ${figure(found.validRows)} ${rows} ${duplicates.rows === 1 ? 'repeats' : 'repeat'} an earlier one in all ${noun[1]} (${percent(share)}).`,
      (duplicates.acrossSplit ?? 0) > 0
        ? `A random split would hold out about ${figure(duplicates.acrossSplit ?? 0)} whose like is learned from, so the error would look better than it is.`
        : `Each counts as a ${row} of its own.`,
      [],
      placeOf(duplicates.examples[0], meta.grid),
    )
  }
  // Genes that no cell has are said with those that few cells have.
  if (found.constant.length > 0 && kind !== 'cells')
    add(
      'warning',
      'CONSTANT_COLUMNS',
      `${many(found.constant.length)} ${found.constant.length === 1 ? 'has' : 'have'} one value only: ${names(found.constant)}.`,
      found.constant.length === 1 ? 'Nothing can be learned from it; leave it out.' : 'Nothing can be learned from them; leave them out.',
      found.constant,
    )
  if (found.nearConstant.length > 0) {
    const list = found.nearConstant.map(({ column }) => column)
    add(
      'info',
      'NEAR_CONSTANT_COLUMNS',
      `${many(list.length)} ${list.length === 1 ? 'has' : 'have'} the same value in at least 99.9 % of the ${rows}: ${names(list)}.`,
      'Scaling makes their few exceptions very large; leave them out unless the exceptions are what you look for.',
      list,
    )
  }
  for (const { columns: group, kind: how, slope, intercept } of found.copies.slice(0, 20)) {
    const [first, ...others] = group
    add(
      'warning',
      how === 'equal' ? 'COPIED_COLUMNS' : 'LINEAR_COPIES',
      how === 'equal'
        ? `${names(others)} ${others.length === 1 ? 'has' : 'have'} the very values of ${name(first)}.`
        : others.length === 1
          ? `${name(others[0])} = ${significant(slope[0])} · ${name(first)} ${intercept[0] < 0 ? '−' : '+'} ${significant(Math.abs(intercept[0]))}: it says nothing of its own.`
          : `${names(others)} follow from ${name(first)} by a straight line.`,
      'The same thing would weigh twice; leave the copies out.',
      others,
    )
  }
  for (const value of new Set(found.sentinels.map((sentinel) => sentinel.value))) {
    const same = found.sentinels.filter((sentinel) => sentinel.value === value)
    const list = same.map(({ column }) => column)
    const most = same.reduce((a, b) => (b.share > a.share ? b : a))
    add(
      'warning',
      'SENTINEL_VALUE',
      `${significant(value)} stands far from all other values of ${names(list)} (up to ${percent(most.share)} of ${name(most.column)}); it probably means “missing”.`,
      'Read the file with this number as missing.',
      list,
      { value, ...(list.length === 1 ? { column: name(list[0]) } : {}) },
    )
  }
  for (const { columns: group, rows: count } of found.missing?.together ?? [])
    add(
      'info',
      'MISSING_TOGETHER',
      `${names(group)} are missing in the same ${count === 1 ? row : `${figure(count)} ${rows}`}.`,
      'Probably one instrument or one step failed.',
      group,
    )
  for (const field of new Set(found.leakage.map((hint) => hint.field))) {
    const hints = found.leakage.filter((hint) => hint.field === field)
    const list = [...new Set(hints.map(({ column }) => column))]
    const [best] = hints
    add(
      'info',
      'TELLS_LABEL',
      `${names(list)} ${list.length === 1 ? 'tells' : 'tell'} ${best.label === null ? field : `${field} “${best.label}”`} almost alone (${best.measure === 'auc' ? 'AUC' : 'purity'} ${best.strength.toFixed(3)}).`,
      `If ${field} is to be found without being told, leave ${list.length === 1 ? 'it' : 'them'} out.`,
      list,
      { field },
    )
  }
  out.push(...orderHints(found, meta, tally))
  if (found.cells) out.push(...cellHints(found.cells))
  if (found.bands) {
    const { saturated, noisy, striped, zeroPixels } = found.bands
    if (zeroPixels > 0)
      add(
        'warning',
        'ZERO_PIXELS',
        `${figure(zeroPixels)} pixels are 0 in all bands, and the file names no no-data value.`,
        'Read 0 as no-data, else the border is learned as a material.',
        [],
        { value: 0 },
      )
    if (saturated.length > 0) {
      const list = saturated.map(({ column }) => column)
      add(
        'info',
        'SATURATED_BANDS',
        `${many(list.length)} ${list.length === 1 ? 'is' : 'are'} saturated in at least 0.1 % of the pixels: ${names(list)}.`,
        'Their brightest pixels are brighter than stored.',
        list,
      )
    }
    if (noisy.length > 0) {
      const list = noisy.map(({ column }) => column)
      add(
        'warning',
        'NOISY_BANDS',
        `${many(list.length)} hardly ${list.length === 1 ? 'agrees' : 'agree'} with the bands beside: ${names(list)}.`,
        'Often water absorption or a dead detector; leave them out.',
        list,
      )
    }
    if (striped.length > 0) {
      const list = striped.map(({ column }) => column)
      const { direction } = striped[0]
      add(
        'info',
        'STRIPED_BANDS',
        `${many(list.length)} ${list.length === 1 ? 'has' : 'have'} stripes along ${direction === 'columns' ? 'image columns' : 'image rows'}: ${names(list)}.`,
        'A model may learn the stripes; destripe the scene, or leave the worst bands out.',
        list,
      )
    }
  }
  return out.sort((a, b) => order[a.severity] - order[b.severity])
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

function cellHints({ values, mitochondrialGenes, unseenGenes, rareGenes, curve }: NonNullable<Found['cells']>): ExaminationFinding[] {
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
      `${figure(rareGenes)} genes are seen in fewer than 3 cells, ${figure(unseenGenes)} of them in none.`,
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

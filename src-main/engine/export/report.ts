/**
 * A report of one result: what was done with which data, parameters and seeds, what came out, and what it was judged
 * on. One self-contained HTML file that opens anywhere and prints well; nothing in it is fetched.
 */
import { readFile } from 'node:fs/promises'
import { pixelArea } from '#common/domain/grid.ts'
import type { Artifact, LegendEntry } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { EvaluationMeta } from '#common/domain/evaluation.ts'
import { defaultStyle } from '#common/domain/palettes.ts'
import { columnsFor } from '#common/domain/measures.ts'
import type { ClusteringMeta, ComparisonMeta, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { choiceOf } from '#common/domain/scores.ts'
import { clusterings } from '../analysis/clustering/registry.ts'
import { ruleWords } from '../operations/score/threshold.ts'
import { type ExportedFile, writeOutputFile } from './outputFile.ts'

export interface ReportContent {
  readonly title: string
  /** Sources first, the result last. */
  readonly lineage: readonly Artifact[]
  readonly clustering: Artifact | null
  readonly legend: readonly LegendEntry[]
  readonly scores: readonly Artifact[]
  readonly comparisons: readonly Artifact[]
  /** A picture of the map; embedded. */
  readonly picturePath: string | null
  /** Citations of the operations and models used, each once. */
  readonly citations: readonly string[]
  readonly version: string
}

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)

/** Significant digits only, thousands by a thin space, a true minus. */
export function formatFigure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const text = Number.isInteger(value) ? String(Math.abs(value)) : String(Number(Math.abs(value).toPrecision(4)))
  const [whole = '', part] = text.split('.')
  const grouped = whole.includes('e') || whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, '\u2009')
  return `${value < 0 ? '−' : ''}${grouped}${part === undefined ? '' : `.${part}`}`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${head.map((h) => `<th>${h}</th>`).join('')}</tr></thead><tbody>${rows.map((r) => `<tr>${r.map((c) => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table>`

function classesSection(clustering: Artifact, legend: readonly LegendEntry[], dataset: Artifact): string {
  const meta = clustering.meta as unknown as ClusteringMeta
  const { grid } = dataset.meta as unknown as DatasetMeta
  const toKm2 = grid && grid.crs?.unit === 'metre' ? pixelArea(grid.transform) / 1e6 : null
  const rows = meta.classes.map((c) => {
    const entry = legend.find((l) => l.id === c.id)
    const swatch = `<i style="background:${entry?.colour ?? '#B4B0A8'}"></i>`
    return [
      `${swatch}${c.id}`,
      escapeHtml(entry?.name ?? defaultStyle(c).name),
      toKm2 === null ? formatFigure(c.rows) : formatFigure(c.rows * toKm2),
      formatFigure(c.share * 100),
    ]
  })
  const tidied = meta.tidied ? `, then a majority filter of ${meta.tidied} × ${meta.tidied} pixels` : ''
  const method = clusterings.find(({ id }) => id === meta.method)?.title ?? meta.method
  return `<h2>Classes</h2><p>${escapeHtml(method)}, k = ${meta.k} (${escapeHtml(meta.chosenBecause)})${tidied}.${meta.silhouette === null ? '' : ` Mean silhouette ${formatFigure(meta.silhouette)}.`}</p>${table(['Id', 'Name', toKm2 === null ? 'Rows' : 'km²', '%'], rows)}`
}

function modelsSection(models: readonly Artifact[]): string {
  if (models.length === 0) return ''
  const rows = models.map((artifact) => {
    const meta = artifact.meta as unknown as ModelMeta
    return [
      escapeHtml(artifact.name),
      escapeHtml(meta.title),
      meta.layout.stages.map((s) => s.widths.join('-')).join(' · '),
      formatFigure(meta.holdoutError),
      formatFigure(meta.pca.holdoutError),
      formatFigure(meta.explainedVariance),
      formatFigure(meta.epochs),
      escapeHtml(meta.executor),
    ]
  })
  return `<h2>Model</h2>${table(['Run', 'Model', 'Layers', 'Error, held out', 'PCA, same size', 'Explained variance', 'Epochs', 'Ran on'], rows)}`
}

function scoresSection(scores: readonly Artifact[]): string {
  return scores
    .map((artifact) => {
      const meta = artifact.meta as unknown as ScoresMeta
      return `<h2>Anomalies</h2><p>${escapeHtml(meta.method)}; flagged above ${formatFigure(artifact.annotations.threshold ?? meta.threshold)} (${escapeHtml(thresholdWords(artifact))}). ${formatFigure(meta.flagged)} of ${formatFigure(meta.validRows)} rows lie above the recommended threshold; ${formatFigure(((100 - meta.percentile) / 100) * meta.validRows)} would by chance alone.</p>${foundAbove(meta)}`
    })
    .join('')
}

/** Why the threshold lies where it does. */
function thresholdWords(artifact: Artifact): string {
  const { threshold, thresholdRule } = artifact.meta as unknown as ScoresMeta
  if ((artifact.annotations.threshold ?? threshold) === threshold) return `recommended because ${thresholdRule}`
  const choice = choiceOf(artifact)
  return choice
    ? `chosen afterwards: ${ruleWords(choice)}`
    : `set by hand; ${formatFigure(threshold)} is recommended because ${thresholdRule}`
}

/** Events or objects, and what should be known when reading the scores. */
function foundAbove({ events, objects, contamination, notes = [] }: ScoresMeta): string {
  const told = [
    ...(events ? [`${formatFigure(events.count)} events (flagged windows with at most ${events.mergeGap} others between them).`] : []),
    ...(objects ? [`${formatFigure(objects.count)} objects of at least ${objects.minimumPixels} touching pixels.`] : []),
    ...(contamination
      ? [
          `About ${formatFigure(Number((100 * contamination.value).toPrecision(2)))} % of the rows are not like held-out ones (${contamination.method}).`,
        ]
      : []),
    ...notes,
  ]
  return told.length > 0 ? `<p>${told.map(escapeHtml).join(' ')}</p>` : ''
}

function comparisonSection(artifact: Artifact): string {
  const { title, basis, rows, columns, evaluation } = artifact.meta as unknown as ComparisonMeta
  const shown = columns ?? columnsFor(rows.flatMap((r) => Object.keys(r.figures)))
  const cell = ({ figures, spread, standing, intervals }: ComparisonMeta['rows'][number], key: string): string => {
    const within = intervals?.[key]?.map((end) => formatFigure(Number(end.toPrecision(3)))).join('–')
    const written = `${formatFigure(figures[key] ?? null)}${spread?.[key] ? ` ± ${formatFigure(Number(spread[key].toPrecision(2)))}` : ''}${within ? ` (${within})` : ''}`
    return standing?.[key] === 'best' ? `<b>${written}</b>` : standing?.[key] === 'equal' ? `= ${written}` : written
  }
  return `<h2>${escapeHtml(title)}</h2><p>${escapeHtml(basis)}</p>${table(
    ['Result', ...shown.map((column) => escapeHtml(column.unit ? `${column.title}, ${column.unit}` : column.title))],
    rows.map((row) => [escapeHtml(row.name), ...shown.map(({ key }) => cell(row, key))]),
  )}${evaluation ? knownFirst(evaluation) : ''}`
}

/** How the intervals came about, and where the labels had a say in what they judge. */
function knownFirst({ intervals, findings }: EvaluationMeta): string {
  const how = intervals
    ? `<p>In brackets 95 % intervals: ${escapeHtml(intervals.how)}, ${intervals.replicates} samples, seed ${intervals.seed}.</p>`
    : ''
  const lines = findings.map(
    ({ severity, message, hint }) => `<li>${severity === 'warn' ? '<b>Warning.</b> ' : ''}${escapeHtml(`${message} ${hint}`)}</li>`,
  )
  return `${how}${lines.length > 0 ? `<ul>${lines.join('')}</ul>` : ''}`
}

function provenanceSection(lineage: readonly Artifact[]): string {
  const rows = lineage.map((a) => [
    String(a.id),
    escapeHtml(a.name),
    `${a.operation} v${a.operationVersion}`,
    `<code>${escapeHtml(JSON.stringify(a.params))}</code>`,
    Object.values(a.inputs).join(', '),
    String(a.seed),
    formatFigure(a.seconds),
    `<code>${a.contentKey.slice(0, 12)}</code>`,
  ])
  return `<h2>How it was made</h2>${table(['No.', 'Artifact', 'Operation', 'Parameters', 'From', 'Seed', 'Seconds', 'Key'], rows)}`
}

const style = `body{font:13px/20px system-ui,sans-serif;color:#1C1B19;max-width:1040px;margin:32px auto;padding:0 24px;font-variant-numeric:tabular-nums}h1{font-size:20px}h2{font-size:15px;margin:24px 0 8px}table{border-collapse:collapse;width:100%;font-size:12px}th{font-weight:400;color:#66625C;text-align:left}td,th{border-bottom:1px solid #DEDCD7;padding:4px 8px 4px 0;vertical-align:top}td i{display:inline-block;width:12px;height:12px;margin-right:6px;box-shadow:inset 0 0 0 1px rgb(0 0 0/.25)}img{max-width:100%}code{font-size:11px;word-break:break-all}footer{margin-top:32px;color:#66625C}`

/** Memory: the embedded picture. @throws StratumError when `path` cannot be written */
export async function writeReport(path: string, content: ReportContent): Promise<ExportedFile> {
  const dataset = content.lineage.find((a) => a.kind === 'dataset')
  const source = dataset?.meta as unknown as DatasetMeta | undefined
  const picture =
    content.picturePath === null
      ? ''
      : `<p><img alt="Map" src="data:image/png;base64,${(await readFile(content.picturePath)).toString('base64')}"></p>`
  const body = [
    `<h1>${escapeHtml(content.title)}</h1>`,
    dataset && source
      ? `<p>${escapeHtml(dataset.name)}: ${escapeHtml(source.formatTitle)}, ${formatFigure(source.rows)} rows × ${source.columns.length} columns, ${escapeHtml(source.grid?.crs?.code ?? source.grid?.crs?.name ?? 'no coordinate system')}, source hash <code>${source.source.hash}</code>.</p>`
      : '',
    picture,
    content.clustering && dataset ? classesSection(content.clustering, content.legend, dataset) : '',
    modelsSection(content.lineage.filter((a) => a.kind === 'model')),
    scoresSection(content.scores),
    ...content.comparisons.map(comparisonSection),
    provenanceSection(content.lineage),
    content.citations.length ? `<h2>Sources</h2><ul>${content.citations.map((c) => `<li>${escapeHtml(c)}</li>`).join('')}</ul>` : '',
    `<footer>Stratum ${content.version}. The same project, parameters and seeds give the same map, bit for bit, on the same device.</footer>`,
  ]
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(content.title)}</title><style>${style}</style><body>${body.join('\n')}</body></html>\n`
  return writeOutputFile(path, 'Report', async (file) => {
    await file.append(new TextEncoder().encode(html))
  })
}

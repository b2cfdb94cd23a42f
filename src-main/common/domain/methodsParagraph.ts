/** What was done, as a paragraph for the methods section of a paper: only what the comparison knows, nothing that was not done. */
import type { ComparisonMeta, ComparisonRow } from './comparison.ts'

interface Words {
  readonly dataset: string
  /** Plural of what a row is. */
  readonly rows: string
  /** Of the program that did it. */
  readonly version: string
}

const count = (n: number): string => (n >= 10_000 ? String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009') : String(n))
const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`
const several = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

const citations: Readonly<Record<string, string>> = {
  silhouette: 'silhouette (Rousseeuw 1987)',
  calinskiHarabasz: 'Caliński–Harabasz index (1974)',
  daviesBouldin: 'Davies–Bouldin index (1979)',
  ari: 'adjusted Rand index (Hubert & Arabie 1985)',
  ami: 'adjusted mutual information (Vinh, Epps & Bailey 2010)',
  nmi: 'normalised mutual information',
  accuracy: 'accuracy under the best one-to-one matching (Kuhn 1955)',
  purity: 'purity',
}
const validity = ['silhouette', 'calinskiHarabasz', 'daviesBouldin']
const agreement = ['ari', 'nmi', 'ami', 'accuracy', 'purity']

/** @param rows those of the comparison to speak of; empty where it was made of results that were there already */
export function methodsParagraph(meta: ComparisonMeta, rows: readonly ComparisonRow[], words: Words): string {
  const { data, k, seeds, reference, labels } = meta
  if (!data || !k || !seeds || !reference) return `${meta.basis} (Stratum ${words.version})`
  const measured = (keys: readonly string[]): string =>
    listed(keys.filter((key) => rows.some(({ figures }) => typeof figures[key] === 'number')).map((key) => citations[key] ?? key))
  const models = rows.filter(
    ({ space, model }) => space === 'codes' || (space === 'decoded' && !rows.some((r) => r.model === model && r.space === 'codes')),
  )
  return [
    `${sentence(listed(models.map(modelWords)))} ${models.length === 1 ? 'was' : 'were'} fitted to the same ${count(data.trainRows)} ${words.rows} of ${words.dataset} (${several(data.columns, 'column')} after preparation).`,
    data.holdoutRows > 0
      ? `${count(data.holdoutRows)} ${words.rows} were held out (${data.split}); no weights were fitted to them, they ended each training and gave the reconstruction error.`
      : `No ${words.rows} were held out.`,
    `Classes of all ${count(data.validRows)} ${words.rows} were found by k-means (Arthur & Vassilvitskii 2007) with k = ${k.value} (${kWords(meta)})${spaceWords(rows)}.`,
    `Their validity (${measured(validity)}) was measured in one space for all, ${reference.columns < data.columns ? `the first ${reference.columns} principal components of the prepared columns (${Math.round(reference.explainedVariance * 100)} % of their variance)` : 'the prepared columns'}${typeof rows[0]?.figures.silhouette === 'number' ? `, the silhouette on ${count(reference.sampleRows)} ${words.rows}` : ''}.`,
    labels
      ? `${count(labels.rows)} labels of ${several(labels.classes, 'class', 'classes')} ${k.from === 'labels' ? 'gave k and were otherwise used for judging only' : 'were used for judging only'}: ${measured(agreement)}${labels.ceiling < 1 ? `; with ${k.value} classes the accuracy cannot exceed ${labels.ceiling.toFixed(3)}` : ''}.`
      : '',
    seeds.length > 1
      ? `Each fit and each clustering was repeated with ${seeds.length} seeds (${seeds.join(', ')}); figures are means ± standard deviations, and differences from the best were tested by a paired t test over seeds (5 % level, not corrected for their number).`
      : `Each was fitted once (seed ${seeds[0]}), so that the figures have no spread.`,
    `Stratum ${words.version} was used.`,
  ]
    .filter((it) => it !== '')
    .join(' ')
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function kWords({ k }: ComparisonMeta): string {
  if (k?.from === 'labels') return 'the number of labelled classes'
  return k?.from === 'elbow' ? 'chosen by the elbow of the error without labels' : 'given'
}

function spaceWords(rows: readonly ComparisonRow[]): string {
  const spaces = new Set(rows.map(({ space }) => space))
  const parts = [
    ...(spaces.has('codes') ? ['in their codes'] : []),
    ...(spaces.has('decoded') ? ['in what is decoded from them, reduced by PCA'] : []),
    ...(spaces.has('columns') ? ['in the prepared columns themselves'] : []),
  ]
  return parts.length > 0 ? `, ${listed(parts)}` : ''
}

/** a vae (10-64-32-8…, preset scene, β = 4; Kingma & Welling 2014) */
function modelWords({ title = '', layers = [], preset, changed = {}, paper, model, codeSize }: ComparisonRow): string {
  const set = Object.entries(changed).map(([name, value]) => `${name} = ${Array.isArray(value) ? value.join('-') : String(value)}`)
  const facts =
    model === 'pca'
      ? [several(codeSize ?? 0, 'component')]
      : [listed(layers), ...(preset ? [`preset ${preset}`] : []), ...set].filter((it) => it !== '')
  return `${title} (${facts.join(', ')}${paper ? `; ${shortCitation(paper)}` : ''})`
}

/** 'Hotelling 1933' of 'Hotelling 1933, Analysis of …'. */
const shortCitation = (paper: string): string =>
  paper
    .split(';')
    .map((part) => /^\s*(.*?\b(19|20)\d\d)\b/.exec(part)?.[1] ?? part.trim())
    .join('; ')

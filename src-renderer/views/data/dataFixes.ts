/** What one press can do about a finding of a dataset: leave columns out of learning, read the file again, look closer. */
import type { Artifact } from '#common/domain/artifact.ts'
import { columnNoun, type DatasetMeta, type Finding } from '#common/domain/dataset.ts'
import type { ExaminationFinding } from '#common/domain/examination.ts'
import type { DataLook } from '../../features/data/dataLook.svelte.ts'
import type { ModelDraft } from '../../features/model/modelDraft.svelte.ts'
import { importer, session, toasts } from '../../lib/app.ts'
import { formatNumber, formatSignificant } from '../../lib/format.ts'

interface Fix {
  readonly label: string
  readonly run: () => void
}
const leftOut = new Set([
  'CONSTANT_COLUMNS',
  'NEAR_CONSTANT_COLUMNS',
  'COPIED_COLUMNS',
  'LINEAR_COPIES',
  'TELLS_LABEL',
  'ROW_NUMBER_COLUMN',
  'SORTED_COLUMN',
  'NOISY_BANDS',
  'STRIPED_BANDS',
])

export function fixForData(finding: Finding, dataset: Artifact, meta: DatasetMeta, look: DataLook, draft: ModelDraft): Fix | null {
  const { code, where = {}, columns = [] } = finding as ExaminationFinding
  if (leftOut.has(code) && columns.length > 0) return leaveOut(columns, meta, draft)
  if (code === 'SENTINEL_VALUE' || code === 'ZERO_PIXELS' || code === 'SUSPICIOUS_VALUE')
    return readAgain(Number(where.value), dataset, meta)
  if (code === 'EMPTY_DROPLETS' && look.tab !== 'quality') return { label: 'Show thresholds', run: () => (look.tab = 'quality') }
  if (code === 'MISSING_TOGETHER' && look.tab !== 'missing') return { label: 'Show pattern', run: () => (look.tab = 'missing') }
  return null
}

/** Null once they are left out. */
function leaveOut(columns: readonly number[], meta: DatasetMeta, draft: ModelDraft): Fix | null {
  const names = new Set(columns.map((i) => meta.columns[i]?.name))
  const usable = meta.columns.filter((_, i) => (meta.summaries[i]?.valid ?? 1) > 0).map(({ name }) => name)
  const chosen = (draft.prepareFor(meta).columns as readonly string[] | null | undefined) ?? usable
  const kept = chosen.filter((name) => !names.has(name))
  if (kept.length === chosen.length || kept.length === 0) return null
  const [one, many] = columnNoun[meta.kind]
  const n = chosen.length - kept.length
  return {
    label: n === 1 ? `Leave this ${one} out` : `Leave ${formatNumber(n)} ${many} out`,
    run: () => {
      draft.prepare = { ...draft.prepareFor(meta), columns: kept }
      toasts.show(`${formatNumber(kept.length)} of ${formatNumber(usable.length)} ${many} will be learned from`, {
        label: 'Show',
        run: () => session.show('model'),
      })
    },
  }
}

/** Where the format can be told what means "missing". */
function readAgain(value: number, { name }: Artifact, { format, readerOptions, source }: DatasetMeta): Fix | null {
  const properties = (session.registry?.formats.find(({ id }) => id === format)?.options.properties ?? {}) as Readonly<
    Record<string, { type?: unknown }>
  >
  const option = properties.missing ? 'missing' : properties.nodata ? 'nodata' : null
  if (option === null || !Number.isFinite(value)) return null
  const before = readerOptions[option]
  const next = option === 'missing' ? [...new Set([...(Array.isArray(before) ? before.map(String) : []), String(value)])] : value
  return {
    label: `Read ${formatSignificant(value, 6)} as missing`,
    run: () => void importer.openAgain(source.absolutePath, { ...readerOptions, [option]: next }, name),
  }
}

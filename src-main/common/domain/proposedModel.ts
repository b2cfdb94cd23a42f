/**
 * Which model suits which data where nobody has chosen one: the window proposes it, and the command line takes it. Told in order; the
 * first that fits is proposed. A model that somebody names is never replaced.
 */
import type { DatasetKind, DatasetMeta } from './dataset.ts'

export interface Proposal {
  readonly model: string
  readonly preset: string
  /** Which data it is for, after “for”. */
  readonly suits: string
}

type Data = Pick<DatasetMeta, 'kind' | 'columns' | 'summaries' | 'validRows'>

interface Rule extends Proposal {
  readonly kinds: readonly DatasetKind[]
  fits?(data: Data): boolean
}

/** As many rows as the likelihood of counts needs before it beats logarithms. */
const enoughCells = 1000
/** A dictionary of 4096 codes wants more rows than codes, and vectors with room for as many directions. */
const [enoughVectors, enoughDimensions] = [10_000, 64]
/** A code of four numbers says nothing of fewer bands, and beyond these neighbouring bands say the same. */
const [fewBands, manyBands] = [4, 32]

const rules: readonly Rule[] = [
  {
    kinds: ['cells'],
    model: 'count-vae',
    preset: 'default',
    suits: `raw counts of ${enoughCells} cells or more`,
    fits: (data) => data.validRows >= enoughCells && holdsRawCells(data),
  },
  { kinds: ['cells'], model: 'denoising', preset: 'cells', suits: 'cells that are fewer or hold no raw counts' },
  {
    kinds: ['embedding'],
    model: 'sae-topk',
    preset: 'embedding',
    suits: `${enoughVectors} vectors or more of ${enoughDimensions} numbers or more`,
    fits: ({ validRows, columns }) => validRows >= enoughVectors && columns.length >= enoughDimensions,
  },
  { kinds: ['embedding'], model: 'autoencoder', preset: 'embedding', suits: 'vectors that are fewer or shorter' },
  {
    kinds: ['raster'],
    model: 'autoencoder',
    preset: 'default',
    suits: `scenes of ${fewBands} bands or less`,
    fits: ({ columns }) => columns.length <= fewBands,
  },
  {
    kinds: ['raster'],
    model: 'stacked',
    preset: 'multispectral',
    suits: `scenes of ${fewBands + 1} to ${manyBands} bands`,
    fits: ({ columns }) => columns.length <= manyBands,
  },
  { kinds: ['raster'], model: 'stacked', preset: 'hyperspectral', suits: `scenes of more than ${manyBands} bands` },
  {
    kinds: ['series'],
    model: 'autoencoder',
    preset: 'series',
    suits: 'time series',
    // Its code of six numbers is one for windows of more.
    fits: ({ columns }) => columns.length >= 12,
  },
  { kinds: ['series', 'table'], model: 'autoencoder', preset: 'default', suits: 'tables and short windows' },
]

export const proposals: readonly Proposal[] = rules

/** @param asCounts false where the rows were prepared otherwise than a model of counts takes them */
export function proposedModel(data: Data, asCounts = true): Proposal {
  const rule = rules.find(
    ({ kinds, model, fits }) => kinds.includes(data.kind) && (asCounts || model !== 'count-vae') && (fits?.(data) ?? true),
  )
  if (!rule) throw new RangeError(`no model is proposed for ${data.kind}`)
  return rule
}

/** Raw counts of cells. */
export const holdsRawCells = (data: Pick<DatasetMeta, 'kind' | 'summaries'>): boolean => data.kind === 'cells' && holdsCounts(data)

/** Whole numbers from 0. Extremes tell: the largest of a column of logarithms or shares is hardly ever whole, in all columns never. */
function holdsCounts({ summaries }: Pick<DatasetMeta, 'summaries'>): boolean {
  const measured = summaries.filter(({ min, max }) => min !== null && max !== null)
  return measured.some(({ max }) => Number(max) > 1) && measured.every(({ min, max }) => isCount(min) && isCount(max))
}
const isCount = (value: number | null): boolean => value !== null && value >= 0 && Number.isInteger(value)

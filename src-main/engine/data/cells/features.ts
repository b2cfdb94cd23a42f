/** Which features of a 10x matrix are columns, and what they are called; the same for its .h5 files and its folders. */
import { z } from 'zod'
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { ColumnField } from '../dataset.ts'

export interface Features {
  readonly names: readonly string[] | null
  readonly ids: readonly string[] | null
  readonly types: readonly string[] | null
  readonly genomes: readonly string[] | null
}

/** Options that all readers of such matrices take. */
export const featureOptions = {
  featureTypes: z
    .string()
    .optional()
    .meta({ title: 'Feature types', description: 'Gene Expression by default; another type, several separated by commas, or all.' }),
  geneNames: z
    .enum(['name', 'id'])
    .default('name')
    .meta({ title: 'Gene names', description: 'Symbols (name) or identifiers such as Ensembl’s (id).' }),
}

export interface FeatureChoice {
  readonly genome?: string | undefined
  readonly featureTypes?: string | undefined
  readonly geneNames: 'name' | 'id'
}

export interface ChosenFeatures {
  /** Positions in the file; null for all. */
  readonly kept: Int32Array | null
  readonly names: string[] | null
  /** What else the file says of those, under the names that scanpy gives them. */
  readonly fields: ColumnField[]
  readonly findings: Finding[]
  readonly details: Record<string, string>
}

const geneExpression = 'Gene Expression'

const tally = (values: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

const listed = (counts: ReadonlyMap<string, number>): string => [...counts].map(([name, n]) => `${name} (${n})`).join(', ')

/** @throws PARAMETER_INVALID for a feature type or genome that the file does not have */
export function chooseFeatures(features: Features, choice: FeatureChoice, path: string): ChosenFeatures {
  const types = features.types ? tally(features.types) : null
  const genomes = features.genomes ? tally(features.genomes) : null
  const wantedTypes = typesWanted(types, choice.featureTypes, path)
  if (choice.genome !== undefined && genomes && !genomes.has(choice.genome)) throw unknown('genome', choice.genome, genomes, path)
  const isKept = (i: number): boolean =>
    (!wantedTypes || wantedTypes.has(features.types?.[i] as string)) &&
    (choice.genome === undefined || !genomes || features.genomes?.[i] === choice.genome)
  const n = features.names?.length ?? features.ids?.length ?? 0
  const kept = Int32Array.from(Array.from({ length: n }, (_, i) => i).filter(isKept))
  const all = (choice.geneNames === 'id' ? features.ids : features.names) ?? features.names ?? features.ids
  const left = types && wantedTypes ? new Map([...types].filter(([type]) => !wantedTypes.has(type))) : new Map<string, number>()
  return {
    kept: kept.length === n ? null : kept,
    names: all ? Array.from(kept, (i) => all[i] as string) : null,
    fields: fieldsOf(features, all, kept),
    findings:
      left.size === 0
        ? []
        : [
            {
              severity: 'info',
              code: 'FEATURE_TYPES',
              message: `Columns are the features of ${[...(wantedTypes ?? [])].join(', ')}; left out are ${listed(left)}.`,
              hint: 'Choose another feature type, or all, to read them.',
            },
          ],
    details: {
      ...(types ? { featureTypes: listed(types) } : {}),
      ...(genomes && !(genomes.size === 1 && genomes.has('')) ? { genomes: listed(genomes) } : {}),
    },
  }
}

/** Of names and identifiers the ones that do not name the columns. */
function fieldsOf({ names, ids, types, genomes }: Features, used: readonly string[] | null, kept: Int32Array): ColumnField[] {
  const field = (name: string, values: readonly string[] | null): ColumnField[] =>
    values === null || values === used ? [] : [{ name, type: null, values: Array.from(kept, (i) => values[i] ?? null) }]
  return [
    ...field('gene_ids', ids),
    ...field('gene_symbols', names),
    ...field('feature_types', types),
    ...field('genome', genomes?.some((genome) => genome !== '') ? genomes : null),
  ]
}

/** null: whatever there is. */
function typesWanted(types: ReadonlyMap<string, number> | null, chosen: string | undefined, path: string): Set<string> | null {
  if (!types || chosen === 'all') return null
  if (chosen === undefined) return types.size > 1 && types.has(geneExpression) ? new Set([geneExpression]) : null
  const wanted = chosen.split(',').map((type) => type.trim())
  for (const type of wanted) if (!types.has(type)) throw unknown('feature type', type, types, path)
  return new Set(wanted)
}

const unknown = (what: string, name: string, known: ReadonlyMap<string, number>, path: string): StratumError =>
  new StratumError('PARAMETER_INVALID', `The file has no ${what} "${name}".`, `There are ${listed(known)}.`, { path })

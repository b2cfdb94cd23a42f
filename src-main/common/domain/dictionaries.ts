/** Models that are dictionaries of directions, by the ids of the registry: those that SAELens has a name for. */
export const dictionaryModels = ['sae-relu', 'sae-topk', 'batch-topk', 'sae-jumprelu', 'sae-gated', 'k-sparse'] as const
export type DictionaryModel = (typeof dictionaryModels)[number]

export const isDictionary = (model: string): model is DictionaryModel => dictionaryModels.some((known) => known === model)

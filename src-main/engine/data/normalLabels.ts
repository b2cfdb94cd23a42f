/** What labels call a row that is nothing special: 0, nothing, or one of these words. Everything else is anomalous. */
const words = new Set(['normal', 'nominal', 'inlier', 'benign', 'healthy', 'ok', 'no', 'nein', 'non', 'none', 'false'])

export const isNormalLabel = (label: string | number | null): boolean =>
  label === null || Number(label) === 0 || words.has(String(label).trim().toLowerCase())

/** Figures of features as words. */
import { formatPercent, formatSignificant } from '../../lib/format.ts'

/** '0.1 %', '12 %': two significant digits below ten per cent. */
export const shareWords = (share: number): string => (share < 0.1 ? `${formatSignificant(share * 100, 2)} %` : formatPercent(share, 0))

/** A badge for what the density says. */
export function rarity(density: number): { readonly word: string; readonly tone?: 'ok' | 'warn' } {
  if (density === 0) return { word: 'Never fires', tone: 'warn' }
  if (density > 0.1) return { word: 'Fires on many', tone: 'warn' }
  return density < 0.0001 ? { word: 'Very rare' } : { word: 'Alive', tone: 'ok' }
}

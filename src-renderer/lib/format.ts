/** How numbers, sizes and times are written: thin space in thousands and before a unit, a true minus, significant digits only. */
const thin = '\u202f'

/** 120 600 000 → '120 600 000'; up to `digits` decimals, none when the number is whole. */
export function formatNumber(value: number, digits = 6): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const [whole = '0', fraction] = trimmed(Math.abs(value), digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thin)
  return `${value < 0 ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`
}

const trimmed = (magnitude: number, digits: number): string => {
  const text = magnitude.toFixed(digits)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** Whole numbers inside a text as they are written elsewhere: '50000 held-out pixels' → '50 000 held-out pixels'. */
export const groupDigits = (text: string): string =>
  text.replace(/(?<![\d.])\d{4,}(?!\d*\.\d)/g, (digits) => formatNumber(Number(digits), 0))

/** Exactly so many decimals, for figures that stand below each other. */
export function formatFixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return formatNumber(value)
  const [whole = '0', fraction] = Math.abs(value).toFixed(decimals).split('.')
  // What rounds to nothing has no sign.
  const isNegative = value < 0 && Number(value.toFixed(decimals)) !== 0
  return `${isNegative ? '−' : ''}${formatNumber(Number(whole), 0)}${fraction ? `.${fraction}` : ''}`
}

/** 1.4900 × 10⁻⁷: exactly so many digits, for figures that stand below each other. */
export function formatScientific(value: number, digits: number): string {
  if (!Number.isFinite(value) || value === 0) return formatNumber(value)
  const [mantissa = '', exponent = '0'] = Math.abs(value)
    .toExponential(digits - 1)
    .split('e')
  return `${value < 0 ? '−' : ''}${mantissa}${thin}×${thin}10${superscript(Number(exponent))}`
}

/** Three significant digits unless told; very large and very small numbers as 3.9 × 10⁴. */
export function formatSignificant(value: number, digits = 3): string {
  if (!Number.isFinite(value) || value === 0) return formatNumber(value)
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= 6 || exponent < -5) {
    const mantissa = formatNumber(Number((value / 10 ** exponent).toPrecision(digits)))
    return `${mantissa}${thin}×${thin}10${superscript(exponent)}`
  }
  return formatNumber(Number(value.toPrecision(digits)), Math.max(0, digits - 1 - exponent))
}

/**
 * With the decimals that three significant digits of another figure have, for figures that stand below each other. One that is far
 * larger keeps two digits more than that: 162.46 beside 0.00394, not 162.45702.
 */
export function formatLike(value: number, reference: number, digits = 3): string {
  const exponent = reference === 0 || !Number.isFinite(reference) ? 0 : Math.floor(Math.log10(Math.abs(reference)))
  // Those that are written with a power of ten have all their digits, too.
  if (exponent >= 6 || exponent < -5 || Math.abs(value) >= 1e7)
    return Math.abs(value) >= 1e6 || Math.abs(value) < 1e-5 ? formatScientific(value, digits) : formatSignificant(value, digits)
  const whole = Math.abs(value) < 1 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1
  return formatFixed(value, Math.max(0, Math.min(digits - 1 - exponent, digits + 2 - whole)))
}

const superscript = (exponent: number): string => String(exponent).replace(/./g, (c) => (c === '-' ? '⁻' : ('⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? c)))

/** 120 600 000 → '120.6 M'; below a million the number itself. */
export function formatCount(value: number): string {
  if (Math.abs(value) < 1e6) return formatNumber(Math.round(value), 0)
  const [scaled, letter] = Math.abs(value) < 1e9 ? [value / 1e6, 'M'] : [value / 1e9, 'G']
  return `${formatNumber(scaled, scaled < 10 ? 2 : 1)}${thin}${letter}`
}

/** The unit that areas of this size are written in, and how many of it are a km². */
export const areaUnit = (km2: number): { readonly unit: 'km²' | 'm²'; readonly perKm2: number } =>
  km2 < 0.1 ? { unit: 'm²', perKm2: 1e6 } : { unit: 'km²', perKm2: 1 }

/** 3.9 km², 8 170 m² */
export function formatArea(km2: number): string {
  const { unit, perKm2 } = areaUnit(km2)
  return `${formatSignificant(km2 * perKm2)}${thin}${unit}`
}

/** 0.25 M px/s */
export function formatRate(perSecond: number, unit: string): string {
  const amount = perSecond >= 100_000 ? `${formatSignificant(perSecond / 1e6, 2)}${thin}M` : formatSignificant(perSecond, 3)
  return `${amount}${thin}${unit}/s`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatNumber(bytes)}${thin}B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3) - 1)
  const scaled = bytes / 1000 ** (power + 1)
  return `${formatNumber(scaled, scaled < 10 ? 1 : 0)}${thin}${units[power]}`
}

/** 0.9 s · 44 s · 2 min 10 s · 1 h 05 min */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.1) return `${formatSignificant(seconds * 1000, 2)}${thin}ms`
  if (seconds < 10) return `${formatNumber(seconds, 1)}${thin}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}${thin}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}${thin}min ${String(whole % 60).padStart(2, '0')}${thin}s`
  return `${Math.floor(whole / 3600)}${thin}h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}${thin}min`
}

/** A share in 0…1 as '62 %'; small ones keep a digit, and what is not nothing or all is not told as such: '< 0.1 %', '99.98 %'. */
export function formatPercent(share: number, digits = digitsOfShare(share)): string {
  if (share !== 0 && Math.abs(share) < 0.0005 && digits === 1) return `<${thin}0.1${thin}%`
  return `${formatNumber(share * 100, digits)}${thin}%`
}
function digitsOfShare(share: number): number {
  if (share !== 0 && Math.abs(share) < 0.1) return 1
  if (share >= 1 || share < 0.995) return 0
  return share < 0.9995 ? 1 : share < 0.99995 ? 2 : 0
}

/** Today, 14:02 · Yesterday · 18 Nov · 18 Nov 2025 */
export function formatDay(iso: string, now = new Date()): string {
  const then = new Date(iso)
  const day = (date: Date): number => Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 86_400_000)
  const age = day(now) - day(then)
  if (age === 0) return `Today, ${formatClock(iso)}`
  if (age === 1) return 'Yesterday'
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const year = then.getFullYear() === now.getFullYear() ? '' : ` ${then.getFullYear()}`
  return `${then.getDate()} ${months[then.getMonth()]}${year}`
}

/** 14:02 */
export function formatClock(iso: string, seconds = false): string {
  const time = new Date(iso)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(time.getHours())}:${two(time.getMinutes())}${seconds ? `:${two(time.getSeconds())}` : ''}`
}

/** 1 pixel, 2 pixels, 120.6 M pixels */
export const formatRows = (n: number, [one, many]: readonly [string, string]): string => `${formatCount(n)} ${n === 1 ? one : many}`

/** The first letter large, the rest as it is. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The last part of a path, whichever slash it uses. */
export const fileName = (path: string): string => path.split(/[\\/]/).pop() ?? path

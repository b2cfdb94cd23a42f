/** The XML that GDAL keeps in tag 42112: band names, scale and offset, wavelengths. Read as a flat list of items. */

export interface MetadataItem {
  readonly name: string
  /** Band, from 0; null for the whole file. */
  readonly band: number | null
  readonly role: string
  readonly domain: string
  readonly text: string
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
export const unescapeXml = (text: string): string =>
  text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => (name.startsWith('#') ? codePoint(name) : (entities[name] ?? whole)))

function codePoint(name: string): string {
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  return Number.isInteger(code) && code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

export function parseGdalMetadata(xml: string): MetadataItem[] {
  const items: MetadataItem[] = []
  for (const [, attributes = '', text = ''] of xml.matchAll(/<Item\b([^>]*)>([^<]*)<\/Item>/g)) {
    const attribute = (name: string): string => unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '')
    const sample = attribute('sample')
    items.push({
      name: attribute('name'),
      band: sample === '' ? null : Number(sample),
      role: attribute('role'),
      domain: attribute('domain'),
      text: unescapeXml(text),
    })
  }
  return items
}

/** Of band `i`, by role (description, scale, offset) or by name, upper or lower case. */
export function bandItem(items: readonly MetadataItem[], band: number, wanted: string): string | null {
  const lower = wanted.toLowerCase()
  return (
    items.find((item) => item.band === band && (item.role.toLowerCase() === lower || item.name.toLowerCase() === lower))?.text.trim() ??
    null
  )
}

/**
 * Centre wavelength in nm. Writers differ: per band `wavelength` with `wavelength_units`, or CENTRAL_WAVELENGTH_UM (GDAL's
 * IMAGERY domain); ENVI's list in braces for the whole file; or the band's name itself ("Band 3 (560.2 Nanometers)").
 */
export function bandWavelengthNm(items: readonly MetadataItem[], band: number, bands: number, description: string): number | null {
  const micro = numberOf(bandItem(items, band, 'CENTRAL_WAVELENGTH_UM'))
  if (micro !== null) return round(micro * 1000)
  const own = numberOf(bandItem(items, band, 'wavelength'))
  const units =
    bandItem(items, band, 'wavelength_units') ?? fileItem(items, 'wavelength_units') ?? fileItem(items, 'wavelength units') ?? ''
  if (own !== null) return toNm(own, units)
  const listed = fileItem(items, 'wavelength')?.replace(/[{}]/g, '').split(',')
  if (listed?.length === bands) {
    const value = numberOf(listed[band] as string)
    return value === null ? null : toNm(value, units)
  }
  const named = /(\d+(?:\.\d+)?)\s*(nm|nanomet|um|µm|micromet)/i.exec(description)
  return named ? toNm(Number(named[1]), named[2] as string) : null
}

const fileItem = (items: readonly MetadataItem[], name: string): string | null =>
  items.find((item) => item.band === null && item.name.toLowerCase() === name)?.text ?? null

function numberOf(text: string | null): number | null {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}

/** Without a unit, values below 100 can only be micrometres. */
function toNm(value: number, unit: string): number {
  const micrometres = unit === '' ? value < 100 : /^(um|µm|micro)/i.test(unit.trim())
  return round(micrometres ? value * 1000 : value)
}
const round = (value: number): number => Math.round(value * 1e6) / 1e6

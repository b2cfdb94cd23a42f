/** Names that travel with a raster: GDAL's metadata tag inside the file, and its auxiliary file beside it. */
import { parseHex } from '#common/domain/palettes.ts'

export const xmlText = (text: string): string =>
  // Control characters are not allowed in XML 1.0, not even escaped.
  text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')

export interface RasterNames {
  readonly metadata?: Readonly<Record<string, string>>
  readonly bandNames?: readonly string[]
  /** null for a band without one. */
  readonly wavelengthsNm?: readonly (number | null)[]
}

/** The GDAL_METADATA tag: free items, band descriptions, and wavelengths the way ENVI users' tools look for them. Empty when there is nothing to say. */
export function gdalMetadata({ metadata = {}, bandNames = [], wavelengthsNm = [] }: RasterNames): string {
  const items = Object.entries(metadata).map(([name, value]) => `  <Item name="${xmlText(name)}">${xmlText(value)}</Item>`)
  for (const [band, name] of bandNames.entries())
    items.push(`  <Item name="DESCRIPTION" sample="${band}" role="description">${xmlText(name)}</Item>`)
  for (const [band, nm] of wavelengthsNm.entries()) {
    if (nm === null) continue
    items.push(
      `  <Item name="wavelength" sample="${band}">${nm}</Item>`,
      `  <Item name="wavelength_units" sample="${band}">Nanometers</Item>`,
    )
    items.push(`  <Item name="CENTRAL_WAVELENGTH_UM" sample="${band}" domain="IMAGERY">${nm / 1000}</Item>`)
  }
  return items.length === 0 ? '' : `<GDALMetadata>\n${items.join('\n')}\n</GDALMetadata>\n`
}

/**
 * The .aux.xml of a class map: category names by pixel value (0 first) and an attribute table with the colours,
 * which GDAL, QGIS and ArcGIS read; a GeoTIFF has no tag for either.
 */
export function categoriesXml(names: readonly string[], colours: ReadonlyMap<number, string>): string {
  const categories = names.map((name) => `      <Category>${xmlText(name)}</Category>`).join('\n')
  return `<PAMDataset>
  <PAMRasterBand band="1">
    <CategoryNames>
${categories}
    </CategoryNames>
${colours.size === 0 ? '' : attributeTable(names, colours)}  </PAMRasterBand>
</PAMDataset>
`
}

/** Column types 0 integer, 2 text; usages 5 value, 2 name, 6 7 8 red green blue. */
function attributeTable(names: readonly string[], colours: ReadonlyMap<number, string>): string {
  const columns = [
    ['Value', 0, 5],
    ['Class', 2, 2],
    ['Red', 0, 6],
    ['Green', 0, 7],
    ['Blue', 0, 8],
  ]
  const fields = columns.map(
    ([name, type, usage], i) => `      <FieldDefn index="${i}"><Name>${name}</Name><Type>${type}</Type><Usage>${usage}</Usage></FieldDefn>`,
  )
  const rows = [...colours].map(([id, colour], i) => {
    const cells = [id, xmlText(names[id] ?? String(id)), ...parseHex(colour)].map((cell) => `<F>${cell}</F>`).join('')
    return `      <Row index="${i}">${cells}</Row>`
  })
  return `    <GDALRasterAttributeTable tableType="thematic">\n${[...fields, ...rows].join('\n')}\n    </GDALRasterAttributeTable>\n`
}

/** What a file says of its values: nodata, scale and offset, band names, and what the user should know of them. */
import type { Column, Finding } from '#common/domain/dataset.ts'
import { type MetadataItem, bandItem, bandWavelengthNm } from './gdalMetadata.ts'
import type { Layout } from './layout.ts'
import type { Calibration } from './pixels.ts'
import type { BandBeside } from './sidecar.ts'
import { type RawDirectory, type TiffFile, readText } from './structure.ts'

async function readNodata(tiff: TiffFile, directory: RawDirectory): Promise<number | null> {
  const text = (await readText(tiff, directory, 42113))?.trim()
  if (!text) return null
  return nodataNumber(text)
}

/**
 * Scale, offset and nodata of each band: from the option, the file beside, the file itself, in this order (as GDAL has it).
 * NaN as nodata is none, for it is missing anyway.
 */
export async function readCalibration(
  tiff: TiffFile,
  layout: Layout,
  items: readonly MetadataItem[],
  beside: readonly BandBeside[],
  chosen: number | undefined,
): Promise<Calibration> {
  const own = await readNodata(tiff, layout.directory)
  const number = (text: string | null | undefined, fallback: number): number => {
    const value = text === null || text === undefined || text === '' ? fallback : Number(text)
    return Number.isFinite(value) ? value : fallback
  }
  const scale = new Float64Array(layout.bands)
  const offset = new Float64Array(layout.bands)
  const nodata: (number | null)[] = []
  for (let band = 0; band < layout.bands; band++) {
    scale[band] = number(beside[band]?.scale ?? bandItem(items, band, 'scale'), 1)
    offset[band] = number(beside[band]?.offset ?? bandItem(items, band, 'offset'), 0)
    const stated = beside[band]?.nodata
    nodata.push(asStored(chosen ?? (stated === undefined ? own : nodataNumber(stated)), layout))
  }
  const unscaled = scale.every((value) => value === 1) && offset.every((value) => value === 0)
  return { nodata, scale, offset, calibrated: !unscaled, plain: unscaled && nodata.every((value) => value === nodata[0]) }
}

function nodataNumber(text: string): number | null {
  const value = Number(text.trim().replace(/^([+-]?)(?:inf|infinity)$/i, '$1Infinity'))
  return Number.isNaN(value) ? null : value
}

/** The text of a float32 nodata value is rounded; compare as the pixels are stored. */
function asStored(nodata: number | null, layout: Layout): number | null {
  if (nodata === null || layout.sampleType !== 'float32' || !Number.isFinite(nodata)) return nodata
  return Math.fround(Math.max(-3.4028234663852886e38, Math.min(3.4028234663852886e38, nodata)))
}

export function columnsOf(
  layout: Layout,
  items: readonly MetadataItem[],
  beside: readonly BandBeside[],
  calibration: Calibration,
): Column[] {
  const colours = layout.photometric === 2 && layout.bands >= 3 && layout.bands <= 4 ? ['red', 'green', 'blue', 'alpha'] : []
  const integer = !layout.sampleType.startsWith('float')
  return Array.from({ length: layout.bands }, (_, band): Column => {
    const described = beside[band]?.description ?? bandItem(items, band, 'description') ?? ''
    const scaled = calibration.scale[band] !== 1 || calibration.offset[band] !== 0
    return {
      name: described || colours[band] || `band ${band + 1}`,
      type: integer && !scaled ? 'integer' : 'number',
      unit: (beside[band]?.unit ?? bandItem(items, band, 'unittype')) || null,
      wavelengthNm: bandWavelengthNm(items, band, layout.bands, described),
    }
  })
}

/** Whether a pixel can have the value: −9999 is none of unsigned integers. */
function isHeld(value: number, { sampleType, bits }: Layout): boolean {
  if (sampleType.startsWith('float')) return true
  const [least, greatest] = sampleType.startsWith('uint') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
  return Number.isInteger(value) && value >= least && value <= greatest
}

export function noteValues(layout: Layout, nodata: readonly (number | null)[], alpha: number | null, findings: Finding[]): void {
  if (layout.photometric === 3)
    findings.push({
      severity: 'warning',
      code: 'PALETTE',
      message: 'The values are numbers of colours in a table, that is classes, not measurements.',
      hint: 'Use it as a label layer rather than to learn from.',
    })
  const impossible = [...new Set(nodata)].find((value) => value !== null && !isHeld(value, layout))
  if (impossible !== undefined)
    findings.push({
      severity: 'warning',
      code: 'NODATA_IMPOSSIBLE',
      message: `The file says that ${impossible} means no data, which ${layout.sampleType} values cannot be: no pixel is taken for missing.`,
      hint: 'If pixels without data hold another number, set the no-data option to it.',
    })
  if (layout.photometric === 5)
    findings.push({
      severity: 'info',
      code: 'CMYK',
      message: 'The bands are the four printing inks (CMYK), read as stored.',
      hint: 'Other programs may show them converted to red, green and blue.',
    })
  if (layout.compression === 7)
    findings.push({
      severity: 'info',
      code: 'LOSSY',
      message: 'The pixels are JPEG-compressed: values are rounded, and differ by 1 or 2 from what was measured.',
      hint: 'Prefer the original file for measurements.',
    })
  if (alpha !== null)
    findings.push({
      severity: 'info',
      code: 'ALPHA_BAND',
      message: `Band ${alpha + 1} is an alpha (opacity) band${nodata[0] === null ? '; pixels where it is 0 are missing' : ''}.`,
      hint: 'Leave it out of the columns to learn from.',
    })
  if (layout.bits === 64 || (layout.bits > 24 && !layout.sampleType.startsWith('float')))
    findings.push({
      severity: 'info',
      code: 'ROUNDED',
      message: `The values are stored as ${layout.sampleType} and are read as float32, which holds 7 digits.`,
      hint: 'Whole numbers beyond 16 777 216 are rounded; identifiers should not be learned from.',
    })
}

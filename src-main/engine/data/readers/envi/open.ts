/** Opens an ENVI raster from its header or its data file. Memory: the header; each method adds what its arguments ask for and 32 MB. */
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from '../../dataset.ts'
import { type EnviOptions, findHeader } from '../envi.ts'
import { type Calibration, bytesOf, calibrate, toNumbers } from '../numbers.ts'
import { type Planes, type Region, planesSource } from '../planes.ts'
import { type RandomAccessFile, openRandomAccess, truncated } from '../randomAccess.ts'
import { enviGrid } from './georeference.ts'
import { type EnviHeader, listOf, readHeader } from './header.ts'

/** One read from the file; wider regions are read in parts. */
const readBytes = 16 << 20
/** Bytes between two lines that take no longer to read along than another read takes to begin. */
const cheapGapBytes = 128 << 10

export async function openEnvi(path: string, options: EnviOptions): Promise<OpenSource> {
  const headerPath = /\.hdr$/i.test(path) ? path : findHeader(path)
  if (headerPath === null)
    throw new StratumError(
      'FILE_NOT_FOUND',
      'There is no ENVI header (.hdr) beside this file.',
      `Put ${basename(path)}.hdr into the same folder.`,
      { path },
    )
  const headerFile = await openRandomAccess(headerPath)
  let header: EnviHeader
  try {
    header = await readHeader(headerFile)
  } finally {
    await headerFile.close()
  }
  const dataPath = headerPath === path ? await findData(path) : path
  const file = await openRandomAccess(dataPath)
  try {
    return await openData(path, headerPath, file, header, options)
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

const usualEndings = ['', '.img', '.dat', '.bsq', '.bil', '.bip', '.raw', '.bin', '.sli']
const neverData = /\.(hdr|enp|sta|xml|ovr|txt|html?|kml|shp|dbf|prj|png|jpe?g|tiff?|evf|roi|dsk)$/i

/** The data file that belongs to a header, in the same folder. */
async function findData(headerPath: string): Promise<string> {
  const folder = dirname(headerPath)
  const stem = basename(headerPath).replace(/\.hdr$/i, '')
  const names = (await readdir(folder)).filter((name) => !neverData.test(name))
  const usual = usualEndings
    .map((ending) => names.find((name) => name.toLowerCase() === (stem + ending).toLowerCase()))
    .find((name) => name !== undefined)
  const others = names.filter((name) => name.startsWith(`${stem}.`))
  const found = usual ?? (others.length === 1 ? others[0] : undefined)
  if (found) return join(folder, found)
  throw new StratumError(
    'FILE_NOT_FOUND',
    others.length > 1
      ? `Several files could be the data of this header: ${others.slice(0, 5).join(', ')}.`
      : 'The data file of this ENVI header is not beside it.',
    others.length > 1
      ? 'Open the data file instead of the header.'
      : `Put the data file (${stem}, ${stem}.img, ${stem}.dat …) into the same folder.`,
    { path: headerPath },
  )
}

async function openData(
  path: string,
  headerPath: string,
  file: RandomAccessFile,
  header: EnviHeader,
  options: EnviOptions,
): Promise<OpenSource> {
  const { samples, lines, bands, offset, type, fields } = header
  const bytes = samples * lines * bands * bytesOf[type]
  if (!Number.isSafeInteger(bytes) || offset + bytes > file.size)
    throw truncated(file.path, `the image of ${samples} × ${lines} × ${bands}`, offset, offset + bytes, file.size)
  const findings: Finding[] = []
  const grid = await enviGrid(header, findings)
  const bad = listOf(fields.get('bbl')).map(Number)
  const kept = Array.from({ length: bands }, (_, band) => band).filter(
    (band) => options.badBands === 'keep' || bad.length !== bands || bad[band] !== 0,
  )
  const used = kept.length > 0 ? kept : Array.from({ length: bands }, (_, band) => band)
  if (used.length < bands)
    findings.push({
      severity: 'info',
      code: 'BAD_BANDS',
      message: `${bands - used.length} of ${counted(bands, 'band')} ${nounFor(bands - used.length, 'is listed as bad in the header and is', 'are listed as bad in the header and are')} left out.`,
      hint: 'Choose “keep” for bad bands to read them too.',
    })
  const classes = classNames(header)
  const calibrations = calibrationsOf(header, options, classes, findings, path)
  const columns = columnsOf(header, classes, calibrations)
  if (/spectral library/i.test(fields.get('file type') ?? ''))
    findings.push({
      severity: 'warning',
      code: 'SPECTRAL_LIBRARY',
      message: `This is a spectral library: its ${lines} lines are spectra of ${samples} channels, shown here as an image of one band.`,
      hint: 'To learn from its spectra, save it as a table with one spectrum per row.',
    })
  const rows = samples * lines
  const report: SourceReport = {
    path,
    sizeBytes: file.size,
    format: 'envi',
    formatTitle: 'ENVI raster',
    kind: 'raster',
    rows,
    columns: used.map((band) => columns[band] as Column),
    dtype: type,
    grid,
    nodata: used.map((band) => calibrations[band]?.missing[0] ?? null),
    metadataFields: [],
    matrixBytes: rows * used.length * 4,
    findings,
    details: {
      interleave: header.interleave,
      byteOrder: header.littleEndian ? 'little' : 'big',
      headerOffset: offset,
      ...(fields.has('sensor type') ? { sensor: fields.get('sensor type') as string } : {}),
      ...(fields.has('description') ? { description: (fields.get('description') as string).slice(0, 500) } : {}),
      ...(Number(fields.get('reflectance scale factor')) > 0
        ? { reflectanceScaleFactor: Number(fields.get('reflectance scale factor')) }
        : {}),
    },
  }
  return planesSource(report, enviPlanes(file, header, used, calibrations), [headerPath, file.path])
}

/** Names of the classes when the file is a classification. */
function classNames({ fields, bands }: EnviHeader): string[] | null {
  const names = listOf(fields.get('class names'))
  return /classification/i.test(fields.get('file type') ?? '') && bands === 1 && names.length > 1 && names.length <= 1000 ? names : null
}

function calibrationsOf(
  { fields, bands, type }: EnviHeader,
  options: EnviOptions,
  classes: readonly string[] | null,
  findings: Finding[],
  path: string,
): Calibration[] {
  const stated = fields.get('data ignore value')
  const ignore =
    options.nodata ?? (stated === undefined || stated === '' ? Number.NaN : Number(stated.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity')))
  const missing = Number.isNaN(ignore) ? [] : [type === 'float32' ? Math.fround(ignore) : ignore]
  const gains = listOf(fields.get('data gain values')).map(Number)
  const offsets = listOf(fields.get('data offset values')).map(Number)
  const factor = Number(fields.get('reflectance scale factor') ?? Number.NaN)
  if (options.reflectance && !(factor > 0))
    throw new StratumError('DATA_UNSUITABLE', 'The header has no reflectance scale factor.', 'Switch “As reflectance” off.', {
      path,
      parameter: 'reflectance',
    })
  if (!options.reflectance && factor > 0 && factor !== 1)
    findings.push({
      severity: 'info',
      code: 'REFLECTANCE_SCALED',
      message: `The values are reflectance × ${factor}, read as stored.`,
      hint: 'Switch “As reflectance” on to divide by it.',
    })
  const usable = (values: readonly number[], band: number, fallback: number): number =>
    values.length === bands && Number.isFinite(values[band]) ? (values[band] as number) : fallback
  return Array.from({ length: bands }, (_, band) => {
    const divide = options.reflectance ? factor : 1
    if (classes) return { missing, scale: 1, offset: 0, validRange: [0, classes.length - 1] as const }
    return { missing, scale: usable(gains, band, 1) / divide, offset: usable(offsets, band, 0) / divide }
  })
}

function columnsOf({ fields, bands, type }: EnviHeader, classes: readonly string[] | null, calibrations: readonly Calibration[]): Column[] {
  const names = listOf(fields.get('band names'))
  const wavelengths = wavelengthsNm(listOf(fields.get('wavelength')).map(Number), fields.get('wavelength units') ?? '')
  return Array.from({ length: bands }, (_, band): Column => {
    const wavelength = wavelengths.length === bands && Number.isFinite(wavelengths[band]) ? (wavelengths[band] as number) : null
    const { scale, offset } = calibrations[band] as Calibration
    const integer = !type.startsWith('float') && scale === 1 && offset === 0
    return {
      name: (names.length === bands && names[band]) || (wavelength === null ? `band ${band + 1}` : `${Number(wavelength.toFixed(2))} nm`),
      type: classes ? 'category' : integer ? 'integer' : 'number',
      unit: fields.get('z plot titles') && bands > 1 ? (listOf(fields.get('z plot titles'))[1] ?? null) : null,
      wavelengthNm: wavelength,
      ...(classes ? { categories: [...classes] } : {}),
    }
  })
}

/** In nm. Where the unit is not said, values up to 100 can only be micrometres. */
function wavelengthsNm(values: readonly number[], unit: string): number[] {
  const factor = /^(micro|µm|um)/i.test(unit)
    ? 1000
    : /^nano|^nm/i.test(unit)
      ? 1
      : /^milli|^mm/i.test(unit)
        ? 1e6
        : /^centi|^cm$/i.test(unit)
          ? 1e7
          : /^m(eters?)?$/i.test(unit)
            ? 1e9
            : /^angstrom/i.test(unit)
              ? 0.1
              : /^(unknown|index)?$/i.test(unit) && values.every((value) => value > 0 && value < 100)
                ? 1000
                : /^unknown$|^$/i.test(unit) && values.every((value) => value >= 100)
                  ? 1
                  : Number.NaN
  return values.map((value) => value * factor)
}

function enviPlanes(file: RandomAccessFile, header: EnviHeader, used: readonly number[], calibrations: readonly Calibration[]): Planes {
  const { samples, lines, bands, offset, type, interleave, littleEndian } = header
  const size = bytesOf[type]
  /** Items from one pixel, line or band to the next. */
  const stride = {
    bsq: { pixel: 1, line: samples, band: samples * lines },
    bil: { pixel: 1, line: samples * bands, band: samples },
    bip: { pixel: bands, line: samples * bands, band: 1 },
  }[interleave]

  return {
    close: () => file.close(),
    async fill(X, wanted, region, signal) {
      const stored = wanted.map((column) => used[column] as number)
      const together = interleave === 'bip' || (interleave === 'bil' && stride.line * size <= readBytes)
      const groups = together ? [stored] : stored.map((band) => [band])
      const most = Math.max(1, Math.floor(readBytes / (stride.pixel * size)))
      let place = 0
      for (const group of groups) {
        for (let x0 = region.x0; x0 < region.x1; x0 += most)
          await runs(X, group, place, stored.length, region, x0, Math.min(region.x1, x0 + most), signal)
        place += group.length
      }
    },
  }

  /**
   * Columns x0 … x1−1 of the region for bands that are read together, into the places of X from `place` on: the span from the first to
   * the last item of a line is read, of several lines at once where they follow each other closely.
   */
  async function runs(
    X: Float32Array,
    group: readonly number[],
    place: number,
    d: number,
    region: Region,
    x0: number,
    x1: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const low = group.reduce((a, b) => Math.min(a, b))
    const high = group.reduce((a, b) => Math.max(a, b))
    const span = (x1 - 1 - x0) * stride.pixel + (high - low) * stride.band + 1
    const dense = (stride.line - span) * size <= cheapGapBytes
    const perRead = dense ? Math.max(1, Math.floor(readBytes / (stride.line * size))) : 1
    const width = region.x1 - region.x0
    for (let y = region.y0; y < region.y1; y += perRead) {
      if (signal) throwIfCancelled(signal)
      const count = Math.min(perRead, region.y1 - y)
      const first = low * stride.band + y * stride.line + x0 * stride.pixel
      const items = (count - 1) * stride.line + span
      const values = toNumbers(await file.read(offset + first * size, items * size, 'the image'), type, littleEndian)
      for (let line = 0; line < count; line++) {
        const at = ((y - region.y0 + line) * width + x0 - region.x0) * d + place
        for (const [k, band] of group.entries()) {
          const from = line * stride.line + (band - low) * stride.band
          calibrate(values, from, stride.pixel, x1 - x0, X, at + k, d, calibrations[band] as Calibration)
        }
      }
    }
  }
}

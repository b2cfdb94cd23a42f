/**
 * Opens a NetCDF grid as a raster. Every variable over the same two axes gives a column, or one per step of its other axes
 * (`sst@1981-12-31`). Lines run from north to south, as in every other raster. Memory: the header; each method adds what it is asked for.
 */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from '../../dataset.ts'
import type { NetcdfOptions } from '../netcdf.ts'
import { type Calibration, calibrate } from '../numbers.ts'
import { type Planes, planesSource } from '../planes.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { openClassic } from './classic.ts'
import { type NcDimension, type NcFile, type NcVariable, baseName, numberOf, textOf } from './file.ts'
import { axisKind, coordinateOf, placementOf } from './grid.ts'
import { openHdf5Netcdf } from './hdf5.ts'
import { datesOf } from './time.ts'
import { asMeant, calibrationOf, meantType } from './values.ts'

const mostColumns = 100_000
/** A pass over compressed blocks takes this much at once, so that a block is undone once or a few times. */
const passBytes = 64 << 20
/** Blocks of one variable are read for several steps at once, up to this size. */
const blockBytes = 64 << 20

export async function openNetcdf(path: string, options: NetcdfOptions, signal?: AbortSignal): Promise<OpenSource> {
  const file = await openFile(path)
  try {
    if (signal) throwIfCancelled(signal)
    return await openGrid(file, options)
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

async function openFile(path: string): Promise<NcFile> {
  const file = await openRandomAccess(path)
  try {
    const head = await file.readUpTo(0, 8)
    if (head[0] === 0x43 && head[1] === 0x44 && head[2] === 0x46) return await openClassic(file)
    if (head[0] !== 0x89 || head[1] !== 0x48)
      throw new StratumError(
        'FILE_CORRUPT',
        'The file begins neither like NetCDF (CDF) nor like NetCDF-4 (HDF5).',
        'Fetch the file again; perhaps it is another format with this name.',
        { path, byte: 0 },
      )
  } catch (thrown) {
    await file.close()
    throw thrown
  }
  await file.close()
  return openHdf5Netcdf(path)
}

/** A variable as a stack of planes. */
interface Layer {
  readonly variable: NcVariable
  readonly calibration: Calibration
  readonly yAxis: number
  readonly xAxis: number
  /** The other axes, outermost first. */
  readonly others: readonly number[]
}

interface Band {
  readonly layer: Layer
  /** Position along the layer's other axes. */
  readonly index: readonly number[]
}

interface GridAxes {
  readonly y: NcDimension
  readonly x: NcDimension
}

/** The two axes of a variable that are the map: those that are called so, or else the last two. */
function axesOf(file: NcFile, { dimensions }: NcVariable): { yAxis: number; xAxis: number } | null {
  if (dimensions.length < 2) return null
  const kinds = dimensions.map((dimension) => axisKind(file, dimension))
  const [yAxis, xAxis] = [kinds.lastIndexOf('y'), kinds.lastIndexOf('x')]
  if (yAxis >= 0 && xAxis >= 0) return { yAxis, xAxis }
  const [before, last] = [dimensions.length - 2, dimensions.length - 1]
  if (kinds[before] === 'x' && (kinds[last] === 'y' || kinds[last] === 'other')) return { yAxis: last, xAxis: before }
  return { yAxis: before, xAxis: last }
}

function layersOf(file: NcFile, group: string | undefined): Layer[] {
  const bounds = new Set(
    file.variables.flatMap(({ attributes }) =>
      ['bounds', 'climatology', 'grid_mapping'].map((name) => textOf(attributes, name)?.split(':')[0]?.trim() ?? ''),
    ),
  )
  const isCoordinate = ({ name, dimensions }: NcVariable): boolean => dimensions.some((dimension) => dimension.name === name)
  const isPlace = ({ attributes, dimensions }: NcVariable): boolean =>
    dimensions.length === 2 && /^(latitude|longitude)$/.test(textOf(attributes, 'standard_name') ?? '')
  return file.variables.flatMap((variable): Layer[] => {
    if (group !== undefined && !variable.name.startsWith(`${group.replace(/^\/|\/$/g, '')}/`)) return []
    if (
      variable.type === 'char' ||
      bounds.has(variable.name) ||
      bounds.has(baseName(variable.name)) ||
      isCoordinate(variable) ||
      isPlace(variable)
    )
      return []
    const axes = axesOf(file, variable)
    if (!axes || variable.dimensions.some(({ size }) => size === 0)) return []
    const others = variable.dimensions.map((_, axis) => axis).filter((axis) => axis !== axes.yAxis && axis !== axes.xAxis)
    return [{ variable, calibration: calibrationOf(variable), ...axes, others }]
  })
}

const gridOf = ({ variable, yAxis, xAxis }: Layer): GridAxes => ({
  y: variable.dimensions[yAxis] as NcDimension,
  x: variable.dimensions[xAxis] as NcDimension,
})
const sameGrid = (a: GridAxes, b: GridAxes): boolean =>
  a.y.name === b.y.name && a.x.name === b.x.name && a.y.size === b.y.size && a.x.size === b.x.size
const describe = ({ name, dimensions }: NcVariable): string =>
  `${name} (${dimensions.map((dimension) => `${baseName(dimension.name)} ${dimension.size}`).join(' × ')})`

function chooseLayers(file: NcFile, { variables, group }: NetcdfOptions): { chosen: Layer[]; left: Layer[] } {
  const layers = layersOf(file, group)
  const { path } = file
  if (variables && variables.length > 0) {
    const chosen = variables.map((name) => {
      const found = layers.find(({ variable }) => variable.name === name) ?? layers.find(({ variable }) => baseName(variable.name) === name)
      if (!found)
        throw new StratumError(
          'PARAMETER_INVALID',
          `There is no variable "${name}" over two axes.`,
          `Variables are ${layers.map(({ variable }) => describe(variable)).join(', ') || 'none'}.`,
          {
            path,
            parameter: 'variables',
          },
        )
      return found
    })
    const other = chosen.find((layer) => !sameGrid(gridOf(layer), gridOf(chosen[0] as Layer)))
    if (other)
      throw new StratumError(
        'PARAMETER_INVALID',
        `"${(chosen[0] as Layer).variable.name}" and "${other.variable.name}" lie on different axes.`,
        'Choose variables over the same two axes, and import the others as a dataset of their own.',
        { path, parameter: 'variables' },
      )
    return { chosen, left: layers.filter((layer) => !chosen.includes(layer)) }
  }
  const first = layers.reduce<Layer | null>((best, layer) => (best === null || cells(layer) > cells(best) ? layer : best), null)
  if (!first)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'No variable of the file lies over two axes, so there is no grid in it.',
      file.variables.length > 0
        ? `It holds ${file.variables.slice(0, 8).map(describe).join(', ')}. Save tables as CSV or Parquet.`
        : 'It holds no numeric variable at all.',
      { path },
    )
  const chosen = layers.filter((layer) => sameGrid(gridOf(layer), gridOf(first)))
  return { chosen, left: layers.filter((layer) => !chosen.includes(layer)) }
}

const cells = (layer: Layer): number => gridOf(layer).y.size * gridOf(layer).x.size

async function openGrid(file: NcFile, options: NetcdfOptions): Promise<OpenSource> {
  const { chosen, left } = chooseLayers(file, options)
  const axes = gridOf(chosen[0] as Layer)
  const findings: Finding[] = []
  const { grid, flipped } = await placementOf(
    file,
    axes.y,
    axes.x,
    chosen.map(({ variable }) => variable),
    findings,
  )
  if (left.length > 0)
    findings.push({
      severity: 'info',
      code: 'OTHER_VARIABLES',
      message: `Not read: ${left
        .slice(0, 8)
        .map(({ variable }) => describe(variable))
        .join(', ')}${left.length > 8 ? ' …' : ''}.`,
      hint: 'Choose them under “Variables”; all must lie over the same two axes.',
    })
  const bands: Band[] = []
  const columns: Column[] = []
  for (const layer of chosen) {
    const labels = await Promise.all(layer.others.map((axis) => labelsOf(file, layer.variable.dimensions[axis] as NcDimension)))
    const steps = layer.others.map((axis) => (layer.variable.dimensions[axis] as NcDimension).size)
    const count = steps.reduce((product, n) => product * n, 1)
    if (columns.length + count > mostColumns)
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `"${layer.variable.name}" alone has ${count} planes; at most ${mostColumns} columns can be read.`,
        'Choose fewer variables, or cut out a part of the time first (ncks -d time,0,1000).',
        {
          path: file.path,
        },
      )
    for (let i = 0; i < count; i++) {
      const index = unravel(i, steps)
      bands.push({ layer, index })
      columns.push(columnOf(layer, index, labels))
    }
  }
  const rows = grid.width * grid.height
  if (!Number.isSafeInteger(rows * columns.length * 8))
    throw new StratumError(
      'FILE_CORRUPT',
      `The file claims a grid of ${grid.width} × ${grid.height}.`,
      'Fetch the file again, or write it again in the program that made it.',
      { path: file.path },
    )
  if (!file.linesAreDear) await checkEnds(chosen)
  const groups = [
    ...new Set([...chosen, ...left].map(({ variable: { name } }) => name.slice(0, Math.max(0, name.lastIndexOf('/'))))),
  ].filter((name) => name !== '')
  const report: SourceReport = {
    path: file.path,
    sizeBytes: file.sizeBytes,
    format: 'netcdf',
    formatTitle: 'NetCDF grid',
    kind: 'raster',
    rows,
    columns,
    dtype:
      [...new Set(chosen.map(({ variable }) => meantType(variable)))].length === 1 ? meantType((chosen[0] as Layer).variable) : 'mixed',
    grid,
    nodata: bands.map(({ layer }) => layer.calibration.missing[0] ?? null),
    metadataFields: [],
    matrixBytes: rows * columns.length * 4,
    findings,
    details: {
      fileFormat: file.format,
      variables: chosen.map(({ variable }) => variable.name).join(', '),
      ...(groups.length > 0 ? { groups: groups.join(', ') } : {}),
      axes: `${axes.y.name} × ${axes.x.name}`,
      storedFromSouth: flipped,
      ...(textOf(file.attributes, 'title') ? { title: (textOf(file.attributes, 'title') as string).slice(0, 300) } : {}),
    },
  }
  return planesSource(report, planesOf(file, bands, grid.height, flipped))
}

/** The last value of every variable is there: a file that was cut off is told from its start. */
async function checkEnds(layers: readonly Layer[]): Promise<void> {
  for (const { variable } of layers)
    await variable.read(
      variable.dimensions.map(({ size }) => size - 1),
      variable.dimensions.map(() => 1),
    )
}

function unravel(i: number, steps: readonly number[]): number[] {
  const index: number[] = []
  for (let axis = steps.length - 1, rest = i; axis >= 0; axis--) {
    index[axis] = rest % (steps[axis] as number)
    rest = Math.floor(rest / (steps[axis] as number))
  }
  return index
}

interface Labels {
  readonly texts: readonly string[]
  readonly wavelengthsNm: readonly number[] | null
}

/** What the steps along an axis are called: dates, coordinates with their unit, or their number. An axis of one step has no say. */
async function labelsOf(file: NcFile, dimension: NcDimension): Promise<Labels | null> {
  if (dimension.size === 1 || dimension.size > mostColumns) return null
  const name = baseName(dimension.name)
  const variable = coordinateOf(file, dimension)
  const numbered = Array.from({ length: dimension.size }, (_, i) => `${name} ${i + 1}`)
  if (!variable) return { texts: numbered, wavelengthsNm: null }
  const values = await variable.read([0], [dimension.size])
  const units = textOf(variable.attributes, 'units') ?? ''
  const dates = datesOf(values, units, textOf(variable.attributes, 'calendar') ?? '')
  if (dates) return { texts: dates, wavelengthsNm: null }
  const factor = /^(nm|nanomet)/i.test(units) ? 1 : /^(um|µm|micro)/i.test(units) ? 1000 : null
  const isWavelength = factor !== null && /wave|lambda|band|^wl$/i.test(`${name} ${textOf(variable.attributes, 'standard_name') ?? ''}`)
  const short = Array.from(values, (value) => String(Number(value.toPrecision(8))))
  const unit = units === '1' || units.length > 20 ? '' : units
  return {
    texts:
      new Set(short).size === short.length
        ? short.map((text) => (isWavelength ? `${text} ${unit}` : `${name}=${text}${unit ? ` ${unit}` : ''}`))
        : numbered,
    wavelengthsNm: isWavelength ? Array.from(values, (value) => value * (factor as number)) : null,
  }
}

function columnOf({ variable, calibration }: Layer, index: readonly number[], labels: readonly (Labels | null)[]): Column {
  const steps = labels.flatMap((label, i) => label?.texts[index[i] as number] ?? [])
  const spectral = labels.findIndex((label) => label?.wavelengthsNm != null)
  const whole = !meantType(variable).startsWith('float') && calibration.scale === 1 && calibration.offset === 0
  const ownWavelength = numberOf(variable.attributes, 'wavelength') ?? numberOf(variable.attributes, 'radiation_wavelength')
  return {
    name: steps.length > 0 ? `${variable.name}@${steps.join(' ')}` : variable.name,
    type: whole ? 'integer' : 'number',
    unit: textOf(variable.attributes, 'units'),
    wavelengthNm:
      spectral >= 0
        ? (labels[spectral]?.wavelengthsNm?.[index[spectral] as number] ?? null)
        : ownWavelength !== null && ownWavelength > 100
          ? ownWavelength
          : null,
  }
}

function planesOf(file: NcFile, bands: readonly Band[], height: number, flipped: boolean): Planes {
  return {
    close: () => file.close(),
    ...(file.linesAreDear
      ? {
          linesAtOnce: (d: number) =>
            Math.max(
              1,
              Math.floor(
                passBytes /
                  (Math.max(1, d) *
                    4 *
                    Math.max(1, (bands[0] as Band).layer.variable.dimensions[(bands[0] as Band).layer.xAxis]?.size ?? 1)),
              ),
            ),
        }
      : {}),
    async fill(X, wanted, { x0, x1, y0, y1 }, signal) {
      const d = wanted.length
      const [lines, samples] = [y1 - y0, x1 - x0]
      const storedFrom = flipped ? height - y1 : y0
      const mostSteps = Math.max(1, Math.floor(blockBytes / (lines * samples * 8)))
      for (let k = 0; k < d; ) {
        if (signal) throwIfCancelled(signal)
        const { layer, index } = bands[wanted[k] as number] as Band
        const { variable, yAxis, xAxis, others, calibration } = layer
        // Steps along the last of the other axes that follow each other are one block.
        let steps = 1
        const inner = others.at(-1)
        const last = others.length - 1
        while (inner !== undefined && k + steps < d && steps < mostSteps) {
          const next = bands[wanted[k + steps] as number] as Band
          if (
            next.layer !== layer ||
            next.index[last] !== (index[last] as number) + steps ||
            next.index.some((value, i) => i !== last && value !== index[i])
          )
            break
          steps++
        }
        const start: number[] = []
        const count: number[] = []
        for (const [i, axis] of others.entries()) {
          start[axis] = index[i] as number
          count[axis] = axis === inner ? steps : 1
        }
        start[yAxis] = storedFrom
        count[yAxis] = lines
        start[xAxis] = x0
        count[xAxis] = samples
        const values = asMeant(await variable.read(start, count, signal), meantType(variable))
        const stride: number[] = []
        for (let axis = count.length - 1, product = 1; axis >= 0; axis--) {
          stride[axis] = product
          product *= count[axis] as number
        }
        for (let step = 0; step < steps; step++) {
          for (let line = 0; line < lines; line++) {
            const stored = flipped ? lines - 1 - line : line
            const from = stored * (stride[yAxis] as number) + (inner === undefined ? 0 : step * (stride[inner] as number))
            calibrate(values, from, stride[xAxis] as number, samples, X, line * samples * d + k + step, d, calibration)
          }
        }
        k += steps
      }
    },
  }
}

/**
 * Sieve: the minimum mapping unit of a class map. Connected regions that are too small go to a neighbour; on demand every region that is
 * left becomes a class of its own. Memory: analysis/maps/mappingUnit.ts, at most the memory budget; 10⁸ pixels of a tidied map take tens of MB.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { pixelSquareMetres } from '#common/domain/grid.ts'
import { eachLine, findRegions, mappingUnits } from '../analysis/maps/mappingUnit.ts'
import { RegionNumbering, type Regions } from '../analysis/maps/mappingUnitRegions.ts'
import type { LongRun } from '../analysis/pace.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { inheritedLegend } from './edit/legend.ts'
import { createClassWriter, gridOfClasses } from './edit/writeClasses.ts'

const params = z.object({
  smallest: z.number().positive().default(10).meta({
    title: 'Smallest region',
    description: 'Smaller connected regions of a class go to a neighbour; regions with nothing but no-data around them stay.',
  }),
  unit: z.enum(['px', 'm²']).default('px').meta({ title: 'in', description: 'Square metres need a grid in metres or feet.' }),
  connectivity: z
    .union([z.literal(4), z.literal(8)])
    .default(4)
    .meta({
      title: 'Pixels touch',
      description: 'Over their 4 sides, or over their corners too (8).',
      labels: { 4: 'by sides', 8: 'by sides and corners' },
    }),
  giveTo: z.enum(['longest border', 'largest neighbour']).default('longest border').meta({
    title: 'Give small regions to',
    description:
      'The neighbour with the longest shared border, until none is too small; or the largest neighbour, once, as gdal_sieve does.',
  }),
  separate: z.boolean().default(false).meta({
    title: 'A class for each region',
    description: 'Connected regions become classes of their own, the largest first; noise stays one class.',
    advanced: true,
  }),
})
type Context = OperationContext<z.output<typeof params>>

export const sieveOperation = defineOperation({
  id: 'sieve',
  version: 2,
  title: 'Sieve classes',
  summary: 'Gives connected regions below a smallest size to a neighbour, and counts the regions of each class.',
  citation: 'Rosenfeld & Pfaltz, Sequential operations in digital picture processing, JACM 1966',
  inputs: { clustering: { kinds: ['clustering'], description: 'Classes of a scene' } },
  params,
  produces: 'clustering',
  ignores: ['seed', 'device'],
  nameFor: ({ smallest, unit, separate }, { clustering }) =>
    `${clustering?.name ?? 'classes'}, at least ${smallest} ${unit}${separate ? ', regions' : ''}`,
  async run(ctx) {
    const source = ctx.inputs.clustering!
    const meta = source.meta as unknown as ClusteringMeta
    const { width, height } = gridOfClasses(ctx, source)
    const labels = ctx.project.array(source.id, 'labels')
    const stage = (name: string, from: number, to: number): LongRun => ({
      signal: ctx.signal,
      report: (share) =>
        ctx.report({ stage: name, fraction: from + share * (to - from), done: Math.round(share * meta.rows), unit: 'pixels' }),
    })
    const { connectivity, giveTo } = ctx.params
    const mostBytes = ctx.memoryBudgetBytes / 2
    const mapped = await mappingUnits((from, to) => labels.read(from * width, to * width) as Uint16Array, width, height, {
      minPixels: smallestPixels(ctx, source),
      connectivity,
      giveTo,
      mostBytes,
      ...stage('Finding regions', 0, 0.5),
    })
    const regions = await findRegions(mapped.open(), width, height, { connectivity, mostBytes, ...stage('Counting regions', 0.5, 0.75) })
    const what = `regions below ${ctx.params.smallest} ${ctx.params.unit}: ${mapped.given.toLocaleString('en')} of ${mapped.regions.toLocaleString('en')} given to a neighbour`
    const edited = { from: source.id, what }
    const write = stage('Writing classes', 0.75, 1)
    if (ctx.params.separate) return separated(ctx, meta, mapped.open(), regions, [width, height], write, edited)

    const counts = new Map<number, number>()
    for (const label of regions.label) counts.set(label, (counts.get(label) ?? 0) + 1)
    const writer = await createClassWriter(ctx, meta, meta.classes)
    await eachLine(mapped.open(), width, height, write, (line) => writer.append(line))
    const result: ClusteringMeta = {
      ...meta,
      classes: (await writer.finish()).map((one) => ({ ...one, regions: counts.get(one.id) ?? 0 })),
      // Measured of the classes before.
      silhouette: null,
      edited,
    }
    return result
  },
})

/** The area asked for in whole pixels: a region is too small when it has fewer. */
function smallestPixels(ctx: Context, source: Parameters<typeof gridOfClasses>[1]): number {
  const { smallest, unit } = ctx.params
  if (unit === 'px') return smallest
  const area = pixelSquareMetres(gridOfClasses(ctx, source))
  if (area !== null) return smallest / area
  throw new StratumError('PARAMETER_INVALID', 'The pixels of this scene have no size in metres.', 'Give the smallest region in pixels.', {
    parameter: 'unit',
    artifact: source.id,
  })
}

const mostClasses = 65_535

/** Every region a class, by size, then by first pixel; noise after them as it was. */
async function separated(
  ctx: Context,
  meta: ClusteringMeta,
  read: (from: number, to: number) => Uint16Array,
  regions: Regions,
  [width, height]: readonly [number, number],
  run: LongRun,
  edited: NonNullable<ClusteringMeta['edited']>,
): Promise<ClusteringMeta> {
  const noise = meta.classes.find(({ isNoise }) => isNoise)?.id ?? 0
  const order = Array.from(regions.label.keys())
    .filter((i) => regions.label[i] !== noise)
    .sort((a, b) => regions.size[b] - regions.size[a] || a - b)
  const hasNoise = noise > 0 && order.length < regions.count
  const count = order.length + Number(hasNoise)
  if (count > mostClasses)
    throw new StratumError(
      'PARAMETER_INVALID',
      `There are ${count.toLocaleString('en')} regions, and at most ${mostClasses.toLocaleString('en')} classes.`,
      'Raise the smallest region, or tidy the classes first.',
      { parameter: 'smallest' },
    )
  const newId = new Uint16Array(regions.count).fill(hasNoise ? count : 0)
  for (const [i, region] of order.entries()) newId[region] = i + 1
  const classes = Array.from({ length: count }, (_, i) => ({ id: i + 1, isNoise: hasNoise && i + 1 === count }))
  const writer = await createClassWriter(ctx, meta, classes)
  const numbering = new RegionNumbering(width, ctx.params.connectivity)
  await eachLine(read, width, height, run, (line) => {
    const { count: runs, starts, ids } = numbering.next(line)
    const out = new Uint16Array(width)
    for (let at = 0; at < runs; at++) if (ids[at] > 0) out.fill(newId[regions.of[ids[at]]], starts[at], starts[at + 1])
    writer.append(out)
  })
  const parts = new Map<number, number>()
  const descents = classes.map(({ id, isNoise }, i) => {
    const old = isNoise ? noise : regions.label[order[i]]
    const part = (parts.get(old) ?? 0) + 1
    parts.set(old, part)
    return { id, isNoise, of: [old], ...(!isNoise && { part }) }
  })
  ctx.draft.annotate({ legend: inheritedLegend(ctx.project, ctx.project.artifact(edited.from), descents) })
  const { tree: _tree, figures: _figures, recommendations: _recommendations, ...kept } = meta
  return {
    ...kept,
    k: order.length,
    classes: (await writer.finish()).map((one) => ({ ...one, regions: 1 })),
    silhouette: null,
    kCurve: [],
    chosenBecause: 'one class for each connected region',
    edited,
  }
}

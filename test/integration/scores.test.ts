/** Scores of a scene, of a table and of a time series: every method and rule, and what the window lists of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { ComparisonMeta } from '#common/domain/results.ts'
import { choiceOf, ScoresMeta } from '#common/domain/scores.ts'
import { rocAuc } from '#engine/analysis/evaluation/roc.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { quantileOfSorted, sortedFinite } from '#engine/analysis/statistics/quantiles.ts'
import { createNpy } from '#engine/export/npy.ts'
import { recipeOf } from '#engine/operations/recipe.ts'
import { createAnomalies } from '#engine/service/anomalies.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-scores-'))
let bench: Workbench
const metaOf = (artifact: Artifact): ScoresMeta => ScoresMeta.parse(artifact.meta)
const scoresOf = (artifact: Artifact): Float32Array =>
  bench.project.array(artifact.id, 'score').read(0, metaOf(artifact).rows) as Float32Array
const anomalies = () => createAnomalies({ project: () => bench.project, announce: (artifact) => artifact })
const page = { sort: 'score', review: 'all', offset: 0, limit: 100 } as const
const flaggedPage = { ...page, descending: true }

/** Four columns that follow one hidden number in two machines; at some times `load` does what the others do not. */
function machineTable(rows: number, isOdd: (machine: number, i: number) => boolean): string {
  const random = randomStream(5, 'machines')
  const noise = (): number => (random.uniform() + random.uniform() + random.uniform() - 1.5) * 0.1
  const lines = ['time,machine,load,heat,power,fan,anomaly']
  for (let i = 0; i < rows; i++)
    for (const machine of [0, 1]) {
      const t = Math.sin(i / 15 + machine)
      const odd = isOdd(machine, i)
      const time = new Date(Date.UTC(2024, 0, 1) + i * 600_000).toISOString().slice(0, 19)
      const values = [odd ? 3 + noise() : t + noise(), 0.5 * t + noise(), t * t + noise(), -t + noise()]
      lines.push(`${time},m${machine},${values.map((v) => v.toFixed(4)).join(',')},${Number(odd)}`)
    }
  return `${lines.join('\n')}\n`
}

beforeAll(() => {
  bench = openWorkbench(join(folder, 'scores.stratum'))
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('scores of rows with missing values', () => {
  /** Three columns that are one number; of every fiftieth row, at an end of the range, one is not there. */
  const gaps = (): string => {
    const random = randomStream(8, 'gaps')
    const lines = Array.from({ length: 1000 }, (_, i) => {
      const a = i % 50 === 0 ? 3 : 2 * random.uniform() - 1
      const values = [a, 2 * a, -a].map((value) => (value + 0.01 * random.uniform()).toFixed(4))
      return (i % 50 === 0 ? [values[0], '', values[2]] : values).join(',')
    })
    return ['a,b,c', ...lines].join('\n')
  }

  it.each([
    ['median', true],
    ['mask', false],
  ])('what stands in for them is said to be to blame where it is (%s)', async (missing, isBlamed) => {
    const path = join(folder, 'gaps.csv')
    writeFileSync(path, gaps())
    const dataset = await bench.compute('import', {}, { path })
    const matrix = await bench.compute('prepare', { dataset: dataset.id }, { missing })
    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'autoencoder', settings: { codeSize: 1, epochs: 20 } })
    const latents = await bench.compute('encode', { model: model.id })
    const scores = await bench.compute('score', { latents: latents.id }, { rule: 'budget', alarms: 20 })
    const note = (metaOf(scores).notes ?? []).find((text) => text.includes('missing values'))
    if (isBlamed) expect(note).toMatch(/^Of \d+ flagged rows, \d+ score high mostly for missing values/)
    else expect(note).toBeUndefined()
  })
})

describe('scores of a scene', () => {
  let latents: Artifact
  beforeAll(async () => {
    const dataset = await bench.compute('sample', {}, { directory: folder, width: 64, height: 64 })
    const matrix = await bench.compute('prepare', { dataset: dataset.id })
    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 3 } })
    latents = await bench.compute('encode', { model: model.id })
  })

  it('drift holds the errors of all valid pixels against, however few of a scene they are', async () => {
    const random = randomStream(3, 'sparse scene')
    const [side, bands] = [500, 3]
    const values = new Float32Array(side * side * bands).fill(Number.NaN)
    for (let i = 11; i < side * side; i += 2500) for (let b = 0; b < bands; b++) values[i * bands + b] = random.uniform()
    const file = await createNpy(join(folder, 'sparse.npy'), 'float32', [side, side, bands])
    await file.write(values)
    await file.finish()
    const dataset = await bench.compute('import', {}, { path: join(folder, 'sparse.npy'), as: 'raster' })
    const matrix = await bench.compute('prepare', { dataset: dataset.id })
    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 1 } })
    const codes = await bench.compute('encode', { model: model.id })
    const drift = ComparisonMeta.parse((await bench.compute('drift', { latents: codes.id }, { permutations: 99 })).meta)
    const errors = sortedFinite(bench.project.array(codes.id, 'error').read(0, side * side))
    expect(errors).toHaveLength(100)
    expect(drift.rows.find(({ name }) => name === 'Reconstruction error')?.figures.after).toBe(quantileOfSorted(errors, 0.5))
  })

  it('say what they rest on, and list flagged pixels with the bands to blame', async () => {
    const scores = await bench.compute('score', { latents: latents.id })
    const meta = metaOf(scores)
    const all = scoresOf(scores)
    expect(all.filter((s) => s > meta.threshold).length).toBe(meta.flagged)
    expect(meta.choice).toMatchObject({ rule: 'percentile', calibration: 'held-out', usesLabels: false, level: 0.95 })
    expect(meta.choice?.low).toBeLessThan(meta.threshold)
    expect(meta.blame).toBe('exact')
    const found = await anomalies().listFlagged({ scores: scores.id, ...flaggedPage })
    expect(found).toMatchObject({ flagged: meta.flagged, total: meta.flagged, threshold: meta.threshold })
    const [first] = found.rows
    expect(first.score).toBe(Math.max(...all.filter((s) => !Number.isNaN(s))))
    expect(first.y! * 64 + first.x!).toBe(first.row)
    expect(first.blame).toHaveLength(3)
    expect(first.blame.reduce((sum, { share }) => sum + share, 0)).toBeLessThanOrEqual(1.0001)
    const { summaries, columns } = bench.project.artifact(meta.dataset).meta as never as {
      summaries: { min: number; max: number }[]
      columns: { name: string }[]
    }
    for (const { name, value } of first.blame) {
      const { min, max } = summaries[columns.findIndex((column) => column.name === name)]
      expect(value).toBeGreaterThanOrEqual(min - 1e-3 * Math.abs(min))
      expect(value).toBeLessThanOrEqual(max + 1e-3 * Math.abs(max))
    }
    expect(first.pValue).toBeLessThan(0.01)
    expect(first.confidence).toBeGreaterThan(found.rows.at(-1)!.confidence!)
  })

  it('count objects as a plain flood fill does, and remember what was found of them', async () => {
    const scores = await bench.compute('score', { latents: latents.id }, { percentile: 95, minimumPixels: 3 })
    const { threshold, objects } = metaOf(scores)
    const { total, objects: listed } = await anomalies().listObjects({ scores: scores.id, ...page })
    expect(total).toBe(objects?.count)
    const sizes = floodSizes(scoresOf(scores), 64, threshold).filter((size) => size >= 3)
    expect(listed.map(({ pixels }) => pixels).sort((a, b) => a - b)).toEqual(sizes.sort((a, b) => a - b).slice(0, 100))
    const [first] = listed
    expect(first.areaM2).toBeGreaterThan(0)
    expect(first.centroid.mapX).not.toBeNull()
    const key = `object/${first.peak}`
    await anomalies().review({
      scores: scores.id,
      entries: { [key]: { verdict: 'confirmed', comment: 'outcrop' }, '7': { verdict: null, comment: '?' } },
    })
    const confirmed = await anomalies().listObjects({ scores: scores.id, ...page, review: 'confirmed' })
    expect(confirmed.objects.map(({ peak, review }) => [peak, review?.comment])).toEqual([[first.peak, 'outcrop']])
    await anomalies().review({ scores: scores.id, entries: { [key]: null } })
    expect(bench.project.artifact(scores.id).annotations.review).toEqual({ '7': { verdict: null, comment: '?' } })
    bench.project.undo()
    expect(Object.keys(bench.project.artifact(scores.id).annotations.review ?? {}).sort()).toEqual(['7', key])
  })

  it('write flagged pixels and objects with what was said of them', async () => {
    const scores = await bench.compute('score', { latents: latents.id }, { percentile: 95, minimumPixels: 3 })
    const { rows } = await anomalies().listFlagged({ scores: scores.id, ...flaggedPage })
    await anomalies().review({ scores: scores.id, entries: { [rows[0].row]: { verdict: 'dismissed', comment: 'a road, gravel' } } })
    const write = async (name: string, params: Record<string, unknown>): Promise<string> => {
      await bench.compute('export', { source: scores.id }, { path: join(folder, name), ...params })
      return readFileSync(join(folder, name), 'utf8')
    }
    const flagged = (await write('flagged.csv', { list: 'flagged' })).trimEnd().split('\n')
    expect(flagged).toHaveLength(1 + metaOf(scores).flagged)
    expect(flagged[0].split(',').slice(0, 7)).toEqual(['pixel_index', 'column', 'line', 'score', 'p_value', 'confidence', 'blame_1'])
    expect(flagged[1]).toMatch(/^\d+,\d+,\d+,.*,dismissed,"a road, gravel"$/)
    const objects = (await write('objects.csv', { list: 'objects' })).trimEnd().split('\n')
    expect(objects).toHaveLength(1 + metaOf(scores).objects!.count)
    const { features } = JSON.parse(await write('objects.geojson', {})) as { features: { properties: { pixels: number } }[] }
    expect(features.map(({ properties }) => properties.pixels)).toEqual(objects.slice(1).map((line) => Number(line.split(',')[5])))
  })

  it.each(['codes', 'prepared'] as const)('compare pixels with a ring around them: %s', async (space) => {
    const scores = await bench.compute('score', { latents: latents.id }, { method: 'local-rx', space, ringRadius: 6, guardRadius: 1 })
    const all = scoresOf(scores)
    expect(all.filter(Number.isFinite).length).toBe(metaOf(scores).validRows)
    expect(all.every((s) => Number.isNaN(s) || s >= 0)).toBe(true)
    // A number of the code is no band, so that there is nothing to blame.
    expect(metaOf(scores).blame).toBe(space === 'codes' ? null : 'exact')
  })

  it.each([
    ['extreme', { falseAlarmRate: 1e-5 }],
    ['mad', { deviations: 8 }],
    ['budget', { alarms: 2 }],
    ['contamination', { anomalousShare: 2 }],
  ])('take their threshold by the rule %s', async (rule, params) => {
    const scores = await bench.compute('score', { latents: latents.id }, { rule, ...params, explain: 0 })
    const { choice, threshold, falseAlarmsPer1000 } = metaOf(scores)
    expect(choice?.rule).toBe(rule)
    expect(threshold).toBeGreaterThan(0)
    if (rule === 'budget') expect(falseAlarmsPer1000?.value).toBeLessThan(3)
  })
})

function floodSizes(scores: Float32Array, width: number, threshold: number): number[] {
  const seen = new Set<number>()
  const sizes: number[] = []
  for (let start = 0; start < scores.length; start++) {
    if (!(scores[start] > threshold) || seen.has(start)) continue
    const open = [start]
    seen.add(start)
    let size = 0
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      size++
      for (const dy of [-1, 0, 1])
        for (const dx of [-1, 0, 1]) {
          const x = (at % width) + dx
          const next = at + dy * width + dx
          if (x < 0 || x >= width || !(scores[next] > threshold) || seen.has(next)) continue
          seen.add(next)
          open.push(next)
        }
    }
    sizes.push(size)
  }
  return sizes
}

describe('scores of a time series', () => {
  let latents: Artifact
  let own: Artifact
  const odd = (machine: number, i: number): boolean => machine === 1 && ((i >= 100 && i < 120) || (i >= 250 && i < 254))
  const options = {
    'series.time': ['time'],
    'series.unit': 'machine',
    'series.length': 1,
    'series.label': 'anomaly',
  }
  beforeAll(async () => {
    writeFileSync(
      join(folder, 'normal.csv'),
      machineTable(300, () => false),
    )
    writeFileSync(join(folder, 'odd.csv'), machineTable(300, odd))
    const read = (name: string) => bench.compute('import', {}, { path: join(folder, name), as: 'series', options })
    const normal = await read('normal.csv')
    const later = await read('odd.csv')
    const matrix = await bench.compute('prepare', { dataset: normal.id }, { splitBy: 'time', splitField: 'start time' })
    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 2 } })
    own = await bench.compute('encode', { model: model.id })
    latents = await bench.compute('encode', { model: model.id, dataset: later.id })
  })
  const isOdd = (): Uint8Array => Uint8Array.from({ length: 600 }, (_, row) => Number(odd(row % 2, row >> 1)))

  it('find events with their unit, start, end and the column to blame', async () => {
    const scores = await bench.compute('score', { latents: latents.id }, { mergeGap: 3 })
    const meta = metaOf(scores)
    expect(rocAuc(scoresOf(scores), isOdd())).toBeGreaterThan(0.99)
    const { events, total } = await anomalies().listEvents({ scores: scores.id, ...page, sort: 'flagged' })
    expect(total).toBe(meta.events?.count)
    expect(events[0]).toMatchObject({ unit: 'm1', start: '2024-01-01T16:40:00' })
    expect(events[0].flagged).toBeGreaterThanOrEqual(19)
    expect(events[0].blame[0].name).toBe('load')
    const { rows } = await anomalies().listFlagged({
      scores: scores.id,
      ...flaggedPage,
      rows: { from: events[0].firstRow, to: events[0].lastRow },
    })
    expect(rows.every(({ unit, time }) => unit === 'm1' && time?.startsWith('2024-01-01'))).toBe(true)

    // In a list of all rows, flagged or not, only those above the threshold are likely to be flagged again.
    const { threshold } = await anomalies().listFlagged({ scores: scores.id, ...flaggedPage, limit: 1 })
    const all = await anomalies().listFlagged({
      scores: scores.id,
      ...flaggedPage,
      threshold: meta.min - 1,
      flaggedAbove: threshold,
      limit: 500,
    })
    const [above, below] = [all.rows.filter((row) => row.score > threshold), all.rows.filter((row) => row.score < 0.5 * threshold)]
    expect(Math.min(...above.map((row) => row.confidence ?? 0))).toBeGreaterThan(Math.max(...below.map((row) => row.confidence ?? 1)))
    expect(below.length).toBeGreaterThan(0)
    expect(Math.max(...below.map((row) => row.confidence ?? 1))).toBeLessThan(0.5)
    expect(meta.contamination?.high).toBeGreaterThan(0.02)
    expect(meta.notes?.join(' ')).toContain('shifted')
  })

  it('say no share of anomalous rows where those learned from are earlier than those held out', async () => {
    const meta = metaOf(await bench.compute('score', { latents: own.id }, { explain: 20 }))
    expect(meta.contamination).toBeNull()
    expect((meta.notes ?? []).join(' ')).not.toContain('shifted')
  })

  test.each(['mahalanobis', 'knn', 'ecod'])('%s finds them in prepared columns', async (method) => {
    const scores = await bench.compute('score', { latents: latents.id }, { method, space: 'prepared', explain: 20 })
    expect(rocAuc(scoresOf(scores), isOdd())).toBeGreaterThan(0.9)
    const { rows } = await anomalies().listFlagged({ scores: scores.id, ...flaggedPage })
    expect(rows[0].blame[0]?.name).toBe('load')
  })

  it('detectors that draw at random score every window', async () => {
    for (const id of ['isolation-forest', 'mcd']) {
      const scores = await bench.compute('score', { latents: latents.id }, { method: id, space: 'codes', explain: 0 })
      expect([id, scoresOf(scores).every(Number.isFinite)]).toEqual([id, true])
    }
  })

  it.each(['codes', 'residual', 'prepared-residual'] as const)('neighbours can be looked for among %s', async (space) => {
    const scores = await bench.compute('score', { latents: latents.id }, { method: 'knn', space })
    expect(scoresOf(scores).every(Number.isFinite)).toBe(true)
    if (space !== 'codes') expect(rocAuc(scoresOf(scores), isOdd())).toBeGreaterThan(0.9)
    expect(metaOf(scores).blame).toBe('replacement')
    if (space === 'prepared-residual') expect(metaOf(scores).notes?.join(' ')).toContain('model adds little')
  })

  it('the standard setting says what it is', async () => {
    const scores = await bench.compute('score', { latents: latents.id }, { method: 'standard', explain: 5 })
    const { scoring, notes } = metaOf(scores)
    expect(scoring).toMatchObject({ id: 'knn', space: 'prepared-residual' })
    expect(notes?.join(' ')).toContain('not better')
    expect(rocAuc(scoresOf(scores), isOdd())).toBeGreaterThan(0.9)
  })

  it('a row that was learned from is not its own neighbour', async () => {
    const scores = await bench.compute('score', { latents: own.id }, { method: 'knn', space: 'codes' })
    const { flagged, validRows } = metaOf(scores)
    expect(Math.min(...scoresOf(scores))).toBeGreaterThan(0)
    expect(flagged / validRows).toBeLessThan(0.03)
  })

  it('a threshold from labels says so, and which rows it saw', async () => {
    const params = { rule: 'labels', labels: 'anomaly', labelShare: 40 }
    const scores = await bench.compute('score', { latents: latents.id }, params)
    const { choice } = metaOf(scores)
    expect(choice).toMatchObject({ usesLabels: true, calibration: 'labelled' })
    const seen = bench.project.array(scores.id, 'learned/row').shape[0]
    expect(seen).toBeGreaterThan(180)
    expect(seen).toBeLessThan(300)
    const flagged = scoresOf(scores).map((s) => Number(s > choice!.value))
    expect(flagged.reduce((sum, one, row) => sum + one * isOdd()[row], 0)).toBeGreaterThanOrEqual(23)
  })

  it('labels and reviews make new scores, which say what they learned from', async () => {
    const scores = await bench.compute('score', { latents: latents.id }, { method: 'ecod', space: 'prepared', explain: 0 })
    const labelled = await bench.compute('rescore', { scores: scores.id }, { from: 'labels', labels: 'anomaly', labelShare: 40 })
    const { learnedFrom, choice, notes } = metaOf(labelled)
    expect(learnedFrom).toMatchObject({ scores: scores.id, source: 'labels' })
    expect(learnedFrom!.auc).toBeGreaterThan(learnedFrom!.earlierAuc! - 0.02)
    expect(choice?.usesLabels).toBe(false)
    expect(notes?.join(' ')).toContain('better than they are')
    expect(notes?.join(' ')).toContain('Left-out windows lie beside others that were learned from')
    const seen = new Set(bench.project.array(labelled.id, 'learned/row').read(0, learnedFrom!.anomalous + learnedFrom!.normal))
    const rest = Uint32Array.from({ length: 600 }, (_, row) => row).filter((row) => !seen.has(row))
    const [all, truth] = [scoresOf(labelled), isOdd()]
    expect(
      rocAuc(
        Float32Array.from(rest, (row) => all[row]),
        Uint8Array.from(rest, (row) => truth[row]),
      ),
    ).toBeGreaterThan(0.98)

    await expect(bench.compute('rescore', { scores: scores.id })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
    const rows = Array.from(truth.keys())
    const verdicts = [...rows.filter((row) => truth[row] === 1).slice(0, 12), ...rows.filter((row) => truth[row] === 0).slice(0, 12)]
    const entries = Object.fromEntries(
      verdicts.map((row) => [String(row), { verdict: truth[row] === 1 ? ('confirmed' as const) : ('dismissed' as const), comment: '' }]),
    )
    await anomalies().review({ scores: scores.id, entries })
    const reviewed = await bench.compute('rescore', { scores: scores.id })
    expect(metaOf(reviewed).learnedFrom).toMatchObject({ source: 'reviews', anomalous: 12, normal: 12 })
    expect(rocAuc(scoresOf(reviewed), truth)).toBeGreaterThan(0.95)
    await anomalies().review({ scores: scores.id, entries: { [verdicts[0]]: { verdict: 'dismissed', comment: 'a test' } } })
    expect((await bench.compute('rescore', { scores: scores.id })).id).not.toBe(reviewed.id)
    // Reviews go along, and a review that goes on there is learned from upon the first scores.
    expect(Object.keys(reviewed.annotations.review ?? {})).toHaveLength(24)
    const [further] = [...isOdd().keys()].filter((row) => isOdd()[row] === 1 && reviewed.annotations.review?.[row] === undefined)
    await anomalies().review({ scores: reviewed.id, entries: { [further]: { verdict: 'confirmed', comment: '' } } })
    const again = await bench.compute('rescore', { scores: reviewed.id })
    expect(metaOf(again).learnedFrom).toMatchObject({ scores: scores.id, anomalous: 13, normal: 12 })
    expect(again.name.match(/reviewed/g)).toHaveLength(1)
  })

  it('a model for each machine finds what is odd for that machine', async () => {
    const [normal, later] = ['normal.csv', 'odd.csv'].map((name) =>
      bench.project
        .artifacts()
        .find(
          ({ kind, meta }) =>
            kind === 'dataset' && (meta as never as { source: { relativePath: string } }).source.relativePath.endsWith(name),
        ),
    )
    const params = { model: 'pca', settings: { components: 1 }, mergeGap: 3 }
    const scores = await bench.compute('score-nodes', { dataset: normal!.id, later: later!.id }, params)
    const meta = metaOf(scores)
    expect(meta.threshold).toBe(1)
    expect(meta.nodes?.map(({ name }) => name)).toEqual(['m0', 'm1'])
    expect(meta.flagged).toBe(meta.nodes!.reduce((sum, { flagged }) => sum + flagged, 0))
    expect(rocAuc(scoresOf(scores), isOdd())).toBeGreaterThan(0.99)
    const { events } = await anomalies().listEvents({ scores: scores.id, ...page, sort: 'flagged' })
    expect(events[0]).toMatchObject({ unit: 'm1', start: '2024-01-01T16:40:00' })
    expect(events[0].blame[0].name).toBe('load')
  })

  it('where no machine can be learned the way out is that of the first', async () => {
    // 44 rows of each machine are held out, and a tail wants 50.
    writeFileSync(
      join(folder, 'few.csv'),
      machineTable(220, () => false),
    )
    const few = await bench.compute('import', {}, { path: join(folder, 'few.csv'), as: 'series', options })
    const params = { model: 'pca', settings: { components: 1 } }
    await expect(bench.compute('score-nodes', { dataset: few.id }, params)).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('No machine could be learned. The first: The tail of 44'),
      hint: expect.stringContaining('percentile rule'),
    })
  })

  it('events are written as a table', async () => {
    const scores = await bench.compute('score', { latents: latents.id }, { mergeGap: 3 })
    await bench.compute('export', { source: scores.id }, { path: join(folder, 'events.csv'), list: 'events' })
    const lines = readFileSync(join(folder, 'events.csv'), 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(1 + metaOf(scores).events!.count)
    expect(lines.find((line) => line.startsWith('m1,2024-01-01T16:40:00,2024-01-01T19:'))).toMatch(/load \d+ %/)
  })

  it('drift names the column that moved, and finds none among the same rows', async () => {
    writeFileSync(
      join(folder, 'moved.csv'),
      machineTable(300, (_, i) => i >= 150),
    )
    const moved = await bench.compute('import', {}, { path: join(folder, 'moved.csv'), as: 'series', options })
    const codes = await bench.compute('encode', { model: bench.project.artifact(own.id).inputs.model, dataset: moved.id })
    const few = { codeRows: 100, permutations: 99 }
    const drift = ComparisonMeta.parse((await bench.compute('drift', { latents: codes.id }, few)).meta)
    expect(drift.rows.map(({ name }) => name).slice(0, 3)).toEqual(['Codes', 'Reconstruction error', 'load'])
    expect(drift.rows[2].figures.psi).toBeGreaterThan(0.25)
    expect(drift.rows[2].figures.p).toBeLessThan(1e-6)
    expect(drift.basis).toContain('1 of 4 columns')
    const same = ComparisonMeta.parse((await bench.compute('drift', { latents: own.id }, few)).meta)
    expect(same.basis).toContain('No column has drifted')
    expect(same.rows[0].figures.auc).toBeLessThan(0.62)
  })

  it('alarms a day follow from the times', async () => {
    const { choice } = metaOf(await bench.compute('score', { latents: latents.id }, { rule: 'budget', alarms: 3, alarmsPer: 'day' }))
    expect(choice?.parameters.rowsPerDay).toBe(288)
  })

  it.each([
    { rule: 'percentile', percentile: 97 },
    { rule: 'budget', alarms: 20 },
    { rule: 'budget', alarms: 3, alarmsPer: 'day' },
    { rule: 'contamination', anomalousShare: 4 },
    { rule: 'extreme', falseAlarmRate: 1e-3 },
    { rule: 'mad', deviations: 5 },
    { rule: 'labels', labels: 'anomaly', labelShare: 40 },
  ])('another rule on finished scores is the one they would have been made with: %j', async (rule) => {
    const [scores, made] = [
      await bench.compute('score', { latents: latents.id }),
      await bench.compute('score', { latents: latents.id }, rule),
    ]
    const { choice, flagged, falseAlarmsPer1000 } = await anomalies().chooseThreshold({ scores: scores.id, rule, brief: false })
    const { labels, ...plain } = choice
    expect(plain).toEqual(metaOf(made).choice)
    expect(flagged).toBe(metaOf(made).flagged)
    expect(falseAlarmsPer1000).toEqual(metaOf(made).falseAlarmsPer1000)
    expect(labels?.where).toBe(rule.rule === 'labels' ? 'anomaly' : undefined)
    const moving = await anomalies().chooseThreshold({ scores: scores.id, rule, brief: true })
    expect([moving.choice.value, moving.flagged]).toEqual([choice.value, null])
  })

  it('a rule that was chosen afterwards is kept, exported, replayed and told where labels judge', async () => {
    const scores = await bench.compute('score', { latents: latents.id })
    const rule = { rule: 'labels', labels: 'anomaly', labelShare: 40 }
    const { choice } = await anomalies().chooseThreshold({ scores: scores.id, rule, brief: false })
    const set = bench.project.annotate(scores.id, { threshold: choice.value, thresholdChoice: choice })
    expect(choiceOf(set)).toEqual(choice)
    expect(recipeOf(bench.project, scores.id)).toContain('where: anomaly')
    const judged = await bench.compute('evaluate', { first: scores.id }, { labels: 'anomaly', judge: 'all' })
    const told = (artifact: Artifact) =>
      ComparisonMeta.parse(artifact.meta).evaluation?.findings.find(({ code }) => code === 'THRESHOLD_FROM_LABELS')
    expect(told(judged)).toMatchObject({ severity: 'warn' })
    const others = await bench.compute('evaluate', { first: scores.id }, { labels: 'anomaly', judge: 'unseen' })
    expect(told(others)).toMatchObject({ severity: 'note' })
    expect(ComparisonMeta.parse(others.meta).evaluation?.labels.leftOut).toBeGreaterThan(200)
    // Moved by hand, the rule says nothing of it any more; undone, it does again.
    expect(choiceOf(bench.project.annotate(scores.id, { threshold: choice.value + 1 }))).toBeNull()
    bench.project.undo()
    expect(choiceOf(bench.project.artifact(scores.id))).toEqual(choice)
    bench.project.undo()
    expect(choiceOf(bench.project.artifact(scores.id))).toEqual(metaOf(scores).choice)
  })

  it('a rule with a wrong parameter is refused with its name', async () => {
    const scores = await bench.compute('score', { latents: latents.id })
    const rule = { rule: 'percentile', percentile: 20 }
    await expect(anomalies().chooseThreshold({ scores: scores.id, rule, brief: true })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      where: { parameter: 'percentile' },
    })
  })

  it('a model without a likelihood refuses to tell one', async () => {
    await expect(bench.compute('score', { latents: latents.id }, { method: 'likelihood' })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      where: { parameter: 'method' },
    })
  })
})

test('a variational model tells how unlikely rows are', async () => {
  writeFileSync(
    join(folder, 'rows.csv'),
    machineTable(300, (machine, i) => machine === 1 && i % 60 === 0),
  )
  const dataset = await bench.compute('import', {}, { path: join(folder, 'rows.csv') })
  const matrix = await bench.compute('prepare', { dataset: dataset.id }, { columns: ['load', 'heat', 'power', 'fan'] })
  const settings = { encoder: [8], codeSize: 2 }
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'vae', settings })
  const latents = await bench.compute('encode', { model: model.id })
  const isOdd = Uint8Array.from({ length: 600 }, (_, row) => Number(row % 2 === 1 && (row >> 1) % 60 === 0))
  for (const [method, explain] of [
    ['bound', 0],
    ['likelihood', 4],
  ] as const) {
    const scores = await bench.compute('score', { latents: latents.id }, { method, draws: 5, explain })
    expect(rocAuc(scoresOf(scores), isOdd)).toBeGreaterThan(0.8)
    const meta = metaOf(scores)
    expect(meta.histogram.all.reduce((a, b) => a + b, 0)).toBe(600)
    expect(meta.blame).toBe(explain > 0 ? 'replacement' : null)
  }
})

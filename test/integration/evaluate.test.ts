/** Results against labels of every kind, with what is read back of them, and what is said where the labels had a say in them. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artifact, DtypeName } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { EvaluationFinding } from '#common/domain/evaluation.ts'
import { comparisonText } from '#engine/cli/comparisonText.ts'
import { evaluationText } from '#engine/cli/evaluationText.ts'
import { readConfusion } from '#engine/operations/evaluate/confusion.ts'
import { readCurves } from '#engine/operations/evaluate/curves.ts'
import { listLabels } from '#engine/service/labels.ts'
import type { NumberArray } from '#engine/project/project.ts'
import { newArtifact } from '../helpers/newArtifact.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
const n = 240
/** Rock of row i, and whether it is unusual: every 12th row, and every 24th another kind of it. */
const rockOf = (i: number): string => ['gneiss', 'basalt', 'chalk'][Math.floor(i / 80)] as string
const stateOf = (i: number): string => (i % 24 === 0 ? 'probe' : i % 12 === 0 ? 'attack' : 'Normal')

let bench: Workbench
let table: Artifact
let matrix: number
let latents: number
let made = 0

interface How {
  readonly inputs?: Record<string, number>
  readonly params?: Record<string, unknown>
  readonly operation?: string
  readonly name?: string
}
type Values = Readonly<Record<string, { dtype: DtypeName; shape: number[]; values: NumberArray }>>

function stored(kind: Artifact['kind'], meta: object, values: Values, { inputs = {}, ...how }: How = {}): number {
  const draft = bench.project.beginDraft(newArtifact({ kind, contentKey: `made ${made++}`, ...how }), inputs)
  for (const [name, { values: all, ...spec }] of Object.entries(values)) {
    const writer = draft.writeArray(name, spec)
    writer.append(all)
    writer.finish()
  }
  return draft.finish(meta as Record<string, unknown>, 0).id
}

/** Classes from 1, 0 without; the last of them noise where asked. */
function clustering(labels: number[], how: How & { k?: number; noise?: boolean; dataset?: number } = {}): number {
  const { k = Math.max(...labels) - (how.noise ? 1 : 0), noise = false, dataset = table.id, ...rest } = how
  const classes = Array.from({ length: k + (noise ? 1 : 0) }, (_, i) => ({
    id: i + 1,
    rows: labels.filter((label) => label === i + 1).length,
    share: 0,
    mean: [],
    sd: [],
    ...(noise && i === k && { isNoise: true }),
  }))
  const meta = {
    method: 'k-means',
    dataset,
    latents,
    k,
    rows: labels.length,
    validRows: labels.length,
    classes,
    inertia: 0,
    silhouette: null,
    kCurve: [],
    chosenBecause: 'given',
    tidied: 0,
  }
  return stored(
    'clustering',
    meta,
    { labels: { dtype: 'uint16', shape: [labels.length], values: Uint16Array.from(labels) } },
    { operation: 'cluster', inputs: { latents }, ...rest },
  )
}

function scores(values: number[], meta: Record<string, unknown> = {}, how: How = {}, learned: number[] = []): number {
  return stored(
    'scores',
    {
      method: 'error',
      dataset: table.id,
      model: 1,
      latents,
      rows: n,
      validRows: n,
      threshold: 0.5,
      thresholdRule: '99 % below',
      percentile: 99,
      holdoutRows: 40,
      min: 0,
      max: 1,
      histogram: { from: 0, to: 1, all: [], holdout: [] },
      flagged: 0,
      ...meta,
    },
    {
      score: { dtype: 'float32', shape: [n], values: Float32Array.from(values) },
      ...(learned.length > 0 && { 'learned/row': { dtype: 'float64', shape: [learned.length], values: Float64Array.from(learned) } }),
    },
    { operation: 'score', inputs: { latents }, ...how },
  )
}
const rows = Array.from({ length: n }, (_, i) => i)
const evaluate = async (inputs: Record<string, number>, params: Record<string, unknown>) => {
  const artifact = await bench.compute('evaluate', inputs, { replicates: 200, ...params })
  return { artifact, meta: artifact.meta as unknown as ComparisonMeta & { evaluation: NonNullable<ComparisonMeta['evaluation']> } }
}
const codesOf = ({ evaluation }: { evaluation: { findings: EvaluationFinding[] } }, severity?: string): string[] =>
  evaluation.findings.filter((finding) => severity === undefined || finding.severity === severity).map(({ code }) => code)

beforeAll(async () => {
  bench = openWorkbench(folder.file('evaluate.stratum'))
  const lines = rows.map((i) => [Math.sin(i), i % 7, rockOf(i), stateOf(i), i % 12 === 0 ? 1 : 0].join(','))
  writeFileSync(folder.file('rocks.csv'), `a,b,rock,state,flag\n${lines.join('\n')}\n`)
  table = await bench.compute('import', {}, { path: folder.file('rocks.csv') })
  const whole = { dtype: 'float64' as const, shape: [n / 4], values: Float64Array.from({ length: n / 4 }, (_, i) => 2 * i) }
  const held = { dtype: 'float64' as const, shape: [40], values: Float64Array.from({ length: 40 }, (_, i) => 2 * i + 1) }
  matrix = stored(
    'matrix',
    { dataset: table.id, columns: [], columnIndex: [0, 1], steps: [], trainRows: n / 4, holdoutRows: 40, split: '', findings: [] },
    { trainIndex: whole, holdoutIndex: held },
    { operation: 'prepare', inputs: { dataset: table.id } },
  )
  const model = stored('model', { matrix, explainedVariance: 0.9, holdoutError: 0.1 }, {}, { operation: 'train', inputs: { matrix } })
  latents = stored('latents', { model, dataset: table.id }, {}, { operation: 'encode', inputs: { model } })
})
afterAll(() => bench.close())

test('names that differ by capitals only are said to be different classes, and what is no label is told from fields', async () => {
  writeFileSync(folder.file('words.csv'), `a,word\n${rows.map((i) => `${i % 9},${['Rock', 'rock', 'sand'][i % 3]}`).join('\n')}\n`)
  const words = await bench.compute('import', {}, { path: folder.file('words.csv'), options: { labels: ['word'] } })
  const first = clustering(
    rows.map((i) => 1 + (i % 2)),
    { dataset: words.id },
  )
  const { meta } = await evaluate({ first }, { labels: 'word' })
  expect(meta.evaluation.findings.find(({ code }) => code === 'NAMES_ALIKE')?.message).toContain('“Rock” and “rock”')
  await expect(evaluate({ first }, { labels: 'wort' })).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
    message: '“wort” is neither a field of the dataset nor a file.',
    hint: expect.stringContaining('word'),
  })
})

test('agreement with a single class is said to say nothing', async () => {
  const all = clustering(rows.map(() => 1))
  const alone = await evaluate({ first: all }, { labels: 'flag' })
  expect(codesOf(alone.meta, 'warn')).toEqual(['ONE_CLASS'])
  const both = await evaluate({ first: all }, { labels: 'flag', ignore: [] })
  expect(codesOf(both.meta)).not.toContain('ONE_CLASS')
})

describe('classes', () => {
  /** Basalt and half of chalk are found, gneiss lies in two classes; ten rows have none. */
  const found = rows.map((i) => (i < 10 ? 0 : i < 50 ? 3 : i < 80 ? 2 : i < 160 ? 1 : i < 200 ? 4 : 2))

  test('text labels: figures, intervals that hold them, and the table with its names', async () => {
    const { artifact, meta } = await evaluate({ first: clustering(found) }, { labels: 'rock' })
    const [{ figures, intervals }] = meta.rows
    expect(figures).toMatchObject({ rows: 230, k: 4, ceiling: 1 })
    // One to one: basalt 80 by class 1, chalk 40 by class 2 or 4, gneiss 40 by class 3.
    expect(figures.accuracy).toBeCloseTo(160 / 230, 12)
    expect(figures.purity).toBeCloseTo(200 / 230, 12)
    for (const key of ['ari', 'accuracy', 'kappa', 'purity', 'nmi', 'ami', 'homogeneity', 'completeness']) {
      const [low, high] = intervals?.[key] ?? []
      expect(low, key).toBeLessThanOrEqual(figures[key] as number)
      expect(high, key).toBeGreaterThanOrEqual(figures[key] as number)
    }
    expect(figures.areaAccuracy).toBeNull()
    expect(meta.columns?.map(({ key }) => key)).not.toContain('areaAccuracy')
    expect(meta.evaluation.labels).toMatchObject({ names: ['basalt', 'chalk', 'gneiss'], rows: [80, 80, 80], anomalous: [] })

    bench.project.annotate(meta.rows[0].artifact as number, { legend: [{ id: 1, name: 'Dark rock', colour: '#112233' }] })
    const one = readConfusion(bench.project, { comparison: artifact.id, row: 0, naming: 'one-to-one' })
    expect(one.found.map(({ name, rows: size }) => [name, size])).toEqual([
      ['Dark rock', 80],
      ['Class 2', 70],
      ['Class 3', 40],
      ['Class 4', 40],
    ])
    expect(one.accuracy).toBeCloseTo(160 / 230, 12)
    expect(one.named[0]).toBe(0)
    expect(one.adjusted).toBeNull()
    expect(one.classes[0]).toMatchObject({
      name: 'basalt',
      rows: 80,
      right: 80,
      producers: 1,
      users: 1,
      f1: 1,
      producersInterval: [expect.closeTo(0.954, 3), 1],
    })
    const many = readConfusion(bench.project, { comparison: artifact.id, row: 0, naming: 'many-to-one' })
    expect(many.named).toEqual([0, 1, 2, 1])
    expect(many.accuracy).toBeCloseTo(200 / 230, 12)
    expect(many.classes[1].producersInterval).toBeNull()
  })

  test('as text: what to know first, then class by class', async () => {
    const { artifact } = await evaluate(
      {
        first: clustering(
          rows.map((i) => (i < 70 ? 1 : i < 160 ? 2 : 3)),
          { params: { k: 3 } },
        ),
      },
      { labels: 'rock' },
    )
    const page = evaluationText(bench.project, artifact)
    expect(page).toMatch(/^In brackets 95 % intervals: .*; 200 samples, seed 7\.\nnote: k = 3 was given/)
    expect(page).toMatch(/ {2}gneiss +80 +Class 1 +0\.875 \(0\.\d{3}–0\.\d{3}\)/)
    expect(page).toMatch(/Cohen's kappa 0\.93[78]\./)
    expect(comparisonText(artifact.meta as unknown as ComparisonMeta)).toMatch(/Matched classes[\s\S]*0\.958 \(0\.\d{3}–/)
  })

  test('rows in no class are a class of their own', async () => {
    const { artifact, meta } = await evaluate(
      {
        first: clustering(
          rows.map((i) => (i % 10 === 0 ? 4 : Math.floor(i / 80) + 1)),
          { noise: true },
        ),
      },
      { labels: 'rock' },
    )
    expect(meta.evaluation.results[0]).toEqual({ kind: 'classes', found: 4, hasNoise: true })
    expect(meta.rows[0].figures).toMatchObject({ rows: 240, k: 3, accuracy: 0.9 })
    const { found: classes, named } = readConfusion(bench.project, { comparison: artifact.id, row: 0, naming: 'one-to-one' })
    expect(classes.at(-1)).toMatchObject({ name: 'Noise', isNoise: true, rows: 24 })
    expect(named.at(-1)).toBe(-1)
  })

  test('a column of numbers, without what means not labelled', async () => {
    const { meta } = await evaluate({ first: clustering(rows.map((i) => (i % 12 === 0 ? 2 : 1))) }, { labels: 'flag', ignore: ['1'] })
    expect(meta.rows[0].figures).toMatchObject({ rows: 220, accuracy: 1 })
    expect(meta.evaluation.labels.names).toEqual(['0'])
  })

  test('without bootstrap there are no intervals', async () => {
    const { meta } = await evaluate({ first: clustering(found) }, { labels: 'rock', replicates: 0 })
    expect(meta.evaluation.intervals).toBeNull()
    expect(meta.rows[0].intervals).toBeUndefined()
  })

  test('fewer classes than labels: the ceiling is told', async () => {
    const { meta } = await evaluate({ first: clustering(rows.map((i) => (i < 80 ? 1 : 2))) }, { labels: 'rock' })
    expect(meta.rows[0].figures.ceiling).toBeCloseTo(2 / 3, 12)
    expect(codesOf(meta)).toContain('FEWER_CLASSES')
  })
})

describe('maps', () => {
  test('labels of polygons: area-adjusted accuracy, neighbours, and pixels that are not independent', async () => {
    // 6 × 4 pixels of 10 m; two classes, left and right, one pixel astray.
    writeFileSync(folder.file('scene.dat'), Uint8Array.from(rows.slice(0, 24)))
    writeFileSync(
      folder.file('scene.hdr'),
      'ENVI\nsamples = 6\nlines = 4\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\nbyte order = 0\nmap info = {UTM, 1, 1, 500000, 5000040, 10, 10, 33, North, WGS-84}\n',
    )
    const box = (x0: number, x1: number) => ({
      type: 'Polygon',
      coordinates: [
        [
          [x0, 5_000_010],
          [x1, 5_000_010],
          [x1, 5_000_040],
          [x0, 5_000_040],
          [x0, 5_000_010],
        ],
      ],
    })
    writeFileSync(
      folder.file('zones.geojson'),
      JSON.stringify({
        type: 'FeatureCollection',
        crs: { type: 'name', properties: { name: 'EPSG:32633' } },
        features: [
          { type: 'Feature', geometry: box(500_000, 500_030), properties: { cover: 'wood' } },
          { type: 'Feature', geometry: box(500_040, 500_060), properties: { cover: 'water' } },
        ],
      }),
    )
    const scene = await bench.compute('import', {}, { path: folder.file('scene.dat') })
    const map = Array.from({ length: 24 }, (_, i) => (i === 7 ? 2 : i % 6 < 3 ? 1 : 2))
    const { artifact, meta } = await evaluate(
      { first: clustering(map, { dataset: scene.id }) },
      { labels: folder.file('zones.geojson'), field: 'cover' },
    )
    const { figures, intervals } = meta.rows[0]
    // Nine pixels of wood, one of them found as water; six of water. The map has 11 and 13 pixels.
    expect(figures).toMatchObject({ rows: 15, accuracy: 14 / 15 })
    expect(figures.areaAccuracy).toBeCloseTo(11 / 24 + (13 / 24) * (6 / 7), 12)
    expect(intervals?.areaAccuracy?.[1]).toBe(1)
    expect(figures.localAgreement).toBeGreaterThan(0.6)
    expect(figures.isolatedPixels).toBeCloseTo(1 / 24, 12)
    expect(codesOf(meta, 'note')).toEqual(expect.arrayContaining(['NEIGHBOURS_ALIKE', 'FEW_ROWS']))
    const { adjusted, labelled } = readConfusion(bench.project, { comparison: artifact.id, row: 0, naming: 'one-to-one' })
    expect(labelled.map(({ name }) => name)).toEqual(expect.arrayContaining(['water', 'wood']))
    const wood = labelled.findIndex(({ name }) => name === 'wood')
    expect(adjusted?.classes[wood].area.value).toBeCloseTo(11 / 24 + 13 / 24 / 7, 12)
    expect(adjusted?.unseen).toBe(0)

    // The polygons of the labels as the region that was learned from.
    const region = folder.file('zones.geojson')
    const inside = stored('matrix', { dataset: scene.id, columnIndex: [0] }, {}, { operation: 'prepare', params: { region } })
    const learned = clustering(map, { dataset: scene.id, inputs: { latents: stored('latents', {}, {}, { inputs: { matrix: inside } }) } })
    expect(codesOf((await evaluate({ first: learned }, { labels: region, field: 'cover' })).meta, 'note')).toContain('LABELS_LEARNED')
    expect(codesOf(meta)).not.toContain('LABELS_LEARNED')
  })
})

describe('maps in which errors cluster', () => {
  test('intervals draw whole blocks and say so, or pixel by pixel where that is asked', async () => {
    const side = 60
    const cells = Array.from({ length: side * side }, (_, i) => [Math.floor(i / side), i % side] as const)
    writeFileSync(
      folder.file('patches.dat'),
      Uint8Array.from(cells, ([y, x]) => (x + y) % 251),
    )
    writeFileSync(
      folder.file('truth.dat'),
      Uint8Array.from(cells, ([y]) => 1 + (y >= side / 2 ? 1 : 0)),
    )
    for (const name of ['patches', 'truth'])
      writeFileSync(
        folder.file(`${name}.hdr`),
        `ENVI\nsamples = ${side}\nlines = ${side}\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\nbyte order = 0\nmap info = {UTM, 1, 1, 500000, 5000600, 10, 10, 33, North, WGS-84}\n`,
      )
    const scene = await bench.compute('import', {}, { path: folder.file('patches.dat') })
    // Patches of 4 × 4 pixels, about one in five of them wrong.
    const isWrong = ([y, x]: readonly [number, number]): boolean => (7 * Math.floor(y / 4) + 3 * Math.floor(x / 4)) % 5 === 0
    const map = cells.map((cell) => 1 + ((cell[0] >= side / 2 ? 1 : 0) ^ (isWrong(cell) ? 1 : 0)))
    const first = clustering(map, { dataset: scene.id })
    const widths: number[] = []
    for (const blockSide of [null, 1]) {
      const { artifact, meta } = await evaluate({ first }, { labels: folder.file('truth.dat'), blockSide })
      const { intervals } = meta.evaluation
      const page = evaluationText(bench.project, artifact)
      expect(page).toMatch(/labelled +pixels +found as/)
      expect(page.includes('as if labelled pixels had been drawn one by one')).toBe(blockSide === null)
      const [low, high] = meta.rows[0].intervals?.accuracy ?? [0, 0]
      widths.push(high - low)
      if (blockSide === 1) {
        expect(intervals?.blocks).toBeUndefined()
        expect(codesOf(meta, 'note')).toContain('NEIGHBOURS_ALIKE')
      } else {
        expect(intervals?.blocks?.[0]).toMatchObject({ row: 0, count: 36 })
        expect(intervals?.how).toMatch(/whole blocks.*36 blocks 10 pixels wide/)
        expect(codesOf(meta, 'note')).not.toContain('NEIGHBOURS_ALIKE')
      }
    }
    expect(widths[0]).toBeGreaterThan(0)
    expect(widths[1]).toBeGreaterThan(0)
  })

  test('classes of which none has a label are refused', async () => {
    await expect(evaluate({ first: clustering(rows.map(() => 0)) }, { labels: 'rock' })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      where: { parameter: 'labels' },
    })
  })
})

describe('scores', () => {
  /** Attacks and probes score high, but for one; some normal rows do, too. */
  const values = rows.map((i) => (stateOf(i) === 'Normal' ? (i % 40 === 3 ? 0.7 : (i % 30) / 100) : i === 60 ? 0.1 : 0.6 + (i % 5) / 10))

  test('text labels with “Normal”: figures with intervals, both curves, and the marks on them', async () => {
    const { artifact, meta } = await evaluate({ first: scores(values) }, { labels: 'state' })
    const [{ figures, intervals }] = meta.rows
    expect(meta.evaluation.labels).toMatchObject({ names: ['Normal', 'attack', 'probe'], anomalous: [1, 2] })
    expect(figures).toMatchObject({ rows: 240, anomalies: 20, recall: 0.95, precision: 19 / 25 })
    expect(figures.f1).toBeCloseTo((2 * 19) / (25 + 20), 12)
    expect(figures.bestF1).toBeGreaterThanOrEqual(figures.f1 as number)
    expect(figures.falseAlarmRate).toBeCloseTo(6 / 220, 12)
    for (const key of ['auc', 'averagePrecision', 'precision', 'recall', 'f1', 'falseAlarmRate', 'bestF1']) {
      expect(intervals?.[key]?.[0], key).toBeLessThanOrEqual(figures[key] as number)
      expect(intervals?.[key]?.[1], key).toBeGreaterThanOrEqual(figures[key] as number)
    }
    const curves = readCurves(bench.project, { comparison: artifact.id, row: 0 })
    expect(curves).toMatchObject({ anomalies: 20, normal: 220 })
    expect(curves.marks.map(({ what }) => what)).toEqual(['threshold', 'best F1'])
    expect(curves.marks[0]).toMatchObject({ threshold: 0.5, recall: 0.95 })
    expect([curves.roc.falseAlarmRate.at(-1), curves.roc.recall.at(-1)]).toEqual([1, 1])
    expect(curves.pr.recall.length).toBe(curves.pr.threshold.length)
  })

  test('chosen label values are anomalous, and values left out are not judged', async () => {
    const { meta } = await evaluate({ first: scores(values) }, { labels: 'state', anomalous: ['probe'], ignore: ['attack'] })
    expect(meta.rows[0].figures).toMatchObject({ rows: 230, anomalies: 10 })
    expect(meta.evaluation.labels.anomalous.map((j) => meta.evaluation.labels.names[j])).toEqual(['probe'])
  })

  test('0 and 1 as ever; both classes and scores in one table take 0 as each needs it', async () => {
    const { meta } = await evaluate(
      { first: scores(values), second: clustering(rows.map((i) => (i % 12 === 0 ? 2 : 1))) },
      { labels: 'flag' },
    )
    expect(meta.rows.map(({ figures }) => figures.rows)).toEqual([240, 20])
    expect(meta.evaluation.labels.anomalous).toEqual([1])
    expect(codesOf(meta)).not.toContain('ZERO_TWICE')
  })

  test('labels without normal rows are refused with what they hold', async () => {
    await expect(bench.compute('evaluate', { first: scores(values) }, { labels: 'rock' })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: 'Nothing says which rows are normal: the labels are “basalt”, “chalk”, “gneiss”, and none of them counts as normal.',
      hint: expect.stringContaining('Anomalous are'),
      where: { parameter: 'anomalous' },
    })
    await expect(bench.compute('evaluate', { first: scores(values) }, { labels: 'state', anomalous: ['worm'] })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: 'No row is labelled “worm”.',
    })
  })

  test('0 beside several classes is hardly both normal and not labelled, unless someone says what is anomalous', async () => {
    writeFileSync(folder.file('zones.csv'), `a,zone\n${rows.map((i) => `${i},${Math.floor(i / 80)}`).join('\n')}\n`)
    const zones = await bench.compute('import', {}, { path: folder.file('zones.csv') })
    const inputs = {
      first: scores(values, { dataset: zones.id }),
      second: clustering(
        rows.map((i) => Math.floor(i / 80) + 1),
        { dataset: zones.id },
      ),
    }
    const { artifact, meta } = await evaluate(inputs, { labels: 'zone' })
    expect(meta.evaluation.findings.find(({ code }) => code === 'ZERO_TWICE')).toMatchObject({
      severity: 'note',
      rows: [0],
      message: 'Label 0 is left out of classes and counts as normal for scores, and 1, 2 as anomalous.',
    })
    expect(evaluationText(bench.project, artifact)).toMatch(/^Labels that are anomalous for scores: 1, 2; normal: 0\.$/m)
    const told = await evaluate(inputs, { labels: 'zone', anomalous: ['2'] })
    expect(codesOf(told.meta)).not.toContain('ZERO_TWICE')
    expect(evaluationText(bench.project, told.artifact)).toMatch(/^Labels that are anomalous for scores: 2; normal: 0, 1\.$/m)
  })

  test('classes are judged where the labels say nothing of scores, and that is said', async () => {
    const three = rows.map((i) => Math.floor(i / 80) + 1)
    const inputs = { first: scores(values), second: clustering(three) }
    const { artifact, meta } = await evaluate(inputs, { labels: 'rock' })
    expect(meta.rows.map(({ figures }) => figures.ari ?? null)).toEqual([null, 1])
    expect(meta.rows[0].figures).toEqual({})
    expect(meta.evaluation.results[0]).toEqual({
      kind: 'unjudged',
      reason: expect.stringContaining('Nothing says which rows are normal'),
      hint: expect.stringContaining('Anomalous are'),
      parameter: 'anomalous',
    })
    expect(meta.evaluation.labels.anomalous).toEqual([])
    expect(meta.evaluation.findings[0]).toMatchObject({ code: 'NOT_JUDGED', severity: 'warn', rows: [0] })
    // Nothing is reported of the scores, so no rows that were learned from are among it; nor had labels a say.
    expect(codesOf(meta)).toEqual(['NOT_JUDGED'])
    expect(meta.basis).toContain('nothing in this project says')
    expect(artifact.arrays.map(({ name }) => name)).not.toContain('roc/0')
    expect(() => readCurves(bench.project, { comparison: artifact.id, row: 0 })).toThrow('holds no scores in row 1')
    expect(readConfusion(bench.project, { comparison: artifact.id, row: 1, naming: 'one-to-one' }).accuracy).toBe(1)
    const text = evaluationText(bench.project, artifact)
    expect(text).toMatch(/^warning: .*Not judged\. Nothing says/m)
    expect(text).toMatch(/^ {2}not judged: say which label values .* --anomalous$/m)
    // Once it is said, both are judged.
    const told = await evaluate(inputs, { labels: 'rock', anomalous: ['chalk'] })
    expect(told.meta.rows[0].figures.anomalies).toBe(80)
    expect(codesOf(told.meta)).not.toContain('NOT_JUDGED')
  })

  test('rows that are left out may leave scores with one kind of labels, while classes are judged', async () => {
    // All unusual rows but those that were trained on are normal.
    const lines = rows.map((i) => `${i},${i % 24 === 0 && i < n / 2 ? 'fault' : 'normal'}`)
    writeFileSync(folder.file('once.csv'), `a,once\n${lines.join('\n')}\n`)
    const other = await bench.compute('import', {}, { path: folder.file('once.csv') })
    const trained = stored(
      'matrix',
      { dataset: other.id, columns: [], columnIndex: [0], steps: [], trainRows: n / 4, holdoutRows: 0, split: '', findings: [] },
      { trainIndex: { dtype: 'float64', shape: [n / 4], values: Float64Array.from({ length: n / 4 }, (_, i) => 2 * i) } },
      { operation: 'prepare', inputs: { dataset: other.id } },
    )
    const inputs = {
      first: scores(values, { dataset: other.id }, { inputs: { matrix: trained } }),
      second: clustering(
        rows.map((i) => 1 + (i % 2)),
        { dataset: other.id },
      ),
    }
    const { meta } = await evaluate(inputs, { labels: 'once', judge: 'unseen' })
    expect(meta.evaluation.results[0]).toMatchObject({
      kind: 'unjudged',
      parameter: 'judge',
      reason: expect.stringContaining('0 anomalous'),
    })
    await expect(bench.compute('evaluate', { first: inputs.first }, { labels: 'once', judge: 'unseen' })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      where: { parameter: 'judge' },
    })
  })

  test('what labels hold is listed to choose among: texts by letter, each with its rows', async () => {
    const listed = await listLabels(bench.project, { dataset: table.id, labels: 'state', field: null }, new AbortController().signal)
    expect(listed).toEqual({
      values: [
        { name: 'attack', rows: 10 },
        { name: 'Normal', rows: 220 },
        { name: 'probe', rows: 10 },
      ],
      total: 3,
      unlabelled: 0,
      fields: [],
    })
  })

  test('a threshold that was moved is the one that is judged, anew', async () => {
    const moved = scores(values)
    const before = await evaluate({ first: moved }, { labels: 'state' })
    bench.project.annotate(moved, { threshold: 0.65 })
    const after = await evaluate({ first: moved }, { labels: 'state' })
    expect(after.artifact.id).not.toBe(before.artifact.id)
    expect(after.meta.rows[0].figures.recall).not.toBe(before.meta.rows[0].figures.recall)
    expect(codesOf(after.meta)).toContain('THRESHOLD_MOVED')
    const best = before.meta.evaluation.results[0]
    bench.project.annotate(moved, { threshold: best.kind === 'scores' ? (best.marks[1]?.threshold ?? 0) : 0 })
    expect(codesOf((await evaluate({ first: moved }, { labels: 'state' })).meta, 'warn')).toContain('THRESHOLD_FROM_LABELS')
  })

  test('rows that were learned from can be left out', async () => {
    const { meta } = await evaluate({ first: scores(values) }, { labels: 'state', judge: 'unseen' })
    // Even rows of the first half were trained on: ten of the twenty unusual ones are among them.
    expect(meta.evaluation.labels).toMatchObject({ leftOut: 60, rows: [170, 5, 5] })
    expect(meta.rows[0].figures).toMatchObject({ rows: 180, anomalies: 10 })
    expect(codesOf(meta)).not.toContain('ROWS_LEARNED')
    expect(codesOf(meta)).toContain('ROWS_CALIBRATED')
    // Forty odd rows are held out, and the threshold rests on them.
    const fresh = (await evaluate({ first: scores(values) }, { labels: 'state', judge: 'fresh' })).meta
    expect(fresh.evaluation.labels.leftOut).toBe(100)
    expect(codesOf(fresh)).not.toContain('ROWS_CALIBRATED')
    await expect(
      bench.compute('evaluate', { first: scores(values) }, { labels: 'state', ignore: ['Normal'], judge: 'unseen' }),
    ).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })
})

describe('events', () => {
  test('of a time series: labelled ones that are found, and found ones that are right, unit by unit', async () => {
    // Two units take turns. Labelled: windows 12 … 16 of unit 0, window 60 of unit 1. Found: 8 … 12 of unit 0 (touches), 100 of unit 1 (does not).
    const unit = Uint16Array.from(rows, (i) => i % 2)
    const at = (u: number, ...positions: number[]) => positions.map((position) => 2 * position + u)
    const labelled = new Set([...at(0, 12, 13, 14, 15, 16), ...at(1, 60)])
    const flagged = new Set([...at(0, 8, 9, 11, 12), ...at(1, 100)])
    writeFileSync(
      folder.file('units.csv'),
      `a,state\n${rows.map((i) => `${Math.sin(i)},${labelled.has(i) ? 'fault' : 'normal'}`).join('\n')}\n`,
    )
    const dataset = await bench.compute('import', {}, { path: folder.file('units.csv') })
    const id = stored(
      'scores',
      { dataset: dataset.id, rows: n, threshold: 0.5, thresholdRule: '', events: { count: 2, mergeGap: 1, minimumLength: 1 } },
      {
        score: { dtype: 'float32', shape: [n], values: Float32Array.from(rows, (i) => (flagged.has(i) ? 0.9 : 0.1)) },
        'series/unit': { dtype: 'uint16', shape: [n], values: unit },
      },
    )
    const { meta } = await evaluate({ first: id }, { labels: 'state' })
    expect(meta.rows[0].figures).toMatchObject({ labelledEvents: 2, eventRecall: 0.5, eventPrecision: 0.5 })
  })
})

describe('leaks', () => {
  const values = rows.map((i) => (i % 12 === 0 ? 0.9 : 0.1 + (i % 7) / 100))
  const three = rows.map((i) => Math.floor(i / 80) + 1)

  test('nothing is said of results that labels had no say in', async () => {
    const { meta } = await evaluate({ first: clustering(rows.map((i) => (i % 5) + 1)) }, { labels: 'rock' })
    expect(codesOf(meta)).toEqual([])
    expect(meta.basis).toBe('240 rows with a label, 3 classes; nothing in this project says that they were used to make the results.')
  })

  test('k from the labels: certain where a comparison took it from them, possible where it was typed', async () => {
    const typed = clustering(three, { params: { k: 3 } })
    expect((await evaluate({ first: typed }, { labels: 'rock' })).meta.evaluation.findings).toEqual([
      expect.objectContaining({ code: 'K_FROM_LABELS', severity: 'note', rows: [0] }),
    ])
    const given = clustering(three, { params: { k: 3 } })
    const run = { seed: 1, model: null, latents, clustering: given, labels: null, figures: { ari: 1 } }
    stored(
      'comparison',
      {
        title: '',
        basis: '',
        dataset: table.id,
        k: { value: 3, from: 'labels', reason: '' },
        rows: [{ name: 'one', artifact: given, figures: { ari: 1 }, runs: [run] }],
      },
      {},
      { operation: 'compare', params: { labels: 'rock' }, name: 'Models compared' },
    )
    const { meta } = await evaluate({ first: given }, { labels: 'rock' })
    expect(codesOf(meta, 'warn')).toEqual(['K_FROM_LABELS'])
    expect(meta.evaluation.findings[0].message).toContain('Models compared')
    expect(meta.basis).toContain('had a say')
    // Other labels did not choose it.
    expect(codesOf((await evaluate({ first: given }, { labels: 'state' })).meta, 'warn')).toEqual([])
  })

  test('the best of several by these labels, reported alone', async () => {
    const [good, poor] = [clustering(three), clustering(rows.map((i) => (i % 4) + 1))]
    const both = await evaluate({ first: good, second: poor }, { labels: 'rock' })
    expect(codesOf(both.meta)).toEqual([])
    const alone = await evaluate({ first: good }, { labels: 'rock' })
    expect(alone.meta.evaluation.findings).toEqual([
      expect.objectContaining({ code: 'CHOSEN_ON_LABELS', severity: 'warn', rows: [0], message: expect.stringContaining('2 results') }),
    ])
    expect(codesOf((await evaluate({ first: poor }, { labels: 'rock', replicates: 100 })).meta)).toEqual([])
  })

  test('the best of several classes that were judged beside scores, reported alone', async () => {
    const [good, poor] = [clustering(three), clustering(rows.map((i) => (i % 4) + 1))]
    await evaluate({ first: good, second: poor, third: scores(values) }, { labels: 'rock', anomalous: ['chalk'] })
    const { meta } = await evaluate({ first: good }, { labels: 'rock' })
    expect(meta.evaluation.findings).toEqual([
      expect.objectContaining({ code: 'CHOSEN_ON_LABELS', rows: [0], message: expect.stringContaining('2 results') }),
    ])
  })

  test('thresholds and scores that used labels, and the rows they used', async () => {
    const chosen = scores(values, {
      choice: { usesLabels: true, rule: 'labels', parameters: { labelShare: 40 }, calibrationRows: 24, calibration: 'labelled' },
      thresholdRule: 'best F1 on 24 labelled rows',
    })
    expect(codesOf((await evaluate({ first: chosen }, { labels: 'state' })).meta, 'warn')).toEqual(['THRESHOLD_FROM_LABELS'])
    const rescored = scores(
      values,
      { learnedFrom: { scores: chosen, source: 'reviews', anomalous: 2, normal: 3, auc: null, earlierAuc: null } },
      { inputs: { latents, scores: chosen } },
      [0, 12, 1, 3, 5],
    )
    const { meta } = await evaluate({ first: rescored }, { labels: 'state' })
    expect(codesOf(meta, 'warn')).toEqual(expect.arrayContaining(['SCORES_FROM_LABELS', 'LABELLED_ROWS_LEARNED']))
    expect(meta.evaluation.findings.find(({ code }) => code === 'LABELLED_ROWS_LEARNED')?.message).toMatch(/^5 rows whose label/)
    expect(codesOf(meta, 'note')).toContain('ROWS_LEARNED')
  })

  test('labels among the columns, among known influences, as a filter', async () => {
    const behind = (meta: object, params: object = {}): number => {
      const own = stored(
        'matrix',
        { dataset: table.id, columnIndex: [0], trainRows: 0, holdoutRows: 0, ...meta },
        {},
        { operation: 'prepare', params: params as Record<string, unknown> },
      )
      const codes = stored('latents', { model: 1, dataset: table.id }, {}, { inputs: { matrix: own } })
      return clustering(
        rows.map((i) => (i % 5) + 1),
        { inputs: { latents: codes } },
      )
    }
    const findings = async (id: number) =>
      (await evaluate({ first: id }, { labels: 'flag', ignore: [] })).meta.evaluation.findings.filter(
        ({ code }) => code === 'LABELS_LEARNED',
      )
    const { columns } = table.meta as { columns: { name: string }[] }
    expect(await findings(behind({ columnIndex: [columns.findIndex(({ name }) => name === 'flag')] }))).toEqual([
      expect.objectContaining({ severity: 'warn' }),
    ])
    expect(await findings(behind({ given: [{ kind: 'category', field: 'flag', values: ['0'] }] }))).toEqual([
      expect.objectContaining({ severity: 'warn' }),
    ])
    expect(await findings(behind({}, { where: 'flag = 0' }))).toEqual([expect.objectContaining({ severity: 'note' })])
    expect(await findings(behind({}, { where: 'flags = 0' }))).toEqual([])
    expect(await findings(behind({}, { where: 'no_flag = 1 and "flag" = 0' }))).toEqual([expect.objectContaining({ severity: 'note' })])
    expect(await findings(behind({}, { where: 'flagä = 0 and state = flag' }))).toEqual([])
    // Columns are those of the data that were learned from: there the fifth was another one, or the labels were the first.
    const others = (names: readonly string[]) =>
      stored('dataset', { ...table.meta, columns: names.map((name) => ({ name, type: 'number', unit: null, wavelengthNm: null })) }, {})
    const fifth = columns.findIndex(({ name }) => name === 'flag')
    expect(await findings(behind({ dataset: others(['a', 'b', 'c', 'd', 'e']), columnIndex: [fifth] }))).toEqual([])
    expect(await findings(behind({ dataset: others(['flag', 'a', 'b']), columnIndex: [0] }))).toEqual([
      expect.objectContaining({ severity: 'warn' }),
    ])
    // Scores tell rows that were learned as normal from others too easily, unless those are left out.
    const normalOnly = scores(values, {}, { inputs: { clustering: behind({}, { where: 'flag = 0' }) } })
    const severity = async (judge: string) =>
      (await evaluate({ first: normalOnly }, { labels: 'flag', judge })).meta.evaluation.findings.find(
        ({ code }) => code === 'LABELS_LEARNED',
      )?.severity
    expect([await severity('all'), await severity('unseen')]).toEqual(['warn', 'note'])
  })

  test('classes that were merged by hand, and a tree that was cut into as many classes as the labels have', async () => {
    const three = rows.map((i) => (i % 3) + 1)
    const before = clustering(rows.map((i) => (i % 5) + 1))
    const merged = clustering(three, { operation: 'merge-classes', inputs: { clustering: before } })
    const later = clustering(three, { operation: 'tidy', inputs: { clustering: merged } })
    const cut = clustering(three, { operation: 'cut-tree', params: { by: 'clusters', clusters: 3 }, inputs: { clustering: before } })
    const byHeight = clustering(three, { operation: 'cut-tree', params: { by: 'height', clusters: 3 }, inputs: { clustering: before } })
    const notes = async (first: number) => codesOf((await evaluate({ first }, { labels: 'rock' })).meta, 'note')
    expect(await notes(before)).not.toContain('CLASSES_EDITED')
    expect(await notes(merged)).toContain('CLASSES_EDITED')
    expect(await notes(later)).toContain('CLASSES_EDITED')
    expect(await notes(cut)).toContain('K_FROM_LABELS')
    expect(await notes(byHeight)).not.toContain('K_FROM_LABELS')
  })

  test('anomalies among the rows that a threshold rests on', async () => {
    const { meta } = await evaluate({ first: scores(values) }, { labels: 'state', anomalous: ['Normal'] })
    expect(meta.evaluation.findings.find(({ code }) => code === 'CALIBRATED_ON_ANOMALIES')?.message).toMatch(/^40 rows of the 40 /)
  })
})

test('older comparisons are refused with what to do', () => {
  const old = stored(
    'comparison',
    { title: '', basis: '', rows: [{ name: 'one', artifact: null, figures: {} }] },
    {},
    { operation: 'evaluate' },
  )
  expect(() => readConfusion(bench.project, { comparison: old, row: 0, naming: 'one-to-one' })).toThrow(/holds no classes in row 1/)
  expect(() => readCurves(bench.project, { comparison: old, row: 0 })).toThrow(/holds no scores/)
})

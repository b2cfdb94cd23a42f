/** The command line as a user and a script meet it: chains, the cache, recipes, exit codes, Ctrl-C. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { openProject } from '#engine/project/open.ts'
import { columnarFixture } from '../helpers/columnarFixtures.ts'
import { command, ended, jsonLines, lineOf, spawnCommand, startCommand } from '../helpers/commandLine.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
let project = ''
beforeEach(async () => {
  project = folder.file('p.stratum')
  writeTable(folder.file('t.csv'))
  expect((await command('new', project)).code).toBe(0)
})

const last = (out: string): Record<string, unknown> => jsonLines(out).at(-1) as Record<string, unknown>
const resultOf = async (...args: string[]): Promise<Artifact> => {
  const { code, out } = await command(...args, '--json')
  expect([code, last(out)]).toMatchObject([0, { ok: true }])
  return last(out).result as Artifact
}
const failure = async (...args: string[]) => {
  const { code, out } = await command(...args, '--json')
  return { code, error: last(out).error as { code: string; message: string; hint: string; where: Record<string, unknown> } }
}
const importTable = (): Promise<Artifact> => resultOf('import', project, folder.file('t.csv'))
const quickModel = ['--model', 'autoencoder', '--epochs', '2', '--name', 'ae']

/** Two kinds of rows: a number, a category with missing values, and a number missing in a quarter of the rows of one kind. */
function writeKinds(path: string): void {
  const rows = Array.from({ length: 120 }, (_, i) => {
    const isWet = i % 3 === 0
    const noise = ((i * 37) % 11) / 50
    return [isWet ? 'bog' : i % 29 === 1 ? '' : 'heath', 10 * Number(isWet) + noise, isWet && i % 4 === 0 ? '' : 3 - noise].join(',')
  })
  writeFileSync(path, `site,moisture,cover\n${rows.join('\n')}\n`)
}

describe('what a person reads', () => {
  test('every step says what it found, in words of the data, and so does show', async () => {
    writeKinds(folder.file('kinds.csv'))
    const inspected = (await command('inspect', folder.file('kinds.csv'))).out
    expect(inspected).toMatch(/site: category, 2 values: bog, heath, 2\.5 % missing/)
    expect((await command('import', project, folder.file('kinds.csv'), '--name', 'kinds')).out).toContain(
      '120 rows × 3 columns (CSV table)',
    )
    const prepared = (await command('prepare', project, 'kinds', '--name', 'rows')).out
    expect(prepared).toMatch(/\d+ rows to learn from, \d+ held out \(random\)/)
    expect(prepared).toMatch(/columns\s+4, made from 3/)
    const trained = (await command('train', project, 'rows', '--model', 'autoencoder', '--epochs', '3', '--name', 'ae')).out
    expect(trained).toMatch(/explained\s+-?[\d.]+ % of held-out rows; PCA with 2 components [\d.]+ %/)
    expect((await command('encode', project, 'ae', '--name', 'codes')).out).toContain('120 of 120 rows, 2 numbers each')
    const clustered = (await command('cluster', project, 'codes', '--k', '2', '--name', 'classes')).out
    expect(clustered).toMatch(/Class 1\s+80\s+66\.7 %.*site heath/)
    expect(clustered).toMatch(/Class 2\s+40\s+33\.3 %.*site bog/)
    const shown = (await command('show', project, 'classes')).out
    expect(shown).toContain('parameter')
    expect(shown).not.toContain('found ')
    expect(shown).toMatch(/Class 2\s+40\s+33\.3 %/)
    const named = await command('annotate', project, 'classes', '--class', '2=bog', '--colour', '2=#123456', '--note', 'seen in the field')
    expect(named.out).toMatch(/bog\s+40\s+33\.3 %/)
    expect(await failure('annotate', project, 'classes', '--class', '9=fen')).toMatchObject({
      code: 2,
      error: { hint: expect.stringContaining('from 1 to 2') },
    })
    expect(await failure('annotate', project, 'codes', '--class', '1=bog')).toMatchObject({ code: 5, error: { code: 'ARTIFACT_KIND' } })
    expect(await failure('annotate', project, 'classes')).toMatchObject({ code: 2 })
    const table = folder.file('classes.csv')
    expect((await command('export', project, 'classes', table)).out).toContain(`${table}  `)
    expect(readFileSync(table, 'utf8')).toContain(',bog')
  })
})

describe('the way to a result', () => {
  test('training on a dataset prepares it first; clustering and scoring a model encode it first; all of it once', async () => {
    await importTable()
    const model = await resultOf('train', project, 't', ...quickModel, '--seed', '3')
    const clustering = await resultOf('cluster', project, 'ae', '--k', '3')
    const scores = await resultOf('score', project, 'ae', '--percentile', '99')
    expect([model, clustering, scores]).toMatchObject([
      { kind: 'model', name: 'ae', seed: 3, params: { settings: { epochs: 2 } } },
      { kind: 'clustering', params: { k: 3 } },
      { kind: 'scores', params: { percentile: 99 } },
    ])
    const listed = (await command('list', project, '--json')).out
    expect((last(listed).result as Artifact[]).map(({ operation }) => operation)).toEqual([
      'import',
      'prepare',
      'train',
      'encode',
      'cluster',
      'score',
    ])
    const again = await command('cluster', project, 'ae', '--set', 'k=3', '--json')
    expect(
      jsonLines(again.out)
        .filter(({ status }) => status === 'done')
        .map(({ cached }) => cached),
    ).toEqual([true, true])
    expect((await command('verify', project)).out).toMatch(/6 artifacts, \d+ chunks: all is well/)
  })

  test('without a model, train takes what the window proposes for the data, and says so', async () => {
    await importTable()
    const { code, error } = await command('train', project, 't', '--epochs', '1', '--name', 'chosen')
    expect([code, error]).toEqual([0, expect.stringContaining('Model: autoencoder, preset default, which is for tables')])
    expect((await resultOf('show', project, 'chosen')).params).toMatchObject({ model: 'autoencoder', preset: 'default' })
    expect(
      (await resultOf('train', project, 't', '--preset', 'multispectral', '--set', 'layerEpochs=1', '--set', 'fineTuneEpochs=1')).params,
    ).toMatchObject({ model: 'stacked', preset: 'multispectral' })
    expect((await resultOf('train', project, 't', '--model', 'pca')).params).toMatchObject({ model: 'pca', preset: null })
    expect((await command('train', '--help')).out).toMatch(/raw counts of 1000 cells or more +--model count-vae --preset default/)
  })

  test('what scores flagged is listed, confirmed, dismissed and commented by number or from a table', async () => {
    await importTable()
    await resultOf('train', project, 't', ...quickModel)
    await resultOf('score', project, 'ae', '--name', 'unusual')
    await resultOf('threshold', project, 'unusual', '0')
    const review = (...args: string[]) => resultOf('review', project, 'unusual', ...args) as unknown as Promise<{ review: unknown }>
    const listed = (await review('--limit', '3')) as unknown as { total: number; rows: { row: number }[] }
    expect(listed.rows).toHaveLength(3)
    const [first, second, third] = listed.rows.map(({ row }) => String(row))
    await review(first, second, '--confirm', '--comment', '=sensor')
    expect((await review(second, '--dismiss')).review).toEqual({
      [first]: { verdict: 'confirmed', comment: '=sensor' },
      [second]: { verdict: 'dismissed', comment: '=sensor' },
    })
    expect((await command('review', project, 'unusual', '--only', 'reviewed')).out).toMatch(
      /2 flagged rows, threshold 0; 1 confirmed, 1 dismissed\nrow_index +score.*verdict +comment\n.*=sensor/,
    )
    expect((await command('show', project, 'unusual')).out).toMatch(/reviewed\s+1 confirmed, 1 dismissed/)

    await resultOf('export', project, 'unusual', folder.file('found.csv'), '--list', 'flagged')
    const found = readFileSync(folder.file('found.csv'), 'utf8')
    expect(found).toContain(`,confirmed,'=sensor`)
    await review(first, second, '--clear')
    expect((await review('--from', folder.file('found.csv'))).review).toMatchObject({
      [first]: { verdict: 'confirmed', comment: '=sensor' },
      [second]: { verdict: 'dismissed', comment: '=sensor' },
    })
    writeFileSync(folder.file('own.csv'), `row;comment;by\n${third};"looked at; fine";me\n${first};;me\n`)
    expect((await review('--from', folder.file('own.csv'))).review).toMatchObject({
      [first]: { verdict: 'confirmed', comment: '=sensor' },
      [third]: { verdict: null, comment: 'looked at; fine' },
    })
  })

  test('a review that cannot be meant is refused, and nothing is changed', async () => {
    await importTable()
    await resultOf('train', project, 't', ...quickModel)
    await resultOf('score', project, 'ae', '--name', 'unusual')
    const refused = async (...args: string[]) => (await failure('review', project, 'unusual', ...args)).error
    expect(await refused('1', '999999', '--confirm')).toMatchObject({ code: 'PARAMETER_INVALID', message: 'Row 999999 has no score.' })
    expect(await refused('1')).toMatchObject({ code: 'USAGE' })
    expect(await refused('--confirm')).toMatchObject({ code: 'USAGE' })
    expect(await refused('1', '--confirm', '--dismiss')).toMatchObject({ code: 'USAGE' })
    expect(await refused('one', '--confirm')).toMatchObject({ code: 'USAGE' })
    expect(await refused('1', '--confirm', '--comment', 'x'.repeat(2001))).toMatchObject({ code: 'PARAMETER_INVALID' })
    expect(await refused('--sort', 'colour')).toMatchObject({ code: 'PARAMETER_INVALID' })
    expect(await refused('--of', 'events')).toMatchObject({ code: 'DATA_UNSUITABLE' })
    writeFileSync(folder.file('odd.csv'), 'row,verdict\n1,confirmed\n2,maybe\n')
    expect(await refused('--from', folder.file('odd.csv'))).toMatchObject({
      message: 'Record 2 has the verdict “maybe”; it is confirmed, dismissed or empty.',
    })
    writeFileSync(folder.file('odd.csv'), 'place,verdict\n1,confirmed\n2,confirmed\n')
    expect((await refused('--from', folder.file('odd.csv'))).message).toContain('no column that numbers what is reviewed')
    expect(await failure('review', project, 'ae')).toMatchObject({ error: { code: 'ARTIFACT_KIND' } })
    expect((await resultOf('show', project, 'unusual')).annotations).toEqual({})
  })

  test('finished scores take another threshold: by a rule, by hand, and back', async () => {
    await importTable()
    await resultOf('train', project, 't', ...quickModel)
    const scores = await resultOf('score', project, 'ae', '--name', 'unusual')
    const { threshold: recommended, flagged } = scores.meta as { threshold: number; flagged: number }
    const set = async (...args: string[]) =>
      (await resultOf('threshold', project, 'unusual', ...args)) as unknown as {
        threshold: number
        flagged: number
        choice: { rule: string; usesLabels: boolean } | null
      }
    const byRule = await set('--rule', 'mad', '--deviations', '3')
    expect(byRule.choice).toMatchObject({ rule: 'mad', value: byRule.threshold, usesLabels: false })
    expect((await command('show', project, 'unusual')).out).toMatch(
      /set to\s+[\d.]+, 3 deviations \(MAD\) above the median of \d+ held-out rows/,
    )
    const again = await resultOf('score', project, 'ae', '--rule', 'mad', '--deviations', '3')
    expect(again.meta).toMatchObject({ threshold: byRule.threshold, flagged: byRule.flagged, choice: byRule.choice })
    const idle = await failure('threshold', project, 'unusual', '--deviations', '8')
    expect(idle).toMatchObject({ code: 2, error: { code: 'USAGE', message: expect.stringContaining('rule is percentile') } })
    expect(await set('-1e-9')).toMatchObject({ threshold: -1e-9, choice: null })
    expect(await set('1e9')).toMatchObject({ threshold: 1e9, flagged: 0, choice: null, falseAlarmsPer1000: { value: 0 } })
    expect((await command('show', project, 'unusual')).out).toMatch(/set to\s+1000000000, by hand/)
    expect(await set('--recommended')).toMatchObject({ threshold: recommended, flagged, choice: { rule: 'percentile' } })
    expect((await command('show', project, 'unusual')).out).not.toContain('set to')
    expect(await failure('threshold', project, 'unusual')).toMatchObject({ code: 2, error: { code: 'USAGE' } })
    expect(await failure('threshold', project, 'unusual', '3', '--recommended')).toMatchObject({ code: 2 })
    expect(await failure('threshold', project, 'unusual', 'high')).toMatchObject({ code: 2 })
    expect(await failure('threshold', project, 'unusual', '--percentile', '20')).toMatchObject({
      error: { code: 'PARAMETER_INVALID', where: { parameter: 'percentile' } },
    })
    expect(await failure('threshold', project, 'ae', '--recommended')).toMatchObject({ error: { code: 'ARTIFACT_KIND' } })
    expect((await command('threshold', '--help')).out).toContain('--false-alarm-rate <value>')
  })

  test('a preset brings its scaling to the step before', async () => {
    await importTable()
    const model = await resultOf(
      'train',
      project,
      't',
      '--model',
      'stacked',
      '--preset',
      'hyperspectral',
      '--set',
      'layers=4,2',
      '--set',
      'layerEpochs=1',
      '--set',
      'fineTuneEpochs=1',
    )
    const { out } = await command('show', project, String(model.inputs.matrix), '--json')
    expect((last(out).result as Artifact).params.scaling).toBe('min-max')
  })

  test('a file that is imported as a kind is opened again as that kind', async () => {
    const dataset = await resultOf('import', project, columnarFixture('cube.npz'), '--as', 'raster')
    expect(dataset.meta).toMatchObject({ kind: 'raster', rows: 12, readerOptions: { layout: 'image' } })
    expect((await resultOf('prepare', project, 'cube')).meta).toMatchObject({ datasetKind: 'raster' })
  })

  test('names, deletion and what a person sees', async () => {
    await importTable()
    await resultOf('prepare', project, 't')
    expect((await command('rename', project, 't', 'field survey')).out).toBe('1 t → field survey\n')
    expect((await command('list', project)).out).toMatch(/^no\.\s+kind\s+name.*\n1\s+dataset\s+field survey\s+import/)
    expect((await command('show', project, 'field survey')).out).toMatch(/kind\s+dataset/)
    expect(await failure('delete', project, '1')).toMatchObject({ code: 5, error: { code: 'ARTIFACT_IN_USE' } })
    expect((await command('delete', project, '1', '--all')).out).toBe('Deleted 2, 1\n')
    expect((await command('list', project)).out).toContain('is empty')
  })

  test('a recipe run in the same project finds everything there; in another it makes the same bytes', async () => {
    await importTable()
    await resultOf('train', project, 't', ...quickModel)
    const clustering = await resultOf('cluster', project, 'ae', '--k', '3', '--name', 'classes')
    const recipe = (await command('recipe', project, 'classes')).out
    expect(recipe).toContain('path: !path "t.csv"')
    const file = folder.file('classes.yaml')
    writeFileSync(file, recipe)

    const here = await command('run', file, '--project', project, '--json')
    expect(
      jsonLines(here.out)
        .filter(({ status }) => status === 'done')
        .every(({ cached }) => cached === true),
    ).toBe(true)
    expect((last(here.out).result as Artifact).id).toBe(clustering.id)

    // Moved beside its data somewhere else, and without naming a project.
    mkdirSync(folder.file('elsewhere'))
    copyFileSync(folder.file('t.csv'), folder.file('elsewhere/t.csv'))
    copyFileSync(file, folder.file('elsewhere/classes.yaml'))
    const there = await resultOf('run', folder.file('elsewhere/classes.yaml'))
    expect(there).toMatchObject({ name: 'classes', kind: 'clustering' })
    const [a, b] = [openProject(project, { readOnly: true }), openProject(folder.file('elsewhere/classes.stratum'), { readOnly: true })]
    for (const artifact of b.artifacts()) {
      const original = a.find(artifact.name)
      for (const { name, shape } of artifact.arrays)
        expect(b.array(artifact.id, name).read(0, shape[0])).toEqual(a.array(original.id, name).read(0, shape[0]))
    }
    a.close()
    b.close()

    writeTable(folder.file('elsewhere/t.csv'), 401)
    expect(await failure('run', folder.file('elsewhere/classes.yaml'))).toMatchObject({ code: 3, error: { code: 'SOURCE_CHANGED' } })
  })

  test('a recipe takes another file of the same kind, without what was said of the former and beside its exports', async () => {
    await importTable()
    await resultOf('train', project, 't', ...quickModel)
    await resultOf('score', project, 'ae', '--name', 'unusual')
    await resultOf('review', project, 'unusual', '1', '--confirm')
    await resultOf('export', project, 'unusual', folder.file('found.csv'))
    const { yaml } = (await resultOf('recipe', project, 'found.csv')) as unknown as { yaml: string }
    writeFileSync(folder.file('r.yaml'), yaml)
    const lines = readFileSync(folder.file('t.csv'), 'utf8').trimEnd().split('\n')
    writeFileSync(folder.file('later.csv'), `${lines.slice(0, -5).join('\n')}\n`)
    const before = readFileSync(folder.file('found.csv'), 'utf8')
    const other = folder.file('other.stratum')
    await resultOf('run', folder.file('r.yaml'), '--project', other, '--source', folder.file('later.csv'))
    const scores = await resultOf('show', other, 'unusual')
    expect(scores.meta).toMatchObject({ rows: lines.length - 6 })
    expect(scores.annotations).toEqual({})
    expect(readFileSync(folder.file('found.csv'), 'utf8')).toBe(before)
    expect(readFileSync(folder.file('later-found.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(lines.length - 5)
    expect(await failure('run', folder.file('r.yaml'), '--source', 'a.csv', '--source', 'b.csv')).toMatchObject({
      error: { code: 'USAGE' },
    })
  })

  test('what is no recipe is refused with the place', async () => {
    writeFileSync(folder.file('r.yaml'), 'recipe: 1\nsteps:\n  - [')
    expect(await failure('run', folder.file('r.yaml'))).toMatchObject({ code: 3, error: { code: 'FILE_CORRUPT', where: { line: 3 } } })
    writeFileSync(folder.file('r.yaml'), 'recipe: 1\nsteps:\n  - {id: 2, operation: prepare, version: 1, inputs: {dataset: 1}}')
    expect(await failure('run', folder.file('r.yaml'))).toMatchObject({
      code: 3,
      error: { message: expect.stringContaining('step 2 uses step 1') },
    })
    expect(await failure('run', folder.file('none.yaml'))).toMatchObject({ code: 3, error: { code: 'FILE_NOT_FOUND' } })
  })
})

describe('what is wrong is told with code, place and hint', () => {
  test.each([
    [['clustr'], 2, 'UNKNOWN_COMMAND', "Did you mean 'cluster'?"],
    [['list'], 2, 'USAGE', 'Usage: stratum list <project>'],
    [['list', 'a', 'b'], 2, 'USAGE', ''],
    [['list', 'P', '--jsno'], 2, 'USAGE', 'Did you mean --json?'],
    [['train', 'P', 't', '--seed', '-1'], 2, 'USAGE', ''],
    [['train', 'P', 't', '--seed', 'x'], 2, 'USAGE', '--seed'],
    [['train', 'P', 't', '--memory', 'much'], 2, 'USAGE', ''],
    [['train', 'P', 't', '--set', 'epochs'], 2, 'USAGE', '--set'],
    [['train', 'P', 't', '--model', 'nope'], 2, 'UNKNOWN_MODEL', 'autoencoder'],
    [['train', 'P', 't', '--model', 'stacked', '--preset', 'nope'], 2, 'PARAMETER_INVALID', 'hyperspectral'],
    [['train', 'P', 't', '--model', 'autoencoder', '--set', 'epoks=3'], 2, 'PARAMETER_INVALID', "Did you mean 'epochs'?"],
    [['train', 'P', 't', '--model', 'autoencoder', '--epochs', '0'], 2, 'PARAMETER_INVALID', ''],
    [['train', 'P', 't', '--model', 'pca', '--epochs', '3'], 2, 'PARAMETER_INVALID', ''],
    [['prepare', 'P', 't', '--set', 'rws=3'], 2, 'PARAMETER_INVALID', "Did you mean 'rows'?"],
    [['prepare', 'P', 't', '--scaling', 'big'], 2, 'PARAMETER_INVALID', ''],
    [['import', 'P', 'T', '--set', 'delimeter=;'], 2, 'PARAMETER_INVALID', 'delimiter'],
    [['bench', 'nope'], 2, 'USAGE', ''],
    [['inspect', 'none.tif'], 3, 'FILE_NOT_FOUND', ''],
    [['import', 'P', 'none.tif'], 3, 'FILE_NOT_FOUND', ''],
    [['import', 'P', 'P'], 3, 'FORMAT_UNKNOWN', ''],
    [['prepare', 'P', 't', '--memory', '1KB'], 4, 'MEMORY_EXCEEDED', ''],
    [['list', 'none'], 5, 'PROJECT_NOT_FOUND', 'stratum new'],
    [['new', 'P'], 5, 'PROJECT_EXISTS', ''],
    [['show', 'P', 'nothing'], 5, 'ARTIFACT_NOT_FOUND', '1 t'],
    [['cluster', 'P', 't'], 5, 'ARTIFACT_KIND', ''],
    [['train', 'P', '--resume'], 5, 'ARTIFACT_NOT_FOUND', 'stratum train'],
    [['train', 'P', 't', 'autoencoder'], 5, 'ARTIFACT_NOT_FOUND', '--model autoencoder'],
  ])('%j', async (given, exitCode, errorCode, hint) => {
    await importTable()
    const args = given.map((word) => (word === 'P' ? project : word === 'T' ? folder.file('t.csv') : word))
    const { code, error } = await failure(...args)
    expect({ exitCode: code, errorCode: error.code }).toEqual({ exitCode, errorCode })
    expect(error.hint).toContain(hint)
    expect([error.message, error.hint].every((text) => text.length > 0)).toBe(true)
    const { out, error: text } = await command(...args)
    expect(out).toBe('')
    expect(text).toContain(`${errorCode}: ${error.message}`)
    expect(text).toContain(`hint  ${error.hint}`)
  })

  test('a damaged project is told by verify, and a newer one by everything', async () => {
    const bytes = readFileSync(project)
    bytes[63] = 99
    writeFileSync(folder.file('newer.stratum'), bytes)
    expect(await failure('list', folder.file('newer.stratum'))).toMatchObject({
      code: 5,
      error: { code: 'PROJECT_NEWER', where: { fileVersion: 99 } },
    })
  })
})

test('help is there for the program and for every command', async () => {
  const { out, code } = await command('--help')
  expect(code).toBe(0)
  const names = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name)
  expect(names).toEqual(
    expect.arrayContaining([
      'new',
      'import',
      'inspect',
      'prepare',
      'train',
      'encode',
      'cluster',
      'tidy',
      'score',
      'threshold',
      'review',
      'evaluate',
      'export',
      'list',
      'show',
      'verify',
      'recipe',
      'run',
      'rename',
      'delete',
      'models',
      'scores',
      'clusterings',
      'formats',
      'devices',
      'operations',
      'demo',
      'bench',
    ]),
  )
  for (const name of names) expect((await command(name, '--help')).out).toContain(`Usage: stratum ${name}`)
  expect((await command('help', 'train')).out).toContain('--epochs')
})

test('one model is told with when to use it and its paper', async () => {
  const { code, out } = await command('models', 'hvae')
  expect(code).toBe(0)
  expect(out).toContain('use when')
  expect(out).toContain('arXiv 2306.05023')
  expect(out).not.toContain('sae-topk')
  expect((await command('models', 'no-such')).code).not.toBe(0)
})

test.each(['models', 'scores', 'clusterings', 'formats', 'devices', 'operations'])(
  '%s lists what there is, with parameters as JSON Schema',
  async (name) => {
    const { code, out } = await command(name, '--json')
    expect(code).toBe(0)
    const entries = last(out).result as Record<string, unknown>[]
    expect(entries.length).toBeGreaterThan(0)
    for (const entry of entries) {
      expect(entry).toMatchObject({ id: expect.any(String), title: expect.any(String) })
      if (name !== 'devices')
        expect((entry.params ?? entry.options) as object).toMatchObject({ type: 'object', properties: expect.any(Object) })
    }
    expect((await command(name)).out).toContain(String(entries[0].id))
  },
)

describe('in a process of its own', () => {
  test('exit codes and streams are those a script relies on', async () => {
    const fine = await spawnCommand('import', project, folder.file('t.csv'), '--json')
    expect([fine.code, fine.error]).toEqual([0, ''])
    expect(last(fine.out)).toMatchObject({ ok: true, result: { kind: 'dataset' } })
    const wrong = await spawnCommand('train', project, 't', '--model', 'nope')
    expect([wrong.code, wrong.out]).toEqual([2, ''])
    expect(wrong.error).toContain('UNKNOWN_MODEL')
    expect((await spawnCommand()).code).toBe(2)
  })

  test('Ctrl-C cancels the training, leaves a sound project without it, and ends with 130', async () => {
    writeTable(folder.file('t.csv'), 4000)
    await importTable()
    const child = startCommand('train', project, 't', '--model', 'autoencoder', '--epochs', '100000', '--set', 'patience=0', '--json')
    const end = ended(child)
    await lineOf(child, /"operation":"train","status":"running".*"progress"/)
    child.kill('SIGINT')
    const { code, out } = await end
    expect([code, last(out)]).toMatchObject([130, { ok: false, error: { code: 'CANCELLED' } }])
    expect((await command('verify', project)).code).toBe(0)
    const listed = await command('list', project, '--json')
    expect((last(listed.out).result as Artifact[]).map(({ operation }) => operation)).toEqual(['import', 'prepare'])
  })
})

import { expect, test, vi } from 'vitest'
import { fail, ok } from '#common/result.ts'
import { Importer, stem } from '../../../../../src-renderer/lib/state/importer.svelte.ts'

function make(inspect: (input: { path: string; as?: string; options?: Record<string, unknown> }) => Promise<unknown>) {
  const session = {
    project: { path: '/p/a.stratum' },
    registry: null,
    show: vi.fn(),
    openProject: vi.fn(async () => true),
    createNamed: vi.fn(async () => true),
    run: vi.fn(async () => ok({ id: 1 })),
    ended: vi.fn(async () => ({ status: 'done', artifact: 4 })),
    choose: vi.fn(),
    settle: vi.fn(),
  }
  const previewSource = vi.fn(async () => ok({ names: [], rows: [], picture: null }))
  return { session, previewSource, importer: new Importer({ inspect, previewSource } as never, {} as never, session as never) }
}
const report = { kind: 'table', columns: [], findings: [] }

test('files are looked at one after the other', async () => {
  const { importer } = make(async ({ path }) => ok({ ...report, path }))
  await importer.open(['/d/a.csv', '/d/b.csv'])
  expect(importer.path).toBe('/d/a.csv')
  expect(importer.waiting.map(({ path }) => path)).toEqual(['/d/b.csv'])
  await importer.import()
  expect(importer.path).toBe('/d/b.csv')
  await importer.dismiss()
  expect(importer.path).toBeNull()
})

test('a file that cannot be read stays with its reason', async () => {
  const { importer, session } = make(async () => fail({ code: 'FILE_TRUNCATED', message: 'It ends early.', hint: '', where: {} }))
  await importer.open(['/d/a.tif'])
  expect(importer.error?.code).toBe('FILE_TRUNCATED')
  expect(session.run).not.toHaveBeenCalled()
})

test('a project file is opened, not imported', async () => {
  const { importer, session } = make(async () => ok(report))
  await importer.open(['/d/other.stratum'])
  expect(session.openProject).toHaveBeenCalledWith('/d/other.stratum')
  expect(importer.path).toBeNull()
})

test('without a project one is made, named after the file', async () => {
  const { importer, session } = make(async () => ok(report))
  session.project = null as never
  await importer.open(['/d/scene_2024.tif'])
  expect(session.createNamed).toHaveBeenCalledWith('scene_2024')
})

test('an answer for a file that was left meanwhile is dropped', async () => {
  const answers: ((value: unknown) => void)[] = []
  const { importer } = make(() => new Promise((resolve) => answers.push(resolve)))
  const first = importer.open(['/d/a.csv', '/d/b.csv'])
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  const second = importer.dismiss()
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[0]?.(ok({ ...report, path: '/d/a.csv' }))
  await first
  expect(importer.report).toBeNull()
  answers[1]?.(ok({ ...report, path: '/d/b.csv' }))
  await second
  expect(importer.report).toMatchObject({ path: '/d/b.csv' })
})

test('files with one band each on the same pixels are one stack, whatever they are called', async () => {
  const grid = { width: 4, height: 3, transform: [1, 0, 0, 0, -1, 0], crs: null }
  const band = { ...report, kind: 'raster', columns: [{ name: 'band 1' }], dtype: 'uint8', grid }
  const { importer } = make(async () => ok(band))
  await importer.open(['/d/red.tif', '/d/green.tif', '/d/blue.tif'])
  expect(importer.together).toBe(true)
  expect(importer.waiting).toEqual([])
  const others = { size: { grid: { ...grid, width: 5 } }, type: { dtype: 'float32' }, bands: { columns: [{}, {}] }, table: { grid: null } }
  for (const [what, change] of Object.entries(others)) {
    const { importer } = make(async ({ path }) => ok(path.includes('green') ? { ...band, ...change } : band))
    await importer.open(['/d/red.tif', '/d/green.tif', '/d/blue.tif'])
    expect(importer.together, what).toBe(false)
    expect(importer.waiting, what).toHaveLength(2)
  }
})

test('what the user does while bands are looked for goes before', async () => {
  const grid = { width: 4, height: 3, transform: [1, 0, 0, 0, -1, 0], crs: null }
  const answers: (() => void)[] = []
  const band = { ...report, kind: 'raster', columns: [{ name: 'band 1' }], dtype: 'uint8', grid }
  const { importer } = make(() => new Promise((resolve) => answers.push(() => resolve(ok(band)))))
  const opening = importer.open(['/d/red.tif', '/d/green.tif'])
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  answers[0]()
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  const dismissed = importer.dismiss()
  await vi.waitFor(() => expect(answers).toHaveLength(3))
  answers[1]()
  answers[2]()
  await Promise.all([opening, dismissed])
  // Sorted by name, green stood first.
  expect(importer.path).toBe('/d/red.tif')
  expect(importer.together).toBe(false)
})

test('files named by band are one stack, and can be read one by one', async () => {
  const asked: unknown[] = []
  const { importer, session } = make(async (input) => {
    asked.push(input)
    return ok({ ...report, path: input.path })
  })
  await importer.open(['/d/LC08_B3.TIF', '/d/LC08_B10.TIF', '/d/LC08_B2.TIF'])
  expect(importer.together).toBe(true)
  expect(importer.name).toBe('LC08')
  expect(asked.at(-1)).toMatchObject({ path: '/d/', as: 'raster', options: { files: ['LC08_B2.TIF', 'LC08_B3.TIF', 'LC08_B10.TIF'] } })
  await importer.readTogether(false)
  expect(asked.at(-1)).toEqual({ path: '/d/LC08_B2.TIF', options: {} })
  expect(importer.waiting.map(({ path }) => path)).toEqual(['/d/LC08_B3.TIF', '/d/LC08_B10.TIF'])
  await importer.readTogether(true)
  expect(importer.waiting).toHaveLength(0)
  await importer.import()
  const params = { path: '/d/', as: 'raster', options: { files: ['LC08_B2.TIF', 'LC08_B3.TIF', 'LC08_B10.TIF'] } }
  expect(session.run).toHaveBeenCalledWith(expect.objectContaining({ params }))
})

test('a changed option reads the header again, and a wrong one keeps the form', async () => {
  vi.useFakeTimers()
  const { importer, previewSource } = make(async ({ options }) =>
    options?.delimiter === ';' ? fail({ code: 'FILE_CORRUPT', message: 'One column.', hint: '', where: {} }) : ok(report),
  )
  await importer.open(['/d/a.csv'])
  expect(previewSource).toHaveBeenCalledTimes(1)
  importer.setOptions({ delimiter: ',' })
  importer.setOptions({ delimiter: ';' })
  await vi.advanceTimersByTimeAsync(300)
  expect(importer.error?.code).toBe('FILE_CORRUPT')
  expect(importer.report).toMatchObject(report)
  vi.useRealTimers()
})

test('a name loses its folder and its endings', () => {
  expect(stem('/d/L7_ETMs.tif')).toBe('L7_ETMs')
  expect(stem('C:\\d\\cells.h5ad')).toBe('cells')
  expect(stem('/d/table.csv.gz')).toBe('table')
})

test('a table that was read as a time series is a table again, and reading it again keeps the windows', async () => {
  const inspect = vi.fn(async (input: { path: string; as?: string; options?: Record<string, unknown> }) => ok({ ...report, ...input }))
  const { importer } = make(inspect)
  await importer.open(['/d/weather.csv'])
  importer.setOptions({ delimiter: ';', 'series.time': ['date'], 'series.length': 24 })
  await importer.readAgain()
  expect(inspect.mock.lastCall?.[0].options).toMatchObject({ 'series.length': 24 })
  await importer.inspectAs('table')
  expect(inspect.mock.lastCall?.[0]).toEqual({ path: '/d/weather.csv', as: 'table', options: { delimiter: ';' } })
})

test('a file that cannot be read gives way to the one chosen next', async () => {
  const { importer } = make(async ({ path }) =>
    path === '/d/bad.csv' ? fail({ code: 'FILE_EMPTY', message: 'It is empty.', hint: '', where: {} }) : ok({ ...report, path }),
  )
  await importer.open(['/d/bad.csv'])
  await importer.open(['/d/good.csv'])
  expect([importer.path, importer.error, importer.waiting.length]).toEqual(['/d/good.csv', null, 0])
})

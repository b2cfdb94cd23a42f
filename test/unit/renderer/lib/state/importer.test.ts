import { expect, test, vi } from 'vitest'
import { fail, ok } from '#common/result.ts'
import { Importer, stem } from '../../../../../src-renderer/lib/state/importer.svelte.ts'

function make(inspect: (input: { path: string; as?: string }) => Promise<unknown>) {
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
  return { session, importer: new Importer({ inspect } as never, {} as never, session as never) }
}
const report = { kind: 'raster', findings: [] }

test('files are looked at one after the other', async () => {
  const { importer } = make(async ({ path }) => ok({ ...report, path }))
  await importer.open(['/d/a.tif', '/d/b.tif'])
  expect(importer.path).toBe('/d/a.tif')
  expect(importer.waiting).toEqual(['/d/b.tif'])
  await importer.import()
  expect(importer.path).toBe('/d/b.tif')
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
  const first = importer.open(['/d/a.tif', '/d/b.tif'])
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  const second = importer.dismiss()
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[0]?.(ok({ ...report, path: '/d/a.tif' }))
  await first
  expect(importer.report).toBeNull()
  answers[1]?.(ok({ ...report, path: '/d/b.tif' }))
  await second
  expect(importer.report).toMatchObject({ path: '/d/b.tif' })
})

test('a name loses its folder and its endings', () => {
  expect(stem('/d/L7_ETMs.tif')).toBe('L7_ETMs')
  expect(stem('C:\\d\\cells.h5ad')).toBe('cells')
  expect(stem('/d/table.csv.gz')).toBe('table')
})

/** Results against labels in Compare: warnings, figures, classes, curves, and what a click chooses. */
import { fireEvent, render, screen, within } from '@testing-library/svelte'
import type { Artifact } from '#common/domain/artifact.ts'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { withoutResizes } from '../../../helpers/laidOut.ts'

vi.mock('../../../../src-renderer/lib/bridge.ts', () => import('../../../helpers/fakeEngine/bridge.ts'))

// jsdom has neither sizes nor observers: plots are drawn at a fixed size.
withoutResizes()

const { selectionLines } = await import('../../../../src-renderer/features/selection/words.ts')
const { session, selection } = await import('../../../../src-renderer/lib/app.ts')
const { default: Compare } = await import('../../../../src-renderer/views/Compare.svelte')
const { engine } = await import('../../../helpers/fakeEngine/bridge.ts')

beforeAll(async () => {
  await session.start()
  const scene = session.artifacts.find(({ kind }) => kind === 'dataset')
  if (scene) session.choose(scene.id)
})
beforeEach(async () => {
  render(Compare)
  await fireEvent.click(within(screen.getByRole('list', { name: 'Comparisons' })).getByText('against field.gpkg'))
})
const results = (): HTMLElement => screen.getByRole('table', { name: 'Results' })
const inspector = (): HTMLElement => screen.getByRole('complementary', { name: 'Chosen result' })

test('what labels had a say in stands above the figures, notes are a click away', async () => {
  const first = screen.getByRole('region', { name: 'What to know first' })
  expect(first.textContent).toMatch(/k-means, k = 6: k = 4 is the number of labelled classes. Say so/)
  expect(first.textContent).not.toContain('Neighbouring pixels')
  await fireEvent.click(within(first).getByRole('button', { name: 'Show 1 note' }))
  expect(first.textContent).toContain('Neighbouring pixels are alike. Judge on several areas.')
})

test('each figure has its interval, and the best is green where intervals lie apart', () => {
  const row = within(results()).getByText('k-means, k = 6').closest('tr') as HTMLElement
  expect(row.textContent).toContain('0.710, best 0.680–0.740')
  expect([...row.querySelectorAll('td.best')].map(({ textContent }) => textContent?.trim())).toContain('0.710, best 0.680–0.740')
  // 0.85 against 0.80, and their intervals overlap.
  expect([...row.querySelectorAll('td.best')].some(({ textContent }) => textContent?.startsWith('0.850'))).toBe(false)
})

test('class by class, with the names under either naming', async () => {
  const table = await screen.findByRole('table', { name: 'Class by class, k-means, k = 6' })
  expect(within(table).getByText('sandstone').closest('tr')?.textContent).toMatch(/as Alluvium.*98 pixels.*0\.918.*0\.700–0\.990/)
  expect(inspector().textContent).toMatch(/Right0\.850.*Beyond chance.*0\.780.*Ceiling with 4 classes/)
  expect(inspector().textContent).toMatch(/4\s?% of the map lies in classes without a labelled pixel/)
  await fireEvent.click(screen.getByRole('radio', { name: 'Many to one' }))
  await vi.waitFor(() => expect(inspector().textContent).toMatch(/Named by the commonest label.*Right0\.896/))
})

test('a class chosen in the table is chosen everywhere', async () => {
  const table = await screen.findByRole('table', { name: 'Class by class, k-means, k = 6' })
  await fireEvent.click(within(table).getByText('dune').closest('tr') as HTMLElement)
  const clustering = session.artifacts.find(({ kind }) => kind === 'clustering')
  expect([...selection.classesOf(clustering?.id ?? 0)]).toEqual([2])
})

test('the table of classes is gone through by keys, and Enter chooses both classes of a cell', async () => {
  const frame = await screen.findByRole('group', { name: /^Labels and classes/ })
  for (const key of ['ArrowRight', 'ArrowDown']) await fireEvent.keyDown(frame, { key })
  expect(frame.textContent).toContain('dune found as Dune sand: 70 pixels, 80')
  await fireEvent.keyDown(frame, { key: 'ArrowRight' })
  await fireEvent.keyDown(frame, { key: 'Enter' })
  const clustering = session.artifacts.find(({ kind }) => kind === 'clustering')
  expect([...selection.classesOf(clustering?.id ?? 0)]).toEqual([2, 3])
})

test('where labels are kept with it, a cell chooses its rows, for the map', async () => {
  const comparison = session.artifacts.find(({ name }) => name === 'against field.gpkg') as Artifact
  const before = session.artifacts
  const labelled = { name: 'labelled', dtype: 'uint16' as const, shape: [120], chunkRows: 120 }
  session.artifacts = before.map((one) => (one === comparison ? { ...one, arrays: [...one.arrays, labelled] } : one))
  const frame = await screen.findByRole('group', { name: /Enter chooses its pixels$/ })
  for (const key of ['ArrowRight', 'ArrowDown', 'Enter']) await fireEvent.keyDown(frame, { key })
  const clustering = before.find(({ kind }) => kind === 'clustering')
  expect(selection.value?.all).toEqual([
    { kind: 'classes', artifact: clustering?.id, classes: [2] },
    { kind: 'labelled', artifact: comparison.id, labels: [1] },
  ])
  const [line] = selectionLines([{ kind: 'labelled', artifact: comparison.id, labels: [1] }], {
    byId: session.byId,
    nouns: ['pixel', 'pixels'],
  })
  expect(line.words).toBe('Labelled dune')
  selection.clear()
  session.artifacts = before
})

test('scores: curves below, and figures at both thresholds in the inspector', async () => {
  await fireEvent.click(screen.getByRole('radio', { name: 'Curves' }))
  expect(await screen.findByText('Found against false alarms (ROC)')).toBeTruthy()
  expect(screen.getAllByText('0.970 (0.950–0.990)').length).toBe(1)
  // The threshold lies at one false alarm in a hundred: shown on a log scale without being asked.
  expect(screen.getByRole('checkbox', { name: 'Show few false alarms apart' })).toHaveProperty('checked', true)
  await fireEvent.click(within(results()).getByText('stacked-06 anomalies').closest('tr') as HTMLElement)
  expect(within(inspector()).getByRole('region', { name: 'At the thresholds' }).textContent).toMatch(
    /Right \(precision\)\s*0\.600\s*0\.700/,
  )
})

test('a table that cannot be read is said, and read again', async () => {
  const read = vi.spyOn(engine, 'readConfusion').mockResolvedValueOnce({
    ok: false,
    error: { code: 'ARTIFACT_NOT_FOUND', message: 'It was deleted.', hint: 'Compare again.', where: {} },
  })
  await fireEvent.click(screen.getByRole('radio', { name: 'Many to one' }))
  expect((await screen.findByText('It was deleted.')).closest('[role=alert]')?.textContent).toContain('Compare again.')
  await fireEvent.click(screen.getByRole('button', { name: 'Read again' }))
  expect(await screen.findByRole('table', { name: /^Class by class/ })).toBeTruthy()
  read.mockRestore()
})

test('two results are held against each other as in any comparison', async () => {
  await fireEvent.click(within(results()).getByText('k-means, k = 6').closest('tr') as HTMLElement)
  await fireEvent.click(within(results()).getByText('PCA and k-means').closest('tr') as HTMLElement, { ctrlKey: true })
  expect(screen.getByRole('complementary', { name: 'Difference of two runs' }).textContent).toMatch(
    /Two selected.*Agreement\s*0\.710.*0\.600/,
  )
})

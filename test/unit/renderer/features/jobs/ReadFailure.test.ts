/** What stands in place of something that could not be read, and the way on from there. */
import { fireEvent, render, screen } from '@testing-library/svelte'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { ErrorReport } from '#common/errors.ts'

vi.mock('../../../../../src-renderer/lib/bridge.ts', () => import('../../../../helpers/fakeEngine/bridge.ts'))

const { deletion, session } = await import('../../../../../src-renderer/lib/app.ts')
const { default: ReadFailure } = await import('../../../../../src-renderer/features/jobs/ReadFailure.svelte')
const { default: PartTable } = await import('../../../../../src-renderer/features/events/PartTable.svelte')

const moved: ErrorReport = { code: 'SOURCE_MISSING', message: 'The scene moved.', hint: 'Find it again.', where: {} }
function damaged(): { report: ErrorReport; asked: unknown } {
  const scores = session.ofKind('scores')[0]
  if (!scores) throw new Error('The made-up project has no scores.')
  return {
    report: { code: 'PROJECT_CORRUPT', message: 'Chunk 0 is missing.', hint: 'Delete it.', where: { artifact: scores.id } },
    asked: { artifact: scores, again: true },
  }
}

beforeAll(async () => {
  await session.start()
})
afterEach(() => deletion.keep())

test.each([undefined, 'The scores could not be read'])('what is damaged is computed again, not read again (title: %s)', async (title) => {
  const { report, asked } = damaged()
  render(ReadFailure, { report, title, onagain: vi.fn() })
  expect(screen.queryByRole('button', { name: 'Read again' })).toBeNull()
  await fireEvent.click(screen.getByRole('button', { name: 'Compute again…' }))
  expect(deletion.asked).toEqual(asked)
})

test.each([undefined, 'The scene could not be read'])('anything else is read again (title: %s)', async (title) => {
  const onagain = vi.fn()
  render(ReadFailure, { report: moved, title, onagain })
  expect(screen.getByRole('alert').textContent).toContain('Find it again.')
  await fireEvent.click(screen.getByRole('button', { name: 'Read again' }))
  expect(onagain).toHaveBeenCalledOnce()
})

test('where nothing can be pressed, it is said what to do', () => {
  render(ReadFailure, { report: moved })
  expect(screen.getByRole('alert').textContent).toContain('Find it again.')
  expect(screen.queryByRole('button')).toBeNull()
})

test('a list of events or objects whose scores are damaged leads on as well', async () => {
  const { report, asked } = damaged()
  const list = { parts: [], chosen: null, status: 'failed' as const, error: report, listed: 'all' as const, order: [], again: vi.fn() }
  render(PartTable, { list, columns: [], label: 'Events', empty: '', onchoose: vi.fn() })
  await fireEvent.click(screen.getByRole('button', { name: 'Compute again…' }))
  expect(deletion.asked).toEqual(asked)
})

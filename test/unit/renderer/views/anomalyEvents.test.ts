/** Events of a made-up time series: the time line, units, verdicts, and the threshold as a line. */
import { fireEvent, render, screen, within } from '@testing-library/svelte'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { laidOut } from '../../../helpers/laidOut.ts'

vi.mock('../../../../src-renderer/lib/bridge.ts', () => import('../../../helpers/fakeEngine/bridge.ts'))
history.replaceState(null, '', '?scenario=series')

// jsdom has none of these, nor does it lay anything out.
globalThis.matchMedia ??= () => Object.assign(new EventTarget(), { matches: false }) as unknown as MediaQueryList
laidOut(700, 260)

const { keyboard, session } = await import('../../../../src-renderer/lib/app.ts')
const { look } = await import('../../../../src-renderer/views/anomalies/look.svelte.ts')
const { default: Anomalies } = await import('../../../../src-renderer/views/Anomalies.svelte')
const { engine } = await import('../../../helpers/fakeEngine/bridge.ts')

beforeAll(async () => {
  await session.start()
})
beforeEach(async () => {
  look.tab = 'parts'
  look.form = false
  const scores = session.artifacts.find(({ kind }) => kind === 'scores')
  if (!scores) throw new Error('the made-up series has no scores')
  session.choose(scores.id)
  await engine.annotateArtifact({ artifact: scores.id, annotations: {} })
})
const table = (): Promise<HTMLElement> => screen.findByRole('table', { name: 'Events' })

test('events stand in a table and over the time line, with their length and who is to blame', async () => {
  render(Anomalies)
  const rows = within(await table()).getAllByRole('row')
  expect(rows).toHaveLength(1 + 5)
  expect(rows[1]?.textContent).toMatch(/pump 1.*2024-05-01 16:30.*17:00.*30\smin 00\ss.*24.*flow 55\s%/)
  expect(await screen.findByRole('img', { name: /^Scores over time: anomaly scores over time from .*, 5 events\.$/ })).toBeTruthy()
})

test('one unit alone is listed and read', async () => {
  const read = vi.spyOn(engine, 'readScoreLine')
  render(Anomalies)
  await table()
  await fireEvent.click(await screen.findByRole('button', { name: /^pump 2/ }))
  expect(within(await table()).getAllByRole('row')).toHaveLength(1 + 2)
  await vi.waitFor(() => expect(read.mock.calls.at(-1)?.[0]).toMatchObject({ unit: 'pump 2' }))
  read.mockRestore()
})

test('a verdict belongs to the event’s highest window', async () => {
  render(Anomalies)
  await table()
  keyboard.handle(new KeyboardEvent('keydown', { key: 'n', cancelable: true }))
  await vi.waitFor(() => expect(look.scores?.annotations.review).toEqual({ 'event/1000': { verdict: 'dismissed', comment: '' } }))
  expect(await screen.findByText('1 of 5 reviewed')).toBeTruthy()
})

test('the threshold is a line that is stepped by keyboard', async () => {
  render(Anomalies)
  await screen.findByRole('img', { name: /^Scores over time/ })
  const line = (await screen.findAllByRole('slider', { name: 'Threshold' })).find(
    (one) => one.getAttribute('aria-orientation') === 'vertical',
  )
  const before = look.threshold
  await fireEvent.keyDown(line as HTMLElement, { key: 'ArrowUp' })
  expect(look.threshold).toBeGreaterThan(before)
})

test('what is read as a stretch is asked for finely', async () => {
  const read = vi.spyOn(engine, 'readScoreLine')
  render(Anomalies)
  await table()
  await fireEvent.click(screen.getByRole('button', { name: /^Zoom to the event/ }))
  await vi.waitFor(() => expect(read.mock.calls.at(-1)?.[0]).toMatchObject({ from: expect.any(Number), to: expect.any(Number) }))
  expect(screen.getByRole('button', { name: 'All of the time' })).toBeTruthy()
  read.mockRestore()
})

test('rows of a time series are called by unit and time, and notes are told', async () => {
  look.tab = 'findings'
  render(Anomalies)
  expect(await screen.findByRole('listbox', { name: 'Flagged windows' })).toBeTruthy()
  expect(screen.getByText(/No window was held out|No row was held out/)).toBeTruthy()
})

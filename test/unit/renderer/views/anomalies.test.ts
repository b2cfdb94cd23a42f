/** The whole view against the made-up scene: scores, threshold, review, objects, scores side by side. */
import { fireEvent, render, screen, within } from '@testing-library/svelte'
import { tick } from 'svelte'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { fail, ok } from '#common/result.ts'
import { withoutResizes } from '../../../helpers/laidOut.ts'

vi.mock('../../../../src-renderer/lib/bridge.ts', () => import('../../../helpers/fakeEngine/bridge.ts'))

// jsdom has none of these.
globalThis.matchMedia ??= () => Object.assign(new EventTarget(), { matches: false }) as unknown as MediaQueryList
withoutResizes()
HTMLCanvasElement.prototype.getContext = () => null

const { keyboard, session } = await import('../../../../src-renderer/lib/app.ts')
const { look } = await import('../../../../src-renderer/views/anomalies/look.svelte.ts')
const { default: Anomalies } = await import('../../../../src-renderer/views/Anomalies.svelte')
const { engine, native } = await import('../../../helpers/fakeEngine/bridge.ts')

beforeAll(async () => {
  await session.start()
})
beforeEach(async () => {
  look.tab = 'findings'
  look.form = false
  const scores = session.artifacts.find(({ kind }) => kind === 'scores')
  if (!scores) throw new Error('the made-up project has no scores')
  session.choose(scores.id)
  await engine.annotateArtifact({ artifact: scores.id, annotations: {} })
})
const press = (key: string): void => keyboard.handle(new KeyboardEvent('keydown', { key, cancelable: true }))
const options = (): Promise<HTMLElement[]> => within(screen.getByRole('listbox', { name: 'Flagged pixels' })).findAllByRole('option')
const reviewOf = () => look.scores?.annotations.review ?? {}

test('flagged pixels are listed, the highest first, and the first one is looked at', async () => {
  render(Anomalies)
  const [first] = await options()
  expect(first?.getAttribute('aria-selected')).toBe('true')
  expect(screen.getByText(/0 of \d+ reviewed/)).toBeTruthy()
  const finding = screen.getByRole('region', { name: 'The pixel looked at' })
  expect(within(finding).getByRole('list', { name: 'To blame' }).textContent).toMatch(/52\s%/)
})

test('Y, N and brackets go through the list; Ctrl Z is the project’s', async () => {
  render(Anomalies)
  const rows = (await options()).map((option) => option.dataset.row ?? '')
  press('y')
  await tick()
  press('n')
  await vi.waitFor(() => expect(Object.keys(reviewOf())).toHaveLength(2))
  expect(reviewOf()[rows[0] ?? '']?.verdict).toBe('confirmed')
  expect(reviewOf()[rows[1] ?? '']?.verdict).toBe('dismissed')
  expect(look.review.chosen?.row).toBe(Number(rows[2]))
  press('[')
  await tick()
  expect(look.review.chosen?.row).toBe(Number(rows[1]))
  expect(await screen.findByText(/2 of \d+ reviewed/)).toBeTruthy()
})

test('a comment is kept with the verdict', async () => {
  render(Anomalies)
  await options()
  const field = screen.getByRole('textbox', { name: 'Comment' })
  await fireEvent.change(field, { target: { value: 'cloud edge' } })
  await fireEvent.click(screen.getByRole('button', { name: /^Dismiss/ }))
  await vi.waitFor(() => expect(Object.values(reviewOf())).toEqual([{ verdict: 'dismissed', comment: 'cloud edge' }]))
})

test('only open ones are listed when that is asked for', async () => {
  render(Anomalies)
  await options()
  press('y')
  await vi.waitFor(() => expect(Object.keys(reviewOf())).toHaveLength(1))
  const before = look.review.total
  await fireEvent.change(screen.getByRole('combobox', { name: 'Which pixels are listed' }), { target: { value: 'open' } })
  await vi.waitFor(() => expect(look.review.total).toBe(before - 1))
  look.review.listed = 'all'
})

test('a rule moves the threshold at once, and is kept once its number rests', async () => {
  render(Anomalies)
  const rule = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Threshold by' })
  await fireEvent.change(rule, { target: { value: 'percentile' } })
  await vi.waitFor(() => expect(look.choice?.rule).toBe('percentile'))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const annotate = vi.spyOn(engine, 'annotateArtifact')
  const choose = vi.spyOn(engine, 'chooseThreshold')
  const before = look.threshold
  const slider = screen.getByRole('slider', { name: 'Percentile' })
  await fireEvent.input(slider, { target: { value: '1' } })
  await fireEvent.input(slider, { target: { value: '2' } })
  await vi.waitFor(() => expect(look.threshold).not.toBe(before))
  expect(annotate).not.toHaveBeenCalled()
  expect(choose.mock.calls.every(([{ brief }]) => brief)).toBe(true)
  await vi.advanceTimersByTimeAsync(400)
  vi.useRealTimers()
  await vi.waitFor(() => expect(annotate).toHaveBeenCalledTimes(1))
  expect(look.scores?.annotations.thresholdChoice).toMatchObject({ rule: 'percentile', parameters: { percentile: 99.99 } })
  // Another rule counts at once; what is then typed is by hand.
  await fireEvent.change(rule, { target: { value: 'mad' } })
  await vi.waitFor(() => expect(look.choice?.rule).toBe('mad'))
  await look.setThreshold(0.02)
  await vi.waitFor(() => expect(look.choice).toBeNull())
  await vi.waitFor(() => expect(rule.value).toBe('hand'))
  annotate.mockRestore()
  choose.mockRestore()
})

test('scores of another kind are asked for with the form', async () => {
  const run = vi.spyOn(engine, 'run')
  render(Anomalies)
  await fireEvent.click(screen.getByRole('button', { name: 'Score another way' }))
  const inspector = screen.getByRole('complementary', { name: 'Threshold' })
  await fireEvent.change(within(inspector).getByRole('combobox', { name: 'Method' }), { target: { value: 'knn' } })
  const primary = document.querySelector<HTMLButtonElement>('[data-primary]')
  expect(primary?.textContent).toMatch(/Score 260\s503 pixels/)
  await fireEvent.click(primary as HTMLButtonElement)
  await vi.waitFor(() => expect(run).toHaveBeenCalled())
  expect(run.mock.calls[0]?.[0]).toMatchObject({ operation: 'score', inputs: { latents: look.latents?.id }, params: { method: 'knn' } })
  run.mockRestore()
})

test('objects are a table; a verdict on one belongs to its highest pixel', async () => {
  look.tab = 'parts'
  render(Anomalies)
  const table = await screen.findByRole('table', { name: 'Objects' })
  expect(within(table).getAllByRole('row')).toHaveLength(1 + 37)
  press('y')
  await vi.waitFor(() => expect(Object.keys(reviewOf())[0]).toMatch(/^object\/\d+$/))
})

test('scores stand side by side with their false alarms', async () => {
  look.tab = 'compare'
  render(Anomalies)
  const table = screen.getByRole('table', { name: 'Scores side by side' })
  expect(table.textContent).toMatch(/stacked-06 anomalies.*reconstruction error/)
  expect(screen.getByText(/Which of them is right only labels can say/)).toBeTruthy()
})

const pickLabels = async (panel: HTMLElement, path: string): Promise<void> => {
  vi.spyOn(native, 'chooseFiles').mockResolvedValueOnce(ok([path]))
  await fireEvent.click(within(panel).getByRole('button', { name: 'File…' }))
}
const anomalousIn = async (panel: HTMLElement): Promise<HTMLSelectElement> => {
  await within(panel).findByText(/^0: .*gossan: 420/)
  return within(panel).getByRole<HTMLSelectElement>('combobox', { name: 'Anomalous are' })
}

test('a threshold by labels: what counts as anomalous is chosen among what they hold, and is part of the rule', async () => {
  let listed = (): void => {}
  const isListed = new Promise<void>((resolve) => {
    listed = resolve
  })
  const listLabels = engine.listLabels
  const list = vi.spyOn(engine, 'listLabels').mockImplementationOnce(async (given) => {
    await isListed
    return listLabels(given)
  })
  render(Anomalies)
  const choose = vi.spyOn(engine, 'chooseThreshold')
  const inspector = screen.getByRole('complementary', { name: 'Threshold' })
  await fireEvent.change(within(inspector).getByRole('combobox', { name: 'Threshold by' }), { target: { value: 'labels' } })
  expect(choose).not.toHaveBeenCalled()
  await pickLabels(inspector, '/data/classes.tif')
  // Nothing is typed while what the labels hold is read: it would be gone with the field.
  await within(inspector).findByText('Reading what the labels hold…')
  expect(within(inspector).getByRole<HTMLSelectElement>('combobox', { name: 'Anomalous are' }).options).toHaveLength(1)
  listed()
  list.mockRestore()
  // Classes alone: the engine says what is missing, at the field that says it.
  expect((await within(inspector).findByRole('alert')).textContent).toMatch(/Nothing says which rows are normal/)
  const anomalous = await anomalousIn(inspector)
  expect([...anomalous.options].map(({ text }) => text)).toEqual(['As usual', '0', 'granite', 'gossan'])
  await fireEvent.change(anomalous, { target: { value: 'gossan' } })
  await vi.waitFor(() => expect(look.choice?.rule).toBe('labels'))
  expect(choose.mock.lastCall?.[0].rule).toMatchObject({ rule: 'labels', labels: '/data/classes.tif', anomalous: ['gossan'] })
  expect(look.scores?.annotations.thresholdChoice?.anomalous).toEqual(['gossan'])
  // What is kept stands in the form again, and goes when other labels are picked.
  expect(await within(inspector).findByRole('button', { name: 'Leave out gossan' })).toBeTruthy()
  await pickLabels(inspector, '/data/truth.tif')
  await vi.waitFor(() => expect(choose.mock.lastCall?.[0].rule).toMatchObject({ labels: '/data/truth.tif', anomalous: [] }))
  choose.mockRestore()
})

test('scores learn by labels that are picked, and the form of new ones takes them, with what counts as anomalous', async () => {
  const run = vi.spyOn(engine, 'run')
  render(Anomalies)
  await fireEvent.click(screen.getByRole('button', { name: 'Learn from labels' }))
  const inspector = screen.getByRole('complementary', { name: 'Threshold' })
  const learn = within(inspector).getByRole<HTMLButtonElement>('button', { name: 'Re-score with labels' })
  expect(learn.disabled).toBe(true)
  await pickLabels(inspector, '/data/classes.tif')
  await fireEvent.change(await anomalousIn(inspector), { target: { value: 'gossan' } })
  const few = { code: 'DATA_UNSUITABLE', message: '7 rows are known.', hint: 'Use more of the labels.', where: {} } as const
  run.mockResolvedValueOnce(fail(few))
  await fireEvent.click(learn)
  await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(1))
  const params = { labels: '/data/classes.tif', anomalous: ['gossan'] }
  expect(run.mock.calls[0]?.[0]).toMatchObject({
    operation: 'rescore',
    inputs: { scores: look.scores?.id },
    params: { ...params, from: 'labels' },
  })
  expect((await within(inspector).findByRole('alert')).textContent).toContain('7 rows are known. Use more of the labels.')
  await fireEvent.click(within(inspector).getByRole('button', { name: 'Back to the threshold' }))
  expect(look.rescoreDraft.values).toEqual({})

  await fireEvent.click(screen.getByRole('button', { name: 'Score another way' }))
  await fireEvent.change(within(inspector).getByRole('combobox', { name: 'Threshold by' }), { target: { value: 'labels' } })
  await pickLabels(inspector, '/data/classes.tif')
  await fireEvent.change(await anomalousIn(inspector), { target: { value: 'gossan' } })
  expect(look.scoreDraft.values).toMatchObject({ ...params, rule: 'labels' })
  look.scoreDraft.forget()
  run.mockRestore()
})

/** The whole view against the made-up project: what is shown of a comparison, and how one is begun. */
import { fireEvent, render, screen, within } from '@testing-library/svelte'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { ok } from '#common/result.ts'
import { withoutResizes } from '../../../helpers/laidOut.ts'

vi.mock('../../../../src-renderer/lib/bridge.ts', () => import('../../../helpers/fakeEngine/bridge.ts'))

// jsdom has neither.
withoutResizes()

const { session } = await import('../../../../src-renderer/lib/app.ts')
const { default: Compare } = await import('../../../../src-renderer/views/Compare.svelte')
const { engine, native } = await import('../../../helpers/fakeEngine/bridge.ts')

beforeAll(async () => {
  await session.start()
  const scene = session.artifacts.find(({ kind }) => kind === 'dataset')
  if (scene) session.choose(scene.id)
})
const rowOf = (name: string): HTMLElement =>
  within(screen.getByRole('table', { name: 'Runs' }))
    .getByText(name)
    .closest('tr') as HTMLElement

test('the best is green and what cannot be told apart from it is marked', () => {
  render(Compare)
  expect(rowOf('JumpReLU').querySelector('td.best')?.textContent).toMatch(/1\.8\d.*best/)
  expect(rowOf('denoising').textContent).toMatch(/= equal to the best:\s*0\.80/)
  expect(rowOf('PCA 4').textContent).toContain('baseline')
  expect(screen.getByText(/no more than 0\.912 can match/)).toBeTruthy()
})

test('baselines can be left out', async () => {
  render(Compare)
  await fireEvent.click(screen.getByRole('checkbox', { name: 'Baselines' }))
  expect(within(screen.getByRole('table', { name: 'Runs' })).queryByText('PCA 4')).toBeNull()
})

test('two chosen runs are held against each other: settings, classes, methods', async () => {
  render(Compare)
  await fireEvent.click(rowOf('geological-mapping'))
  await fireEvent.click(rowOf('scene'), { ctrlKey: true })
  const inspector = screen.getByRole('complementary', { name: 'Difference of two runs' })
  expect(within(inspector).getByText('Two selected')).toBeTruthy()
  expect(within(inspector).getByRole('region', { name: 'Settings that differ' }).textContent).toMatch(
    /Stacked autoencoder.*Variational autoencoder/,
  )
  expect(await within(inspector).findByText('ARI 0.74')).toBeTruthy()
  expect(inspector.textContent).toMatch(/preset geological-mapping; Hinton & Salakhutdinov 2006/)
  expect(inspector.textContent).not.toMatch(/JumpReLU \(/)
})

test('measures can be left out and put in another order', async () => {
  render(Compare)
  const list = screen.getByRole('list', { name: 'Measures' })
  const heads = (): string[] => screen.getAllByRole('columnheader').map(({ textContent }) => textContent ?? '')
  await fireEvent.click(within(list).getByRole('checkbox', { name: 'Matched classes' }))
  expect(heads()).toContain('Matched classes')
  const line = within(list).getByRole('checkbox', { name: 'Matched classes' }).closest('li') as HTMLElement
  const before = heads().indexOf('Matched classes')
  await fireEvent.keyDown(line, { key: 'ArrowUp', altKey: true })
  expect(heads().indexOf('Matched classes')).toBe(before - 1)
})

test('a comparison is begun with models, seeds and labels, and says its price before', async () => {
  const run = vi.spyOn(engine, 'run')
  render(Compare)
  await fireEvent.click(screen.getByRole('button', { name: 'Compare models' }))
  expect(screen.getByText(/Choose at least one model/)).toBeTruthy()
  await fireEvent.click(screen.getByRole('checkbox', { name: /^Stacked autoencoder/ }))
  expect(screen.getByText(/^3 trainings/)).toBeTruthy()
  const primary = document.querySelector<HTMLButtonElement>('[data-primary]')
  expect(primary?.textContent).toContain('Compare 1 model')
  await fireEvent.click(primary as HTMLButtonElement)
  await vi.waitFor(() => expect(run).toHaveBeenCalled())
  expect(run.mock.calls[0]?.[0]).toMatchObject({
    operation: 'compare',
    params: { models: [{ model: 'stacked', preset: 'geological-mapping', settings: {} }], seeds: [1, 2, 3], k: null },
  })
})

test('results are compared with labels of the user’s choice', async () => {
  render(Compare)
  await fireEvent.click(screen.getByRole('button', { name: /With labels/ }))
  const primary = (): HTMLButtonElement => document.querySelector<HTMLButtonElement>('[data-primary]') as HTMLButtonElement
  // The classes that are looked at are chosen already; labels are not.
  const [chosen] = screen.getAllByRole('checkbox', { checked: true })
  expect(screen.getAllByRole('checkbox', { checked: true })).toHaveLength(1)
  expect(primary().textContent).toContain('Compare 1 result with labels')
  expect(primary().disabled).toBe(true)
  await fireEvent.click(chosen as HTMLElement)
  expect(primary().textContent).not.toContain('1 result')
  await fireEvent.click(screen.getByRole('checkbox', { name: /^k-means, k = 6/ }))
  expect(primary().textContent).toContain('Compare 1 result with labels')
})

test('a look for drift is no comparison of models: it stands with the anomalies', async () => {
  const before = session.artifacts
  const model = before.find(({ kind }) => kind === 'comparison') as Artifact
  const drift = { ...model, id: 9999, operation: 'drift', name: 'later drift' }
  session.artifacts = [...before, drift]
  render(Compare)
  expect(screen.queryByText('later drift')).toBeNull()
  expect(screen.getByRole('table', { name: 'Runs' })).toBeTruthy()
  session.reveal(drift)
  expect(session.view).toBe('anomalies')
  session.artifacts = before
  session.choose(model.id)
})

test('what counts as anomalous is chosen among the labels that exist', async () => {
  render(Compare)
  await fireEvent.click(screen.getByRole('button', { name: 'With labels…' }))
  await fireEvent.click(screen.getByRole('checkbox', { checked: true }))
  await fireEvent.click(screen.getAllByRole('checkbox', { name: /anomaly scores/ })[0] as HTMLElement)
  vi.spyOn(native, 'chooseFiles').mockResolvedValue(ok(['/data/truth.tif']))
  await fireEvent.click(screen.getByRole('button', { name: 'File…' }))
  await screen.findByText(/^0: .*gossan: 420/)
  const anomalous = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Anomalous are' })
  expect([...anomalous.options].map(({ text }) => text)).toEqual(['As usual', '0', 'granite', 'gossan'])
  await fireEvent.change(anomalous, { target: { value: 'gossan' } })
  const run = vi.spyOn(engine, 'run')
  await fireEvent.click(screen.getByRole('button', { name: /^Compare 1 result with labels/ }))
  expect(run.mock.calls[0]?.[0]).toMatchObject({ operation: 'evaluate', params: { labels: '/data/truth.tif', anomalous: ['gossan'] } })
  run.mockRestore()
})

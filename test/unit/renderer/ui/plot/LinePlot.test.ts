import { fireEvent, render, screen } from '@testing-library/svelte'
import type { ComponentProps } from 'svelte'
import { afterEach, expect, test, vi } from 'vitest'
import { toSvg } from '../../../../../src-renderer/ui/plot/figureExport.ts'
import LinePlot from '../../../../../src-renderer/ui/plot/LinePlot.svelte'
import { laidOut } from '../../../../helpers/laidOut.ts'

vi.mock('../../../../../src-renderer/ui/plot/figureExport.ts', async (original) => ({
  ...(await original<typeof import('../../../../../src-renderer/ui/plot/figureExport.ts')>()),
  saveFile: vi.fn(),
  toSvg: vi.fn(() => '<svg/>'),
}))

type Series = ComponentProps<typeof LinePlot>['series'][number]

const cell = laidOut(300, 100)
afterEach(() => {
  vi.mocked(toSvg).mockClear()
})

const line = (name: string, over: Partial<Series> = {}): Series => ({ name, x: [1, 2], y: [1, 2], colour: '#2C71B7', ...over })
/** Names in the legend of the picture that is saved of these lines. */
async function savedNames(series: readonly Series[], labels = true): Promise<readonly string[]> {
  const { unmount } = render(LinePlot, { series, labels, xLabel: 'Band', yLabel: 'Mean', title: 'Classes', height: 100 })
  await fireEvent.click(screen.getByRole('button', { name: /^Classes: save/ }))
  await fireEvent.click(screen.getByRole('menuitem', { name: 'Save as SVG' }))
  unmount()
  return (vi.mocked(toSvg).mock.calls[0]?.[1] ?? []).map(({ name }) => name)
}

test('a saved picture of more lines than can be named at their ends has a legend', async () => {
  const six = ['Forest', 'Grass', 'Water', 'Rock', 'Snow', 'Town']
  expect(await savedNames([...six.map((name) => line(name)), line('context', { quiet: true })])).toEqual(six)
})

test('where the drawing names every line, a saved picture has no legend', async () => {
  expect(await savedNames([line('Forest'), line('Grass')])).toEqual([])
})

test('names that are cut at the line ends are whole in the saved picture', async () => {
  const names = ['Coniferous forest, north', 'Coniferous forest, south']
  expect(await savedNames(names.map((name) => line(name)))).toEqual(names)
})

test('what a legend beside the plot names is named in the saved picture, too', async () => {
  expect(await savedNames([line('Held out'), line('before', { quiet: true })], false)).toEqual(['Held out', 'before'])
})

test('the value of the best place stays inside a narrow plot', () => {
  cell.width = 110
  const marker = [{ x: 2, y: 2, label: '0.00205', kind: 'best' as const }]
  render(LinePlot, { series: [line('Held out')], marker, xLabel: 'Epoch', yLabel: 'Error', height: 100 })
  const label = screen.getByText('0.00205')
  expect([label.getAttribute('text-anchor'), Number(label.getAttribute('x')) < 110]).toEqual(['end', true])
})

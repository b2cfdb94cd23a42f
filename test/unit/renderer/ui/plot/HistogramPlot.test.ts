import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test } from 'vitest'
import HistogramPlot from '../../../../../src-renderer/ui/plot/HistogramPlot.svelte'
import { laidOut } from '../../../../helpers/laidOut.ts'

laidOut(300, 100)

const props = { series: [{ name: 'pixels', from: 0, to: 1, counts: [5, 3, 2, 1] }], xLabel: 'Score', yLabel: 'Pixels', height: 100 }

test('bars above the threshold take the flag colour', () => {
  const { container } = render(HistogramPlot, { ...props, threshold: 0.5, onthreshold: () => {} })
  const fills = [...container.querySelectorAll<SVGRectElement>('svg.plot > rect')].map((r) => r.style.fill)
  expect(fills).toEqual(['var(--mute)', 'var(--mute)', 'var(--flag)', 'var(--flag)'])
})

test('arrows move the threshold and End takes it to the end', async () => {
  const moved: number[] = []
  render(HistogramPlot, { ...props, threshold: 0.5, onthreshold: (v: number) => moved.push(v) })
  const slider = screen.getByRole('slider', { name: 'Threshold' })
  await fireEvent.keyDown(slider, { key: 'ArrowRight' })
  await fireEvent.keyDown(slider, { key: 'ArrowLeft', shiftKey: true })
  await fireEvent.keyDown(slider, { key: 'End' })
  expect(moved.map((v) => Number(v.toFixed(3)))).toEqual([0.505, 0.45, 1])
})

test('the picture is described in one sentence', () => {
  render(HistogramPlot, { ...props, threshold: 0.5 })
  expect(screen.getByRole('img', { name: 'Histogram of pixels from 0 to 1, threshold at 0.5.' })).toBeTruthy()
})

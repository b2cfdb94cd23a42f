import { render, screen } from '@testing-library/svelte'
import { beforeAll, expect, test, vi } from 'vitest'
import BarPlot from '../../../../../src-renderer/ui/plot/BarPlot.svelte'

let width = 300
beforeAll(() => {
  // jsdom lays nothing out: a cell of a given width and 100 pixels of height stands in for it.
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  )
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => width })
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 100 })
})

test.each([
  [240, true],
  [600, false],
])('in a plot of %s pixels the name of the line keeps clear of the name of the axis', (wide, isBelow) => {
  width = wide
  render(BarPlot, {
    bars: [{ label: 'B2', value: 1, reference: 2 }],
    yLabel: 'Error, % of the spread',
    referenceName: 'PCA with 4 numbers',
    height: 100,
  })
  const heightOf = (words: string | RegExp): number => Number(screen.getByText(words).getAttribute('y'))
  expect(heightOf('line: PCA with 4 numbers') - heightOf(/^↑ Error/) >= 11).toBe(isBelow)
})

import { render, screen } from '@testing-library/svelte'
import { expect, test } from 'vitest'
import BarPlot from '../../../../../src-renderer/ui/plot/BarPlot.svelte'
import { laidOut } from '../../../../helpers/laidOut.ts'

const cell = laidOut(300, 100)

test.each([
  [240, true],
  [600, false],
])('in a plot of %s pixels the name of the line keeps clear of the name of the axis', (wide, isBelow) => {
  cell.width = wide
  render(BarPlot, {
    bars: [{ label: 'B2', value: 1, reference: 2 }],
    yLabel: 'Error, % of the spread',
    referenceName: 'PCA with 4 numbers',
    height: 100,
  })
  const heightOf = (words: string | RegExp): number => Number(screen.getByText(words).getAttribute('y'))
  expect(heightOf('line: PCA with 4 numbers') - heightOf(/^↑ Error/) >= 11).toBe(isBelow)
})

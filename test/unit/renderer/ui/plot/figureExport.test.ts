import { expect, test } from 'vitest'
import { fileStem, toCsv } from '../../../../../src-renderer/ui/plot/figureExport.ts'

test('CSV quotes what must be quoted and leaves missing numbers empty', () => {
  expect(
    toCsv({
      columns: ['band', 'error, %'],
      rows: [
        ['B2', 1.5],
        ['the "blue" one', Number.NaN],
      ],
    }),
  ).toBe('band,"error, %"\r\nB2,1.5\r\n"the ""blue"" one",\r\n')
})

test('CSV holds no text that a spreadsheet would run', () => {
  expect(toCsv({ columns: ['=a', 'n'], rows: [['+cmd|x', -1]] })).toBe("'=a,n\r\n'+cmd|x,-1\r\n")
})

test('a file is named after its title', () => {
  expect(fileStem('How many clusters?')).toBe('how-many-clusters')
  expect(fileStem('???')).toBe('plot')
})

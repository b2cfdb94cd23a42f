import { expect, test } from 'vitest'
import { fileStem, toCsv, toSvg } from '../../../../../src-renderer/ui/plot/figureExport.ts'

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

test('a line keeps the colour that its group gives it', () => {
  document.head.insertAdjacentHTML('beforeend', '<style id="rule">path.line { stroke: var(--line-colour); fill: none }</style>')
  document.body.innerHTML = '<svg><g style="--line-colour: rgb(1, 2, 3)"><path class="line" d="M0 0L1 1"/></g></svg>'
  try {
    const svg = toSvg(document.querySelector('svg') as SVGSVGElement)
    expect(svg).toMatch(/<path[^>]* stroke="rgb\(1, 2, 3\)"/)
    expect(svg).not.toMatch(/ (class|style)=/)
  } finally {
    document.getElementById('rule')?.remove()
    document.body.innerHTML = ''
  }
})

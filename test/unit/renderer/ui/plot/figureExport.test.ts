import { expect, test, vi } from 'vitest'
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

test('a legend goes below the drawing, in the colours of its lines', () => {
  document.body.innerHTML = '<svg class="plot"></svg>'
  const drawing = document.querySelector('svg') as SVGSVGElement
  vi.spyOn(drawing, 'getBoundingClientRect').mockReturnValue({ width: 240, height: 100 } as DOMRect)
  const saved = document.createElement('div')
  saved.innerHTML = toSvg(drawing, [
    { name: 'Forest', colour: '#2C71B7' },
    { name: 'Grassland', colour: 'rgb(1, 2, 3)', figure: '0.91 (0.90 to 0.92)', mark: 'ring' },
  ])
  const svg = saved.querySelector('svg') as SVGSVGElement
  const texts = [...svg.querySelectorAll('text')]
  expect(texts.map((text) => text.textContent)).toEqual(['Forest', 'Grassland 0.91 (0.90 to 0.92)'])
  const whole = Number(svg.getAttribute('height'))
  for (const text of texts) expect(Number(text.getAttribute('y'))).toBeGreaterThan(100)
  for (const text of texts) expect(Number(text.getAttribute('y'))).toBeLessThan(whole)
  expect(svg.getAttribute('viewBox')).toBe(`0 0 240 ${whole}`)
  expect(svg.querySelector('path')?.getAttribute('stroke')).toBe('rgb(44, 113, 183)')
  expect(svg.querySelector('circle')?.getAttribute('stroke')).toBe('rgb(1, 2, 3)')
  // What is in the window stays as it was.
  expect(drawing.childElementCount).toBe(0)
})

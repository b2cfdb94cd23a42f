import { expect, test } from 'vitest'
import type { Column } from '#common/domain/dataset.ts'
import { bandPresets } from '../../../../src-renderer/lib/bands.ts'

const bands = (n: number, nm: (i: number) => number | null = () => null): Column[] =>
  Array.from({ length: n }, (_, i) => ({ name: `band ${i + 1}`, type: 'number', unit: null, wavelengthNm: nm(i) }) as Column)

test('bands are chosen by wavelength where it is known', () => {
  const [first] = bandPresets(bands(10, (i) => 450 + 200 * i))
  expect(first).toMatchObject({ id: 'rock', rgb: [9, 2, 1] })
})

test('few bands without wavelengths are the first three, the blue one last; of a spectrometer they are spread', () => {
  expect(bandPresets(bands(8)).map(({ rgb }) => rgb)).toEqual([[2, 1, 0]])
  expect(bandPresets(bands(204)).map(({ id, rgb }) => [id, rgb])).toEqual([
    ['spread', [170, 102, 34]],
    ['first', [2, 1, 0]],
  ])
  expect(bandPresets(bands(1))[0]?.rgb).toEqual([0, 0, 0])
})

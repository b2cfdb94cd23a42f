import { expect, test } from 'vitest'
import { figureWords } from '#common/domain/clusteringFigures.ts'

test('a figure that this version does not know has no words, whatever it is called', () => {
  expect(figureWords('bic')?.title).toBe('BIC')
  for (const name of ['stored by another version', 'toString', 'constructor', '']) expect(figureWords(name)).toBeNull()
})

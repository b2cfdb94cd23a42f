import { expect, test } from 'vitest'
import { distinct, Keys, keyOf, matrixKey } from '#engine/export/h5ad/keys.ts'

test('a key has no sign that separates places, and none is that of the index or empty', () => {
  expect(['T / helper', '  k = 4 ', '.', '_index', '', 'a\0b'].map(keyOf)).toEqual([
    'T _ helper',
    'k = 4',
    '_.',
    '__index',
    'unnamed',
    'ab',
  ])
})

test('a name that is taken gets another one, and then a number', () => {
  const keys = new Keys(['Leiden'])
  const other = (key: string): string => `data_${key}`
  expect([keys.take('Leiden', other), keys.take('Leiden', other), keys.take('a/b'), keys.take('a_b')]).toEqual([
    'data_Leiden',
    'data_Leiden 2',
    'a_b',
    'a_b 2',
  ])
})

test('matrices are named as scanpy names them, and categories differ', () => {
  expect([matrixKey('umap'), matrixKey('UMAP, 30 neighbours (2)'), matrixKey('größe/ß')]).toEqual([
    'X_umap',
    'X_UMAP_30_neighbours_2',
    'X_größe_ß',
  ])
  expect(distinct(['B', 'T', 'B', 'B'])).toEqual(['B', 'T', 'B (2)', 'B (3)'])
})

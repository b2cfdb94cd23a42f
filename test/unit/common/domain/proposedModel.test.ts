import { expect, test } from 'vitest'
import { DatasetKind, type DatasetMeta } from '#common/domain/dataset.ts'
import { proposals, proposedModel } from '#common/domain/proposedModel.ts'
import { modelById } from '#engine/models/registry.ts'

type Data = Parameters<typeof proposedModel>[0]
const data = (kind: DatasetKind, columns: number, validRows: number, max = 7): Data => ({
  kind,
  validRows,
  columns: Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, type: 'number', unit: null, wavelengthNm: null })),
  summaries: Array.from({ length: columns }, () => ({ min: 0, max }) as DatasetMeta['summaries'][number]),
})
const said = (...asked: Parameters<typeof proposedModel>): string => {
  const { model, preset } = proposedModel(...asked)
  return `${model} ${preset}`
}

test('raw counts of many cells are for the count autoencoder, others are not', () => {
  expect(said(data('cells', 2000, 5000))).toBe('count-vae default')
  expect(said(data('cells', 2000, 300))).toBe('denoising cells')
  expect(said(data('cells', 2000, 5000, 3.4))).toBe('denoising cells')
  expect(said(data('cells', 2000, 5000, 1))).toBe('denoising cells')
  expect(said(data('cells', 2000, 5000), false)).toBe('denoising cells')
})

test('a dictionary is for many wide vectors', () => {
  expect(said(data('embedding', 768, 50_000))).toBe('sae-topk embedding')
  expect(said(data('embedding', 768, 2000))).toBe('autoencoder embedding')
  expect(said(data('embedding', 16, 50_000))).toBe('autoencoder embedding')
})

test('scenes are told by their bands', () => {
  expect([3, 6, 200].map((bands) => said(data('raster', bands, 1e6)))).toEqual([
    'autoencoder default',
    'stacked multispectral',
    'stacked hyperspectral',
  ])
})

test('every kind of data has a proposal, and every proposal is a preset of a model that takes it', () => {
  for (const kind of DatasetKind.options)
    for (const columns of [1, 8, 40, 1000])
      for (const rows of [10, 1e6]) {
        const { model, preset } = proposedModel(data(kind, columns, rows))
        expect(modelById(model).fits).toContain(kind)
        expect(modelById(model).presets.map(({ id }) => id)).toContain(preset)
      }
  for (const { model, preset } of proposals) expect(modelById(model).presets.map(({ id }) => id)).toContain(preset)
})

/** A model trained in a project, exported, and run on the raw scene by ONNX Runtime as any other program would. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ExportMeta, MatrixMeta } from '#common/domain/results.ts'
import { openDataset } from '#engine/data/import.ts'
import { command } from '../helpers/commandLine.ts'
import { largestDifference } from '../helpers/programs.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const size = 64
const folder = mkdtempSync(join(tmpdir(), 'stratum-onnx-'))
const path = join(folder, 'onnx.stratum')
let bench: Workbench
let dataset: Artifact
let model: Artifact
let latents: Artifact
let raw: Float32Array

beforeAll(async () => {
  bench = openWorkbench(path)
  dataset = await bench.compute('sample', {}, { directory: folder, width: size, height: size })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  model = await bench.compute('train', { matrix: matrix.id }, { model: 'autoencoder', settings: { epochs: 40 } })
  latents = await bench.compute('encode', { model: model.id })
  const { columnIndex } = matrix.meta as unknown as MatrixMeta
  const open = await openDataset(dataset.meta as unknown as DatasetMeta, path)
  for await (const { X } of open.chunks({ columns: columnIndex })) raw = X // small enough to be one chunk
  await open.close()
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

async function run(file: string, X: Float32Array, columns: number) {
  const session = await InferenceSession.create(file)
  const results = await session.run({ [session.inputNames[0]]: new Tensor('float32', X, [X.length / columns, columns]) })
  await session.release()
  return results
}
const filesOf = (artifact: Artifact) => (artifact.meta as unknown as ExportMeta).files

describe('a model exported as ONNX', () => {
  it('gives the codes of the project from raw pixels, and the pixels back from the codes', async () => {
    const files = filesOf(await bench.compute('export', { source: model.id }, { path: join(folder, 'encoder.onnx') }))
    expect(files.map((file) => file.path)).toEqual([join(folder, 'encoder.onnx'), join(folder, 'decoder.onnx')])
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])

    const stored = bench.project.array(latents.id, 'codes').read(0, size * size) as Float32Array
    const valid = Array.from({ length: size * size }, (_, i) => i).filter((i) => Number.isFinite(stored[4 * i]))
    const codes = (await run(files[0].path, raw, 10)).codes.data as Float32Array
    const ofValid = (values: Float32Array) => Float32Array.from(valid.flatMap((i) => [...values.subarray(4 * i, 4 * i + 4)]))
    expect(largestDifference(ofValid(codes), ofValid(stored))).toBeLessThan(3e-6)

    const back = (await run(files[1].path, codes, 4)).reconstruction
    expect(back.dims).toEqual([size * size, 10])
    const values = back.data as Float32Array
    for (let j = 0; j < 10; j++) {
      const mean = valid.reduce((sum, i) => sum + raw[10 * i + j], 0) / valid.length
      const off = valid.reduce((sum, i) => sum + (raw[10 * i + j] - values[10 * i + j]) ** 2, 0)
      expect(off / valid.reduce((sum, i) => sum + (raw[10 * i + j] - mean) ** 2, 0)).toBeLessThan(0.9)
    }
  })

  it('says in its metadata what it is', async () => {
    const [{ path: file }] = filesOf(await bench.compute('export', { source: model.id }, { path: join(folder, 'beds.onnx') }))
    expect(file).toBe(join(folder, 'beds.encoder.onnx'))
    const text = readFileSync(file).toString('utf8')
    const { columns } = dataset.meta as unknown as DatasetMeta
    for (const fact of [
      'autoencoder',
      'Hinton & Salakhutdinov 2006',
      JSON.stringify(columns.map(({ name }) => name)),
      'z-score',
      model.contentKey,
    ])
      expect(text).toContain(fact)
  })

  it('is one file with the anomaly score too, when asked', async () => {
    const params = { path: join(folder, 'whole.onnx'), parts: 'together' }
    const files = filesOf(await bench.compute('export', { source: model.id }, params))
    expect(files.map((file) => file.path)).toEqual([params.path])
    const stored = bench.project.array(latents.id, 'error').read(0, size * size) as Float32Array
    const { error } = await run(params.path, raw, 10)
    const wanted = stored.filter((e) => Number.isFinite(e))
    const given = (error.data as Float32Array).filter((_, i) => Number.isFinite(stored[i]))
    expect(largestDifference(given, wanted)).toBeLessThan(1e-5)
  })

  it('is written for models only, and of models no tables are', async () => {
    await expect(bench.compute('export', { source: model.id }, { path: join(folder, 'model.csv') })).rejects.toMatchObject({
      code: 'ARTIFACT_KIND',
      hint: 'Choose onnx, safetensors, saelens.',
    })
    await expect(bench.compute('export', { source: latents.id }, { path: join(folder, 'codes.onnx') })).rejects.toMatchObject({
      code: 'ARTIFACT_KIND',
    })
  })

  it('comes from the command line, where a model still stands for its codes in other formats', async () => {
    await bench.close()
    const onnx = await command('export', path, String(model.id), join(folder, 'line.onnx'), '--takes', 'prepared')
    const npy = await command('export', path, String(model.id), join(folder, 'codes.npy'))
    bench = openWorkbench(path, { fresh: false })
    expect([onnx.code, npy.code], onnx.error + npy.error).toEqual([0, 0])
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['line.encoder.onnx', 'line.decoder.onnx', 'codes.npy']))
  })
})

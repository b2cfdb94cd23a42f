import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '#engine/data/inspect.ts'
import { columnarFixture, expected, matrixOf } from '../../../../helpers/columnarFixtures.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const path = columnarFixture('tensors.safetensors')

describe('a tensor', () => {
  for (const tensor of ['f32', 'f64', 'bf16', 'f16', 'i8'])
    it(`of ${tensor} has the values that were written`, async () => {
      const source = await openSource(path, undefined, { tensor })
      expect(source.report).toMatchObject({
        format: 'safetensors',
        kind: 'embedding',
        rows: 20,
        metadataFields: ['labels'],
        labelFields: ['labels'],
      })
      expect([...(await matrixOf(source, 7))]).toEqual(expected.tensors[tensor])
      expect(await source.metadata?.('labels')).toEqual(Array.from({ length: 20 }, (_, i) => i))
      await source.close()
    })

  it('of three axes is flattened to rows, with a finding', async () => {
    const report = await inspectSource(path, undefined, { tensor: 'bf16' })
    expect(report.findings.map(({ code }) => code)).toContain('AXES_JOINED')
  })

  it('is the largest matrix when none is named, with a finding', async () => {
    const report = await inspectSource(path)
    expect(report.details.tensor).toBe('f64')
    expect(report.findings.map(({ code }) => code)).toContain('TENSOR_CHOSEN')
    await expect(openSource(path, undefined, { tensor: 'none' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})

describe('a header', () => {
  const write = (header: string, data = 16): string => {
    const text = new TextEncoder().encode(header)
    const bytes = new Uint8Array(8 + text.length + data)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
    bytes.set(text, 8)
    const file = folder.file('x.safetensors')
    writeFileSync(file, bytes)
    return file
  }
  const tensor = (dtype: string, shape: string, offsets: string): string =>
    `{"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`

  it.each([
    ['beyond the file', tensor('F32', '[8, 1]', '[0, 32]'), 'FILE_TRUNCATED'],
    ['whose shape and bytes differ', tensor('F32', '[2, 1]', '[0, 16]'), 'FILE_CORRUPT'],
    ['of an absurd shape', tensor('F32', '[4294967296, 4294967296]', '[0, 16]'), 'FILE_CORRUPT'],
    ['of an unknown type', tensor('Q4', '[4, 1]', '[0, 16]'), 'FORMAT_UNSUPPORTED'],
    [
      'that lies over another',
      '{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]},"b":{"dtype":"U8","shape":[9],"data_offsets":[7,16]}}',
      'FILE_CORRUPT',
    ],
    ['without a shape', '{"a":{"dtype":"F32","data_offsets":[0,16]}}', 'FILE_CORRUPT'],
    ['that is no JSON', '{"a":', 'FILE_CORRUPT'],
    ['without tensors', '{}', 'DATA_UNSUITABLE'],
  ])('describing a tensor %s is refused', async (_, header, code) => {
    await expect(inspectSource(write(header))).rejects.toMatchObject({ code })
  })

  it('that is cut off is refused', async () => {
    const file = folder.file('cut.safetensors')
    writeFileSync(file, readFileSync(path).subarray(0, 100))
    await expect(inspectSource(file)).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
  })
})

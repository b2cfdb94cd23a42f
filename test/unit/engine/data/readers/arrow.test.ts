import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSource } from '#engine/data/inspect.ts'
import { columnarFixture, expectTyped, expected, matrixOf } from '../../../../helpers/columnarFixtures.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

describe('values of every type', () => {
  for (const name of ['typed_plain.arrow', 'typed_lz4.arrow', 'typed_zstd.arrow', 'typed.feather', 'typed_stream.arrows'])
    it(`are those that pyarrow wrote (${name})`, () => expectTyped(name))
})

describe('columns of lists', () => {
  for (const name of ['plain', 'lz4', 'zstd'])
    it(`are vectors, of fixed length or not (${name})`, async () => {
      const source = await openSource(columnarFixture(`lists_${name}.arrow`))
      expect(source.report).toMatchObject({ kind: 'embedding', rows: 120, metadataFields: ['id', 'label'], labelFields: ['label'] })
      expect([...(await matrixOf(source, 17))]).toEqual(expected.lists.vector.flatMap((row) => row ?? new Array(6).fill(Number.NaN)))
      expect(await source.metadata?.('label')).toEqual(expected.lists.label)
      await source.close()
      const fixed = await openSource(columnarFixture(`lists_${name}.arrow`), undefined, { vector: 'fixed' })
      expect([...(await matrixOf(fixed, 17))]).toEqual(expected.lists.fixed.flat())
      await fixed.close()
    })
})

describe('damaged files', () => {
  const open = async (bytes: Uint8Array): Promise<void> => {
    const path = folder.file('damaged.arrow')
    writeFileSync(path, bytes)
    const source = await openSource(path)
    try {
      await matrixOf(source)
    } finally {
      await source.close()
    }
  }

  it('are refused when the end is missing', async () => {
    await expect(open(readFileSync(columnarFixture('typed_plain.arrow')).subarray(0, 9000))).rejects.toMatchObject({
      code: 'FILE_TRUNCATED',
    })
  })

  it('are refused when written by Feather version 1', async () => {
    await expect(open(new TextEncoder().encode('FEA1 and more'))).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })

  for (const name of ['typed_plain.arrow', 'lists_lz4.arrow', 'typed_zstd.arrow'])
    it(`answer every flipped byte with values or a StratumError (${name})`, async () => {
      const bytes = readFileSync(columnarFixture(name))
      for (let at = 8; at < bytes.length; at += 211) {
        const changed = Uint8Array.from(bytes)
        changed[at] = (changed[at] as number) ^ 0xff
        await open(changed).catch((thrown) => expect(thrown.name, `byte ${at}`).toBe('StratumError'))
      }
    })
})

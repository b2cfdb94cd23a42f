/** How columns with and without missing values are stored, by anndata's names for it. */
import { expect, test } from 'vitest'
import type { FieldType } from '#engine/data/dataset.ts'
import type { FieldValue } from '#engine/data/fields.ts'
import { columnWriter } from '#engine/export/h5ad/columns.ts'
import { FieldLook } from '#engine/export/h5ad/fieldTypes.ts'
import { createHdf5 } from '#engine/export/hdf5/file.ts'
import type { H5Node } from '#engine/export/hdf5/objects.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

async function stored(type: FieldType, values: readonly FieldValue[]): Promise<[encoding: unknown, parts: string]> {
  const out = await createHdf5(folder.file('a.h5ad'), 4)
  const writer = columnWriter(out, type)
  // The first value that is missing may come late.
  for (const value of values) await writer.append([value])
  const node: H5Node = await writer.finish()
  await out.abort()
  const parts =
    node.kind === 'group'
      ? Object.entries(node.children).map(
          ([name, child]) => `${name} ${child.kind === 'array' ? `${child.type} ${child.shape}` : child.kind}`,
        )
      : [node.kind === 'array' ? `${node.type} ${node.shape}` : node.kind]
  return [node.attributes?.['encoding-type'], parts.join(', ')]
}

test.each<[FieldType, FieldValue[], string, string]>([
  [{ kind: 'integer' }, [1, 2, 3], 'array', 'int64 3'],
  [{ kind: 'integer' }, [1, 2, null], 'nullable-integer', 'values int64 3, mask boolean 3'],
  [{ kind: 'boolean' }, ['true', 'false'], 'array', 'boolean 2'],
  [{ kind: 'boolean' }, [null, 'false'], 'nullable-boolean', 'values boolean 2, mask boolean 2'],
  [{ kind: 'number' }, [0.5, null], 'array', 'float64 2'],
  [{ kind: 'text' }, ['a', 'b'], 'string-array', 'text 2'],
  [{ kind: 'text' }, ['a', null], 'nullable-string-array', 'values text 2, mask boolean 2'],
  [{ kind: 'category', categories: ['b', 'a'], ordered: true }, ['a', null], 'categorical', 'codes int8 2, categories text 2'],
  [{ kind: 'category', categories: [3, 5], ordered: false }, [5], 'categorical', 'codes int8 1, categories int64 2'],
  [
    { kind: 'category', categories: Array.from({ length: 200 }, (_, i) => `c${i}`), ordered: false },
    ['c7'],
    'categorical',
    'codes int16 1, categories text 200',
  ],
])('%j of %j', async (type, values, encoding, parts) => {
  expect(await stored(type, values)).toEqual([encoding, parts])
})

test('a field whose file does not say its type is looked through', () => {
  const typeOf = (...values: FieldValue[]): FieldType => {
    const look = new FieldLook()
    look.see(values.slice(0, 1))
    look.see(values.slice(1))
    return look.type()
  }
  expect(typeOf(1, 2, null)).toEqual({ kind: 'integer' })
  expect(typeOf(1, 2.5)).toEqual({ kind: 'number' })
  expect(typeOf('c10', 'c2', 'c2', null)).toEqual({ kind: 'category', categories: ['c2', 'c10'], ordered: false })
  // Every row has another one: names, no categories.
  expect(typeOf('a', 'b')).toEqual({ kind: 'text' })
  expect(typeOf('a', 1, 'a')).toEqual({ kind: 'text' })
})

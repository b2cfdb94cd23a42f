/** Excel workbooks (.xlsx, .xlsm): one sheet as a table. Macros and links are never looked at. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  sheet: z.string().optional().meta({ title: 'Sheet', description: 'Name of the sheet to read; by default the first one.' }),
  header: z.enum(['auto', 'yes', 'no']).default('auto').meta({ title: 'Header', description: 'Whether the first row names the columns.' }),
  firstRow: z
    .int()
    .min(1)
    .default(1)
    .meta({ title: 'First row', description: 'Row at which the table begins, as Excel counts; rows above are passed over.' }),
})
export type XlsxOptions = z.output<typeof options>

export const xlsx: Reader = {
  id: 'xlsx',
  title: 'Excel workbook',
  kind: 'table',
  extensions: ['xlsx', 'xlsm'],
  options,
  probe(head, path) {
    const isZip = head[0] === 0x50 && head[1] === 0x4b && head[2] === 3
    const isWorkbook = isZip && new TextDecoder('latin1').decode(head.subarray(30, 60)).startsWith('[Content_Types].xml')
    if (/\.xls[xm]$/i.test(path)) return isZip ? 2 : 1
    return isWorkbook && !/\.(?:docx|pptx|od[stp])$/i.test(path) ? 1 : 0
  },
  async open(path, chosen, signal) {
    const [{ openRandomAccess }, { openColumns }, { columnarSource }] = await Promise.all([
      import('./randomAccess.ts'),
      import('./xlsx/open.ts'),
      import('../columns/source.ts'),
    ])
    const file = await openRandomAccess(path)
    try {
      return await columnarSource(await openColumns(file, options.parse(chosen), signal), {}, signal)
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  },
}

/** Apache Arrow IPC files and streams (.arrow, .feather v2): the columns of a table, or a column of lists as vectors. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { missingOption, vectorOption } from '../columns/options.ts'
import type { Reader } from '../dataset.ts'
import { joinOptions } from '../join/options.ts'
import { isArrow, isArrowStream } from './arrow/mark.ts'

const options = z.object({ vector: vectorOption, missing: missingOption, ...joinOptions })

const isOldFeather = (head: Uint8Array): boolean => String.fromCharCode(...head.subarray(0, 4)) === 'FEA1'

export const arrow: Reader = {
  id: 'arrow',
  title: 'Arrow table',
  kind: 'table',
  extensions: ['arrow', 'feather', 'arrows', 'ipc'],
  options,
  probe: (head, path) =>
    isArrow(head) || isOldFeather(head)
      ? 2
      : /\.(?:arrows?|feather|ipc)$/i.test(path)
        ? isArrowStream(head)
          ? 2
          : 1
        : isArrowStream(head)
          ? 1
          : 0,
  async open(path, chosen, signal) {
    const own = options.parse(chosen)
    const [{ openRandomAccess }, { openColumns }, { columnarSource }, { withMetadata }] = await Promise.all([
      import('./randomAccess.ts'),
      import('./arrow/open.ts'),
      import('../columns/source.ts'),
      import('../join/join.ts'),
    ])
    const file = await openRandomAccess(path)
    try {
      if (isOldFeather(await file.readUpTo(0, 4)))
        throw new StratumError(
          'FORMAT_UNSUPPORTED',
          'This is a Feather file of version 1.',
          'Write it again as version 2: pyarrow.feather.write_feather(pyarrow.feather.read_table("old.feather"), "new.feather")',
          { path },
        )
      return await withMetadata(await columnarSource(await openColumns(file, signal), own, signal), path, own, signal)
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  },
}

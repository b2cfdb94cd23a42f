/** The image of a file, its reduced copies, and their masks. */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { BlockReader } from './blocks.ts'
import { type MetadataItem, bandItem } from './gdalMetadata.ts'
import { type Layout, readLayout } from './layout.ts'
import type { Level } from './pixels.ts'
import { type TiffFile, readNumber } from './structure.ts'

export type ReaderOf = (layout: Layout) => BlockReader

/** The band that says how opaque a pixel is, associated (1) or not (2), unless GDAL notes another use; null when there is none. */
export function alphaBand({ extraSamples, bands }: Layout, items: readonly MetadataItem[]): number | null {
  const found = extraSamples.findIndex((kind) => kind === 1 || kind === 2)
  const band = bands - extraSamples.length + found
  if (found < 0 || band < 0 || bands < 2) return null
  const use = bandItem(items, band, 'colorinterp')
  return use === null || use.toLowerCase() === 'alpha' ? band : null
}

/** NewSubfileType: bit 0 an overview, bit 2 a mask. What is neither is another page. */
export async function readLevels(
  tiff: TiffFile,
  layout: Layout,
  readerOf: ReaderOf,
  alpha: number | null,
  findings: Finding[],
): Promise<Level[]> {
  const images: Layout[] = [layout]
  const masks: Layout[] = []
  let pages = 1
  for (const directory of tiff.directories.slice(1)) {
    const kind = (await readNumber(tiff, directory, 254)) ?? 0
    const isMask = (kind & 4) !== 0
    const isOverview = !isMask && (kind & 1) !== 0
    if (!isMask && !isOverview) pages++
    if ((!isMask && !isOverview) || pages > 1) continue
    try {
      const found = await readLayout(tiff, directory)
      if (isMask && found.bands === 1) masks.push(found)
      else if (isOverview && found.bands === layout.bands && found.width < layout.width) images.push(found)
    } catch (thrown) {
      // Without its mask the image would be read wrongly; without an overview only more slowly.
      if (isMask || !(thrown instanceof StratumError)) throw thrown
      findings.push({
        severity: 'warning',
        code: 'OVERVIEW_UNREADABLE',
        message: `A reduced copy inside the file cannot be read: ${thrown.message}`,
        hint: 'Zoomed-out views take longer. The full image is not affected.',
      })
    }
  }
  if (pages > 1 || tiff.more)
    findings.push({
      severity: 'warning',
      code: 'MORE_PAGES',
      message: `The file holds ${tiff.more ? 'many' : pages} images; only the first is read.`,
      hint: `Take out another one with GDAL: gdal_translate GTIFF_DIR:2:"${tiff.file.path}" second.tif`,
    })
  const levels = images.map((image): Level => {
    const mask = masks.find((candidate) => candidate.width === image.width && candidate.height === image.height)
    return {
      width: image.width,
      height: image.height,
      image: readerOf(image),
      mask: mask ? readerOf(mask) : null,
      alpha,
    }
  })
  // An overview without its mask would show masked pixels.
  return levels.filter((level, i) => i === 0 || level.mask !== null || levels[0]?.mask === null)
}

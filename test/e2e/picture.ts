/** What is really on the screen in the place of an element: the only way to look into a WebGL or a map canvas from outside. */
import type { Locator } from '@playwright/test'

export interface Picture {
  readonly width: number
  readonly height: number
  /** Pixels of each colour, `#RRGGBB`. */
  readonly colours: ReadonlyMap<string, number>
}

export async function pictureOf(locator: Locator): Promise<Picture> {
  const png = (await locator.screenshot({ animations: 'disabled' })).toString('base64')
  const { width, height, counts } = await locator.page().evaluate(async (png) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
    if (!context) throw new Error('There is no canvas to decode the screenshot with.')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    const counts: Record<string, number> = {}
    for (let at = 0; at < data.length; at += 4) {
      const hex = ((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]).toString(16).padStart(6, '0').toUpperCase()
      counts[`#${hex}`] = (counts[`#${hex}`] ?? 0) + 1
    }
    return { width: image.width, height: image.height, counts }
  }, png)
  return { width, height, colours: new Map(Object.entries(counts)) }
}

/** How many different colours are seen; a blank canvas has one. */
export const colourCount = async (locator: Locator): Promise<number> => (await pictureOf(locator)).colours.size

/** Share of the element's pixels that have exactly this colour. */
export async function shareOf(locator: Locator, colour: string): Promise<number> {
  const { width, height, colours } = await pictureOf(locator)
  return (colours.get(colour.toUpperCase()) ?? 0) / (width * height)
}

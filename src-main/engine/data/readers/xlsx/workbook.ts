/** A workbook: its sheets, the texts that they share, and which styles are dates. */
import { StratumError } from '#common/errors.ts'
import type { Parts } from './parts.ts'
import { attribute } from './xml.ts'

export interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly part: string }[]
  /** Days from 1970-01-01 to day 0 of the workbook. */
  readonly dayZero: number
  readonly texts: readonly string[]
  /** By style: whether numbers in it are dates. */
  readonly isDate: readonly boolean[]
}

const mostTexts = 4 << 20
const mostTextLength = 128 << 20
const mostSheets = 10_000

export async function readWorkbook(parts: Parts, path: string, signal?: AbortSignal): Promise<Workbook> {
  const main = await mainPart(parts, signal)
  const folder = main.slice(0, main.lastIndexOf('/') + 1)
  const targets = await relations(parts, `${folder}_rels/${main.slice(folder.length)}.rels`, signal)
  const sheets: { name: string; part: string }[] = []
  let is1904 = false
  for await (const _ of parts.scan(
    main,
    {
      open(name, attributes) {
        if (name === 'workbookPr') is1904 = ['1', 'true'].includes(attribute(attributes, 'date1904') ?? '')
        if (name !== 'sheet' || sheets.length >= mostSheets) return
        const target = targets.get(attribute(attributes, 'r:id') ?? attribute(attributes, 'id') ?? '')
        if (target?.type.endsWith('/worksheet'))
          sheets.push({ name: attribute(attributes, 'name') ?? '', part: inside(folder, target.target) })
      },
      text() {},
      close() {},
    },
    signal,
  ));
  const byType = (end: string): string | null => {
    const found = [...targets.values()].find(({ type }) => type.endsWith(end))
    return found ? inside(folder, found.target) : null
  }
  const strings = byType('/sharedStrings')
  const styles = byType('/styles')
  return {
    sheets,
    dayZero: is1904 ? -24_107 : -25_569,
    texts: strings && parts.has(strings) ? await sharedTexts(parts, strings, path, signal) : [],
    isDate: styles && parts.has(styles) ? await dateStyles(parts, styles, signal) : [],
  }
}

async function mainPart(parts: Parts, signal?: AbortSignal): Promise<string> {
  if (!parts.has('_rels/.rels')) return 'xl/workbook.xml'
  const found = [...(await relations(parts, '_rels/.rels', signal)).values()].find(({ type }) => type.endsWith('/officeDocument'))
  return found ? inside('', found.target) : 'xl/workbook.xml'
}

/** A part's name from a target: names lead to entries of the archive and nowhere else. */
const inside = (folder: string, target: string): string => {
  if (target.startsWith('/')) return target.slice(1)
  const steps: string[] = []
  for (const step of `${folder}${target}`.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.' && step !== '') steps.push(step)
  }
  return steps.join('/')
}

async function relations(parts: Parts, part: string, signal?: AbortSignal): Promise<Map<string, { type: string; target: string }>> {
  const found = new Map<string, { type: string; target: string }>()
  if (!parts.has(part)) return found
  for await (const _ of parts.scan(
    part,
    {
      open(name, attributes) {
        if (name !== 'Relationship' || found.size >= mostSheets || attribute(attributes, 'TargetMode') === 'External') return
        found.set(attribute(attributes, 'Id') ?? '', {
          type: attribute(attributes, 'Type') ?? '',
          target: attribute(attributes, 'Target') ?? '',
        })
      },
      text() {},
      close() {},
    },
    signal,
  ));
  return found
}

async function sharedTexts(parts: Parts, part: string, path: string, signal?: AbortSignal): Promise<string[]> {
  const texts: string[] = []
  let current = ''
  let isText = false
  let reading = 0
  let length = 0
  for await (const _ of parts.scan(
    part,
    {
      open(name) {
        if (name === 'si') current = ''
        // How a text is spoken (rPh) is not part of it.
        if (name === 'rPh') reading++
        isText = name === 't' && reading === 0
      },
      text(piece) {
        if (isText) current += piece
      },
      close(name) {
        if (name === 't') isText = false
        if (name === 'rPh') reading--
        if (name !== 'si') return
        length += current.length
        texts.push(current)
        if (texts.length > mostTexts || length > mostTextLength)
          throw new StratumError(
            'FORMAT_UNSUPPORTED',
            `The workbook shares more than ${mostTexts} texts or ${mostTextLength >> 20} MB of them.`,
            'Export the sheet as CSV.',
            { path },
          )
      },
    },
    signal,
  ));
  return texts
}

async function dateStyles(parts: Parts, part: string, signal?: AbortSignal): Promise<boolean[]> {
  const formats = new Map<number, boolean>()
  const styles: boolean[] = []
  let within = false
  for await (const _ of parts.scan(
    part,
    {
      open(name, attributes) {
        const id = Number(attribute(attributes, 'numFmtId') ?? '0')
        if (name === 'cellXfs') within = true
        if (name === 'numFmt') formats.set(id, isDateFormat(attribute(attributes, 'formatCode') ?? ''))
        if (name === 'xf' && within && styles.length < 1 << 20) styles.push(formats.get(id) ?? isBuiltInDate(id))
      },
      text() {},
      close(name) {
        if (name === 'cellXfs') within = false
      },
    },
    signal,
  ));
  return styles
}

/** ECMA-376 18.8.30, with the formats of East Asian editions. Times of the day alone (18 to 21, 45 to 47) are numbers. */
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)

/** Whether a format shows a day or a year, outside quotes, escapes and brackets. */
export function isDateFormat(code: string): boolean {
  const shown = code.replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, '')
  return /[yd]/i.test(shown) && !/general/i.test(shown)
}

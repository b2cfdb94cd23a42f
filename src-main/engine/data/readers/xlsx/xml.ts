/**
 * The tags and texts of XML as programs write it, piece by piece. Document types are refused (nothing is expanded or fetched), and
 * a single tag or text is bounded, so memory is too.
 */

export interface XmlHandler {
  /** `attributes` is the raw text between name and bracket. Names come without their prefix. */
  open(name: string, attributes: string): void
  /** With entities resolved; a long text may come in several parts. */
  text(text: string): void
  close(name: string): void
}

const longestTag = 1 << 20

export class XmlScanner {
  #rest = ''
  readonly #handler: XmlHandler

  constructor(handler: XmlHandler) {
    this.#handler = handler
  }

  /** @throws Error for what is no XML of this kind */
  write(piece: string): void {
    const all = this.#rest + piece
    let at = 0
    for (;;) {
      const tag = all.indexOf('<', at)
      if (tag < 0) break
      if (tag > at) this.#handler.text(resolved(all.slice(at, tag)))
      const end = this.#tag(all, tag)
      if (end < 0) {
        at = tag
        break
      }
      at = end
    }
    this.#rest = all.slice(at)
    if (this.#rest.length <= longestTag) return
    if (this.#rest[0] === '<') throw new Error('a tag has no end')
    // Kept back so far that no entity is cut.
    const cut = this.#rest.length - 64
    this.#handler.text(resolved(this.#rest.slice(0, cut)))
    this.#rest = this.#rest.slice(cut)
  }

  /** Where the tag that begins at `from` ends; −1 when the piece ends before. */
  #tag(all: string, from: number): number {
    const second = all[from + 1]
    if (second === '?') return after(all, '?>', from)
    if (second === '!') {
      if (all.startsWith('<!--', from)) return after(all, '-->', from)
      if (all.startsWith('<![CDATA[', from)) {
        const end = after(all, ']]>', from)
        if (end > 0) this.#handler.text(all.slice(from + 9, end - 3))
        return end
      }
      if (all.length - from < 9) return -1
      throw new Error('a document type is not read')
    }
    let end = all.indexOf('>', from)
    // A bracket may stand within quotes.
    while (end >= 0 && quotesIn(all, from, end) % 2 === 1) end = all.indexOf('>', end + 1)
    if (end < 0) return -1
    if (second === '/') {
      this.#handler.close(local(all.slice(from + 2, end).trimEnd()))
      return end + 1
    }
    const isEmpty = all[end - 1] === '/'
    const body = all.slice(from + 1, isEmpty ? end - 1 : end)
    const space = body.search(/\s/)
    const name = local(space < 0 ? body : body.slice(0, space))
    this.#handler.open(name, space < 0 ? '' : body.slice(space))
    if (isEmpty) this.#handler.close(name)
    return end + 1
  }
}

const after = (all: string, mark: string, from: number): number => {
  const at = all.indexOf(mark, from)
  return at < 0 ? -1 : at + mark.length
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1)

function quotesIn(all: string, from: number, to: number): number {
  let quotes = 0
  let open = ''
  for (let i = from; i < to; i++) {
    const letter = all[i]
    if (letter !== '"' && letter !== "'") continue
    if (open === '') open = letter
    else if (open === letter) open = ''
    else continue
    quotes++
  }
  return quotes
}

/** The value of an attribute, with or without prefix; null when it is not there. */
export function attribute(attributes: string, name: string): string | null {
  for (let at = attributes.indexOf(`${name}=`); at >= 0; at = attributes.indexOf(`${name}=`, at + 1)) {
    const before = attributes[at - 1] ?? ' '
    const quote = attributes[at + name.length + 1]
    if (!/[\s:]/.test(before) || (quote !== '"' && quote !== "'")) continue
    const end = attributes.indexOf(quote, at + name.length + 2)
    if (end >= 0) return resolved(attributes.slice(at + name.length + 2, end))
  }
  return null
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function resolved(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{1,6});/g, (whole, entity: string) => {
    if (entity[0] !== '#') return named[entity] ?? whole
    const code = entity[1] === 'x' ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}

/** Names inside an AnnData file. A key is a place in an HDF5 file, so it has no '/', and no two of a table are alike. */

/** '/' parts places, and '.' is the place itself; '_index' names the rows of a table. */
export function keyOf(name: string): string {
  const key = name.normalize('NFC').replaceAll('/', '_').replaceAll('\0', '').trim()
  if (key === '') return 'unnamed'
  return key === '.' || key === '_index' ? `_${key}` : key
}

/** The keys of a table, each given once. */
export class Keys {
  readonly #taken: Set<string>

  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken)
  }

  /** The name as a key; where it is taken, `otherwise` of it and then with a number behind. */
  take(name: string, otherwise: (key: string) => string = (key) => key): string {
    const key = keyOf(name)
    let free = this.#taken.has(key) ? otherwise(key) : key
    for (let n = 2; this.#taken.has(free); n++) free = `${otherwise(key)} ${n}`
    this.#taken.add(free)
    return free
  }
}

/** As names of matrices are written in scanpy: X_latent, X_umap, X_umap_second_plane. */
export const matrixKey = (what: string): string =>
  `X_${keyOf(what)
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')}`

/** Names of which some may be alike, told apart by numbers: categories have to differ. */
export function distinct(names: readonly string[]): string[] {
  const keys = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let n = 2; keys.has(free); n++) free = `${name} (${n})`
    keys.add(free)
    return free
  })
}

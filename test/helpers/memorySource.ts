import type { SourceReport } from '../../src-main/common/domain/dataset.ts'
import type { OpenSource } from '../../src-main/engine/data/dataset.ts'

/** A source in memory: value of row i, column j by `f`, handed out in chunks of `perChunk` rows. */
export function memorySource(
  rows: number,
  columns: number,
  f: (i: number, j: number) => number,
  perChunk: number,
  grid: SourceReport['grid'] = null,
): OpenSource {
  const described: SourceReport = {
    path: '',
    sizeBytes: 0,
    format: 'csv',
    formatTitle: '',
    kind: grid ? 'raster' : 'table',
    rows,
    columns: Array.from({ length: columns }, (_, j) => ({ name: `c${j}`, type: 'number', unit: null, wavelengthNm: null })),
    dtype: 'float32',
    grid,
    nodata: [],
    metadataFields: [],
    matrixBytes: 0,
    findings: [],
    details: {},
  }
  return {
    report: described,
    async *chunks({ columns: wanted = described.columns.map((_, j) => j) } = {}) {
      for (let start = 0; start < rows; start += perChunk) {
        const n = Math.min(perChunk, rows - start)
        const X = Float32Array.from({ length: n * wanted.length }, (_, k) =>
          f(start + Math.floor(k / wanted.length), wanted[k % wanted.length] as number),
        )
        const valid = Uint8Array.from({ length: n }, (_, i) =>
          Number(X.subarray(i * wanted.length, (i + 1) * wanted.length).some(Number.isFinite)),
        )
        yield { start, n, X, valid }
      }
    },
    preview: async () => ({ names: [], rows: [] }),
    close: async () => {},
  }
}

export const gridOf = (width: number, height: number): NonNullable<SourceReport['grid']> => ({
  width,
  height,
  transform: [1, 0, 0, 0, 1, 0],
  georeferenced: false,
  crs: null,
  geoKeys: {},
})

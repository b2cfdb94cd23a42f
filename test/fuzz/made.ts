/** Small whole files of formats, written here so that nobody has to have them. */
import { deflateRawSync, crc32, gzipSync } from 'node:zlib'
import { type TinyTag, tinyTiff } from '../helpers/tinyTiff.ts'
import type { Seed } from './seeds.ts'

const text = (content: string): Uint8Array => new TextEncoder().encode(content)
const one = (name: string, bytes: Uint8Array): Seed => ({ name: `made/${name}`, open: name, files: [{ path: name, bytes: () => bytes }] })
const floats = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 100)
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

const csv = `name,length,kind,when\n${Array.from({ length: 40 }, (_, i) => `"row ${i}",${(i * 1.5).toFixed(2)},${'abc'[i % 3]},2024-01-${String((i % 28) + 1).padStart(2, '0')}`).join('\n')}\n`
const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ id: i, value: i / 3, kind: 'xyz'[i % 3], deep: { a: i } })).join('\n')

const enviHeader = `ENVI
description = { small scene }
samples = 7
lines = 5
bands = 3
header offset = 0
file type = ENVI Standard
data type = 4
interleave = bsq
byte order = 0
map info = {UTM, 1, 1, 500000, 4600000, 30, 30, 32, North, WGS-84}
wavelength units = Nanometers
wavelength = {450, 550, 650}
band names = {blue, green, red}
`

const tensorHeader = text(
  JSON.stringify({ weight: { dtype: 'F32', shape: [6, 4], data_offsets: [0, 96] }, __metadata__: { format: 'pt' } }).padEnd(120),
)
const tensorLength = bytesOf(BigUint64Array.of(BigInt(tensorHeader.length)))

const matrixMarket = `%%MatrixMarket matrix coordinate integer general\n%\n5 4 6\n1 1 3\n2 1 1\n3 2 7\n5 3 2\n1 4 1\n4 4 9\n`
const tenx = (zip: (bytes: Uint8Array) => Uint8Array, suffix: string): Seed => ({
  name: `made/10x${suffix}`,
  open: '.',
  files: [
    { path: `matrix.mtx${suffix}`, bytes: () => zip(text(matrixMarket)) },
    { path: `barcodes.tsv${suffix}`, bytes: () => zip(text('AAA-1\nAAC-1\nAAG-1\nAAT-1\n')) },
    {
      path: `${suffix ? 'features' : 'genes'}.tsv${suffix}`,
      bytes: () => zip(text(Array.from({ length: 5 }, (_, i) => `ENSG${i}\tGENE${i}\tGene Expression`).join('\n'))),
    },
  ],
})

const barcodes = Array.from(
  { length: 24 },
  (_, i) => `AAACCTGAGAAAC${['A', 'C', 'G', 'T'][i % 4]}${['A', 'C', 'G'][i % 3]}${['A', 'T'][i % 2]}-1`,
)
const geneTable = `gene\t${barcodes.join('\t')}\n${Array.from({ length: 12 }, (_, g) => `GENE${g}\t${barcodes.map((_, i) => (g * i) % 7).join('\t')}`).join('\n')}\n`
const log = `time,node,load\n${Array.from({ length: 40 }, (_, i) => `2024-01-01 ${String(Math.floor(i / 2)).padStart(2, '0')}:00:00,n${i % 2},${(i % 5) / 4}`).join('\n')}\n`

/** NetCDF, classic format: one variable over (y, x) with coordinates. */
function netcdf(): Uint8Array {
  const int = (...values: number[]): Uint8Array => {
    const bytes = Buffer.alloc(4 * values.length)
    values.forEach((value, i) => void bytes.writeInt32BE(value, 4 * i))
    return bytes
  }
  const name = (value: string): Uint8Array => joined(int(value.length), text(value.padEnd(Math.ceil(value.length / 4) * 4, '\0')))
  const doubles = (values: readonly number[]): Uint8Array => {
    const bytes = Buffer.alloc(8 * values.length)
    values.forEach((value, i) => void bytes.writeDoubleBE(value, 8 * i))
    return bytes
  }
  const variables: [string, number[], number[]][] = [
    ['lat', [0], [50, 49, 48]],
    ['lon', [1], [7, 8, 9, 10]],
    ['temperature', [0, 1], Array.from({ length: 12 }, (_, i) => 10 + i)],
  ]
  const head = joined(text('CDF\u0001'), int(0), int(10, 2), name('lat'), int(3), name('lon'), int(4), int(0, 0), int(11, variables.length))
  const entry = ([title, dimensions, values]: (typeof variables)[number], begin: number): Uint8Array =>
    joined(name(title), int(dimensions.length, ...dimensions), int(0, 0), int(6, 8 * values.length, begin))
  let begin = variables.reduce((sum, variable) => sum + entry(variable, 0).length, head.length)
  const entries = variables.map((variable) => {
    const bytes = entry(variable, begin)
    begin += 8 * variable[2].length
    return bytes
  })
  return joined(head, ...entries, ...variables.map(([, , values]) => doubles(values)))
}

/** A little TIFF of one band, georeferenced. */
function band(first: number): Uint8Array {
  const tags: TinyTag[] = [
    { id: 256, type: 3, values: [4] },
    { id: 257, type: 3, values: [3] },
    { id: 258, type: 3, values: [8] },
    { id: 259, type: 3, values: [1] },
    { id: 262, type: 3, values: [1] },
    { id: 277, type: 3, values: [1] },
    { id: 278, type: 3, values: [3] },
    { id: 33550, type: 12, values: [30, 30, 0] },
    { id: 33922, type: 12, values: [0, 0, 0, 500_000, 4_600_000, 0] },
    { id: 34735, type: 3, values: [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32632] },
  ]
  return tinyTiff([{ tags, blocks: [Uint8Array.from({ length: 12 }, (_, i) => first + i)] }])
}

/** A ZIP archive of deflated members, as .npz and .xlsx are. */
function zipped(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const [locals, directory]: [Uint8Array[], Uint8Array[]] = [[], []]
  let at = 0
  for (const [name, content] of Object.entries(members)) {
    const packed = deflateRawSync(content)
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(8, 4)
    shared.writeUInt32LE(crc32(content), 10)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(content.length, 18)
    shared.writeUInt16LE(name.length, 22)
    const local = joined(text('PK\u0003\u0004'), shared, text(name), packed)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    directory.push(joined(text('PK\u0001\u0002'), Uint8Array.of(20, 0), shared, tail, text(name)))
    locals.push(local)
    at += local.length
  }
  const index = joined(...directory)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 0, 'latin1')
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(index.length, 12)
  end.writeUInt32LE(at, 16)
  return joined(...locals, index, end)
}

function npy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`
  const padded = `${header.padEnd(117)}\n`
  return joined(Uint8Array.of(0x93), text('NUMPY'), Uint8Array.of(1, 0, padded.length, 0), text(padded), data)
}

const sheet = `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${Array.from(
  { length: 12 },
  (_, r) =>
    `<row r="${r + 1}">${r === 0 ? '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>' : `<c r="A${r + 1}"><v>${r * 1.25}</v></c><c r="B${r + 1}" t="s"><v>${2 + (r % 2)}</v></c>`}</row>`,
).join('')}</sheetData></worksheet>`
const workbook = zipped({
  '[Content_Types].xml': text(
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
  ),
  '_rels/.rels': text(
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
  ),
  'xl/workbook.xml': text(
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
  ),
  'xl/_rels/workbook.xml.rels': text(
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
  ),
  'xl/sharedStrings.xml': text(
    '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="4" uniqueCount="4"><si><t>length</t></si><si><t>kind</t></si><si><t>long</t></si><si><t>short</t></si></sst>',
  ),
  'xl/worksheets/sheet1.xml': text(sheet),
})

export const madeSeeds: readonly Seed[] = [
  one('table.csv', text(csv)),
  one('table.csv.gz', gzipSync(text(csv))),
  one('decimal.csv', text(csv.replaceAll(',', ';').replaceAll('.', ','))),
  one('utf16.csv', joined(Uint8Array.of(0xff, 0xfe), Buffer.from(csv, 'utf16le'))),
  one('vectors.npy', npy('<f4', '8, 5', bytesOf(floats(40)))),
  one(
    'both.npz',
    zipped({
      'X.npy': npy('<f4', '8, 5', bytesOf(floats(40))),
      'y.npy': npy('<i8', '8,', bytesOf(BigInt64Array.from({ length: 8 }, (_, i) => BigInt(i % 2)))),
    }),
  ),
  one('records.jsonl', text(lines)),
  one('records.json', text(`[${lines.replaceAll('\n', ',')}]`)),
  {
    name: 'made/scene.hdr',
    open: 'scene.hdr',
    files: [
      { path: 'scene.hdr', bytes: () => text(enviHeader) },
      { path: 'scene.img', bytes: () => bytesOf(floats(105)) },
    ],
  },
  one('weights.safetensors', joined(tensorLength, tensorHeader, bytesOf(floats(24)))),
  tenx((bytes) => bytes, ''),
  tenx((bytes) => gzipSync(bytes), '.gz'),
  one('book.xlsx', workbook),
  one('genes.tsv', text(geneTable)),
  { ...one('log.csv', text(log)), options: { 'series.length': 4, 'series.stride': 2, 'series.time': ['time'], 'series.unit': 'node' } },
  one('grid.nc', netcdf()),
  {
    name: 'made/scene of two bands',
    open: '.',
    files: [1, 2].map((number) => ({ path: `LC08_scene_B${number}.TIF`, bytes: () => band(10 * number) })),
  },
]

/**
 * Random windows of a large tiled GeoTIFF, read by our reader and by GDAL through one thread, window by window in turns.
 *
 *   node test/bench/cog.ts [--json] [--side 20000] [--windows 40] [--rounds 5] [--file scene.tif] [--type UInt16|Float32]
 *
 * Without --file a scene of side × side × 4 is written to a temporary folder (DEFLATE, predictor, tiles of 512; about 2 GB at full
 * size) and removed afterwards. GDAL reads its own type; ours gives float32 with missing values. Both keep 64 MB of decoded tiles,
 * the windows are the same and lie anywhere, and the file is in the system's cache. "one thread" decodes on the calling thread
 * only. The bar is 0.8 of GDAL's speed. Times of the processor are given as well: on a busy machine only they say much.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openGeotiff } from '#engine/data/readers/geotiff/open.ts'

const after = (flag: string): string => (process.argv.includes(flag) ? (process.argv[process.argv.indexOf(flag) + 1] as string) : '')
const side = Number(after('--side') || 20_000)
const windows = Number(after('--windows') || 40)
const rounds = Number(after('--rounds') || 5)
const type = after('--type') || 'UInt16'
const [bands, size] = [4, 512]
const folder = mkdtempSync(join(tmpdir(), 'stratum-cog-'))

/** A piece of 4096² of smooth relief and noise, which deflates like a scene, repeated over the whole side. */
const makeScene = `
import sys, numpy as np
from osgeo import gdal
gdal.UseExceptions()
folder, side, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
piece = 4096
y, x = np.mgrid[0:piece, 0:piece].astype(np.float32) / piece * 2 * np.pi
noise = np.random.default_rng(1)
ds = gdal.GetDriverByName('GTiff').Create(folder + '/piece.tif', piece, piece, 4, gdal.GetDataTypeByName(kind))
ds.SetGeoTransform([0, 10, 0, 0, 0, -10])
for b in range(4):
    field = 3000 + 900 * np.sin((b + 1) * x) * np.cos(3 * y) + 300 * np.sin(17 * x + b) * np.sin(11 * y) + noise.normal(0, 25, (piece, piece))
    ds.GetRasterBand(b + 1).WriteArray(field.astype(np.uint16) if kind == 'UInt16' else (field / 10000).astype(np.float32))
ds = None
n = -(-side // piece)
sources = ''.join(f'<SimpleSource><SourceFilename relativeToVRT="1">piece.tif</SourceFilename><SourceBand>{{b}}</SourceBand><SrcRect xOff="0" yOff="0" xSize="{min(piece, side - i * piece)}" ySize="{min(piece, side - j * piece)}"/><DstRect xOff="{i * piece}" yOff="{j * piece}" xSize="{min(piece, side - i * piece)}" ySize="{min(piece, side - j * piece)}"/></SimpleSource>' for j in range(n) for i in range(n))
open(folder + '/scene.vrt', 'w').write(f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}"><SRS>EPSG:32632</SRS><GeoTransform>500000,10,0,5000000,0,-10</GeoTransform>' + ''.join(f'<VRTRasterBand dataType="{kind}" band="{b}">{sources.replace("{b}", str(b))}</VRTRasterBand>' for b in range(1, 5)) + '</VRTDataset>')
gdal.Translate(folder + '/scene.tif', folder + '/scene.vrt', format='COG', creationOptions=['COMPRESS=DEFLATE', 'PREDICTOR=YES', 'BLOCKSIZE=512', 'LEVEL=6', 'OVERVIEWS=NONE', 'BIGTIFF=YES', 'NUM_THREADS=ALL_CPUS'])
`

/** Reads the windows of a line of its input and answers with seconds, those of the processor, and the sum of all values. */
const gdalReader = `
import sys, time
from osgeo import gdal
gdal.UseExceptions()
gdal.SetCacheMax(64 << 20)
ds = gdal.Open(sys.argv[1])
print(ds.RasterXSize, flush=True)
for line in sys.stdin:
    total, spent, busy = 0.0, 0.0, 0.0
    for window in line.split():
        x, y, w, h = map(int, window.split(','))
        start, work = time.perf_counter(), time.process_time()
        values = ds.ReadAsArray(x, y, w, h)
        spent += time.perf_counter() - start
        busy += time.process_time() - work
        total += float(values.sum(dtype='float64'))
    print(spent, busy, total, flush=True)
`

interface Peer {
  ask(line: string): Promise<string>
  end(): void
}

async function gdalPeer(path: string): Promise<Peer> {
  const child = spawn('/usr/bin/python3', ['-c', gdalReader, path], {
    env: { ...process.env, GDAL_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`)
      return String((await lines.next()).value)
    },
    end: () => void child.stdin.end(),
  }
}

/** The same windows on every machine (mulberry32). */
function randomWindows(seed: number, width: number, height: number): { x: number; y: number }[] {
  let state = seed
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return Array.from({ length: windows }, () => ({ x: Math.floor(random() * (width - size)), y: Math.floor(random() * (height - size)) }))
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number

async function main(): Promise<void> {
  const path = after('--file') || join(folder, 'scene.tif')
  if (!after('--file')) execFileSync('/usr/bin/python3', ['-c', makeScene, folder, String(side), type], { stdio: 'inherit' })
  const gdal = await gdalPeer(path)
  const ours = { parallel: await openGeotiff(path, {}), alone: await openGeotiff(path, {}, undefined, true) }
  const { grid, columns } = ours.parallel.report
  const wanted = columns.slice(0, bands).map((_, band) => band)
  const sides = ['gdal', 'parallel', 'alone'] as const
  type Side = (typeof sides)[number]
  const seconds: Record<Side, { wall: number; busy: number }[]> = { gdal: [], parallel: [], alone: [] }
  for (let round = 0; round <= rounds; round++) {
    const took = { gdal: { wall: 0, busy: 0 }, parallel: { wall: 0, busy: 0 }, alone: { wall: 0, busy: 0 } }
    for (const { x, y } of randomWindows(round + 1, grid?.width ?? 0, grid?.height ?? 0)) {
      const [wall = 0, busy = 0, sum = 0] = (await gdal.ask(`${x},${y},${size},${size}`)).split(' ').map(Number)
      took.gdal.wall += wall
      took.gdal.busy += busy
      for (const side of ['parallel', 'alone'] as const) {
        const [start, work] = [performance.now(), process.cpuUsage()]
        const values = await ours[side].readWindow(wanted, { x, y, width: size, height: size, outWidth: size, outHeight: size })
        const { user, system } = process.cpuUsage(work)
        took[side].wall += (performance.now() - start) / 1000
        took[side].busy += (user + system) / 1e6
        const total = values.reduce((all, value) => all + value, 0)
        if (Math.abs(total - sum) > 1e-6 * Math.abs(sum)) throw new Error(`GDAL read other values: their sum is ${sum}, ours ${total}`)
      }
    }
    // The first round fills the system's cache and warms up the compilers.
    if (round > 0) for (const side of sides) seconds[side].push(took[side])
  }
  gdal.end()
  await Promise.all([ours.parallel.close(), ours.alone.close()])
  type Clock = 'wall' | 'busy'
  const ratio = (side: Side, clock: Clock): number =>
    median(seconds[side].map((own, i) => (seconds.gdal[i] as { wall: number; busy: number })[clock] / own[clock]))
  const perWindow = (side: Side, clock: Clock): number => (median(seconds[side].map((own) => own[clock])) / windows) * 1000
  const result = {
    name: `${grid?.width} × ${grid?.height} × ${columns.length} ${ours.parallel.report.dtype}, windows of ${size}`,
    bar: 0.8,
    rows: sides.map((side) => ({
      reader: { gdal: 'GDAL, one thread', parallel: 'ours', alone: 'ours, one thread' }[side],
      ms: perWindow(side, 'wall'),
      ratio: ratio(side, 'wall'),
      processorMs: perWindow(side, 'busy'),
      processorRatio: ratio(side, 'busy'),
    })),
  }
  if (process.argv.includes('--json')) console.log(JSON.stringify(result))
  else {
    console.log(`${result.name}; bar ${result.bar} of GDAL's speed`)
    for (const { reader, ms, ratio, processorMs, processorRatio } of result.rows)
      console.log(
        `  ${reader.padEnd(18)} ${ms.toFixed(1).padStart(6)} ms a window (${ratio.toFixed(2)}), processor ${processorMs.toFixed(1)} ms (${processorRatio.toFixed(2)})`,
      )
  }
}

try {
  await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Energy that the machine used while something was computed, where it can be read: the processor's own counters (RAPL, Linux) and, for a
 * run on a card, the card's power drawn out every second (nvidia-smi). Whatever else ran meanwhile is in it. Where nothing can be read the
 * answer is null with the reason; nothing is estimated.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Energy {
  readonly wattHours: number | null
  /** What was read, or why nothing could be. */
  readonly source: string
}

export interface EnergyMeter {
  /** Ends the measuring; what was read is kept. */
  close(): Promise<void>
  /** What was used until it was closed. */
  read(): Promise<Energy>
}

/** Ends with the joules since it began; null where it could no longer be read. */
interface Counter {
  readonly source: string
  end(): Promise<number | null> | number | null
}

const powercap = '/sys/class/powercap'
/** Counters begin again after a few minutes of full load at the earliest. */
const counterPollMs = 30_000
const cardPollMs = 1000

/**
 * @param device  where it is computed: 'cpu', or a card, which has to be readable then; the processor's part is added where it is
 * @param root    of the processor's counters
 */
export function openEnergyMeter(device: string, root = powercap): EnergyMeter {
  const processor = processorCounter(root)
  const card = device === 'cpu' ? null : cardCounter()
  const present = [card, processor].filter((it) => it !== null && typeof it !== 'string')
  let joules: (number | null)[] | null = null
  const close = async (): Promise<void> => {
    if (joules !== null) return
    joules = []
    for (const counter of present) joules.push(await counter.end())
  }
  return {
    close,
    async read() {
      await close()
      if (card === null && typeof processor === 'string') return { wattHours: null, source: processor }
      let total = 0
      for (const it of joules ?? []) {
        if (it === null) return { wattHours: null, source: 'the counters could not be read to the end' }
        total += it
      }
      const without = typeof processor === 'string' ? ', without the processor' : ''
      return { wattHours: total / 3600, source: present.map(({ source }) => source).join(' and ') + without }
    },
  }
}

/** One processor package: what its counter showed last, and where it begins again. */
interface Package {
  readonly file: string
  readonly range: number
  last: number
}

/** The sum over processor packages, or why there is none. */
function processorCounter(root: string): Counter | string {
  let packages: Package[]
  try {
    packages = readdirSync(root)
      .filter((name) => /^(intel|amd)-rapl:\d+$/.test(name))
      .filter((name) => readFileSync(join(root, name, 'name'), 'utf8').startsWith('package'))
      .map((name) => {
        const file = join(root, name, 'energy_uj')
        return { file, range: number(join(root, name, 'max_energy_range_uj')), last: number(file) }
      })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EACCES' || code === 'EPERM'
      ? 'only administrators may read the processor’s energy counters here'
      : 'this machine shows no energy counters'
  }
  if (packages.length === 0) return 'this machine shows no energy counters'
  let microjoules: number | null = 0
  const update = (): void => {
    try {
      for (const it of packages) {
        const now = number(it.file)
        if (microjoules !== null) microjoules += now >= it.last ? now - it.last : now - it.last + it.range
        it.last = now
      }
    } catch {
      microjoules = null // said by read()
    }
  }
  const timer = setInterval(update, counterPollMs)
  timer.unref()
  return {
    source: 'the processor’s counters (RAPL)',
    end() {
      clearInterval(timer)
      update()
      return microjoules === null ? null : microjoules / 1e6
    },
  }
}

function number(file: string): number {
  const value = Number(readFileSync(file, 'utf8'))
  if (!Number.isFinite(value)) throw new Error(`${file} holds no number`)
  return value
}

/** Power of all cards, summed over the time between two readings. */
function cardCounter(): Counter {
  const run = promisify(execFile)
  let [joules, power, at]: [number | null, number | null, number] = [0, null, performance.now()]
  const read = async (): Promise<void> => {
    try {
      const { stdout } = await run('nvidia-smi', ['--query-gpu=power.draw', '--format=csv,noheader,nounits'], { timeout: 5000 })
      const watts = stdout.trim().split('\n').map(Number)
      const now = performance.now()
      const drawn = watts.reduce((sum, it) => sum + it, 0)
      if (!Number.isFinite(drawn)) joules = null
      else if (joules !== null) joules += (((power ?? drawn) + drawn) / 2) * ((now - at) / 1000)
      ;[power, at] = [drawn, now]
    } catch {
      joules = null // said by read()
    }
  }
  let reading = read()
  const timer = setInterval(() => (reading = reading.then(() => (joules === null ? undefined : read()))), cardPollMs)
  timer.unref()
  return {
    source: 'the card’s power (nvidia-smi)',
    async end() {
      clearInterval(timer)
      await reading
      if (joules !== null) await read()
      return joules
    },
  }
}

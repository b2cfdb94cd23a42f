/**
 * A process that owns step sessions on a graphics card: what goes wrong on a card often ends the process, and then it ends this
 * one. See graphicsProcess.ts for the other end; when that is gone, so is this.
 */
import type { HostArray } from '../../step.ts'
import type { Answer, Request } from './protocol.ts'
import { missingOperations } from './operations.ts'
import { type Provider, providerById } from './provider.ts'
import { holdOn, StepSession } from './stepSession.ts'

interface Opened {
  readonly session: StepSession
  /** Parts of arrays that the next 'load' puts in place. */
  arriving: Record<'state' | 'inputs', Record<string, HostArray>>
}
const sessions = new Map<number, Opened>()
/** Sessions that are open as long as the process runs; it serves one provider. */
const held: object[] = []

function opened(id: number): Opened {
  const found = sessions.get(id)
  if (!found) throw new Error('the graphics session is closed')
  return found
}

async function hold(provider: Provider): Promise<void> {
  if (!held.length) held.push(await holdOn(provider))
}

function knownProvider(id: string): Provider {
  const provider = providerById(id)
  if (!provider) throw new Error(`there is no provider '${id}'`)
  return provider
}

async function answer(request: Request): Promise<Answer> {
  const { id } = request
  switch (request.kind) {
    case 'open': {
      const provider = knownProvider(request.providerId)
      await hold(provider)
      sessions.set(id, { session: await StepSession.open(request.programs, provider), arriving: { state: {}, inputs: {} } })
      return { id, kind: 'done' }
    }
    case 'attempt':
      await hold(knownProvider(request.providerId))
      return { id, kind: 'done' }
    case 'examine':
      return { id, kind: 'examined', missing: await missingOperations(request.programs, knownProvider(request.providerId)) }
    case 'part': {
      const { role, name, shape, length, offset, values } = request
      const { arriving } = opened(request.session)
      arriving[role][name] ??= { shape, values: values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length) }
      arriving[role][name].values.set(values, offset)
      return { id, kind: 'done' }
    }
    case 'load': {
      const target = opened(request.session)
      const { arriving } = target
      target.arriving = { state: {}, inputs: {} }
      await target.session.load(arriving)
      return { id, kind: 'done' }
    }
    case 'run':
      return { id, kind: 'arrays', arrays: await opened(request.session).session.run(request.scan, request.steps) }
    case 'state':
      return { id, kind: 'arrays', arrays: await opened(request.session).session.state() }
    case 'close': {
      const { session } = opened(request.session)
      sessions.delete(request.session)
      await session.close()
      return { id, kind: 'done' }
    }
  }
}

let last: Promise<void> = Promise.resolve()
process.on('message', (request: Request) => {
  last = last.then(async () => {
    const reply = await answer(request).catch(
      (error: unknown): Answer => ({ id: request.id, kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
    process.send?.(reply)
  })
})
process.on('disconnect', () => process.exit(0))

/**
 * A process that owns one step session on a graphics card: what goes wrong on a card often ends the process, and then it ends
 * this one. See graphicsProcess.ts for the other end; when that is gone, so is this.
 */
import type { HostArray } from '../../step.ts'
import type { Answer, Request } from './protocol.ts'
import { providerById } from './provider.ts'
import { StepSession } from './stepSession.ts'

let session: StepSession | null = null
let arriving: Record<'state' | 'inputs', Record<string, HostArray>> = { state: {}, inputs: {} }

function opened(): StepSession {
  if (!session) throw new Error('the graphics session is not open')
  return session
}

async function answer(request: Request): Promise<Answer> {
  const { id } = request
  switch (request.kind) {
    case 'open': {
      const provider = providerById(request.providerId)
      if (!provider) throw new Error(`there is no provider '${request.providerId}'`)
      session = await StepSession.open(request.programs, provider)
      return { id, kind: 'done' }
    }
    case 'part': {
      const { role, name, shape, length, offset, values } = request
      arriving[role][name] ??= { shape, values: values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length) }
      arriving[role][name].values.set(values, offset)
      return { id, kind: 'done' }
    }
    case 'load': {
      const arrived = arriving
      arriving = { state: {}, inputs: {} }
      await opened().load(arrived)
      return { id, kind: 'done' }
    }
    case 'run':
      return { id, kind: 'arrays', arrays: await opened().run(request.scan, request.steps) }
    case 'state':
      return { id, kind: 'arrays', arrays: await opened().state() }
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

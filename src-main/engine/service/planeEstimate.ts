/** What a plane would cost, for the window and the command line. */
import type { z } from 'zod'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { LatentsMeta } from '#common/domain/results.ts'
import { slowness } from '../analysis/embedding/cost.ts'
import { computeSettings, defaultThreads } from '../compute/devices/settings.ts'
import { costOfPlane } from '../operations/embed.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Place } from './estimates.ts'

type Asked = z.output<EngineCalls['estimatePlane']['input']>
type Answer = z.output<EngineCalls['estimatePlane']['output']>

/** @throws ARTIFACT_KIND, PARAMETER_INVALID, CANCELLED */
export async function estimatePlane({ latents, params }: Asked, { project, isBusy, signal, threads }: Place): Promise<Answer> {
  const { meta } = finishedArtifact(project, latents, 'latents')
  const workers = threads ?? computeSettings(project).threads ?? defaultThreads()
  const { alone, shared, method, ...sizes } = costOfPlane(params, meta as unknown as LatentsMeta)
  const seconds = alone + shared / workers
  const earlier = project
    .artifacts()
    .findLast((one) => one.kind === 'embedding2d' && one.status === 'done' && one.meta.method === method && one.seconds)
  if (earlier?.seconds && earlier.inputs.latents !== undefined) {
    const then = costOfPlane(earlier.params, project.artifact(earlier.inputs.latents).meta as unknown as LatentsMeta)
    const supposed = then.alone + then.shared / workers
    // A short one tells more of opening and writing than of its rows.
    if (supposed > 0.1) return { ...sizes, seconds: (seconds * earlier.seconds) / supposed, basis: 'earlier run' }
  }
  if (isBusy) return { ...sizes, seconds: null, basis: null }
  return { ...sizes, seconds: seconds * (await slowness(signal)), basis: 'probe' }
}

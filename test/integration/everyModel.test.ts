/**
 * Every model of the registry on every kind of data that it claims: trained and encoded from the command line and by the calls of the
 * window in turns, so that each model and each kind goes both ways; and of each model on one kind all that follows.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type EngineCalls, engineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { isDictionary } from '#common/domain/dictionaries.ts'
import type { LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { answerCalls } from '#common/serve.ts'
import { type ModelDefinition, preparationFor } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { createService, type Service } from '#engine/service/service.ts'
import { command, jsonLines } from '../helpers/commandLine.ts'
import { pairs, smallSettings, tinyData, tinyKinds } from '../helpers/everyKind.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-every-'))
const data = Object.fromEntries(tinyKinds.map((kind) => [kind, tinyData(kind, folder)]))
afterAll(() => rmSync(folder, { recursive: true }))

/** Turns: neighbours in the list go different ways, and so do the kinds of one model and of the next. */
const isTurn = (of: 0 | 1) => (_: unknown, i: number) => (i + Math.floor(i / 5)) % 2 === of
/** The kind on which a model goes all the way: another one for each. */
const allTheWay = (id: string, kind: string): boolean => {
  const at = models.findIndex((model) => model.id === id)
  const { fits } = models[at]
  return fits[at % fits.length] === kind
}

function checkModel({ meta, status }: Artifact, model: ModelDefinition): void {
  const { model: id, columns, conditions = 0, codeSize, columnError, explainedVariance, trainError } = meta as unknown as ModelMeta
  expect([status, id]).toEqual(['done', model.id])
  expect(codeSize).toBeGreaterThan(0)
  expect(columnError).toHaveLength(columns.length - conditions)
  expect([trainError, explainedVariance].every(Number.isFinite)).toBe(true)
}
function checkLatents({ meta }: Artifact): void {
  const { validRows, meanError, codeRange } = meta as unknown as LatentsMeta
  expect(validRows).toBeGreaterThan(100)
  expect([meanError, ...codeRange.flatMap(({ min, max }) => [min, max])].every(Number.isFinite)).toBe(true)
}
const filesFor = ({ id }: ModelDefinition, channel: string): readonly (readonly [target: string, path: string])[] => [
  ['onnx', join(folder, `${channel}-${id}.onnx`)],
  ['safetensors', join(folder, `${channel}-${id}.safetensors`)],
  ...(isDictionary(id) ? [['saelens', join(folder, `${channel}-${id}`)] as const] : []),
]

describe('from the command line', () => {
  const path = join(folder, 'line.stratum')
  const run = async (...args: string[]): Promise<Artifact> => {
    const { code, out, error } = await command(...args, '--threads', '1', '--json')
    expect(code, `${args.join(' ')}\n${error}\n${out.slice(-1000)}`).toBe(0)
    return (jsonLines(out).at(-1) as { result: Artifact }).result
  }
  beforeAll(async () => {
    await command('new', path)
    for (const kind of tinyKinds) {
      const { path: file, options } = data[kind]
      const sets = Object.entries(options).flatMap(([name, value]) => ['--set', `${name}=${value}`])
      await run('import', path, file, '--name', kind, ...sets)
    }
  })

  test.each(pairs.filter(isTurn(0)))('%s on %s', async (id, kind, model, tiny) => {
    const sets = Object.entries(smallSettings(model)).flatMap(([name, value]) => [
      '--set',
      `${name}=${Array.isArray(value) ? value.join(',') : value}`,
    ])
    const trained = await run('train', path, tiny, '--model', id, '--name', `${id} ${kind}`, ...sets)
    checkModel(trained, model)
    checkLatents(await run('encode', path, String(trained.id)))
    if (!allTheWay(id, kind)) return
    expect((await run('score', path, String(trained.id))).meta).toMatchObject({ flagged: expect.any(Number) })
    expect((await run('cluster', path, String(trained.id), '--k', '3')).meta).toMatchObject({ k: 3 })
    for (const [target, file] of filesFor(model, 'line')) await run('export', path, String(trained.id), file, '--target', target)
  })
})

describe('by the calls of the window', () => {
  let service: Service
  const call = async <K extends keyof EngineCalls & string>(name: K, input: z.input<EngineCalls[K]['input']>) => {
    const answer = await answerCalls(engineCalls, service, (thrown) => {
      throw thrown
    })(name, input)
    if (!answer.ok) throw answer.error
    return engineCalls[name].output.parse(answer.value) as z.output<EngineCalls[K]['output']>
  }
  const run = async (request: z.input<EngineCalls['run']['input']>): Promise<Artifact> => {
    const { id } = await call('run', request)
    for (;;) {
      const job = (await call('listJobs', {})).find((it) => it.id === id)
      if (job && !['queued', 'running', 'paused'].includes(job.status)) {
        expect(job).toMatchObject({ status: 'done', error: null })
        return (await call('listArtifacts', {})).find((it) => it.id === job.artifact) as Artifact
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const imported = new Map<string, number>()
  beforeAll(async () => {
    service = createService(() => undefined)
    await call('createProject', { path: join(folder, 'window.stratum') })
    await call('setComputeSettings', { threads: 1 })
    for (const kind of tinyKinds) imported.set(kind, (await run({ operation: 'import', params: { ...data[kind] } })).id)
  })
  afterAll(() => service.dispose())

  test.each(pairs.filter(isTurn(1)))('%s on %s', async (id, kind, model, tiny) => {
    const dataset = imported.get(tiny) as number
    const conditions = model.takesConditions && tiny === 'table' ? { conditions: ['f'] } : {}
    const matrix = await run({
      operation: 'prepare',
      inputs: { dataset },
      params: { ...preparationFor(model, model.presets[0]), ...conditions },
    })
    const trained = await run({ operation: 'train', inputs: { matrix: matrix.id }, params: { model: id, settings: smallSettings(model) } })
    checkModel(trained, model)
    const latents = await run({ operation: 'encode', inputs: { model: trained.id } })
    checkLatents(latents)
    if (!allTheWay(id, kind)) return
    expect((await run({ operation: 'score', inputs: { latents: latents.id } })).meta).toMatchObject({ flagged: expect.any(Number) })
    expect((await run({ operation: 'cluster', inputs: { latents: latents.id }, params: { k: 3 } })).meta).toMatchObject({ k: 3 })
    for (const [target, file] of filesFor(model, 'window'))
      await run({ operation: 'export', inputs: { source: trained.id }, params: { path: file, target } })
  })
})

test('every model went all the way once, and was written in every form that it has', () => {
  const written = readdirSync(folder)
  for (const { id } of models)
    expect(
      written.filter((name) => [`line-${id}`, `window-${id}`].some((stem) => name === stem || name.startsWith(`${stem}.`))).length,
      id,
    ).toBe(isDictionary(id) ? 5 : 4)
})

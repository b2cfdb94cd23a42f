import { expect, test } from 'vitest'
import { type MetricPoint, trainModel } from '#engine/train/train.ts'
import { memoryStore, trainOptions } from '../../../helpers/training.ts'

const small = { encoder: [8], codeSize: 2, epochs: 6, batchSize: 64, inputNoise: 0.05, learningRate: 0.02, patience: 0 }
const noHoldout = { holdout: new Float32Array(0), holdoutRows: 0 }

test.each([
  ['Nesterov’s momentum, in stairs', { optimiser: 'sgd', nesterov: true, learningRateSchedule: 'step', learningRatePasses: 2 }, {}],
  [
    'plain gradient descent, by milestones',
    { optimiser: 'sgd', momentum: 0, learningRateSchedule: 'step', learningRateMilestones: [1, 4] },
    {},
  ],
  [
    'RMSprop with momentum, when learning stalls',
    { optimiser: 'rmsprop', momentum: 0.5, learningRateSchedule: 'plateau', learningRatePasses: 1 },
    {},
  ],
  [
    'Adam, when learning stalls without held-out rows',
    { learningRate: 0.3, learningRateSchedule: 'plateau', learningRatePasses: 1 },
    noHoldout,
  ],
  [
    'Lion with weight decay, clipping and warm-up',
    { optimiser: 'lion', weightDecay: 0.1, gradientClip: 0.1, gradientClipValue: 0.05, warmupSteps: 9, learningRateSchedule: 'cosine' },
    {},
  ],
])('a resumed run gives the same bytes and the same curve: %s', async (_, params, rows) => {
  const run = async (checkpoint: ReturnType<typeof memoryStore>, checkpointSeconds: number) => {
    const points: MetricPoint[] = []
    const options = { ...rows, checkpoint, checkpointSeconds, addMetrics: (p: readonly MetricPoint[]) => points.push(...p) }
    return { ...(await trainModel(trainOptions('autoencoder', { ...small, ...params }, options))), points }
  }
  const store = memoryStore()
  const whole = await run(store, 0)
  const last = store.saved.length - 1
  for (const i of [0, Math.floor(last / 2), last]) {
    const resumed = await run(memoryStore(store.saved[i]), 1e6)
    expect(resumed.weights).toEqual(whole.weights)
    expect(resumed).toMatchObject({ steps: whole.steps, rowsSeen: whole.rowsSeen, epochs: whole.epochs, stopped: whole.stopped })
    expect(resumed.points).toEqual(whole.points.slice(whole.points.length - resumed.points.length))
  }
  if ('learningRateSchedule' in params && params.learningRateSchedule === 'plateau') {
    const falls = store.saved.map(({ state }) => (state as { within: { plateau: { falls: number } } }).within.plateau.falls)
    expect(Math.max(...falls)).toBeGreaterThan(0)
  }
})

test('a run that was killed after it had stopped early trains no further', async () => {
  // Held-out rows of another kind: learning the training rows soon makes them worse.
  const holdout = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * i))
  const params = { ...small, epochs: 5000, learningRate: 0.01, patience: 3, inputNoise: 0 }
  const store = memoryStore()
  const whole = await trainModel(trainOptions('autoencoder', params, { holdout, checkpoint: store, checkpointSeconds: 0 }))
  expect(whole.stopped).toBe('early')
  const checkpoint = memoryStore(store.saved.at(-1))
  const resumed = await trainModel(trainOptions('autoencoder', params, { holdout, checkpoint }))
  expect(resumed.weights).toEqual(whole.weights)
  expect(resumed).toMatchObject({ steps: whole.steps, epochs: whole.epochs, stopped: 'early' })
})

test('what a model chooses for itself where nothing is given holds in training too', async () => {
  // The stacked autoencoder's step size falls along a cosine, other models' stays.
  const params = { layers: [3], layerEpochs: 2, fineTuneEpochs: 0, batchSize: 64 }
  const [unsaid, said] = [
    await trainModel(trainOptions('stacked', params)),
    await trainModel(trainOptions('stacked', { ...params, learningRateSchedule: 'cosine' })),
  ]
  expect(unsaid.weights).toEqual(said.weights)
})

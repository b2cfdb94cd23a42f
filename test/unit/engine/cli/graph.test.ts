import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { command, jsonLines } from '../../../helpers/commandLine.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

test('graph shows what a model compiles to, with the counts of each program', async () => {
  const { code, out } = await command('graph', 'autoencoder', '--columns', '5', '--set', 'encoder=[8]', '--set', 'activation=relu')
  expect(code).toBe(0)
  const headings = out.split('\n').filter((line) => line.startsWith('# autoencoder'))
  expect(headings).toEqual([
    '# autoencoder, Autoencoder, training step of 256 rows',
    '# autoencoder, Autoencoder, judging',
    '# autoencoder, encode',
  ])
  expect(out).toMatch(/# \d+ kernel calls → \d+ nodes → \d+ used → \d+ ONNX nodes; [\d\u2009 ]+ bytes/)
  expect(out).toMatch(/f32\[256,5\] = Gather\(inputs\.x, scan\.rows, axis=0\)/)
  expect(out).toMatch(/f32\[256,8\] = Gemm\(/)
})

test('graph --counts leaves the operations out, and simplifying never adds', async () => {
  const { out } = await command('graph', 'stacked', '--counts', '--json')
  const [{ result }] = jsonLines(out) as [{ result: Record<string, number>[] }]
  expect(result).toHaveLength(9)
  for (const { nodes, used, onnxNodes, bytes, text } of result) {
    expect(text).toBeUndefined()
    expect(used).toBeLessThanOrEqual(nodes)
    expect(onnxNodes).toBeGreaterThan(0)
    expect(bytes).toBeGreaterThan(onnxNodes)
  }
})

test('graph knows the settings of a model, and says so of one in closed form', async () => {
  expect((await command('graph', 'autoencoder', '--set', 'encodr=[8]')).error).toContain('encoder')
  expect((await command('graph', 'none')).code).toBe(2)
  expect((await command('graph', 'pca')).out).toContain('closed form')
})

test('train --dump-graph shows the programs for the columns of a dataset and trains nothing', async () => {
  const [project, table] = [folder.file('p.stratum'), folder.file('rows.csv')]
  writeFileSync(table, ['a,b,c', ...Array.from({ length: 30 }, (_, i) => `${i},${i * i},${Math.sin(i)}`)].join('\n'))
  await command('new', project)
  await command('import', project, table)
  const { code, out, error } = await command('train', project, '1', '--model', 'autoencoder', '--dump-graph')
  expect([code, error]).toEqual([0, ''])
  expect(out).toContain('f32[256,3] = Gather(inputs.x')
  expect((await command('list', project)).out).not.toContain('model')
  expect((await command('train', project, '--dump-graph')).code).toBe(2)
})

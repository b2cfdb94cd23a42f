/**
 * What sparse autoencoders find: directions that are known, and word vectors.
 *
 *   node test/bench/sae.ts [--json] [--only recovery|glove] [--model sae-topk,…] [--seeds 1,2,3]
 *
 * Recovery: 200 unit directions in 64 columns, five in a row on average with strengths 0.5 … 1.5; 256 latents, 3000 steps of 1024 rows
 * that are all different, everything else as the balanced preset has it; the gated and the JumpReLU dictionary also with their thorough
 * preset, over 7000 steps. Found is a direction whose cosine with some latent's is above 0.9.
 *
 * GloVe: 18 000 of 20 000 word vectors of 100 columns, 800 latents, 16 codes per row, 50 passes, the balanced preset; explained variance,
 * codes per row of the 2000 held out; dead latents are those that none of the 20 000 rows uses.
 */
import { availableParallelism } from 'node:os'
import { type DictionaryFigures, gloveParams, gloveRows, recovery, trainDictionary } from '../helpers/dictionaries.ts'

const optionOf = (name: string, otherwise: string): string =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise
const json = process.argv.includes('--json')
const only = optionOf('--only', '')
const models = optionOf('--model', 'sae-relu,sae-topk,batch-topk,sae-jumprelu,sae-gated').split(',')
const seeds = optionOf('--seeds', '1').split(',').map(Number)
const threads = availableParallelism()

function print(what: string, id: string, seed: number, figures: DictionaryFigures & { readonly recovered?: number }): void {
  const { explainedVariance, codesPerRow, dead, steps, seconds, recovered } = figures
  const line = { what, model: id, seed, recovered, explainedVariance, codesPerRow, dead, steps, seconds }
  const found = recovered === undefined ? '' : `  found ${(100 * recovered).toFixed(1).padStart(5)} %`
  const text = `${what.padEnd(18)} ${id.padEnd(13)} seed ${seed}${found}  explained ${explainedVariance.toFixed(3)}  codes ${codesPerRow.toFixed(2).padStart(5)}  dead ${(100 * dead).toFixed(1).padStart(4)} %  ${steps} steps ${seconds.toFixed(0)} s`
  process.stdout.write(`${json ? JSON.stringify(line) : text}\n`)
}

for (const id of models)
  for (const seed of seeds) {
    if (only === 'glove') continue
    print('recovery', id, seed, await recovery(id, { seed, threads }))
    if (id === 'sae-gated' || id === 'sae-jumprelu')
      print('recovery, thorough', id, seed, await recovery(id, { preset: 'long', steps: 7000, seed, threads }))
  }

for (const id of models)
  for (const seed of seeds)
    if (only !== 'recovery') print('glove', id, seed, await trainDictionary(id, gloveParams(id, 50), gloveRows(), { seed, threads }))

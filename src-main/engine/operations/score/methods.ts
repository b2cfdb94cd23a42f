/** Ways to score rows: those that need the model itself, then the detectors, which know rows of numbers and are told which ones. */
import { z } from 'zod'
import type { ScoreSpace } from '#common/domain/scores.ts'
import type { Detector } from '../../analysis/detectors/define.ts'
import { gaussianMixture } from '../../analysis/detectors/gaussianMixture.ts'
import { detectors as registered } from '../../analysis/detectors/registry.ts'
import { standardAnomalies } from '../../analysis/detectors/standard.ts'
import { mahalanobis } from '#engine/analysis/anomalies/mahalanobis.ts'
import type { MethodDeclaration } from '../../analysis/methods/define.ts'

const declared = <Schema extends z.ZodObject>(method: MethodDeclaration<Schema>): MethodDeclaration<Schema> => method

const borghesi = 'Borghesi et al. 2019, Anomaly detection using autoencoders in high performance computing systems, AAAI, arXiv 1811.05269'

export const reconstruction = declared({
  id: 'reconstruction',
  version: 1,
  title: 'Reconstruction error',
  summary: 'How badly the model rebuilds a row, mean over its columns.',
  useWhen: 'The first look: it says what the model did not learn, and which column is to blame.',
  paper: borghesi,
  params: z.object({}),
})

export const standard = declared({
  id: 'standard',
  version: 1,
  title: 'Standard setting for tables',
  summary: 'Mean distance to the five nearest rows learned from, in prepared columns and what the model could not rebuild of them.',
  useWhen: 'Tables, where nothing speaks for another score: fixed without labels, one for all data. Large scenes take too long.',
  paper: 'Ramaswamy, Rastogi & Shim 2000, Efficient algorithms for mining outliers from large data sets, SIGMOD',
  params: z.object({}),
})

export const maxFeature = declared({
  id: 'max-feature',
  version: 1,
  title: 'Largest error of a column',
  summary: 'How badly the model rebuilds the column that it rebuilds worst, in prepared units.',
  useWhen: 'Anomalies show in one or two of many columns, which a mean over all would hide.',
  paper: borghesi,
  params: z.object({}),
})

export const robustError = declared({
  id: 'robust-error',
  version: 1,
  title: 'Robust reconstruction error',
  summary: 'Mean size of the errors of the columns, none of which counts more than a limit.',
  useWhen:
    'Many columns, some of them with rare jumps: a fault shows in several columns at once, and one that jumps alone shall not outweigh them.',
  paper: 'Huber 1964, Robust estimation of a location parameter, Annals of Mathematical Statistics 35',
  params: z.object({
    errorLimit: z.number().positive().max(1e6).default(5).meta({
      title: 'Largest error that counts',
      unit: 'prepared units',
      group: 'Detector',
      description:
        'Larger errors of a column count as this. With z-scores these are standard deviations: beyond 5 the size says nothing more.',
    }),
  }),
})

const draws = z.int().min(1).max(5000).default(20).meta({
  title: 'Draws',
  paperTerm: 'k',
  group: 'Likelihood',
  description: 'Codes drawn for each row. More are steadier and closer to the truth, and take proportionally longer.',
})

export const bound = declared({
  id: 'bound',
  version: 1,
  title: 'Bound of the likelihood',
  summary: 'Minus the lower bound of ln p(x) that a variational model was trained on (−ELBO), in nats.',
  useWhen: 'The model is variational: it also counts how far the code lies from where codes usually are.',
  paper: 'An & Cho 2015, Variational autoencoder based anomaly detection using reconstruction probability',
  params: z.object({ draws }),
})

export const likelihood = declared({
  id: 'likelihood',
  version: 1,
  title: 'Likelihood',
  summary: 'Minus ln p(x) of a variational model by importance sampling (IWAE estimate), in nats.',
  useWhen: 'As the bound, but closer to the truth: rows whose codes are uncertain are not taken for unlikely ones.',
  paper: 'Burda, Grosse & Salakhutdinov 2016, Importance weighted autoencoders, ICLR, arXiv 1509.00519',
  params: z.object({ draws }),
})

export const localRx = declared({
  id: 'local-rx',
  version: 2,
  title: 'Local RX',
  summary: 'How far a pixel lies from those around it, counted by how these vary (Mahalanobis distance from a ring).',
  useWhen: 'Scenes: small targets that are odd where they lie, and would be ordinary elsewhere.',
  paper: 'Reed & Yu 1990, Adaptive multiple-band CFAR detection of an optical pattern with unknown spectral distribution, IEEE TASSP 38',
  params: z.object({
    ringRadius: z.int().min(2).max(50).default(10).meta({
      title: 'Ring, outer radius',
      unit: 'pixels',
      group: 'Detector',
      description: 'The pixel is compared with those up to so many pixels away.',
    }),
    guardRadius: z.int().min(0).max(25).default(2).meta({
      title: 'Ring, inner radius',
      unit: 'pixels',
      group: 'Detector',
      description: 'Pixels up to so many away are left out, so that a target is not compared with itself: half of its width.',
    }),
  }),
})

/** Detectors of rows of numbers. */
export const rowDetectors: readonly Detector[] = [mahalanobis, ...registered]

export const scoreMethods: readonly MethodDeclaration[] = [
  reconstruction,
  standard,
  maxFeature,
  robustError,
  bound,
  likelihood,
  ...rowDetectors,
  localRx,
]

export const methodIds = scoreMethods.map(({ id }) => id) as [string, ...string[]]

/** Methods that are told which numbers they see. */
export const inSpaces = [...rowDetectors.map(({ id }) => id), localRx.id]

/** Where nothing was chosen: errors or codes where those are what is asked, else the columns as they are prepared; a ring needs few numbers. */
export const usualSpace = (method: string): ScoreSpace =>
  method === mahalanobis.id ? 'residual' : method === localRx.id || method === gaussianMixture.id ? 'codes' : 'prepared'

/** Parameters with the standard setting spelled out. */
export const spelledOut = <P extends Readonly<Record<string, unknown>>>(params: P): P =>
  params.method === standard.id
    ? { ...params, ...standardAnomalies.params, method: standardAnomalies.method, space: standardAnomalies.space }
    : params

export const spaceTitles: Readonly<Record<ScoreSpace, string>> = {
  prepared: 'prepared columns',
  codes: 'codes',
  residual: 'errors of the columns',
  'prepared-residual': 'prepared columns and their errors',
}

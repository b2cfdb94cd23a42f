/**
 * A trained model as ONNX, for any program that runs it: one file for the way to the code and one for the way back, or both in one.
 * Weights are inside, any number of rows goes in, and the preparation is part of the file unless prepared rows are wanted.
 *
 *   encoder   columns [rows, D] → codes [rows, Z]
 *   decoder   codes [rows, Z] → reconstruction [rows, D]
 *   together  columns → codes, reconstruction, error [rows]      error: mean (x − x̂)² in prepared units or on the model's scale, the anomaly score
 *
 * Conditions go in as the last columns, as they are coded in prepared rows; they do not come out. A decoder alone takes typical values
 * for them, and for whatever else is given with a row, as traversals do.
 *
 * What the file is, and what its columns are called, stands in its metadata.
 */
import { basename, dirname, extname, join } from 'node:path'
import type { Column } from '#common/domain/dataset.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { opset } from '../compute/emit/onnx.ts'
import { emitPortable, type Portable } from '../compute/emit/portable.ts'
import {
  concat,
  div,
  gather,
  isFinite as finite,
  maximum,
  mean,
  mul,
  onesLike,
  slice,
  squaredDifference,
  sum,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  where,
  zerosLike,
} from '../compute/tfjs.ts'
import { asRead, columnsAfter } from '../data/pipeline/pipeline.ts'
import { buildFor } from '../models/build.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import { layoutOf } from '../train/layout.ts'
import { version } from '../version.ts'
import { type ExportedFile, writeOutputFile } from './outputFile.ts'
import { checkPortable, prepared, unprepared } from './preparation.ts'

export interface OnnxContent {
  /** Of the trained model. */
  readonly name: string
  readonly model: ModelDefinition
  readonly settings: Readonly<Record<string, unknown>>
  readonly weights: Weights
  /** What the model sees, conditions last. */
  readonly columns: readonly Column[]
  /** How many of them are given and not rebuilt; default none. */
  readonly conditions?: number
  /** Whether it learned around missing values: of raw rows they then count in no error. */
  readonly masked?: boolean
  /** What the steps begin with and, where some are left out, end with; `columns` when they are not given. */
  readonly read?: readonly Column[]
  readonly sources?: readonly Column[]
  readonly steps: readonly FittedStep[]
  /** Raw columns as they are in the source, or rows that went through `steps` already. */
  readonly takes: 'raw' | 'prepared'
  readonly parts: 'separate' | 'together'
  /** More for the metadata, e.g. seed and content key. */
  readonly origin: Readonly<Record<string, string>>
}

type Part = 'encoder' | 'decoder' | 'together'

/** The files that `path` stands for: encoder.onnx has decoder.onnx beside it, beds.onnx becomes beds.encoder.onnx and beds.decoder.onnx. */
function filesOf(path: string, parts: OnnxContent['parts']): readonly (readonly [Part, string])[] {
  if (parts === 'together') return [['together', path]]
  const extension = extname(path)
  const stem = basename(path, extension)
  const beside = (part: string): string => join(dirname(path), `${/^(en|de)coder$/i.test(stem) ? part : `${stem}.${part}`}${extension}`)
  return [
    ['encoder', beside('encoder')],
    ['decoder', beside('decoder')],
  ]
}

const whatItIs: Readonly<Record<Part, string>> = {
  encoder: 'Encoder, ONNX',
  decoder: 'Decoder, ONNX',
  together: 'Encoder and decoder, ONNX',
}

/** Memory: the weights twice. @throws DATA_UNSUITABLE when a model depends on the number of rows */
export async function exportOnnx(path: string, content: OnnxContent): Promise<ExportedFile[]> {
  const files = filesOf(path, content.parts).map(([part, file]) => ({ part, file, bytes: onnxFile(part, content) }))
  const written: ExportedFile[] = []
  for (const { part, file, bytes } of files)
    written.push(await writeOutputFile(file, whatItIs[part], async (out) => void (await out.append(bytes))))
  return written
}

export function onnxFile(part: Part, content: OnnxContent): Uint8Array {
  const { model, weights, columns, conditions = 0 } = content
  const steps = content.takes === 'raw' ? content.steps : []
  checkPortable(steps)
  const learned = columns.slice(0, columns.length - conditions)
  const given = columns.slice(columns.length - conditions)
  const taken = [...(content.takes === 'raw' ? (content.read ?? learned) : learned), ...given]
  const built = buildFor(model, model.params.parse(content.settings), columns.length, conditions)
  const first = (x: Tensor2D, n: number): Tensor2D => (conditions === 0 ? x : slice(x, [0, 0], [-1, n]))
  const intoModel = (x: Tensor2D): Tensor2D => {
    const own = prepared(steps, first(x, taken.length - conditions))
    return conditions === 0 ? own : concat([own, slice(x, [0, taken.length - conditions], [-1, conditions])], 1)
  }
  const { codeSize } = layoutOf(built)
  const outputs: Readonly<Record<Part, Portable['outputs']>> = {
    encoder: (x, w) => ({ codes: built.encode(intoModel(x), w) }),
    decoder: (codes, w) => ({ reconstruction: unprepared(steps, built.decode(codes, w)) }),
    together: (raw, w) => {
      const x = intoModel(raw)
      const codes = built.encode(x, w)
      const reconstruction = built.decode(codes, w, x)
      const scaled = (t: Tensor2D): Tensor2D => (built.kind === 'gradient' && built.comparison?.of(t, w)) || t
      const squares = squaredDifference<Tensor2D>(scaled(first(x, learned.length)), scaled(reconstruction))
      const own = first(raw, taken.length - conditions)
      const error =
        content.masked && content.takes === 'raw' ? knownMeans(squares, knownIn(own, steps, content.read ?? learned)) : mean(squares, 1)
      return { codes, reconstruction: unprepared(steps, reconstruction), error }
    },
  }
  return emitPortable({
    title: `${content.name} ${part === 'together' ? 'model' : part}`,
    input: part === 'decoder' ? { name: 'codes', columns: codeSize } : { name: 'columns', columns: taken.length },
    weights,
    outputs: outputs[part],
    info: {
      producerVersion: version,
      description: `${content.name}: ${model.title}. ${model.summary} Takes ${part === 'decoder' ? 'codes' : `${content.takes} rows of ${taken.length} columns`}; see the metadata for their names.`,
      metadata: metadataOf(content, taken, codeSize),
    },
  })
}

/** 1 where a prepared number comes from a value that is there: [B, prepared columns] of raw rows. */
function knownIn(raw: Tensor2D, steps: readonly FittedStep[], read: readonly Column[]): Tensor2D {
  const known = where<Tensor2D>(finite(raw), onesLike(raw), zerosLike(raw))
  return gather(
    known,
    tensor1d(
      columnsAfter(steps, asRead(read)).map(({ source }) => source),
      'int32',
    ),
    1,
  )
}

/** Mean of each row over what is known. */
const knownMeans = (squares: Tensor2D, known: Tensor2D): Tensor1D =>
  div(sum<Tensor1D>(mul<Tensor2D>(known, squares), 1), maximum(sum<Tensor1D>(known, 1), 1))

function metadataOf(
  { name, model, settings, columns, conditions = 0, sources, steps, takes, origin }: OnnxContent,
  taken: readonly Column[],
  codeSize: number,
): Record<string, string> {
  const learned = columns.slice(0, columns.length - conditions)
  const back = takes === 'raw' ? (sources ?? learned) : learned
  return {
    name,
    model: model.id,
    model_version: String(model.version),
    model_title: model.title,
    citation: model.paper,
    settings: JSON.stringify(settings),
    columns: JSON.stringify(taken.map((column) => column.name)),
    units: JSON.stringify(taken.map(({ unit }) => unit)),
    // A category goes in and comes out as its position in this list.
    ...(taken.some(({ categories }) => categories) && { categories: JSON.stringify(taken.map(({ categories }) => categories ?? null)) }),
    ...(back.length !== taken.length && { reconstructed: JSON.stringify(back.map((column) => column.name)) }),
    ...(conditions > 0 && { conditions: String(conditions) }),
    code_size: String(codeSize),
    takes,
    preparation: JSON.stringify(steps),
    opset: String(opset),
    written_by: `Stratum ${version}`,
    ...origin,
  }
}

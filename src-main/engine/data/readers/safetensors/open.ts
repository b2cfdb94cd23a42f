/** Opens one tensor of a safetensors file as vectors; one-dimensional tensors of as many rows go along as labels. */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { isLabelName } from '../../columns/names.ts'
import type { OpenSource } from '../../dataset.ts'
import { toLabels } from '../npy/decode.ts'
import type { NpyHeader, NumericDtype } from '../npy/header.ts'
import { matrixSource } from '../npy/matrix.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { type SafetensorsDtype, type TensorView, readSafetensors } from './header.ts'

const usualNames = ['embeddings', 'embedding', 'features', 'activations', 'hidden_states', 'last_hidden_state', 'vectors', 'X', 'x', 'data']

const dtypes: Readonly<Partial<Record<SafetensorsDtype, NumericDtype>>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  U16: 'uint16',
  I16: 'int16',
  U32: 'uint32',
  I32: 'int32',
  U64: 'uint64',
  I64: 'int64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
}

/** The header under which a tensor is read as an array. */
const arrayOf = ({ dtype, itemBytes, shape, offset }: TensorView): NpyHeader => ({
  dtype: dtypes[dtype] ?? null,
  text: null,
  itemBytes,
  littleEndian: true,
  fortran: false,
  shape,
  dataOffset: offset,
})

/** @param wanted name of the tensor; by default one of the usual names, else the largest with rows and columns */
export async function openTensor(path: string, wanted: string | undefined): Promise<OpenSource> {
  const file = await openRandomAccess(path)
  try {
    const bytes = { size: file.size, read: (offset: number, length: number) => file.read(offset, length, 'a tensor') }
    const { tensors, metadata } = await readSafetensors(bytes, path)
    const findings: Finding[] = []
    const tensor = choose(tensors, wanted, path, findings)
    const rows =
      tensor.shape.length === 1 ? (tensor.shape[0] as number) : tensor.shape.slice(0, -1).reduce((product, dim) => product * dim, 1)
    const labels = tensors.filter((one) => one !== tensor && one.shape.length === 1 && one.shape[0] === rows && dtypes[one.dtype])
    return matrixSource({
      path,
      sizeBytes: file.size,
      format: 'safetensors',
      formatTitle: 'Safetensors',
      header: arrayOf(tensor),
      open: () => bytes,
      metadataFields: labels.map(({ name }) => name),
      labelFields: labels.map(({ name }) => name).filter(isLabelName),
      async metadata(field) {
        const label = labels.find(({ name }) => name === field)
        if (!label)
          throw new StratumError(
            'PARAMETER_INVALID',
            `There is no tensor of labels called "${field}".`,
            `Tensors of labels are ${labels.map(({ name }) => name).join(', ') || 'none'}.`,
            { path, field },
          )
        return toLabels(await bytes.read(label.offset, label.bytes), arrayOf(label))
      },
      findings,
      details: {
        tensor: tensor.name,
        type: tensor.dtype,
        tensors: tensors
          .slice(0, 100)
          .map(({ name, shape }) => `${name} (${shape.join(' × ')})`)
          .join(', '),
        ...(metadata.format ? { writtenFor: metadata.format } : {}),
      },
      close: () => file.close(),
    })
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

function choose(tensors: readonly TensorView[], wanted: string | undefined, path: string, findings: Finding[]): TensorView {
  const usable = tensors.filter(({ dtype, shape }) => dtypes[dtype] !== undefined && shape.length > 0)
  const names = usable
    .slice(0, 20)
    .map(({ name }) => name)
    .join(', ')
  if (wanted !== undefined) {
    const found = usable.find(({ name }) => name === wanted)
    if (found) return found
    throw new StratumError('PARAMETER_INVALID', `There is no tensor of numbers called "${wanted}".`, `Tensors are ${names || 'none'}.`, {
      path,
      tensor: wanted,
    })
  }
  const matrices = usable.filter(({ shape }) => shape.length >= 2)
  const usual = usualNames.map((name) => matrices.find((tensor) => tensor.name === name)).find((tensor) => tensor !== undefined)
  const largest = matrices.reduce<TensorView | undefined>((best, tensor) => (best && best.bytes >= tensor.bytes ? best : tensor), undefined)
  const found = usual ?? largest ?? usable[0]
  if (!found)
    throw new StratumError('DATA_UNSUITABLE', 'The file holds no tensor of numbers that can be read.', 'Save one as F32.', { path })
  if (!usual && matrices.length > 1)
    findings.push({
      severity: 'info',
      code: 'TENSOR_CHOSEN',
      message: `The file holds ${tensors.length} tensors; the largest, "${found.name}", is read. Among them are ${names}.`,
      hint: 'Choose another one in the option "tensor". Files of weights are models rather than data.',
    })
  return found
}

/** Opens one tensor of a safetensors file as vectors; one-dimensional tensors of as many rows go along as labels. */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { isLabelName } from '../../columns/names.ts'
import type { OpenSource } from '../../dataset.ts'
import { toLabels } from '../npy/decode.ts'
import { matrixSource } from '../npy/matrix.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { type TensorView, readSafetensors } from './header.ts'
import { arrayOf } from './values.ts'

const usualNames = ['embeddings', 'embedding', 'features', 'activations', 'hidden_states', 'last_hidden_state', 'vectors', 'X', 'x', 'data']

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
    const labels = tensors.filter((one) => one !== tensor && one.shape.length === 1 && one.shape[0] === rows && arrayOf(one).dtype)
    return matrixSource({
      path,
      sizeBytes: file.size,
      format: 'safetensors',
      formatTitle: 'Safetensors',
      header: arrayOf(tensor),
      open: () => bytes,
      metadataFields: labels.map(({ name }) => name),
      labelFields: labels.map(({ name }) => name).filter((name) => isLabelName(name)),
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
        storedAs: tensor.dtype,
        tensors: tensors
          .slice(0, 100)
          .map(({ name }) => name)
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
  const usable = tensors.filter((tensor) => arrayOf(tensor).dtype !== null && tensor.shape.length > 0)
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

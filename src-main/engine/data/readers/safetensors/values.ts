/** Tensors as arrays: with this header `toFloats` of npy/decode.ts gives their values. */
import type { NpyHeader, NumericDtype } from '../npy/header.ts'
import type { SafetensorsDtype, TensorView } from './header.ts'

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

/** The header under which a tensor is read as an array; its `dtype` is null for types of 8-bit floats, which are not read. */
export const arrayOf = ({ dtype, itemBytes, shape, offset }: TensorView): NpyHeader => ({
  dtype: dtypes[dtype] ?? null,
  text: null,
  itemBytes,
  littleEndian: true,
  fortran: false,
  shape,
  dataOffset: offset,
})

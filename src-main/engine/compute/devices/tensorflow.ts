/**
 * The optional package that brings TensorFlow's native library along. It runs steps operation by operation (executors/eager.ts
 * with the backend 'tensorflow'); its library for NVIDIA cards wants CUDA 11.2 and cuDNN 8.1 and says only at run time what of
 * them it does not find.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const packageName: string = '@tensorflow/tfjs-node-gpu'

let loaded: Promise<string | null> | null = null

/** Loads it once. Null when it works, else why it does not; never throws. */
export function loadTensorflow(): Promise<string | null> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<string | null> {
  const missing = missingLibraries()
  try {
    await import(packageName)
    return null
  } catch (error) {
    const absent = (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND'
    const why = absent
      ? `The optional package ${packageName} is not installed: its native part is not available for this computer.`
      : `${packageName} does not load: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}.`
    return missing.length ? `${why} It would also need CUDA 11.2, of which these libraries were not found: ${missing.join(', ')}.` : why
  }
}

/** Libraries of CUDA 11.2 and cuDNN 8.1 that TensorFlow 2.9 opens, and that are in none of the usual folders. */
export function missingLibraries(folders: readonly string[] = libraryFolders()): string[] {
  if (process.platform !== 'linux') return []
  return [
    'libcudart.so.11.0',
    'libcublas.so.11',
    'libcublasLt.so.11',
    'libcufft.so.10',
    'libcusolver.so.11',
    'libcusparse.so.11',
    'libcudnn.so.8',
  ].filter((name) => !folders.some((folder) => existsSync(join(folder, name))))
}

const libraryFolders = (): string[] => [
  ...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean),
  '/usr/local/cuda/lib64',
  '/usr/local/cuda-11.2/lib64',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
]

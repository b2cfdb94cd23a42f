/** What an import needs of a source, and how a dataset opens it again. */
export { openDataset } from './source/open.ts'
export { describeSource, findSource } from './source/reference.ts'
export { hashFile } from './source/hash.ts'
export { summariseSource } from './summary.ts'

/** All operations, in the order of the flow. Command line, calls, forms, recipes and documentation derive from this list. */
import { clusterOperation } from './cluster.ts'
import { compareOperation } from './compare.ts'
import { cutTreeOperation } from './cutTree.ts'
import { decodedSpaceOperation } from './decodedSpace.ts'
import type { OperationDefinition } from './define.ts'
import { continueOperation } from './continue.ts'
import { embedOperation } from './embed.ts'
import { driftOperation } from './drift.ts'
import { encodeOperation } from './encode.ts'
import { evaluateOperation } from './evaluate.ts'
import { examineOperation } from './examine.ts'
import { exportOperation } from './export.ts'
import { featuresOperation } from './features.ts'
import { importOperation } from './import.ts'
import { importModelOperation } from './importModel.ts'
import { operationIn, operationList } from './list.ts'
import { mergeClassesOperation } from './mergeClasses.ts'
import { prepareOperation } from './prepare.ts'
import { reportOperation } from './report.ts'
import { prepareAsOperation } from './prepareAs.ts'
import { rescoreOperation } from './rescore.ts'
import { sampleOperation } from './sample.ts'
import { scoreOperation } from './score.ts'
import { scoreNodesOperation } from './scoreNodes.ts'
import { sieveOperation } from './sieve.ts'
import { splitClassOperation } from './splitClass.ts'
import { stepSizesOperation } from './stepSizes.ts'
import { selectUnitsOperation } from './selectUnits.ts'
import { sweepOperation } from './sweep.ts'
import { tidyOperation } from './tidy.ts'
import { trainOperation } from './train.ts'

export const operations = operationList(
  importOperation,
  sampleOperation,
  examineOperation,
  prepareOperation,
  prepareAsOperation,
  trainOperation,
  continueOperation,
  importModelOperation,
  stepSizesOperation,
  sweepOperation,
  encodeOperation,
  decodedSpaceOperation,
  reportOperation,
  featuresOperation,
  selectUnitsOperation,
  clusterOperation,
  tidyOperation,
  sieveOperation,
  mergeClassesOperation,
  splitClassOperation,
  cutTreeOperation,
  embedOperation,
  scoreOperation,
  scoreNodesOperation,
  rescoreOperation,
  driftOperation,
  evaluateOperation,
  compareOperation,
  exportOperation,
)

export const operationById = (id: string): OperationDefinition => operationIn(operations, id)

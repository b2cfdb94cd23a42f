/** What is measured of models and results, as columns: one list, so that a figure is called the same in every table. */
import type { ComparisonColumn } from './comparison.ts'

type Kind = ComparisonColumn['kind']
type Better = ComparisonColumn['better']

const measure = (
  key: string,
  title: string,
  kind: Kind,
  better: Better,
  digits: number | null,
  description: string,
  unit: string | null = null,
): ComparisonColumn => ({ key, title, unit, better, digits, kind, description })

export const measures: readonly ComparisonColumn[] = [
  measure('holdoutError', 'Error, held out', 'quality', 'lower', null, 'Mean squared error on held-out rows, prepared units.'),
  measure('trainError', 'Error, learned from', 'fact', 'lower', null, 'Mean squared error on the rows learned from, prepared units.'),
  measure('pcaError', 'PCA error', 'fact', 'lower', null, 'Held-out error of PCA with as many components.'),
  measure(
    'explainedVariance',
    'Explained',
    'quality',
    'higher',
    3,
    'Share of the variance of held-out rows that is rebuilt (explained variance).',
  ),
  measure('ari', 'Agreement', 'quality', 'higher', 3, 'Adjusted Rand index with the labels (ARI): 1 the same partition, 0 chance.'),
  measure(
    'accuracy',
    'Matched classes',
    'quality',
    'higher',
    3,
    'Share of labelled rows that are right under the best one-to-one naming (Hungarian accuracy).',
  ),
  measure(
    'kappa',
    'Beyond chance',
    'quality',
    'higher',
    3,
    'Agreement with the labels beyond chance under the best one-to-one naming (Cohen’s κ).',
  ),
  measure(
    'areaAccuracy',
    'Map accuracy',
    'quality',
    'higher',
    3,
    'Matched classes weighted by the area of each class in the map (area-adjusted overall accuracy, Olofsson et al. 2014).',
  ),
  measure('localAgreement', 'Like neighbours', 'fact', 'higher', 3, 'Mean share of the 8 neighbours of a pixel that have its class.'),
  measure('isolatedPixels', 'Isolated pixels', 'fact', 'lower', 4, 'Share of pixels none of whose 8 neighbours has their class.'),
  measure('ceiling', 'Ceiling', 'fact', null, 3, 'The most that matched classes can reach with so many classes.'),
  measure('silhouette', 'Silhouette', 'quality', 'higher', 3, 'Mean silhouette of the classes, −1 … 1, on a sample of rows.'),
  measure('stability', 'Seeds agree', 'quality', 'higher', 3, 'Mean adjusted Rand index between the classes of any two seeds.'),
  measure('auc', 'Anomalies, AUC', 'quality', 'higher', 3, 'Area under the ROC curve.'),
  measure('averagePrecision', 'Average precision', 'quality', 'higher', 3, 'Area under the curve of precision over recall.'),
  measure('precision', 'Precision', 'quality', 'higher', 3, 'Share of flagged rows that are anomalous.'),
  measure('recall', 'Recall', 'quality', 'higher', 3, 'Share of anomalous rows that are flagged.'),
  measure('f1', 'F1', 'quality', 'higher', 3, 'Harmonic mean of precision and recall at the threshold.'),
  measure('falseAlarmRate', 'False alarms', 'quality', 'lower', 4, 'Share of normal rows that are flagged.'),
  measure('eventRecall', 'Events found', 'quality', 'higher', 3, 'Share of labelled events that an event of the scores touches.'),
  measure('eventPrecision', 'Events right', 'quality', 'higher', 3, 'Share of the events of the scores that touch a labelled one.'),
  measure('labelledEvents', 'Labelled events', 'fact', null, 0, 'Anomalous windows of one unit that follow each other are one event.'),
  measure(
    'bestF1',
    'Best F1',
    'fact',
    'higher',
    3,
    'F1 at the threshold that is best on these labels: chosen by them, not to be reported as found.',
  ),
  measure(
    'nmi',
    'Shared information',
    'quality',
    'higher',
    3,
    'Mutual information with the labels over the mean of both entropies (NMI); the same number as the V measure.',
  ),
  measure('ami', 'Shared, adjusted', 'quality', 'higher', 3, 'Mutual information with the labels, adjusted for chance (AMI).'),
  measure('homogeneity', 'Homogeneity', 'quality', 'higher', 3, '1 when each class found holds one labelled class only.'),
  measure('completeness', 'Completeness', 'quality', 'higher', 3, '1 when each labelled class lies in one class found.'),
  measure(
    'purity',
    'Purity',
    'quality',
    'higher',
    3,
    'Share of labelled rows in the commonest label of their class (accuracy of a many-to-one naming). Grows with k.',
  ),
  measure(
    'daviesBouldin',
    'Davies–Bouldin',
    'quality',
    'lower',
    3,
    'Mean over classes of the overlap with their nearest one (Davies–Bouldin index).',
  ),
  measure(
    'calinskiHarabasz',
    'Calinski–Harabasz',
    'quality',
    'higher',
    null,
    'Variance between classes over variance within them (Calinski–Harabasz index).',
  ),
  measure(
    'ownError',
    'Error, own scale',
    'fact',
    'lower',
    null,
    'Mean squared error on held-out rows on the scale of the model (logarithms of counts): not comparable between scales.',
  ),
  measure(
    'ownExplained',
    'Explained, own scale',
    'fact',
    'higher',
    3,
    'Explained variance of held-out rows on the scale of the model: not comparable between scales.',
  ),
  measure(
    'ownSilhouette',
    'Silhouette, own space',
    'fact',
    'higher',
    3,
    'Silhouette in the space the classes were found in: not comparable between spaces.',
  ),
  measure(
    'ownDaviesBouldin',
    'Davies–Bouldin, own space',
    'fact',
    'lower',
    3,
    'In the space the classes were found in: not comparable between spaces.',
  ),
  measure(
    'ownCalinskiHarabasz',
    'Calinski–Harabasz, own space',
    'fact',
    'higher',
    null,
    'In the space the classes were found in: not comparable between spaces.',
  ),
  measure(
    'trainSeconds',
    'Time',
    'cost',
    'lower',
    null,
    'Wall-clock time of training when it ran, the PCA reference of each model with it; other work on the machine counts.',
    's',
  ),
  measure('seconds', 'Time', 'cost', 'lower', null, 'Wall-clock time when it ran.', 's'),
  measure('encodeSeconds', 'Time for codes', 'cost', 'lower', null, 'Wall-clock time of computing the code of every row when it ran.', 's'),
  measure(
    'wattHours',
    'Energy',
    'cost',
    'lower',
    null,
    'Energy of the processor, and the card where one was used, while training; other work on the machine counts.',
    'Wh',
  ),
  measure('k', 'Classes', 'fact', null, 0, 'Number of classes.'),
  measure('rows', 'Judged on', 'fact', null, 0, 'Rows with a label and a result.'),
  measure('anomalies', 'Anomalous', 'fact', null, 0, 'Rows that the labels call anomalous.'),
]

const known = new Map(measures.map((column) => [column.key, column]))

/** What is not in the list is shown under its own name, higher counted as better. */
export const measureOf = (key: string): ComparisonColumn => known.get(key) ?? measure(key, key, 'quality', 'higher', 3, '')

/** Columns for figures that occur, in the list's order, those it does not know last. */
export function columnsFor(keys: Iterable<string>): ComparisonColumn[] {
  const wanted = new Set(keys)
  const listed = measures.filter(({ key }) => wanted.delete(key))
  return [...listed, ...[...wanted].map(measureOf)]
}

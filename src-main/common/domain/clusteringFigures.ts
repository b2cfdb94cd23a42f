/** What clusterings say of their fit beside the classes: one list, so that a figure without a name does not compile. */
interface FigureWords {
  readonly title: string
  readonly description: string
  /** A whole number is a count; a share is written in percent; what is measured has four digits. */
  readonly kind: 'count' | 'share' | 'measured'
}

const figure = (kind: FigureWords['kind'], title: string, description: string): FigureWords => ({ kind, title, description })

export const clusteringFigures = {
  inertia: figure('measured', 'Squared distance to the centres', 'Sum over the rows learned from, in units of the codes (inertia).'),
  iterations: figure('count', 'Iterations', 'Passes over the rows learned from until nothing moved any more.'),
  passesOverAllRows: figure('count', 'Passes over all rows', 'After the centres were found in a sample.'),
  logLikelihood: figure('measured', 'Log-likelihood', 'Of all rows learned from together.'),
  meanLogLikelihood: figure('measured', 'Log-likelihood per row', 'Mean over the rows learned from; higher fits better.'),
  bic: figure('measured', 'BIC', 'Bayesian information criterion: fit and number of parameters; lower is better.'),
  aic: figure('measured', 'AIC', 'Akaike’s information criterion: punishes parameters less than BIC; lower is better.'),
  clusters: figure('count', 'Clusters found', 'Noise is none of them.'),
  noiseShare: figure('share', 'Noise', 'Share of the rows learned from that lie in no cluster.'),
  minClusterSize: figure('count', 'Smallest cluster', 'Rows that a cluster had to have at least.'),
  minSamples: figure('count', 'Neighbours for density', 'Other rows that had to be near.'),
  modularity: figure('measured', 'Modularity', 'Share of edges inside classes, beyond chance; at most 1.'),
  cpm: figure('measured', 'Constant Potts model', 'Edges inside classes beyond the density that the resolution asks for (CPM).'),
  edges: figure('count', 'Edges', 'Of the graph of neighbours.'),
  repetitions: figure('count', 'Repetitions', 'Of the best start, until nothing moved any more.'),
  leaves: figure('count', 'Leaves of the tree', 'Rows, or groups of rows that lie close together.'),
  cutHeight: figure('measured', 'Height of the cut', 'Classes that join above it stay apart.'),
} as const satisfies Readonly<Record<string, FigureWords>>

export type ClusteringFigure = keyof typeof clusteringFigures
export type ClusteringFigures = Readonly<Partial<Record<ClusteringFigure, number>>>

/** Null for a figure that an earlier or later version stored. */
export const figureWords = (name: string): FigureWords | null =>
  Object.hasOwn(clusteringFigures, name) ? clusteringFigures[name as ClusteringFigure] : null

/** Every key of the window, as the help lists them. Views add their own through the keyboard controller. */
export const shortcuts: readonly { readonly title: string; readonly keys: readonly (readonly [keys: string, does: string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['Ctrl K', 'Search data, results and actions'],
      ['Ctrl 1 … 8', 'Data, Model, Train, Latents, Anomalies, Map, Compare, Export'],
      ['Ctrl ↵', 'Press the main button'],
      ['Ctrl Z', 'Undo'],
      ['Ctrl Shift Z', 'Redo'],
      ['Ctrl B', 'Show or hide the side panel'],
      ['Ctrl I', 'Show or hide the settings panel'],
      ['Ctrl J', 'Show or hide jobs and log'],
      ['Ctrl + −', 'Larger or smaller letters and controls; Ctrl 0 as they were'],
      ['F6', 'Next region; Shift F6 goes back'],
      ['Esc', 'Cancel, then clear the selection'],
      ['?', 'This list'],
    ],
  },
  {
    title: 'Files',
    keys: [
      ['Ctrl N', 'New project'],
      ['Ctrl O', 'Open a project'],
      ['Ctrl Shift I', 'Import data'],
      ['Ctrl E', 'Export'],
    ],
  },
  {
    title: 'Map and plots',
    keys: [
      ['V', 'Pan'],
      ['P', 'Pick a pixel'],
      ['L B', 'Lasso or box; Shift adds, Ctrl takes away'],
      ['Ctrl A', 'Select all'],
      ['I', 'Invert the selection'],
      ['+ −', 'Zoom'],
      ['0', 'Fit'],
      ['R', 'Recluster the selection'],
      ['Space', 'Show or hide a layer'],
      ['F2', 'Rename'],
    ],
  },
  {
    title: 'Review of anomalies',
    keys: [
      ['Y N', 'Confirm or dismiss, and go on'],
      ['[ ]', 'Previous or next'],
      ['C', 'Comment'],
    ],
  },
  {
    title: 'Numbers',
    keys: [
      ['↑ ↓', 'One step; with Shift ten'],
      ['2*4096', 'Sums are worked out'],
    ],
  },
]

/** The app's words and those of the papers. */
export const glossary: readonly (readonly [ours: string, paper: string])[] = [
  ['Rows per step', 'batch size'],
  ['Step size', 'learning rate'],
  ['Pass over the data', 'epoch'],
  ['Error, held out', 'validation loss'],
  ['Numbers per pixel (code)', 'latent dimension'],
  ['Curve between layers', 'activation function'],
  ['Keep codes sparse', 'L1 activity penalty'],
  ['Held out for checking', 'validation split'],
]

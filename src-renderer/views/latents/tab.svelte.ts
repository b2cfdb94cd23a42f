/** Which way of looking at codes is open; kept while another view is shown. */
export type LatentsTab = 'points' | 'features' | 'report'

class Tab {
  open = $state<LatentsTab>('points')
}
export const tab = new Tab()

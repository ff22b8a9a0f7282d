/** Semantic zoom: three levels instead of a number, so that a node redraws only when its level changes. */
export type ZoomLevel = 'far' | 'middle' | 'near';

/** Below this the smallest text of a node (13 px) would render under 11 px, so it is hidden instead. */
const MIDDLE_FROM = 0.85;
const NEAR_FROM = 1.5;

/** Level of detail at a zoom factor. */
export function zoomLevelOf(zoom: number): ZoomLevel {
  if (zoom < MIDDLE_FROM) return 'far';
  return zoom < NEAR_FROM ? 'middle' : 'near';
}

/** Semantic zoom: levels instead of a number, so that a node redraws only when its level changes. */
export type ZoomLevel = 'least' | 'far' | 'middle' | 'near';

/** Below this the words of the far level (20 px) would render under 11 px, so signs alone are left. */
const FAR_FROM = 0.55;
/** Below this the smallest text of a node (13 px) would render under 11 px, so it is hidden and what matters most grows. */
const MIDDLE_FROM = 0.85;
const NEAR_FROM = 1.5;

/** Level of detail at a zoom factor. */
export function zoomLevelOf(zoom: number): ZoomLevel {
  if (zoom < FAR_FROM) return 'least';
  if (zoom < MIDDLE_FROM) return 'far';
  return zoom < NEAR_FROM ? 'middle' : 'near';
}

/** Is the graph so small that only what matters most is said? */
export function isFar(level: ZoomLevel): boolean {
  return level === 'least' || level === 'far';
}

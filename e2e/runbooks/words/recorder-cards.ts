/** What is laid over the film: what is being done or was seen, and a frame around the part of the screen it is about. */

export interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

const CARD =
  'position:fixed;left:24px;max-width:680px;padding:10px 14px;border-radius:8px;background:#161b20;color:#f9fafb;' +
  'font:500 18px/24px sans-serif;box-shadow:0 2px 12px rgba(0,0,0,.35)';
const CHAPTER = 'font:400 13px/18px sans-serif;color:#b9bfc6';
const UNDER_WAY = 'font-weight:400;color:#d5d9dd';
const FRAME = 'position:fixed;border:3px solid #161b20;outline:2px solid #f9fafb;border-radius:8px;pointer-events:none';
const MARGIN = 4;
/** Below this the card would lie on what the frame is about, px from the top of the film. */
const LOW = 600;

/** HTML of one card. `underWay`: it is being waited for. */
export function cardOf(chapter: string | null, words: string, underWay: boolean, frame: Frame | null): string {
  const above = chapter === null ? '' : `<div style="${CHAPTER}">${escaped(chapter)}</div>`;
  const line = underWay ? `<div style="${UNDER_WAY}">${escaped(words)} …</div>` : `<div>${escaped(words)}</div>`;
  const place = frame && frame.y + frame.height > LOW ? 'top:96px' : 'bottom:96px';
  return `${frame ? frameOf(frame) : ''}<div style="${CARD};${place}">${above}${line}</div>`;
}

function frameOf({ x, y, width, height }: Frame): string {
  const place = `left:${x - MARGIN}px;top:${y - MARGIN}px;width:${width + 2 * MARGIN}px;height:${height + 2 * MARGIN}px`;
  return `<div style="${FRAME};box-sizing:border-box;${place}"></div>`;
}

function escaped(words: string): string {
  return words.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

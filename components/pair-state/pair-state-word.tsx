import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import { appearanceOf, TONE_TEXT, TONE_TINT } from './appearance.ts';
import { PairStateGlyph } from './glyph.tsx';

interface PairStateWordProps {
  state: string;
  /** Share of a formation copy that is done, 0…1. */
  share?: number | null;
  className?: string;
}

/** Glyph and word together. Normal states are plain ink; only what departs from normal gets a tint. */
export function PairStateWord({ state, share = null, className }: PairStateWordProps) {
  const { tone } = appearanceOf(state);
  const tint = TONE_TINT[tone];
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1 whitespace-nowrap font-medium',
        TONE_TEXT[tone],
        tint && `rounded-sm px-1.5 ${tint}`,
        className,
      )}
    >
      <PairStateGlyph state={state} share={share} />
      <span className="self-baseline">{messages.states.word(state)}</span>
    </span>
  );
}

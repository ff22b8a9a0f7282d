import { cn } from './cn.ts';

const FILL = { plain: 'bg-line-strong', copying: 'bg-copying', suspend: 'bg-suspend' } as const;

interface MeterProps {
  label: string;
  /** 0…1; null where it is not known. */
  share: number | null;
  text: string;
  tone?: keyof typeof FILL;
}

/** A bar and what it means. The figure is printed, so the bar is only for the eye. */
export function Meter({ label, share, text, tone = 'plain' }: MeterProps) {
  const value = share === null ? undefined : Math.round(share * 100);
  return (
    <div className="flex flex-col gap-1">
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={value}
        aria-valuetext={text}
        className="h-2 overflow-hidden rounded-full bg-raised ring-1 ring-line"
      >
        <div className={cn('h-full', FILL[tone])} style={{ width: `${value ?? 0}%` }} />
      </div>
      <span className="num text-sm">{text}</span>
    </div>
  );
}

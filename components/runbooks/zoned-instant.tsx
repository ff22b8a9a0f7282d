import { formatUtc } from '../format/time.ts';

/** A moment in the time zone of its schedule, which may not be the reader's; UTC on hover. */
export function ZonedInstant({ at, zone }: { at: number; zone: string }) {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (
    <time dateTime={new Date(at).toISOString()} title={formatUtc(at)} className="num whitespace-nowrap">
      {format.format(at)}
    </time>
  );
}

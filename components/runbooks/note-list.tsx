'use client';

import { useEffect, useRef } from 'react';
import type { DrillReplay } from '../../server/api/views.ts';
import { wordsOf } from '../../server/domain/evidence/drill-notes.ts';
import { formatClock } from '../format/time.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { cn } from '../ui/cn.ts';

const { player: text } = messages.runbooks;

type Note = DrillReplay['notes'][number];
type Chapter = Extract<Note, { kind: 'chapter' }>;

interface ChapterListProps {
  chapters: readonly Chapter[];
  /** Place of the one that is shown; -1 before the first. */
  current: number;
  from: number;
  onGo: (at: number) => void;
}

const rowStyle =
  'flex w-full items-baseline gap-3 rounded-md px-2 py-1 text-left hover:bg-raised phone:min-h-11 phone:items-center';

export function ChapterList({ chapters, current, from, onGo }: ChapterListProps) {
  if (chapters.length === 0) return <p className="border-t border-line p-4 text-muted">{text.chaptersNone}</p>;
  return (
    <ol aria-label={text.chapters} className="border-t border-line p-2">
      {chapters.map((chapter, index) => (
        <li key={chapter.at}>
          <button
            type="button"
            aria-current={index === current ? 'step' : undefined}
            onClick={() => onGo(chapter.at)}
            className={cn(rowStyle, index === current && 'bg-raised font-semibold')}
          >
            <span className="num shrink-0 text-sm text-muted">{formatClock(chapter.at - from)}</span>
            <span className="min-w-0">{chapter.title}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

interface NoteListProps {
  notes: readonly Note[];
  current: Note | null;
  bundle: string;
  from: number;
  onGo: (at: number) => void;
}

const SIGN: Partial<Record<Note['kind'], string>> = { check: '✓ ', act: '▸ ' };

/** What the recorder wrote down; the line of the moment shown stays in view, within the list alone. */
export function NoteList({ notes, current, bundle, from, onGo }: NoteListProps) {
  const list = useRef<HTMLOListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a note is another moment.
  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (!list.current || !line) return;
    const { top, bottom } = list.current.getBoundingClientRect();
    const place = line.getBoundingClientRect();
    if (place.top < top) list.current.scrollTop += place.top - top;
    else if (place.bottom > bottom) list.current.scrollTop += place.bottom - bottom;
  }, [current]);
  if (notes.length === 0) return <p className="p-4 text-muted">{text.notesNone}</p>;
  return (
    <ol ref={list} className="max-h-96 overflow-y-auto p-2">
      {notes.map((note) => {
        const words = note.kind === 'chapter' ? note.title : (wordsOf(note) ?? '');
        const time = formatClock(note.at - from);
        const picture = 'picture' in note ? note.picture : null;
        return (
          <li
            key={`${note.at} ${words}`}
            className={cn('flex items-center', note.kind === 'chapter' && 'mt-2 first:mt-0')}
          >
            <button
              type="button"
              aria-current={note === current ? 'step' : undefined}
              aria-label={text.jumpTo(time, words)}
              onClick={() => onGo(note.at)}
              className={cn(
                rowStyle,
                note.kind === 'chapter' && 'font-semibold',
                note === current && 'bg-raised outline-2 -outline-offset-2 outline-ink',
              )}
            >
              <span className="num shrink-0 text-sm font-normal text-muted">{time}</span>
              <span className="min-w-0 break-words">
                {SIGN[note.kind] ?? ''}
                {words}
              </span>
            </button>
            {picture ? (
              <a
                href={routes.evidenceFile(bundle, picture)}
                target="_blank"
                rel="noreferrer"
                aria-label={text.pictureOf(words)}
                className="inline-flex min-h-6 shrink-0 items-center px-2 text-sm underline decoration-line-strong underline-offset-4 phone:min-h-11"
              >
                {text.picture}
              </a>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}

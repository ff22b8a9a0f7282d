'use client';

import { useMemo, useRef, useState } from 'react';
import type { DrillReplay, DrillView } from '../../server/api/views.ts';
import { wordsOf } from '../../server/domain/evidence/drill-notes.ts';
import { formatClock, formatUtc } from '../format/time.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { ChapterList, NoteList } from './note-list.tsx';
import { filmBeganAt, noteAt, replayAt, spanOf } from './replay.ts';
import { ReplayGraph } from './replay-graph.tsx';

const { player: text } = messages.runbooks;

interface PlayerProps {
  drill: DrillView;
  replay: DrillReplay;
}

/** Where the film stands, by the clock of the control plane; and a way to another moment. */
function usePosition(replay: DrillReplay) {
  const span = useMemo(() => spanOf(replay), [replay]);
  const film = useRef<HTMLVideoElement>(null);
  const [at, setAt] = useState(span.from);
  const began = filmBeganAt(replay.notes);
  const go = (to: number) => {
    setAt(to);
    if (film.current && began !== null) film.current.currentTime = Math.max(0, (to - began) / 1000);
  };
  const heard = () => {
    if (film.current && began !== null) setAt(began + film.current.currentTime * 1000);
  };
  return { span, film, at, go, heard };
}

/** Film and graph side by side: whoever moves the one moves the other, and the notes follow. */
export function Player({ drill, replay }: PlayerProps) {
  const { span, film, at, go, heard } = usePosition(replay);
  const moment = useMemo(() => replayAt(replay, drill.group, at), [replay, drill.group, at]);
  const current = noteAt(replay.notes, at);
  const chapters = replay.notes.filter((note) => note.kind === 'chapter');
  const chapter = chapters.findLastIndex((note) => note.at <= at);
  const turn = (by: number) => {
    const next = chapters[chapter + by];
    if (next) go(next.at);
  };
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Panel
        title={text.film}
        aside={
          <span className="flex gap-2">
            <Button size="small" refused={chapter <= 0 ? text.noEarlier : null} onClick={() => turn(-1)}>
              {text.previousChapter}
            </Button>
            <Button size="small" refused={chapter >= chapters.length - 1 ? text.noLater : null} onClick={() => turn(1)}>
              {text.nextChapter}
            </Button>
          </span>
        }
      >
        {replay.holds.film ? (
          <Film drill={drill} replay={replay} film={film} onMoved={heard} />
        ) : (
          <p className="p-4 text-muted">{text.filmNone}</p>
        )}
        <label className="flex items-center gap-3 px-4 py-2">
          <span className="text-sm text-muted">{text.moment}</span>
          <input
            type="range"
            min={0}
            max={Math.max(1, span.to - span.from)}
            step={100}
            value={Math.min(at, span.to) - span.from}
            aria-valuetext={`${formatClock(at - span.from)}, ${formatUtc(at)}`}
            onChange={(event) => go(span.from + Number(event.target.value))}
            className="min-h-6 min-w-0 flex-1 accent-[var(--ink)]"
          />
          <span className="num text-sm">{formatClock(at - span.from)}</span>
        </label>
        <ChapterList chapters={chapters} current={chapter} from={span.from} onGo={go} />
      </Panel>
      <Panel title={text.graph} aside={<span className="num text-sm text-muted">{formatUtc(at)}</span>}>
        <ReplayGraph replay={replay} moment={moment} />
      </Panel>
      <Panel title={text.notes} className="lg:col-span-2">
        <NoteList
          notes={replay.notes.filter((note) => note.kind === 'chapter' || wordsOf(note) !== null)}
          current={replay.notes[current] ?? null}
          bundle={drill.bundle}
          from={span.from}
          onGo={go}
        />
      </Panel>
    </div>
  );
}

interface FilmProps extends PlayerProps {
  film: React.RefObject<HTMLVideoElement | null>;
  onMoved: () => void;
}

function Film({ drill, replay, film, onMoved }: FilmProps) {
  const [gone, setGone] = useState(false);
  const pictured = replay.notes.find((note) => 'picture' in note && note.picture !== null);
  const picture = pictured && 'picture' in pictured ? pictured.picture : null;
  if (gone) return <p className="p-4 text-failure">{text.filmGone}</p>;
  return (
    <video
      ref={film}
      controls
      muted
      playsInline
      preload="metadata"
      aria-label={text.filmOf(drill.title)}
      src={routes.evidenceFile(drill.bundle, 'film.webm')}
      poster={picture ? routes.evidenceFile(drill.bundle, picture) : undefined}
      onTimeUpdate={onMoved}
      onSeeking={onMoved}
      onError={() => setGone(true)}
      className="aspect-[16/10] w-full bg-raised"
    />
  );
}

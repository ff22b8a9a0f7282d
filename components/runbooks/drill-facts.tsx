'use client';

import type { DrillReplay, DrillView } from '../../server/api/views.ts';
import { softwareWords } from '../../server/domain/evidence/staleness.ts';
import { formatCount } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { Instant } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Fact, Panel } from '../ui/panel.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { Outcome } from './outcome.tsx';
import { Seal } from './seal.tsx';

const { runbooks: text } = messages;
const { player } = text;
const REASON_SHOWN = 160;

/** What came of a drill: phases with RTO and RPO, how the group was left, who, on what, and whether the seal holds. */
export function DrillFacts({ drill, replay }: { drill: DrillView; replay: DrillReplay | null }) {
  const why = drill.progress.trouble ?? drill.progress.ended?.reason ?? null;
  return (
    <div className="grid gap-4 lg:grid-cols-[3fr_2fr]">
      <div className="flex min-w-0 flex-col gap-4">
        <Panel title={player.achieved}>
          {replay && replay.phases.length > 0 ? (
            <PhaseTable phases={replay.phases} />
          ) : (
            <p className="p-4 text-muted">{player.achievedNone}</p>
          )}
        </Panel>
        {replay ? (
          <Panel title={player.left}>
            <div className="flex flex-col gap-2 px-4 py-3">
              <p>{replay.aftermath.summary}</p>
              {replay.aftermath.goOn.length > 0 ? (
                <>
                  <p className="font-medium">{player.goOn}</p>
                  <ul className="list-disc pl-5">
                    {replay.aftermath.goOn.map(({ text: words, command }) => (
                      <li key={words}>
                        {words}
                        {command ? <code className="num block break-all text-sm">{command}</code> : null}
                      </li>
                    ))}
                  </ul>
                </>
              ) : null}
            </div>
          </Panel>
        ) : null}
      </div>
      <Panel title={player.facts}>
        <div className="flex flex-col gap-3 px-4 py-3">
          {why ? <Reason text={why} /> : null}
          <dl>
            <Fact name={player.outcome}>
              <Outcome drill={drill} />
            </Fact>
            <Fact name={text.columns.started}>
              <Instant at={drill.startedAt} withDate />
            </Fact>
            <Fact name={player.by}>{drill.startedBy}</Fact>
            <Fact name={player.approved}>
              {drill.approvedBy ? player.approvedAs(drill.approvedBy, drill.startedBy) : player.approvedNone}
            </Fact>
            {drill.basis ? <Fact name={player.software}>{softwareWords(drill.basis.software)}</Fact> : null}
          </dl>
          <Links drill={drill} replay={replay} />
          <Seal bundle={drill.bundle} atOnce />
        </div>
      </Panel>
    </div>
  );
}

/** What did not hold, as the recorder was told; the beginning says it, and the rest is one press away. */
function Reason({ text: reason }: { text: string }) {
  const [first = '', ...rest] = reason.split('\n');
  const short = first.length > REASON_SHOWN ? `${first.slice(0, REASON_SHOWN)}…` : first;
  return (
    <div>
      <p className="font-medium break-words">{short}</p>
      {rest.length > 0 || short !== first ? (
        <details>
          <summary className="min-h-6 cursor-pointer text-sm text-muted">{player.reason}</summary>
          <p className="num text-sm break-words whitespace-pre-wrap">{reason}</p>
        </details>
      ) : null}
    </div>
  );
}

function Links({ drill: { bundle }, replay }: { drill: DrillView; replay: DrillReplay | null }) {
  const style = buttonClass({ look: 'secondary' });
  const open = { target: '_blank', rel: 'noreferrer', className: style };
  return (
    <p className="flex flex-wrap gap-2">
      <a href={routes.evidence(bundle)} aria-label={text.reportOf(bundle)} {...open}>
        {text.report}
      </a>
      {replay?.holds.pdf ? (
        <a href={routes.evidenceFile(bundle, 'report.pdf')} aria-label={player.pdfOf(bundle)} {...open}>
          {player.pdf}
        </a>
      ) : null}
      {replay?.holds.archive !== false ? (
        <a href={routes.evidenceArchive(bundle)} download aria-label={text.archiveOf(bundle)} className={style}>
          {text.archive}
        </a>
      ) : null}
      {replay?.holds.trace ? (
        <a
          href={routes.evidenceFile(bundle, 'trace.zip')}
          download={`${bundle}-trace.zip`}
          aria-label={player.traceOf(bundle)}
          className={style}
        >
          {player.trace}
        </a>
      ) : null}
    </p>
  );
}

type Phases = DrillReplay['phases'];

function PhaseTable({ phases }: { phases: Phases }) {
  return (
    <Table label={player.achieved}>
      <thead>
        <tr>
          {Object.values(player.phaseColumns).map((column) => (
            <Th key={column}>{column}</Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {phases.map((phase) => (
          <tr key={phase.run}>
            <Td className="font-medium">{messages.wizard.routineTitle(phase.routine)}</Td>
            <Td>{phase.ending ?? player.underWay}</Td>
            <Td className="num">{formatSpan(phase.durationMs)}</Td>
            <Td className="num">{phase.outageMs === null ? player.outageNone : formatSpan(phase.outageMs)}</Td>
            <Td className="num">{lostWords(phase.lost)}</Td>
            <Td className="num">
              {phase.worstRpoMs === null ? (
                <span className="text-unknown">{player.unknown}</span>
              ) : (
                formatSpan(phase.worstRpoMs)
              )}
            </Td>
            <Td className={cn(phase.verdict?.kind === 'data-loss' && 'font-medium text-failure')}>
              {phase.verdict ? player.verdicts[phase.verdict.kind] : ''}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function lostWords(lost: Phases[number]['lost']): string {
  if (lost === null) return '';
  return lost.updates === 0
    ? player.lostNone
    : player.lostOf(formatCount(lost.updates), lost.ms === 0 ? null : formatSpan(lost.ms));
}

/**
 * The docs of the two pair state machines and of every routine, printed from the tables the product runs on, so that they
 * cannot say anything else. Pure: a file name and its content each; `docs.test.ts` compares them with the committed files,
 * and writes them when it is run with `-u`.
 */

import { findArrangement } from '../domain/arrangement.ts';
import {
  PAIR_INSTRUCTIONS,
  PAIR_STATES,
  type PairKind,
  type PairStateOrAbsent,
  REFUSALS,
  TRANSITIONS,
} from '../domain/pair-states.ts';
import { ROUTINES } from './find-routine.ts';
import type { PairExpectation, RoutineGraph, RoutineStep, StepOutcome } from './step-graph.ts';

export interface GeneratedDoc {
  /** Below `docs/generated/`. */
  file: string;
  content: string;
}

const NOTICE =
  '<!-- Generated from the tables. Do not edit; change the tables, then run: npx vitest run server/routines/docs.test.ts -u -->';

/** Further backups add steps of the same make, for which the modes of one stand. */
export const DOCUMENTED = ROUTINES.filter(
  ({ arrangement }) => (findArrangement(arrangement)?.variation?.backups ?? 1) === 1,
);

/** Every generated document. */
export function generatedDocs(): GeneratedDoc[] {
  return [
    { file: 'pair-states.md', content: pairStatesDoc() },
    ...DOCUMENTED.map((graph) => ({ file: `${graph.arrangement}-${graph.id}.md`, content: routineDoc(graph) })),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function pairStatesDoc(): string {
  const kinds: readonly [PairKind, string][] = [
    ['sync', 'Synchronous pair'],
    ['async', 'Asynchronous pair'],
  ];
  const sections = kinds.flatMap(([kind, title]) => [
    `## ${title}`,
    `\`\`\`mermaid\n${stateDiagram(kind)}\n\`\`\``,
    '### Transitions',
    table(
      ['from', 'on', 'to', 'what it does'],
      TRANSITIONS[kind].map((row) => [row.from, row.on, row.to, row.does]),
    ),
    '### Instructions refused',
    table(['state', ...PAIR_INSTRUCTIONS], refusalRows(kind)),
  ]);
  const intro =
    'A pair that was deleted is absent, which is not `simplex`. Instructions are what an operator or a routine gives; everything else in the column “on” happens by itself.';
  return `${['# Pair states', NOTICE, intro, ...sections].join('\n\n')}\n`;
}

const stateId = (state: PairStateOrAbsent) => state.replaceAll('-', '_');

function stateDiagram(kind: PairKind): string {
  const names = PAIR_STATES.filter((state) => TRANSITIONS[kind].some((row) => row.from === state || row.to === state));
  const arrows = new Map<string, string[]>();
  for (const row of TRANSITIONS[kind]) {
    // Deletion leads from everywhere to nowhere and would hide the rest; the table has it.
    if (row.to === 'absent') continue;
    const arrow = `${row.from === 'absent' ? '[*]' : stateId(row.from)} --> ${stateId(row.to)}`;
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), row.on]);
  }
  return [
    'stateDiagram-v2',
    ...names.map((state) => `  state "${state}" as ${stateId(state)}`),
    ...[...arrows].map(([arrow, on]) => `  ${arrow}: ${on.join(', ')}`),
  ].join('\n');
}

function refusalRows(kind: PairKind): string[][] {
  return (['absent', ...PAIR_STATES] as const).map((state) => [
    state,
    ...PAIR_INSTRUCTIONS.map((instruction) => {
      const refusal = REFUSALS[kind].find((row) => row.from === state && row.on === instruction);
      return refusal ? `${refusal.reason}. ${refusal.cure}` : 'allowed';
    }),
  ]);
}

function routineDoc(graph: RoutineGraph): string {
  const facts = [
    `Run by ${graph.host}, intent *${graph.intent}*${graph.resident ? ', resident: repeats until it is ended' : ''}.`,
    'Steps marked “ours” are not in the sources. At every step: where a system the step cannot do without does not answer, or refuses, the run stops there and may be retried or aborted.',
  ];
  const parts = [
    `# ${graph.title} (${graph.arrangement} ${graph.id})`,
    NOTICE,
    facts.join(' '),
    `\`\`\`mermaid\n${flowChart(graph)}\n\`\`\``,
    '## Steps',
    table(['step', 'what', 'by → on', 'pairs: before → during → after', 'outcome → next'], graph.steps.map(stepRow)),
    ...decisionSection(graph),
    '## Aborting',
    table(
      ['at', 'leaves the group so'],
      graph.steps.map((step) => [step.id, step.abortState]),
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

function stepRow(step: RoutineStep): string[] {
  const outcomes = Object.entries(step.outcomes).map(
    ([name, outcome]) => `**${name}** → ${nextText(outcome)}: ${outcome.text}`,
  );
  return [
    `${step.id}${step.ours ? ' (ours)' : ''}`,
    `**${step.title}.** ${step.text}`,
    `${step.host ?? 'control plane'}${step.target ? ` → ${step.target}` : ''}`,
    step.expects.map(expectationText).join('<br>') || '–',
    outcomes.join('<br>'),
  ];
}

function nextText({ next }: StepOutcome): string {
  return 'step' in next ? next.step : `*${next.ending}* (${next.state})`;
}

function expectationText(expected: PairExpectation): string {
  const list = (states: readonly PairStateOrAbsent[]) =>
    states.length > PAIR_STATES.length ? 'any' : states.join(' / ');
  return `${expected.pair}: ${list(expected.before)} → ${expected.during ?? '–'} → ${list(expected.after)}`;
}

function decisionSection(graph: RoutineGraph): string[] {
  const rows = graph.steps.flatMap(({ id, decision }) =>
    (decision?.options ?? []).map((option) => [
      id,
      decision?.question ?? '',
      `\`${option.id}\` ${option.label}`,
      option.consequence,
      [
        option.dangerous ? 'dangerous: the group’s name is typed' : '',
        option.attests ? 'attested in words' : '',
        decision?.default === option.id ? 'default' : '',
      ]
        .filter(Boolean)
        .join(', ') || '–',
    ]),
  );
  return rows.length === 0 ? [] : ['## Decisions', table(['step', 'question', 'choice', 'consequence', 'marks'], rows)];
}

function flowChart(graph: RoutineGraph): string {
  const lines = ['flowchart TD'];
  const quoted = (text: string) => `"${text.replaceAll('"', "'")}"`;
  const endings = new Map<string, string>();
  for (const step of graph.steps) {
    const label = quoted(`${step.id} ${step.title}`);
    lines.push(step.decision ? `  ${step.id}{{${label}}}` : `  ${step.id}[${label}]`);
  }
  for (const step of graph.steps) {
    const byTarget = new Map<string, string[]>();
    for (const [name, { next }] of Object.entries(step.outcomes)) {
      const target = 'step' in next ? next.step : endingId(endings, `${next.ending}: ${next.state}`);
      byTarget.set(target, [...(byTarget.get(target) ?? []), name]);
    }
    for (const [target, names] of byTarget) lines.push(`  ${step.id} -->|${quoted(names.join(', '))}| ${target}`);
  }
  for (const [text, id] of endings) lines.push(`  ${id}([${quoted(text)}])`);
  return lines.join('\n');
}

function endingId(endings: Map<string, string>, text: string): string {
  const known = endings.get(text) ?? `E${endings.size + 1}`;
  endings.set(text, known);
  return known;
}

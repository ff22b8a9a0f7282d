/** What an operator has filled in at a decision, and what it still lacks. Pure. */
import type { DecisionOption } from '../../server/routines/step-graph.ts';
import { messages } from '../messages/messages.ts';

const { wizard: text } = messages;

/** Why an answer may not be given yet, and what would allow it. */
export interface Lack {
  reason: string;
  cure: string;
}

export interface Answer {
  choice: string | null;
  typed: string;
  statement: string;
  destroyedAt: string;
}

export const NO_ANSWER: Answer = { choice: null, typed: '', statement: '', destroyedAt: '' };

/** What still has to be done before the decision may be given, or null. */
export function answerLacks(option: DecisionOption | null, answer: Answer, group: string): Lack | null {
  if (!option) return text.optionNeeded;
  if (option.attests && (answer.statement.trim() === '' || Number.isNaN(Date.parse(answer.destroyedAt))))
    return text.attestNeeded;
  if (option.dangerous && answer.typed !== group) {
    return { reason: messages.common.notTyped(group), cure: messages.common.typeIt(group) };
  }
  return null;
}

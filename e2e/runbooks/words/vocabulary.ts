/** All words together, for one drill. What a word does stands with its kind. */
import { attachWords } from './attach-words.ts';
import { faultWords } from './fault-words.ts';
import { routineWords } from './routine-words.ts';
import { sightWords } from './sight-words.ts';
import type { Stage } from './stage.ts';
import type { Words } from './words.ts';

export function wordsFor(stage: Stage): Words {
  const { operator, recorder } = stage;
  return {
    chapter: async (title, text, body) => {
      await stage.begin(title);
      await recorder.chapter(title, text);
      await body();
    },
    ...routineWords(stage),
    ...sightWords(stage),
    fault: faultWords(stage),
    attach: attachWords(stage),
    open: async (screen) => {
      await stage.begin(`Open ${screen}`);
      await operator.open(screen);
      await stage.acted(`Opened: ${screen}`);
    },
    press: async (label) => {
      await stage.begin(`Press ${label}`);
      const button = operator.page.getByRole('button', { name: label, exact: true });
      await operator.press(button, label);
      await stage.acted(label);
    },
    remark: async (text) => recorder.note({ kind: 'act', text, command: null }),
  };
}

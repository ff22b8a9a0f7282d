/** Words that put something into the bundle beside the film. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Stage } from './stage.ts';
import type { Words } from './words.ts';

export function attachWords(stage: Stage): Words['attach'] {
  const { operator, recorder, page } = stage;
  return {
    screen: async (text) => {
      await stage.begin(`Attach: ${text}`);
      recorder.attach('screen.png', await recorder.picture(), text);
    },
    table: async (title, text) => {
      await stage.begin(`Attach: ${text}`);
      await operator.openTable();
      const table = page.getByRole('region', { name: title, exact: true }).getByRole('table').first();
      const rows = await table.evaluate((element) => {
        const wordsOf = (cells: Iterable<Element>) =>
          Array.from(cells, (cell) => (cell as HTMLElement).innerText.replace(/\s+/g, ' ').trim());
        const columns = wordsOf(element.querySelectorAll('thead th'));
        return Array.from(element.querySelectorAll('tbody tr'), (row) => {
          const cells = Array.from(row.querySelectorAll('td'));
          const said = wordsOf(cells);
          // A cell of buttons says nothing.
          const told = columns.map((column, index) => [column, said[index] ?? ''] as const);
          return Object.fromEntries(told.filter((_, index) => !cells[index]?.querySelector('button')));
        });
      });
      recorder.attach(`${title}.json`, asJson(rows), text);
    },
    json: async (name, value, text) => {
      await stage.begin(`Attach: ${text}`);
      recorder.attach(name.endsWith('.json') ? name : `${name}.json`, asJson(value), text);
    },
    file: async (file, text) => {
      await stage.begin(`Attach: ${text}`);
      recorder.attach(path.basename(file), readFileSync(file), text);
    },
  };
}

const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

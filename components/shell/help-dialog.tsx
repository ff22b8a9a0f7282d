'use client';

import { messages } from '../messages/messages.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Kbd } from '../ui/kbd.tsx';

const { keys } = messages.shell;

const ROWS: readonly { keys: readonly string[]; text: string }[] = [
  { keys: ['Ctrl', 'K'], text: keys.palette },
  { keys: ['g', 'f'], text: keys.fleet },
  { keys: ['g', 't'], text: keys.topology },
  { keys: ['g', 'w'], text: keys.wizard },
  { keys: ['g', 'a'], text: keys.faults },
  { keys: ['g', 'b'], text: keys.runbooks },
  { keys: ['g', 'h'], text: keys.history },
  { keys: ['/'], text: keys.filter },
  { keys: ['j', 'k'], text: keys.next },
  { keys: ['[', ']'], text: keys.pair },
  { keys: ['n'], text: keys.alarm },
  { keys: ['v'], text: keys.table },
  { keys: ['m'], text: keys.motion },
  { keys: ['0', '+', '-'], text: keys.fit },
  { keys: ['.'], text: keys.step },
  { keys: ['?'], text: keys.help },
  { keys: ['Esc'], text: keys.escape },
];

/** The list of keys. */
export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={messages.shell.help} description={messages.shell.helpHint}>
      <dl className="grid grid-cols-2 gap-x-8 overflow-y-auto p-4 phone:grid-cols-1">
        {ROWS.map((row) => (
          <div key={row.text} className="flex items-center justify-between gap-4 border-b border-line py-1.5">
            <dt>{row.text}</dt>
            <dd className="flex gap-1">
              {row.keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

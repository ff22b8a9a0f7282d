import { messages } from '../messages/messages.ts';

const { runbooks: text } = messages;
const LONGEST = 80;

export const fieldStyle = 'h-8 w-full rounded-md border border-line-strong bg-surface px-2 phone:h-11';

/** Who approved it. There are no accounts to check that against, so it is kept as what it is: a statement. */
export function ApprovedByField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <label className="flex max-w-96 flex-col gap-1">
      <span>{text.approvedBy}</span>
      <input
        value={value}
        onChange={(event) => onChange(event.target.value)}
        maxLength={LONGEST}
        autoComplete="off"
        className={fieldStyle}
      />
      <span className="text-sm text-muted">{text.approvedByHint}</span>
    </label>
  );
}

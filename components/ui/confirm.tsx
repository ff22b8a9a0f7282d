'use client';

import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { messages } from '../messages/messages.ts';
import { Button, type RefusedAction } from './button.tsx';

interface ConfirmProps {
  /** What will happen, in a sentence or two. */
  consequence: ReactNode;
  /** The act itself, on the button: `Split P-I`. */
  act: string;
  /** This word must be typed first; null where pressing is enough. */
  typed: string | null;
  refused?: RefusedAction | null;
  busy?: boolean;
  onConfirm: (typed: string | null) => void;
  onCancel: () => void;
  children?: ReactNode;
}

/** Confirmation in place: consequence, perhaps a word to type, and a button that names the act. Enter in the field never submits. */
export function Confirm({
  consequence,
  act,
  typed,
  refused = null,
  busy = false,
  onConfirm,
  onCancel,
  children,
}: ConfirmProps) {
  const [text, setText] = useState('');
  const fieldId = useId();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const missing: RefusedAction | null =
    typed !== null && text !== typed
      ? { reason: messages.common.notTyped(typed), cure: messages.common.typeIt(typed) }
      : null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form, and this never submits.
    <div
      ref={box}
      role="group"
      aria-label={act}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
        if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
      }}
      className="flex flex-col gap-3 rounded-md border-2 border-ink bg-surface p-3"
    >
      <div>{consequence}</div>
      {children}
      {typed !== null ? (
        <label htmlFor={fieldId} className="flex flex-col gap-1">
          <span>{typeToConfirm(typed)}</span>
          <input
            id={fieldId}
            value={text}
            onChange={(event) => setText(event.target.value)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            className="num h-8 rounded-md border border-line-strong bg-surface px-2 phone:h-11"
          />
        </label>
      ) : null}
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          refused={refused ?? missing ?? (busy ? messages.common.busy : null)}
          onClick={() => onConfirm(typed === null ? null : text)}
        >
          {act}
        </Button>
        <Button onClick={onCancel}>{messages.common.cancel}</Button>
      </div>
    </div>
  );
}

/** “Type **demo** to confirm”, the word itself standing out. */
function typeToConfirm(word: string): ReactNode {
  const [before, after] = messages.common.typeToConfirm.split('{word}');
  return (
    <>
      {before}
      <strong className="num font-semibold">{word}</strong>
      {after}
    </>
  );
}

'use client';

import { useEffect, useRef, useState } from 'react';

const KEY = 'switchback-speak-run';

/** Called by the click that starts a run: browsers let a page speak only after the operator has touched it. */
export function allowSpeechFor(run: string): void {
  sessionStorage.setItem(KEY, run);
}

function canSpeak(): boolean {
  return typeof window !== 'undefined' && 'speechSynthesis' in window;
}

/** Speaks `text`; where `run` was started from this tab it is spoken once by itself, as soon as there is something to say. */
export function useSpokenVerdict(run: string, text: string | null) {
  const [speaking, setSpeaking] = useState(false);
  const [available, setAvailable] = useState(false);
  const said = useRef(false);
  const stop = () => {
    window.speechSynthesis.cancel();
    setSpeaking(false);
  };
  const speak = (words: string) => {
    if (!canSpeak()) return;
    window.speechSynthesis.cancel();
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = 'en';
    utterance.onend = () => setSpeaking(false);
    utterance.onerror = () => setSpeaking(false);
    setSpeaking(true);
    window.speechSynthesis.speak(utterance);
  };
  const latest = useRef(speak);
  latest.current = speak;
  useEffect(() => setAvailable(canSpeak()), []);
  useEffect(() => {
    if (!text || said.current || sessionStorage.getItem(KEY) !== run) return;
    said.current = true;
    sessionStorage.removeItem(KEY);
    latest.current(text);
  }, [run, text]);
  useEffect(() => () => void (canSpeak() && window.speechSynthesis.cancel()), []);
  return { available, speaking, stop, speak: () => text && speak(text) };
}

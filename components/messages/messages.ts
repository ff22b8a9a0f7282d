/** The one door to the text on screen. Another language is another object of the same shape. */
import { en } from './en.ts';

export type Messages = typeof en;

export const messages: Messages = en;

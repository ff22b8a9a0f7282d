/** Bookkeeping: what a transaction does to the accounts, and how the next one is chosen. Amounts are in cents. */
import type { Entropy } from '../../domain/ports.ts';

export const ACCOUNTS = 64;
const MAX_AMOUNT = 1_000_00;
/** No account grows beyond this, so that every sum stays an exact integer. */
const MAX_BALANCE = 1e12;

export const TRANSACTION_KINDS = ['deposit', 'withdrawal', 'transfer'] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];

export interface Transaction {
  kind: TransactionKind;
  /** Account that loses `amount`; of a deposit, 0. */
  from: number;
  /** Account that gains `amount`; of a withdrawal, 0. */
  to: number;
  amount: number;
}

export interface Books {
  balances: readonly number[];
  /** Deposits less withdrawals since the first transaction: what the balances must add up to. */
  netTotal: number;
}

export function emptyBooks(): Books {
  return { balances: new Array<number>(ACCOUNTS).fill(0), netTotal: 0 };
}

/** The books after `transaction`. */
export function applyTransaction(books: Books, transaction: Transaction): Books {
  const { kind, from, to, amount } = transaction;
  const balances = [...books.balances];
  if (kind !== 'deposit') balances[from] = (balances[from] ?? 0) - amount;
  if (kind !== 'withdrawal') balances[to] = (balances[to] ?? 0) + amount;
  const change = kind === 'deposit' ? amount : kind === 'withdrawal' ? -amount : 0;
  return { balances, netTotal: books.netTotal + change };
}

/** A lawful next transaction: no account goes below zero. Deposits and withdrawals balance in the long run. */
export function chooseTransaction(books: Books, entropy: Entropy): Transaction {
  const from = Math.floor(entropy.fraction() * ACCOUNTS);
  const to = (from + 1 + Math.floor(entropy.fraction() * (ACCOUNTS - 1))) % ACCOUNTS;
  const amount = 1 + Math.floor(entropy.fraction() * MAX_AMOUNT);
  const wish = entropy.fraction();
  const covered = (books.balances[from] ?? 0) >= amount;
  const room = (books.balances[to] ?? 0) + amount <= MAX_BALANCE;
  if (covered && room && wish < 0.5) return { kind: 'transfer', from, to, amount };
  if (covered && (wish < 0.75 || !room)) return { kind: 'withdrawal', from, to: 0, amount };
  return { kind: 'deposit', from: 0, to, amount };
}

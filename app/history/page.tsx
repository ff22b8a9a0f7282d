import type { Metadata } from 'next';
import { HistoryScreen } from '../../components/history/history-screen.tsx';
import { messages } from '../../components/messages/messages.ts';

export const metadata: Metadata = { title: messages.history.title };

export default function HistoryPage() {
  return <HistoryScreen />;
}

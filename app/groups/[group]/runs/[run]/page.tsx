import type { Metadata } from 'next';
import { messages } from '../../../../../components/messages/messages.ts';
import { RunScreen } from '../../../../../components/wizard/run-screen.tsx';

interface PageProps {
  params: Promise<{ group: string; run: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.wizard.run} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { group, run } = await params;
  return <RunScreen group={decodeURIComponent(group)} run={decodeURIComponent(run)} />;
}

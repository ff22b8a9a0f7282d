import type { Metadata } from 'next';
import { messages } from '../../../../components/messages/messages.ts';
import { RunbooksScreen } from '../../../../components/runbooks/runbooks-screen.tsx';

interface PageProps {
  params: Promise<{ group: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.runbooks.title} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { group } = await params;
  return <RunbooksScreen group={decodeURIComponent(group)} />;
}

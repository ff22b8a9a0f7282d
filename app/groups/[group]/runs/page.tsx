import type { Metadata } from 'next';
import { messages } from '../../../../components/messages/messages.ts';
import { RoutinesScreen } from '../../../../components/wizard/routines-screen.tsx';

interface PageProps {
  params: Promise<{ group: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.wizard.title} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { group } = await params;
  return <RoutinesScreen group={decodeURIComponent(group)} />;
}

import type { Metadata } from 'next';
import { FaultsScreen } from '../../../../components/faults/faults-screen.tsx';
import { messages } from '../../../../components/messages/messages.ts';

interface PageProps {
  params: Promise<{ group: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.faults.title} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { group } = await params;
  return <FaultsScreen group={decodeURIComponent(group)} />;
}

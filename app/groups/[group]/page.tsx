import type { Metadata } from 'next';
import { messages } from '../../../components/messages/messages.ts';
import { TopologyScreen } from '../../../components/topology/topology-screen.tsx';

interface PageProps {
  params: Promise<{ group: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.topology.title} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { group } = await params;
  return <TopologyScreen group={decodeURIComponent(group)} />;
}

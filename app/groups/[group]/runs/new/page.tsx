import type { Metadata } from 'next';
import { messages } from '../../../../../components/messages/messages.ts';
import { PreflightScreen } from '../../../../../components/wizard/preflight-screen.tsx';

interface PageProps {
  params: Promise<{ group: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.wizard.preflight} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { group } = await params;
  return <PreflightScreen group={decodeURIComponent(group)} />;
}

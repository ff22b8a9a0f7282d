import type { Metadata } from 'next';
import { messages } from '../../../../../../components/messages/messages.ts';
import { ReportScreen } from '../../../../../../components/wizard/report-screen.tsx';

interface PageProps {
  params: Promise<{ group: string; run: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { group } = await params;
  return { title: `${messages.verdict.report} · ${decodeURIComponent(group)}` };
}

export default async function Page({ params }: PageProps) {
  const { run } = await params;
  return <ReportScreen run={decodeURIComponent(run)} />;
}

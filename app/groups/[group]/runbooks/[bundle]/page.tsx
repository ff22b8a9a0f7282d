import type { Metadata } from 'next';
import { DrillScreen } from '../../../../../components/runbooks/drill-screen.tsx';

interface PageProps {
  params: Promise<{ group: string; bundle: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { bundle } = await params;
  return { title: decodeURIComponent(bundle) };
}

export default async function Page({ params }: PageProps) {
  const { group, bundle } = await params;
  return <DrillScreen group={decodeURIComponent(group)} bundle={decodeURIComponent(bundle)} />;
}

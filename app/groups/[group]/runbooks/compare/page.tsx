import type { Metadata } from 'next';
import { Suspense } from 'react';
import { messages } from '../../../../../components/messages/messages.ts';
import { CompareScreen } from '../../../../../components/runbooks/compare-screen.tsx';

interface PageProps {
  params: Promise<{ group: string }>;
}

export const metadata: Metadata = { title: messages.runbooks.compare.title };

export default async function Page({ params }: PageProps) {
  const { group } = await params;
  return (
    <Suspense>
      <CompareScreen group={decodeURIComponent(group)} />
    </Suspense>
  );
}
